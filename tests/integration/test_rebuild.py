"""A build database that was lost or is of an older version: said in one sentence, and made anew."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from dagster_project.errors import FengchaoError
from dagster_project.settings import Settings
from dagster_project.warehouse.dbt_runner import run_nodes
from dagster_project.warehouse.lock import open_warehouse
from dagster_project.warehouse.rebuild import note_lost_database, remedy, remove_database
from dagster_project.warehouse.unfinished import refuse_unfinished
from tests.integration.conftest import Home, copy_of

pytestmark = pytest.mark.integration


@pytest.fixture
def settings(loaded: tuple[Home, subprocess.CompletedProcess[str]], tmp_path: Path) -> Settings:
    home = copy_of(loaded[0], tmp_path)
    return Settings(home=home.home, raw=home.raw)


@pytest.mark.parametrize(
    "change",
    ["alter table marts.mart_fintech_investment add column of_an_older_version integer",
     "alter table marts.mart_fintech_investment drop column share_peer_percentile"],
)  # fmt: skip
def test_columns_of_an_older_version(settings: Settings, change: str) -> None:
    with open_warehouse(settings, read_only=False) as con:
        con.execute(change)
    (result,) = run_nodes(settings, ["mart_fintech_investment"], [2019])
    assert result.failed
    assert "older version of the models" in remedy(settings, str(result.message)), result.message
    assert "fengchao rebuild" in remedy(settings, str(result.message))


def test_no_release_before_all_years_are_back(settings: Settings) -> None:
    refuse_unfinished(settings)
    settings.warehouse_db.unlink()
    note_lost_database(settings, [2019])
    with pytest.raises(FengchaoError, match=r"not all years have been loaded again\. .*fengchao rebuild"):
        refuse_unfinished(settings)


def test_a_rebuild_gives_the_same_release(loaded: tuple[Home, object], tmp_path: Path) -> None:
    home = copy_of(loaded[0], tmp_path)
    release = (home.home / "releases" / "current").resolve().name
    remove_database(Settings(home=home.home, raw=home.raw))
    one = home.fengchao("run", "--years", "2019")
    assert one.returncode == 1 and "Load them: fengchao rebuild" in one.stdout, one.stdout + one.stderr
    done = home.fengchao("rebuild")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Release {release} (unchanged" in done.stdout
