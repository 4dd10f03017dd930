"""Rules about all suites at once: which exist, and that no expectation repeats a test of dbt."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest
import yaml

from dagster_project.quality.parameters import _NAMED, _PROVIDERS, _QUERIES, expected_counts
from dagster_project.quality.suites import SuiteFile, all_suites, suites_of
from dagster_project.settings import DBT_DIR

CHECKED_BY_DBT = [suite for suite in all_suites() if suite.stage in ("staging", "intermediate", "marts")]


@cache
def dbt_tests(model: str) -> tuple[set[frozenset[str]], set[str], set[str]]:
    """What dbt tests of a model: keys (sets of columns), columns without NULL, columns with listed values."""
    keys: set[frozenset[str]] = set()
    filled: set[str] = set()
    listed: set[str] = set()
    for path in (DBT_DIR / "models").rglob("_*.yml"):
        for node in yaml.safe_load(path.read_text(encoding="utf-8")).get("models") or []:
            if node["name"] != model:
                continue
            tests: list[tuple[str | None, Any]] = [(None, test) for test in node.get("data_tests", [])]
            for column in node.get("columns", []):
                tests += [(column["name"], test) for test in column.get("data_tests", [])]
                if "not_null" in {rule["type"] for rule in column.get("constraints", [])}:
                    filled.add(column["name"])
            for column, test in tests:
                kind, settings = (test, {}) if isinstance(test, str) else next(iter(test.items()))
                if (settings or {}).get("config", {}).get("where"):
                    continue  # of some rows only
                if kind == "key":
                    names = [
                        re.sub(r"coalesce\((\w+),.*", r"\1", c) for c in settings["arguments"]["columns"]
                    ]
                    keys.add(frozenset(names))
                    # A coalesced column may be NULL, the others may not.
                    filled |= {c for c in settings["arguments"]["columns"] if c.isidentifier()}
                elif kind == "unique":
                    keys.add(frozenset([str(column)]))
                elif kind == "not_null":
                    filled.add(str(column))
                elif kind in ("accepted_values", "relationships"):
                    listed.add(str(column))
    return keys, filled, listed


def repeats(suite: SuiteFile, expectation: dict[str, Any]) -> bool:
    """Whether dbt already tests what the expectation says."""
    keys, filled, listed = dbt_tests(suite.dataset)
    kwargs = expectation["kwargs"]
    kind = expectation["type"]
    if "unique" in kind and "unique_value" not in kind:
        columns = {*kwargs.get("column_list", [kwargs.get("column")]), suite.year_column} - {None}
        return any(key <= columns for key in keys)
    if kind == "expect_column_values_to_not_be_null" and "row_condition" not in kwargs:
        return kwargs["column"] in filled
    if kind == "expect_column_values_to_be_in_set" and "$PARAMETER" not in kwargs["value_set"]:
        return kwargs["column"] in listed
    # Columns and types of a mart stand in its contract.
    return suite.stage == "marts" and kind.startswith("expect_table_columns_to_match")


@pytest.mark.parametrize("suite", CHECKED_BY_DBT, ids=lambda suite: suite.name)
def test_no_expectation_repeats_a_dbt_test(suite: SuiteFile) -> None:
    again = [(e["type"], e["kwargs"]) for e in suite.content["expectations"] if repeats(suite, e)]
    assert again == []


def test_a_repetition_is_seen() -> None:
    """The rule above can fail: each kind of repetition of a real test."""
    suite = next(s for s in CHECKED_BY_DBT if s.name == "marts__mart_fintech_investment")
    for kind, kwargs in (
        ("expect_compound_columns_to_be_unique", {"column_list": ["bank_id", "fiscal_year"]}),
        ("expect_column_values_to_be_unique", {"column": "bank_id"}),  # within the year
        ("expect_column_values_to_not_be_null", {"column": "bank_id"}),
        ("expect_column_values_to_be_in_set", {"column": "status", "value_set": ["single"]}),
        ("expect_table_columns_to_match_set", {"column_set": []}),
    ):
        assert repeats(suite, {"type": kind, "kwargs": kwargs}), kind
    assert not repeats(
        suite, {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "source_id"}}
    )


def test_every_staging_model_has_a_suite() -> None:
    """Views of analysis tables are checked as tables, by the suites of stage `analysis`."""
    folder = DBT_DIR / "models" / "staging"
    models = {path.stem for path in folder.rglob("*.sql") if path.parent.name != "robustness"}
    assert {suite.dataset for suite in suites_of("staging")} == models


def test_every_score_of_a_respondent_has_a_suite() -> None:
    levels = ("item", "indicator", "dimension", "index")
    assert {f"int_{level}_score" for level in levels} < {s.dataset for s in suites_of("intermediate")}


def test_every_parameter_has_a_provider() -> None:
    named = {name for suite in all_suites() for name in _NAMED.findall(suite.path.read_text("utf-8"))}
    assert named == set(_PROVIDERS) | set(_QUERIES)


def test_reviewed_counts_are_complete() -> None:
    """Each row says what, when and why; a group stands once per year; the years have no gap."""
    rows = expected_counts()
    assert len({(row["table"], row["year"], row["group"]) for row in rows}) == len(rows)
    assert all(
        int(row["n"]) > 0 and re.fullmatch(r"\d{4}-\d\d-\d\d", row["reviewed"]) and row["note"]
        for row in rows
    )
    for table in {row["table"] for row in rows}:
        years = sorted({int(row["year"]) for row in rows if row["table"] == table})
        assert years == list(range(years[0], years[-1] + 1))
