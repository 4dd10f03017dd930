"""Scores and estimates of mini_bank against COINr and the R package survey, to 1e-9."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.mini_bank import BANK_TYPES, WAVES, land_wave, mini_bank_case, rows

pytestmark = pytest.mark.integration

TOLERANCE = 1e-9
DIMENSIONS = ("STR", "ORG", "TEC", "DAT", "APP", "ECO")


TABLES = (
    "restricted.int_score_estimate", "restricted.int_scenario_index_score", "restricted.int_item_score",
    "marts.mart_indicator_score", "marts.mart_dimension_score", "marts.mart_index",
)  # fmt: skip


def _waves(path: Path, before: int) -> dict[str, list[tuple[object, ...]]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return {
            table: connection.execute(
                f"select * from {table} where wave < ? order by all", [before]
            ).fetchall()
            for table in TABLES
        }


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list[tuple[object, ...]]]]:
    """The first two waves in one run, the third in another; and what the tables held before the third."""
    case = mini_bank_case(tmp_path_factory.mktemp("mini_bank"))
    for wave in WAVES[:2]:
        land_wave(case, wave)
    path = case.build_questionnaires(years=WAVES[:2])
    earlier = _waves(path, WAVES[2])
    land_wave(case, WAVES[2])
    return case.build_questionnaires(years=WAVES[2:]), earlier


@pytest.fixture(scope="module")
def con(built: tuple[Path, object]) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(built[0]), read_only=True) as connection:
        yield connection


def test_a_new_wave_changes_no_other(built: tuple[Path, dict[str, list[tuple[object, ...]]]]) -> None:
    path, earlier = built
    assert all(earlier.values())
    assert _waves(path, WAVES[2]) == earlier


def _wide(name: str) -> dict[tuple[int, str, str], float | None]:
    """(wave, bank, column) -> value of one expected table."""
    return {
        (int(row["year"]), row["bank"], column): float(value) if value not in ("", "NA") else None
        for row in rows(name)
        for column, value in row.items()
        if column not in ("year", "bank")
    }


def _assert_same(
    got: dict[tuple[int, str, str], float | None], expected: dict[tuple[int, str, str], float | None]
) -> None:
    assert got.keys() == expected.keys()
    off = {
        key: (got[key], value)
        for key, value in expected.items()
        if (got[key] is None) != (value is None)
        or (value is not None and abs(float(got[key] or 0) - value) > TOLERANCE)
    }
    assert off == {}


@pytest.mark.parametrize(
    ("column", "name"),
    [
        ("score", "expected_normalised_goalposts.csv"),
        ("raw_score", "expected_normalised_scaled_unclamped.csv"),
    ],
)
def test_normalised_items(con: duckdb.DuckDBPyConnection, column: str, name: str) -> None:
    query = f"select wave, response_id, item_id, {column} from restricted.int_item_score"
    got = {(wave, bank, item): value for wave, bank, item, value in con.execute(query).fetchall()}
    expected = _wide(name)
    _assert_same(got, expected)
    if column == "raw_score":
        clipped = {key for key, value in expected.items() if value is not None and not 0 <= value <= 100}
        query = "select wave, response_id, item_id from restricted.int_item_score where is_clipped"
        assert set(con.execute(query).fetchall()) == clipped != set()


@pytest.mark.parametrize(
    ("scenario", "name"),
    [
        ("headline", "expected_agg_arith.csv"),
        ("threshold_066", "expected_agg_arith_thresh066.csv"),
    ],
)
def test_dimensions_and_index(con: duckdb.DuckDBPyConnection, scenario: str, name: str) -> None:
    query = """
        select wave, response_id, if(level = 'index', 'INDEX', code), score
        from restricted.int_score where level <> 'indicator' and scenario = ?
    """
    got = {(wave, bank, code): value for wave, bank, code, value in con.execute(query, [scenario]).fetchall()}
    _assert_same(got, _wide(name))


def test_geometric_index(con: duckdb.DuckDBPyConnection) -> None:
    """The reference leaves the mean on the shifted scale 1 to 100."""
    query = """
        select wave, response_id, 'INDEX_GEOM', 1 + 0.99 * score
        from restricted.int_score where level = 'index' and scenario = 'agg_geometric_index'
    """
    got = {(wave, bank, code): value for wave, bank, code, value in con.execute(query).fetchall()}
    _assert_same(got, _wide("expected_agg_geom_shifted.csv"))


def test_estimates_with_finite_population(con: duckdb.DuckDBPyConnection) -> None:
    compared = without_value = 0
    for row in rows("expected_estimates_fpc.csv"):
        scenario = "post_stratified" if row["domain"] == "ALL_weighted" else "headline"
        value = "all" if row["domain"].startswith("ALL") else BANK_TYPES[row["domain"]]
        code = "index" if row["measure"] == "INDEX" else row["measure"]
        got = con.execute(
            """
            select n, score, se, ci_low, ci_high, df from restricted.int_score_estimate
            where wave = ? and scenario = ? and code = ? and population_value = ?
            """,
            [int(row["year"]), scenario, code, value],
        ).fetchone()
        assert got is not None, row
        if not row["mean"]:
            # One bank has no score: the reference gives no mean then, ours is of those that have one.
            assert got[0] == int(row["n"]) - 1
            without_value += 1
            continue
        assert got[0] == int(row["n"])
        assert got[1] == pytest.approx(float(row["mean"]), abs=TOLERANCE)
        if row["se"]:
            expected = [float(row["se"]), max(0.0, float(row["lo"])), min(100.0, float(row["hi"]))]
            assert list(got[2:5]) == pytest.approx(expected, abs=TOLERANCE)
            assert got[5] == int(float(row["df"]))
        compared += 1
    assert (compared, without_value) == (102, 3)
