"""What docs/operations.md tells to do on a server, done: move the home, change the token secret."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest

from tests.integration.conftest import Home, copy_of

pytestmark = pytest.mark.integration


def test_a_moved_home_with_a_new_secret_gives_the_same_release(
    loaded: tuple[Home, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    home = copy_of(loaded[0], tmp_path)
    before, release = _tokens(home), (home.home / "releases" / "current").resolve().name
    home.secret = "another key, longer than thirty-two characters"
    done = home.fengchao("run")
    assert done.returncode == 0, done.stdout + done.stderr
    after = _tokens(home)
    assert not before.keys() & after.keys()
    # Who answered in which waves is known as before, under other names; so nothing released has changed.
    assert sorted(before.values()) == sorted(after.values())
    assert f"Release {release} (unchanged" in done.stdout
    with duckdb.connect(str(home.home / "warehouse" / "fengchao_build.duckdb"), read_only=True) as con:
        views = con.sql("select view_name, sql from duckdb_views() where not internal").fetchall()
    assert views and [name for name, sql in views if str(loaded[0].home) in sql] == []


def _tokens(home: Home) -> dict[str, list[int]]:
    """Waves by respondent token."""
    files = home.home / "landing" / "questionnaire_response" / "*" / "*.parquet"
    rows = duckdb.sql(
        f"select respondent_token, list(distinct wave order by wave) from read_parquet('{files}') "
        "where respondent_token is not null group by all order by all"
    )
    return dict(rows.fetchall())


def test_two_loads_at_once_wait_for_each_other(
    loaded: tuple[Home, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    home = copy_of(loaded[0], tmp_path)
    release = (home.home / "releases" / "current").resolve().name
    with ThreadPoolExecutor(2) as both:
        done = list(both.map(lambda year: home.fengchao("run", "--years", year), ("2018", "2019")))
    for one in done:
        assert one.returncode == 0, one.stdout + one.stderr
        assert f"Release {release}" in one.stdout
