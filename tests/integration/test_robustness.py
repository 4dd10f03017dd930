"""Robustness of the real waves: stored draws replayed in SQL, the headline among them, and reruns."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from dagster_project.analysis import scoring
from dagster_project.analysis.analyse import analyse, publish
from dagster_project.analysis.parameters import load_parameters
from dagster_project.analysis.read import read_wave
from dagster_project.analysis.tables import TABLES, analysis_path
from dagster_project.settings import Settings
from dagster_project.warehouse.connect import connect
from tests.integration.conftest import Home

pytestmark = pytest.mark.integration

WAVES = (2020, 2021, 2022, 2023)
REPLAY = Path(scoring.__file__).with_name("replay.sql").read_text(encoding="utf-8")
STORED = """
    select population_kind, population_value, dimension, score
    from staging.stg_analysis__robustness_score
    where wave = $wave and draw_no = $draw_no and score is not null
"""


@pytest.fixture(scope="module")
def settings(loaded: tuple[Home, subprocess.CompletedProcess[str]]) -> Settings:
    return Settings(home=loaded[0].home, raw=loaded[0].raw)


@pytest.fixture(scope="module")
def build(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(settings, settings.warehouse_db, read_only=True) as con:
        yield con


@pytest.mark.parametrize("wave", WAVES)
def test_a_draw_of_every_method_replays_in_sql(build: duckdb.DuckDBPyConnection, wave: int) -> None:
    draws = build.execute(
        "select max(draw_no) from staging.stg_analysis__robustness_draw where wave = ? "
        "group by kind, weight_set, normalisation, aggregation, threshold",
        [wave],
    ).fetchall()
    # headline, three weight sets, and each of 4 normalisations x 3 aggregations x 3 thresholds
    assert len(draws) == 1 + 3 + 36
    for (draw_no,) in draws:
        parameters = {"wave": wave, "draw_no": draw_no}
        stored, replayed = (
            {row[:3]: row[3] for row in build.execute(sql, parameters).fetchall()} for sql in (STORED, REPLAY)
        )
        assert stored and set(stored) == set(replayed)
        assert max(abs(stored[key] - replayed[key]) for key in stored) < 1e-9


def test_draw_0_is_the_published_headline(build: duckdb.DuckDBPyConnection) -> None:
    """Scored once in dbt and once in Python."""
    rows = build.execute(
        """
        select drawn.score - published.score, drawn.n = published.n
        from staging.stg_analysis__robustness_score as drawn
        inner join marts.mart_dimension_score as published
            using (wave, population_kind, population_value, dimension)
        where drawn.draw_no = 0 and published.scenario = 'headline' and not published.suppressed
        """
    ).fetchall()
    assert len(rows) >= 4 * 6 * 3
    assert max(abs(difference) for difference, _ in rows) < 1e-8
    assert all(same_n for _, same_n in rows)


def test_bands_hold_their_median_and_come_from_stored_draws(build: duckdb.DuckDBPyConnection) -> None:
    waves = build.execute(
        """
        select wave, min(n_draws), count(distinct dimension), count(distinct seed),
               bool_and(suppressed or score_low <= score_median and score_median <= score_high),
               bool_and(rank is null or rank_low <= rank_median and rank_median <= rank_high),
               bool_and(not suppressed or coalesce(score_low, score_high, rank, rank_low) is null),
               count(main_driver), bool_and(is_synthetic)
        from marts.mart_robustness group by wave order by wave
        """
    ).fetchall()
    assert [row[0] for row in waves] == list(WAVES)
    for _, n_draws, dimensions, seeds, scores, ranks, hidden, drivers, synthetic in waves:
        assert n_draws >= 1000 and (dimensions, seeds) == (7, 1)
        assert scores and ranks and hidden and synthetic
        assert drivers > 0
    assert build.execute(
        "select count(*) from marts.mart_robustness as m join ("
        "  select wave, count(*) as n from staging.stg_analysis__robustness_draw"
        "  where kind = 'monte_carlo' group by wave) as d using (wave) where m.n_draws <> d.n"
    ).fetchone() == (0,)


def test_ranks_count_the_groups_that_readers_see(build: duckdb.DuckDBPyConnection) -> None:
    """The headline rank is that of the score marts, which leave hidden groups out."""
    compared, different = build.sql(
        """
        with score as (
            select wave, population_value, dimension, rank from marts.mart_dimension_score
            where scenario = 'headline' and population_kind = 'bank_type'
            union all
            select wave, population_value, 'index', rank from marts.mart_index
            where scenario = 'headline' and population_kind = 'bank_type'
        )
        select count(score.rank), count(*) filter (where band.rank is distinct from score.rank)
        from marts.mart_robustness as band inner join score using (wave, population_value, dimension)
        """
    ).fetchone()  # type: ignore[misc]
    assert compared > 50 and different == 0


def test_every_score_of_the_framework_has_its_coherence(build: duckdb.DuckDBPyConnection) -> None:
    levels = dict(
        build.execute(
            "select level, count(*) from marts.mart_coherence where wave = 2023 group by level"
        ).fetchall()
    )
    assert {name: levels[name] for name in ("index", "dimension", "indicator")} == {
        "index": 1,
        "dimension": 6,
        "indicator": 18,
    }
    assert levels["item"] > 18
    assert build.execute(
        "select count(*) from marts.mart_coherence where alpha is null and alpha_reason is null"
    ).fetchone() == (0,)


def test_a_second_analysis_writes_the_same_bytes(settings: Settings) -> None:
    wave = read_wave(settings, 2023)
    assert wave is not None
    before = {name: analysis_path(settings, name, 2023).read_bytes() for name in TABLES}
    assert publish(settings, 2023, analyse(wave, load_parameters()), "run").passed
    assert {name: analysis_path(settings, name, 2023).read_bytes() for name in TABLES} == before


def test_a_failing_suite_keeps_the_last_files(settings: Settings) -> None:
    """A weight set that is missing stops the wave: nothing of it is replaced."""
    wave = read_wave(settings, 2021)
    assert wave is not None
    tables = analyse(wave, load_parameters())
    before = {name: analysis_path(settings, name, 2021).read_bytes() for name in TABLES}
    tables["weight_set"] = tables["weight_set"].slice(0, 6)
    tables["leave_one_out"] = tables["leave_one_out"].slice(0, 1)
    done = publish(settings, 2021, tables, "run")
    assert not done.passed and "All three are made" in done.outcomes["weight_set"].summary()
    assert {name: analysis_path(settings, name, 2021).read_bytes() for name in TABLES} == before
    assert publish(settings, 2021, analyse(wave, load_parameters()), "run").passed


def test_a_wave_without_answers_is_skipped_with_its_reason(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    import dagster as dg

    monkeypatch.setenv("FENGCHAO_HOME", str(settings.home))
    from dagster_project.analysis.assets import analyse_scores

    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize([analyse_scores], partition_key="2019", instance=instance)
        messages = [entry.user_message for entry in instance.all_logs(result.run_id)]
    assert result.success and result.asset_materializations_for_node("analyse_scores") == []
    assert any("Skipped: wave 2019 has no scored answers" in text for text in messages)
