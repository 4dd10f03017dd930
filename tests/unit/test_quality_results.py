"""Results of checks as rows: once per incident, failing rows in full, restricted rows in no sample."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from dagster_project.errors import FengchaoError
from dagster_project.quality import results as quality_results
from dagster_project.quality.results import keep
from dagster_project.quality.validate import KEPT_ROWS, Result, SuiteOutcome, merge, validate
from dagster_project.settings import Settings
from tests.unit.test_quality import NOT_NULL, ROWS, SuiteFile


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, raw=tmp_path)


def _suite(dataset: str = "bank") -> SuiteFile:
    content = {
        "name": f"raw__{dataset}",
        "meta": {"relation": dataset, "description": "test"},
        "expectations": [ROWS, NOT_NULL],
    }
    return SuiteFile(Path(f"raw__{dataset}.json"), "raw", dataset, dataset, None, content)


def _outcome(names: list[str | None], dataset: str = "bank") -> SuiteOutcome:
    frame = pd.DataFrame({"name": names, "bank_id": range(len(names))})
    return validate(frame, _suite(dataset), "2023")


def _rows(settings: Settings) -> list[dict[str, object]]:
    files = sorted((settings.quality / "runs").glob("*/*.parquet"))
    return [row for file in files for row in pq.read_table(file).to_pylist()]


def test_every_expectation_is_a_row_with_its_counts(settings: Settings) -> None:
    keep(settings, "run-1", _outcome(["a", None, None]))
    first, second = _rows(settings)
    assert (first["success"], first["n_failed"]) == (True, 0)
    assert (second["success"], second["n_checked"], second["n_failed"]) == (False, 3, 2)
    assert (second["stage"], second["dataset"], second["partition"]) == ("raw", "bank", "2023")
    assert json.loads(str(second["sample"]))[0] == {"bank_id": 1, "name": None}


def test_a_retry_replaces_the_result_and_another_run_adds_one(settings: Settings) -> None:
    keep(settings, "run-1", _outcome(["a", None]))
    keep(settings, "run-1", _outcome(["a", "b"]))
    assert [row["success"] for row in _rows(settings)] == [True, True]
    assert not list((settings.quality / "runs").glob("*/*/*.parquet"))
    keep(settings, "run-2", _outcome(["a", None]))
    assert sorted({(row["run_no"], row["run_id"]) for row in _rows(settings)}) == [(1, "run-1"), (2, "run-2")]


def test_failing_rows_are_kept_in_full_up_to_the_bound(settings: Settings) -> None:
    keep(settings, "run-1", _outcome([None] * (KEPT_ROWS + 5) + ["a"]))
    (file,) = (settings.quality / "runs" / "run-1").glob("*/*.parquet")
    assert pq.read_table(file).num_rows == KEPT_ROWS
    assert _rows(settings)[1]["n_failed"] == KEPT_ROWS + 5


def test_rows_about_respondents_do_not_leave_the_landing(settings: Settings) -> None:
    keep(settings, "run-1", _outcome(["a", None], "questionnaire_answer"))
    assert [row["sample"] for row in _rows(settings)] == ["[]", "[]"]
    assert not list((settings.quality / "runs").glob("*/*/*.parquet"))


def test_old_runs_go_and_finished_ones_become_one_file(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FENGCHAO_QUALITY_RUNS", "4")
    monkeypatch.setattr(quality_results, "_OPEN_RUNS", 2)
    for number in range(6):
        keep(settings, f"run-{number}", _outcome(["a"]))
        keep(settings, f"run-{number}", _outcome(["a"], "province"))
    files = {path.parent.name: path.parent for path in (settings.quality / "runs").glob("*/*.parquet")}
    assert sorted(files) == ["run-2", "run-3", "run-4", "run-5"]
    assert [path.name for path in files["run-2"].glob("*.parquet")] == ["results.parquet"]
    assert len(_rows(settings)) == 4 * 4


def test_chunks_of_one_table_give_one_result() -> None:
    whole = _outcome(["a", None, "b", None, None])
    parts = merge([_outcome(["a", None]), _outcome(["b", None, None])])

    def counts(results: tuple[Result, ...]) -> list[tuple[str, bool, int]]:
        return [(r.expectation, r.success, r.n_failed) for r in results]

    assert counts(parts.results) == counts(whole.results)
    assert (parts.n_rows, parts.passed, len(parts.results[1].rows)) == (5, False, 3)


def test_a_wrong_retention_setting_is_said(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FENGCHAO_QUALITY_RUNS", "all")
    with pytest.raises(FengchaoError, match="FENGCHAO_QUALITY_RUNS is 'all'"):
        keep(settings, "run-1", _outcome(["a"]))
