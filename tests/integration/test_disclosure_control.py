"""What a release shows of small groups, on the loaded sample waves."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import duckdb
import pytest

from dagster_project.quality.disclosure_check import audit_scores, audit_shares
from tests.integration.conftest import Home

pytestmark = pytest.mark.integration

MARTS = {"mart_dimension_score": "score", "mart_indicator_score": "score", "mart_index": '"index"', "mart_answer_share": "share_pct"}  # fmt: skip


@pytest.fixture(scope="module")
def build(
    loaded: tuple[Home, subprocess.CompletedProcess[str]], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A copy of the build database that a test may damage."""
    copy = tmp_path_factory.mktemp("build") / "fengchao_build.duckdb"
    shutil.copyfile(loaded[0].home / "warehouse" / "fengchao_build.duckdb", copy)
    return copy


@pytest.mark.parametrize(("mart", "value"), MARTS.items())
def test_no_small_group_shows_a_value_and_none_stands_alone(
    mart: str, value: str, loaded: tuple[Home, subprocess.CompletedProcess[str]]
) -> None:
    n = "n_eligible" if mart == "mart_answer_share" else "n"
    with duckdb.connect(
        str(loaded[0].home / "releases" / "current" / "fengchao.duckdb"), read_only=True
    ) as con:
        assert con.sql(f"select count(*) from {mart} where {n} < 5 and {value} is not null").fetchall() == [
            (0,)
        ]
        assert con.sql(f"select count(*) from {mart} where suppressed <> ({value} is null)").fetchall() == [
            (0,)
        ]
        reasons = con.sql(
            f"select distinct suppressed_reason from {mart} where suppressed order by 1"
        ).fetchall()
        assert reasons == [("complementary",), ("small_group",)]
        # Private banks of 2023 (7) are hidden with the two others.
        hidden = con.sql(
            f"select distinct population_value from {mart} where wave = 2023 and population_kind = 'bank_type' "
            f"and suppressed order by 1"
        ).fetchall()
        assert {("other",), ("private",)} <= set(hidden)


@pytest.mark.parametrize("wave", [2020, 2021, 2022, 2023])
def test_nothing_hidden_can_be_derived(wave: int, build: Path) -> None:
    with duckdb.connect(str(build), read_only=True) as con:
        scores, shares = audit_scores(con, wave), audit_shares(con, wave)
    assert len(scores) > 100 and len(shares) > 100
    assert scores["is_safe"].all() and shares["is_safe"].all()


def test_the_audit_finds_a_value_that_is_shown_beside_a_hidden_one(build: Path) -> None:
    with duckdb.connect(str(build)) as con:
        con.execute(
            "update marts.mart_dimension_score set score = 50 where wave = 2023 and population_value = 'private' "
            "and scenario = 'headline' and dimension = 'data'"
        )
        # The published total and groups must stay consistent with the value that is shown now.
        con.execute(
            "update marts.mart_dimension_score as shown set score = estimate.score "
            "from restricted.int_score_estimate as estimate where shown.wave = 2023 and estimate.wave = 2023 "
            "and shown.population_value = 'private' and estimate.population_value = 'private' "
            "and shown.scenario = 'headline' and estimate.scenario = 'headline' "
            "and shown.dimension = 'data' and estimate.code = 'data' and estimate.level = 'dimension'"
        )
        found = audit_scores(con, 2023)
        leaks = found[~found["is_safe"]]
        assert leaks[["key", "population_value"]].values.tolist() == [["headline|data", "other"]]
        ((truth,),) = con.sql(
            "select score from restricted.int_score_estimate where wave = 2023 and level = 'dimension' "
            "and code = 'data' and scenario = 'headline' and population_value = 'other'"
        ).fetchall()
        assert leaks[["low", "high"]].values[0] == pytest.approx([truth, truth], abs=1e-3)
