"""The project's own expectations: each has a docstring, holds on good rows and fails on a fixture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dagster_project.quality import checks
from dagster_project.quality.expectations import CUSTOM
from dagster_project.quality.pieces import columns_of, split
from dagster_project.quality.suites import SuiteFile, suite_for
from dagster_project.quality.validate import Result, validate
from dagster_project.settings import Settings

SHARES = pd.DataFrame({"item": ["a", "a", "b"], "option": ["x", "y", "x"], "pct": [60.0, 40.0, None]})
BANKS = pd.DataFrame({"type": ["city", "city", "other"], "counts": [True, True, False]})
FIGURES = pd.DataFrame({"measure": ["share", "staff", "share"], "value": [5.0, 10.0, None]})

# (type, kwargs, rows on which it holds, rows on which it fails, how many rows fail, what is said)
CASES: list[tuple[str, dict[str, Any], pd.DataFrame, pd.DataFrame, int, str]] = [
    (
        "expect_group_sums_to_equal",
        {"group_by": ["item"], "column": "pct", "total": 100, "tolerance": 0.05},
        SHARES,
        SHARES.assign(pct=[60.0, 39.9, None]),
        2,
        "a: 99.9 instead of 100",
    ),
    (
        "expect_group_sums_to_equal",
        {"group_by": ["item", "option"], "column": "pct", "total": {"a|x": 60, "a|y": 40}},
        SHARES,
        SHARES.iloc[1:],
        0,
        "a|x: 0 instead of 60",
    ),
    (
        "expect_group_counts_to_equal",
        {"group_by": ["type"], "counts": {"city": 2}, "only": {"counts": True}},
        BANKS,
        BANKS.assign(counts=True),
        1,
        "other: 1 rows instead of 0",
    ),
    (
        "expect_group_counts_to_equal",
        {"group_by": ["type"], "counts": {"city": 2, "other": 1}},
        BANKS,
        BANKS.iloc[:2],
        0,
        "other: 0 rows instead of 1",
    ),
    (
        "expect_values_in_range_of_their_kind",
        {"column": "value", "kind_column": "measure", "ranges": {"share": [0, 100, False], "staff": [None, None, True]}},
        FIGURES,
        FIGURES.assign(value=[0.0, 10.0, 101.0]),
        2,
        "share outside [0, 100, False]",
    ),
    (
        "expect_values_in_range_of_their_kind",
        {"column": "value", "kind_column": "measure", "ranges": {"share": [0, 100, True], "staff": [0, None, True]}},
        FIGURES,
        FIGURES.assign(measure="rumour"),
        2,
        "rumour outside the registry",
    ),
    (
        "expect_distribution_near_reference",
        {"group_by": ["item"], "category": "option", "value": "pct", "reference": {"a|x": 50, "a|y": 50}, "max_distance": 10},
        SHARES,
        SHARES.assign(pct=[61.0, 39.0, None]),
        2,
        "a moved by 11.0",
    ),
    (
        "expect_pairs_to_be_known",
        {"columns": ["item", "option"], "known": [["a", "x"], ["a", "y"], ["b", "x"]]},
        SHARES,
        SHARES.assign(option=["x", None, "y"]),
        1,
        "b|y is not listed",
    ),
    (
        "expect_no_personal_data_column",
        {"allowed": ["name_zh"], "forbidden": ["response_id"]},
        pd.DataFrame({"name_zh": ["甲"], "ship": [1], "recipe": [1]}),
        pd.DataFrame({"name_zh": ["甲"], "response_id": [1], "client_ip": ["::1"]}),
        0,
        "response_id; client_ip",
    ),
]  # fmt: skip


def _suite(kind: str, kwargs: dict[str, Any]) -> SuiteFile:
    meta = {"severity": "stop", "reason": "test", "owner": "tests"}
    content = {
        "name": "marts__test",
        "meta": {"relation": "marts.test", "description": "test"},
        "expectations": [{"type": kind, "kwargs": kwargs, "meta": meta}],
    }
    return SuiteFile(Path("marts__test.json"), "marts", "test", "marts.test", None, content)


def _result(kind: str, kwargs: dict[str, Any], frame: pd.DataFrame) -> Result:
    (result,) = validate(frame, _suite(kind, kwargs), "2023").results
    return result


@pytest.mark.parametrize(("kind", "kwargs", "good", "bad", "n_failed", "said"), CASES)
def test_it_holds_on_good_rows_and_fails_on_bad_ones(
    kind: str, kwargs: dict[str, Any], good: pd.DataFrame, bad: pd.DataFrame, n_failed: int, said: str
) -> None:
    assert _result(kind, kwargs, good).success
    failed = _result(kind, kwargs, bad)
    assert not failed.success
    assert (0 if failed.rows is None else len(failed.rows)) == n_failed
    assert said in failed.observed


def test_each_class_has_a_docstring_and_a_case() -> None:
    assert all((kind.__doc__ or "").strip() for kind in CUSTOM)
    assert {kind.expectation_type for kind in CUSTOM} == {case[0] for case in CASES}


def test_a_parameter_is_resolved_when_the_suite_runs() -> None:
    kwargs = {"group_by": ["type"], "counts": {"$PARAMETER": "reviewed_counts"}}
    suite = _suite("expect_group_counts_to_equal", kwargs)
    assert validate(BANKS, suite, "2023", {"reviewed_counts": {"city": 2, "other": 1}}).passed
    assert not validate(BANKS, suite, "2023", {"reviewed_counts": {"city": 3}}).passed
    assert validate(BANKS, suite, "2023", {"reviewed_counts": {}}).passed, "nothing was reviewed"


def test_a_large_partition_is_checked_in_pieces_with_the_same_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What speaks of the table is said of the table, what speaks of rows of each row, however it is read."""
    import duckdb

    settings = Settings(home=tmp_path, raw=tmp_path)
    settings.warehouse_db.parent.mkdir(parents=True)
    with duckdb.connect(str(settings.warehouse_db)) as con:
        con.execute("create schema marts")
        con.execute("create table marts.test as select i, i % 3 as type from range(100) as t(i)")
    suite = _suite(
        "expect_group_counts_to_equal", {"group_by": ["type"], "counts": {"0": 34, "1": 33, "2": 33}}
    )
    meta = suite.content["expectations"][0]["meta"]
    for kind, kwargs in (
        ("expect_table_row_count_to_be_between", {"min_value": 100, "max_value": 100}),
        ("expect_column_values_to_be_between", {"column": "i", "max_value": 89}),
    ):
        suite.content["expectations"].append({"type": kind, "kwargs": kwargs, "meta": meta})

    def results() -> list[tuple[str, bool, int, int]]:
        outcome = checks.check_partition(settings, suite, None)
        return sorted((r.expectation, r.success, r.n_checked, r.n_failed) for r in outcome.results)

    whole = results()
    monkeypatch.setattr(checks, "ROWS_IN_ONE_FRAME", 16)
    assert results() == whole
    assert [(success, n_failed) for _, success, _, n_failed in whole] == [(False, 10), (True, 0), (True, 0)]


def test_a_suite_splits_without_loss() -> None:
    suite = suite_for("marts", "mart_answer_share")
    whole, by_row = split(suite)
    assert len(whole.content["expectations"]) + len(by_row.content["expectations"]) == len(
        suite.content["expectations"]
    )
    assert {"item_id", "population_kind", "share_pct"} <= set(columns_of(whole))
