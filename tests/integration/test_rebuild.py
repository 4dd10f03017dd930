"""A build database that was lost or is of an older version: said in one sentence, and made anew."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from dagster_project.analysis.tables import TABLES as ANALYSED
from dagster_project.errors import FengchaoError
from dagster_project.ingest.sources import QUESTIONNAIRES, landed_without_files
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
    assert "are gone" not in one.stdout
    done = home.fengchao("rebuild")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Release {release} (unchanged" in done.stdout


def test_a_year_whose_files_were_taken_away_stays_until_a_rebuild(
    loaded: tuple[Home, object], tmp_path: Path
) -> None:
    home = copy_of(loaded[0], tmp_path)
    settings = Settings(home=home.home, raw=home.raw)
    before = _landed(settings)
    shutil.rmtree(home.raw / "questionnaires" / "2021")
    kept = home.fengchao("run", "--years", "2018")
    assert kept.returncode == 0, kept.stdout + kept.stderr
    assert "questionnaires 2021: its raw files are gone" in kept.stdout
    assert _landed(settings) == before

    remove_database(settings)  # what a rebuild begins with
    gone = before - _landed(settings)
    assert {path.parts[1] for path in gone} == {"year=2021"}
    assert {path.parts[0] for path in gone} == {*QUESTIONNAIRES.tables, *ANALYSED}
    assert landed_without_files(settings) == []

    shutil.rmtree(home.raw)  # a disk that is not mounted takes nothing away
    remove_database(settings)
    assert _landed(settings) == before - gone


def _landed(settings: Settings) -> set[Path]:
    """Folders of years below landing and analysis."""
    return {
        path.relative_to(base)
        for base in (settings.landing, settings.analysis)
        for path in base.glob("[!.]*/year=*")
        if path.parent.name != "quarantine"
    }
