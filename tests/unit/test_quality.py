"""Expectation suites: the files are complete and right, and a run of one says what failed and where."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest
import yaml

from dagster_project.analysis.tables import TABLES as ANALYSIS_TABLES
from dagster_project.errors import FengchaoError, InputError
from dagster_project.ingest.tables import TABLES
from dagster_project.quality.data_docs import page_path, write_index, write_page
from dagster_project.quality.outcome_events import check_result
from dagster_project.quality.pieces import columns_of
from dagster_project.quality.suites import SuiteFile, all_suites, read_suite, suite_for, suites_of
from dagster_project.quality.validate import SAMPLE_ROWS, validate
from dagster_project.settings import DBT_DIR, EXPECTATIONS_DIR, Settings

SUITES = {suite.name: suite for suite in all_suites()}
# Suites of tables that may be empty and right say so, and why.
MAY_BE_EMPTY = {name for name, suite in SUITES.items() if "may_be_empty" in suite.content["meta"]}


@cache
def _models(stage: str) -> dict[str, list[str]]:
    """Described columns by model of a stage, from the YAML beside the models."""
    found: dict[str, list[str]] = {}
    for path in (DBT_DIR / "models" / stage).rglob("*.yml"):
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models") or []:
            found[model["name"]] = [column["name"] for column in model.get("columns", [])]
    return found


def _columns(suite: SuiteFile) -> list[str]:
    in_memory = {"raw": TABLES, "analysis": ANALYSIS_TABLES}
    if suite.stage in in_memory:
        return in_memory[suite.stage][suite.dataset].names
    return _models("marts" if suite.stage == "release" else suite.stage)[suite.dataset]


def _used_columns(suite: SuiteFile) -> set[str]:
    return set(columns_of(suite))


# -- the files ------------------------------------------------------------------------------------------


def test_every_file_is_a_valid_suite() -> None:
    assert len(SUITES) == len(list(EXPECTATIONS_DIR.glob("*.json"))) > 10
    for path in EXPECTATIONS_DIR.glob("*.json"):
        assert read_suite(path).name == path.stem


@pytest.mark.parametrize("name", SUITES)
def test_suite_maps_to_a_table(name: str) -> None:
    suite = SUITES[name]
    if suite.stage == "raw":
        assert suite.relation == suite.dataset
        assert suite.dataset in TABLES
    elif suite.stage == "analysis":
        assert suite.relation == suite.dataset
        assert suite.dataset in ANALYSIS_TABLES
    elif suite.stage == "release":
        assert suite.relation == suite.dataset
        assert list((DBT_DIR / "models" / "marts").rglob(f"{suite.dataset}.sql"))
    else:
        schemas = ("intermediate", "restricted") if suite.stage == "intermediate" else (suite.stage,)
        assert suite.relation in {f"{schema}.{suite.dataset}" for schema in schemas}
        assert list((DBT_DIR / "models" / suite.stage).rglob(f"{suite.dataset}.sql"))
    assert suite.year_column is None or suite.year_column in _columns(suite)
    assert _used_columns(suite) - set(_columns(suite)) == set()


@pytest.mark.parametrize("name", sorted(SUITES.keys() - MAY_BE_EMPTY))
def test_suite_counts_rows(name: str) -> None:
    """Zero rows pass every expectation about a column."""
    counts = [
        expectation
        for expectation in SUITES[name].content["expectations"]
        if expectation["type"] == "expect_table_row_count_to_be_between"
    ]
    assert [(count["kwargs"]["min_value"] >= 1, count["meta"]["severity"]) for count in counts] == [
        (True, "stop")
    ]


def test_every_landed_table_has_a_suite() -> None:
    assert {suite.dataset for suite in suites_of("raw")} == set(TABLES)


def test_every_analysis_table_has_a_suite() -> None:
    assert {suite.dataset for suite in suites_of("analysis")} == set(ANALYSIS_TABLES)


def test_every_public_mart_has_a_suite() -> None:
    marts = {path.stem for path in (DBT_DIR / "models" / "marts").rglob("*.sql")}
    assert {suite.dataset for suite in suites_of("marts")} == marts


@pytest.mark.parametrize("table", TABLES)
def test_landed_columns_are_the_declared_ones(table: str) -> None:
    lists = [
        expectation["kwargs"]["column_list"]
        for expectation in suite_for("raw", table).content["expectations"]
        if expectation["type"] == "expect_table_columns_to_match_ordered_list"
    ]
    assert lists == [TABLES[table].names]


def test_no_suite_for_an_unknown_table() -> None:
    with pytest.raises(InputError, match=r"raw__nothing\.json: found no such suite"):
        suite_for("raw", "nothing")


def _expectation(kind: str, severity: str = "stop", **kwargs: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "kwargs": kwargs,
        "meta": {"severity": severity, "reason": f"because of {kind}", "owner": "tests"},
    }


ROWS = _expectation("expect_table_row_count_to_be_between", min_value=1)
NOT_NULL = _expectation("expect_column_values_to_not_be_null", column="name")
RANGE = _expectation("expect_column_values_to_be_between", column="share", min_value=0, max_value=100)


def _suite(folder: Path, *expectations: dict[str, Any], name: str = "raw__made_up", **changes: Any) -> Path:
    path = folder / "raw__made_up.json"
    content = {
        "name": name,
        "meta": {"relation": "made_up", "description": "made up"},
        "expectations": list(expectations) or [ROWS],
        **changes,
    }
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("changes", "place", "found"),
    [
        ({"expectations": []}, "expectations", "[] "),
        ({"expectations": [{**ROWS, "type": "row_count"}]}, "expectations.0.type", "does not match"),
        (
            {"expectations": [{"type": ROWS["type"], "kwargs": {}}]},
            "expectations.0",
            "'meta' is a required property",
        ),
        (
            {"expectations": [{**ROWS, "meta": {**ROWS["meta"], "severity": "maybe"}}]},
            "expectations.0.meta.severity",
            "'maybe' is not one of",
        ),
        (
            {"expectations": [{**ROWS, "meta": {**ROWS["meta"], "reason": ""}}]},
            "expectations.0.meta.reason",
            "''",
        ),
        ({"meta": {"description": "x"}}, "meta", "'relation' is a required property"),
        ({"name": "raw__other"}, "name", "'raw__other'"),
    ],
)
def test_broken_suite_file(tmp_path: Path, changes: dict[str, Any], place: str, found: str) -> None:
    with pytest.raises(InputError) as caught:
        read_suite(_suite(tmp_path, **changes))
    assert caught.value.place == place
    assert found in caught.value.found


def test_suite_that_is_no_json(tmp_path: Path) -> None:
    path = _suite(tmp_path)
    path.write_text(path.read_text()[:-2], encoding="utf-8")
    with pytest.raises(InputError, match="invalid JSON"):
        read_suite(path)


# -- a run ----------------------------------------------------------------------------------------------


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", raw=tmp_path)


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "name": ["甲", None, "丙"],
            "share": [10.0, 20.0, 130.0],
            "source_file": ["a.csv", "a.csv", "b.csv"],
            "source_row": [2, 3, 7],
        }
    )


def test_unknown_expectation_type_raises(tmp_path: Path, frame: pd.DataFrame) -> None:
    suite = read_suite(
        _suite(tmp_path, ROWS, _expectation("expect_column_values_to_be_bigger", column="share"))
    )
    with pytest.raises(FengchaoError, match=r"unknown expectation types|expect_column_values_to_be_bigger"):
        validate(frame, suite, "2023")


def test_all_hold(tmp_path: Path, frame: pd.DataFrame) -> None:
    outcome = validate(frame.iloc[:1], read_suite(_suite(tmp_path, ROWS, NOT_NULL, RANGE)), "2023")
    assert (outcome.passed, outcome.findings, outcome.n_expectations, outcome.n_rows) == (True, (), 3, 1)
    assert outcome.summary() == "raw__made_up (2023): all 3 expectations hold on 1 rows."


def test_finding_shows_where_the_rows_come_from(tmp_path: Path, frame: pd.DataFrame) -> None:
    outcome = validate(frame, read_suite(_suite(tmp_path, ROWS, NOT_NULL, RANGE)), "2023")
    missing, outside = sorted(outcome.stops, key=lambda finding: finding.column)
    assert (missing.column, missing.n_failed, missing.observed) == ("name", 1, "1 of 3 rows fail.")
    assert (missing.sample[0]["source_file"], missing.sample[0]["source_row"]) == ("a.csv", 3)
    assert outside.sample == [{"source_file": "b.csv", "source_row": 7, "share": 130.0}]
    assert outside.reason == "because of expect_column_values_to_be_between"
    assert not outcome.passed
    assert "[stop] expect_column_values_to_be_between(share): 1 of 3 rows fail." in outcome.summary()


def test_rows_of_a_filtered_frame_are_found_by_label(tmp_path: Path, frame: pd.DataFrame) -> None:
    outcome = validate(frame.iloc[1:], read_suite(_suite(tmp_path, RANGE)), "2023")
    assert [row["source_row"] for row in outcome.stops[0].sample] == [7]


def test_sample_is_small(tmp_path: Path) -> None:
    frame = pd.DataFrame({"share": [-1.0] * 500, "source_row": range(500)})
    (finding,) = validate(frame, read_suite(_suite(tmp_path, RANGE)), "2023").stops
    assert (finding.n_failed, len(finding.sample)) == (500, SAMPLE_ROWS)


def test_a_look_does_not_block_and_a_stop_does(
    tmp_path: Path, frame: pd.DataFrame, settings: Settings
) -> None:
    look = {**RANGE, "meta": {**RANGE["meta"], "severity": "look"}}
    key = dg.AssetKey("made_up")

    suite = read_suite(_suite(tmp_path, ROWS, look))
    outcome = validate(frame, suite, "2023")
    assert (outcome.passed, len(outcome.looks), len(outcome.stops)) == (True, 1, 0)
    result = check_result(settings, key, suite, outcome)
    assert (result.passed, result.severity) == (False, dg.AssetCheckSeverity.WARN)

    suite = read_suite(_suite(tmp_path, ROWS, look, NOT_NULL))
    outcome = validate(frame, suite, "2023")
    assert (outcome.passed, len(outcome.looks), len(outcome.stops)) == (False, 1, 1)
    result = check_result(settings, key, suite, outcome)
    assert (result.passed, result.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert "b.csv" in str(result.metadata["failing_rows"].value)
    assert result.metadata["expectations_failed"].value == 2

    clean = check_result(settings, key, suite, validate(frame.iloc[:1], suite, "2023"))
    assert clean.passed


def test_missing_column_could_not_be_evaluated(tmp_path: Path, frame: pd.DataFrame) -> None:
    suite = read_suite(_suite(tmp_path, ROWS, RANGE))
    (finding,) = validate(frame.drop(columns="share"), suite, "2023").stops
    assert finding.observed.startswith("could not be evaluated: ")
    assert "share" in finding.observed
    assert finding.sample == []


def test_no_rows_fail(tmp_path: Path, frame: pd.DataFrame) -> None:
    outcome = validate(frame.iloc[:0], read_suite(_suite(tmp_path, ROWS, NOT_NULL, RANGE)), "2023")
    assert [finding.expectation for finding in outcome.stops] == [ROWS["type"]]
    assert outcome.stops[0].observed == "observed 0."


@pytest.mark.parametrize("name", [suite.name for suite in suites_of("raw") if suite.name not in MAY_BE_EMPTY])
def test_real_suite_stops_an_empty_table(name: str) -> None:
    """The real suite runs on the declared columns: nothing but the missing rows is wrong with them."""
    suite = SUITES[name]
    outcome = validate(TABLES[suite.dataset].empty_table().to_pandas(), suite, "2023")
    assert outcome.n_expectations == len(suite.content["expectations"])
    assert "expect_table_row_count_to_be_between" in {finding.expectation for finding in outcome.stops}
    assert [finding for finding in outcome.findings if "could not be evaluated" in finding.observed] == []


# -- data docs -------------------------------------------------------------------------------------------


def test_data_docs_page(tmp_path: Path, frame: pd.DataFrame, settings: Settings) -> None:
    suite = read_suite(_suite(tmp_path, ROWS, NOT_NULL, RANGE))
    page = write_page(settings, validate(frame, suite, "2023"))
    assert page == page_path(settings, "raw__made_up", "2023")
    text = page.read_text(encoding="utf-8")
    assert "raw__made_up" in text
    assert "share" in text
    loaded = re.findall(r"<(?:script|link|img|iframe)\b[^>]*?(?:src|href)\s*=\s*[\"']?([^\"'\s>]+)", text)
    assert loaded, "the page is styled"
    assert [address for address in loaded if re.match(r"(https?:)?//", address)] == []
    assert re.findall(r"url\(\s*[\"']?(?:https?:)?//", text) == []
    for address in loaded:
        if not address.startswith(("data:", "#")):
            assert (page.parent / address).resolve().is_file(), address


def test_data_docs_index(tmp_path: Path, frame: pd.DataFrame, settings: Settings) -> None:
    look = {**RANGE, "meta": {**RANGE["meta"], "severity": "look"}}
    for partition, expectations in (("2020", (ROWS,)), ("2022", (ROWS, look)), ("2023", (ROWS, NOT_NULL))):
        write_page(settings, validate(frame, read_suite(_suite(tmp_path, *expectations)), partition))
    write_index(settings)
    index = settings.data_docs / "index.html"
    text = index.read_text(encoding="utf-8")
    rows = re.findall(
        r'<a href="([^"]+)">raw__made_up</a></td><td>(\d+)</td>.*?<span class="badge[^>]*>(\w+)</span>', text
    )
    assert [(partition, state) for _, partition, state in rows] == [
        ("2020", "passed"), ("2022", "look"), ("2023", "failed"),
    ]  # fmt: skip
    for link, _, _ in rows:
        assert (index.parent / link).is_file()
    assert "http" not in text

    write_page(settings, validate(frame, read_suite(_suite(tmp_path, ROWS)), "2023"))
    write_index(settings)
    assert "failed" not in index.read_text(encoding="utf-8"), "the page of a partition is replaced"
