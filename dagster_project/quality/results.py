"""Results of every check of every run, as rows: `quality/runs/<run>/<suite>__<partition>.parquet`.

A run that repeats another (a retry) writes into the folder of the first, so a check is counted once
per incident. Beside the results of a failed expectation stand its failing rows, in full up to a
bound, except those about single respondents: these stay in the landing's quarantine. Folders beyond
the newest `FENGCHAO_QUALITY_RUNS` (default 500) are removed.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.files import write_whole
from dagster_project.ingest.landing import write_parquet
from dagster_project.quality.validate import SuiteOutcome
from dagster_project.settings import Settings, number_setting

_S, _I = pa.string(), pa.int64()
RESULT = pa.schema(
    [
        ("run_no", _I), ("run_id", _S), ("stage", _S), ("dataset", _S), ("partition", _S), ("expectation_no", _I),
        ("expectation", _S), ("column_name", _S), ("severity", _S), ("success", pa.bool_()), ("n_checked", _I),
        ("n_failed", _I), ("observed", _S), ("reason", _S), ("sample", _S),
    ]
)  # fmt: skip
# The newest runs may still be going on.
_OPEN_RUNS = 20


def incident_of(context: Any) -> str:
    """The run's id; for a retry, that of the run it repeats."""
    return str(context.run.root_run_id or context.run.run_id)


def rows_folder(settings: Settings, run_id: str, outcome: SuiteOutcome) -> Path:
    """Where the failing rows of an outcome stand in full; there is none without such rows."""
    return settings.quality / "runs" / run_id / f"{outcome.suite}__{outcome.partition}"


def keep(settings: Settings, run_id: str, *outcomes: SuiteOutcome) -> None:
    """Write outcomes: their pages in the data docs, their result rows, and their failing rows."""
    from dagster_project.quality.data_docs import write_index, write_page

    for outcome in outcomes:
        write_page(settings, outcome)
        _keep_rows(settings, run_id, outcome)
    write_index(settings)


def _keep_rows(settings: Settings, run_id: str, outcome: SuiteOutcome) -> None:
    folder = settings.quality / "runs" / run_id
    name = f"{outcome.suite}__{outcome.partition}"
    failing = rows_folder(settings, run_id, outcome)
    shutil.rmtree(failing, ignore_errors=True)
    stage, _, dataset = outcome.suite.partition("__")
    number = _run_number(settings, run_id)
    rows = [
        {
            "run_no": number,
            "run_id": run_id,
            "stage": stage,
            "dataset": dataset,
            "partition": outcome.partition,
            "expectation_no": place,
            "expectation": result.expectation,
            "column_name": result.column,
            "severity": result.severity,
            "success": result.success,
            "n_checked": result.n_checked,
            "n_failed": result.n_failed,
            "observed": result.observed,
            "reason": result.reason,
            "sample": "[]"
            if outcome.is_restricted
            else json.dumps(result.sample, ensure_ascii=False, default=str, sort_keys=True),
        }
        for place, result in enumerate(outcome.results, 1)
    ]
    for place, result in enumerate(outcome.results, 1):
        if result.rows is not None and not result.success and not outcome.is_restricted:
            table = pa.Table.from_pandas(result.rows.astype(str), preserve_index=False)
            write_parquet(table, failing / f"{place:03d}_{result.expectation}.parquet")
    write_parquet(pa.Table.from_pylist(rows, schema=RESULT), folder / f"{name}.parquet")


def ensure_results(settings: Settings) -> None:
    """An empty table carries the columns before any check has run; see landing.ensure_empty_tables."""
    path = settings.quality / "runs" / "none" / "empty.parquet"
    if not path.exists():
        write_parquet(RESULT.empty_table(), path)


def _run_number(settings: Settings, run_id: str) -> int:
    """Runs are numbered in the order in which they first checked something."""
    folder = settings.quality / "runs" / run_id
    path = folder / "run_no"
    if path.exists():
        return int(path.read_text())
    numbers = {int(p.read_text()): p.parent for p in settings.quality.glob("runs/*/run_no")}
    number = max(numbers, default=0) + 1
    write_whole(path, str(number))
    for old in sorted(numbers)[: max(0, len(numbers) + 1 - number_setting("FENGCHAO_QUALITY_RUNS"))]:
        shutil.rmtree(numbers.pop(old), ignore_errors=True)
    # Runs that are surely over: one file each, so that reading all of them stays quick.
    for old in sorted(numbers)[:-_OPEN_RUNS]:
        _compact(numbers[old])
    return number


def _compact(folder: Path) -> None:
    parts = sorted(folder.glob("*__*.parquet"))
    if parts:
        whole = folder / "results.parquet"
        tables = [pq.read_table(path, schema=RESULT) for path in [*parts, *folder.glob("results.parquet")]]
        write_parquet(pa.concat_tables(tables), whole)
        for path in parts:
            path.unlink()  # killed before this, rows stand twice; the mart takes each once
