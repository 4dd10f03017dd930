"""Run one suite on one data frame, in memory, and say in plain rows what failed.

DuckDB is no SQL dialect of Great Expectations, so the partition goes to pandas; only the partition
that was loaded is read, never the whole table.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from dagster_project.errors import FengchaoError
from dagster_project.quality.suites import SuiteFile

if TYPE_CHECKING:
    import pandas as pd

SAMPLE_ROWS = 20
# Columns that say which row it is, shown with every failing row where the table has them.
IDENTITY = (
    "source_file", "source_row", "source_column", "figure_id", "bank_id", "bank_type", "fiscal_year",
    "population_value", "item_id", "option_id", "dimension",
)  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One expectation that did not hold."""

    expectation: str
    column: str
    severity: str
    reason: str
    n_checked: int
    n_failed: int
    observed: str
    sample: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class SuiteOutcome:
    """Result of a suite on a partition. `stops` are findings that block, `looks` those that do not."""

    suite: str
    partition: str
    n_expectations: int
    n_rows: int
    findings: tuple[Finding, ...]
    raw: Any = None

    @property
    def stops(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity == "stop")

    @property
    def looks(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity == "look")

    @property
    def passed(self) -> bool:
        return not self.stops

    def summary(self) -> str:
        """One line per finding: what was expected, where, how many rows, an example."""
        if not self.findings:
            return f"{self.suite} ({self.partition}): all {self.n_expectations} expectations hold on {self.n_rows} rows."
        lines = [
            f"{self.suite} ({self.partition}): {len(self.findings)} of {self.n_expectations} expectations "
            f"do not hold on {self.n_rows} rows."
        ]
        for finding in self.findings:
            example = f" First: {_words(finding.sample[0])}." if finding.sample else ""
            lines.append(
                f"- [{finding.severity}] {finding.expectation}({finding.column}): {finding.observed} "
                f"{finding.reason}{example}"
            )
        return "\n".join(lines)


@cache
def _context() -> Any:
    import great_expectations as gx

    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    context = gx.get_context(mode="ephemeral")
    context.enable_analytics(enable=False)
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
    source = context.data_sources.add_pandas("partition")
    return source.add_dataframe_asset("frame").add_batch_definition_whole_dataframe("whole")


def _build(suite: SuiteFile) -> Any:
    from great_expectations.core.expectation_suite import ExpectationSuite

    built = ExpectationSuite(name=suite.name, expectations=suite.content["expectations"])
    # A misspelt expectation type is dropped with no more than a log line; a suite that silently
    # checks less than it says is worse than none.
    if len(built.expectations) != len(suite.content["expectations"]):
        kept = {expectation.expectation_type for expectation in built.expectations}
        lost = sorted({e["type"] for e in suite.content["expectations"]} - kept)
        raise FengchaoError(f"{suite.path}: unknown expectation types {lost}. Correct their spelling.")
    return built


def validate(frame: pd.DataFrame, suite: SuiteFile, partition: str) -> SuiteOutcome:
    """Check `frame` against `suite`.

    frame: rows of one partition. Returns the outcome with at most 20 failing rows per expectation,
    each with its provenance columns where the frame has them. Raises FengchaoError for a suite that
    Great Expectations does not fully understand.
    """
    built = _build(suite)
    result_format = {
        "result_format": "COMPLETE",
        "partial_unexpected_count": SAMPLE_ROWS,
        "include_unexpected_rows": False,
    }
    raw = (
        _context()
        .get_batch(batch_parameters={"dataframe": frame})
        .validate(built, result_format=result_format)
    )
    findings = tuple(_finding(result, frame) for result in raw.results if not result.success)
    return SuiteOutcome(suite.name, partition, len(raw.results), len(frame), findings, raw)


def _finding(result: Any, frame: pd.DataFrame) -> Finding:
    config = result.expectation_config
    kwargs = {key: value for key, value in config.kwargs.items() if key != "batch_id"}
    names = (
        [kwargs[key] for key in ("column", "column_A", "column_B") if key in kwargs]
        or kwargs.get("column_list")
        or []
    )
    column = ", ".join(names) if len(names) <= 4 else f"{len(names)} columns"
    details = result.result or {}
    index = details.get("unexpected_index_list") or []
    sample: list[dict[str, Any]] = []
    if index:
        columns = [name for name in IDENTITY if name in frame.columns]
        columns += [
            name for name in (kwargs.get("column_list") or [kwargs.get("column")]) if name in frame.columns
        ]
        failing = frame.loc[index[:SAMPLE_ROWS], list(dict.fromkeys(columns))].astype(object)
        sample = [{str(key): value for key, value in row.items()} for row in failing.to_dict("records")]
    exception = _exception_text(result.exception_info)
    if exception:
        observed = f"could not be evaluated: {exception}."
    elif "unexpected_count" in details:
        observed = f"{details['unexpected_count']} of {details.get('element_count', len(frame))} rows fail."
    else:
        observed = f"observed {details.get('details') or details.get('observed_value')!r}."
    meta = config.meta or {}
    return Finding(
        expectation=config.type,
        column=str(column),
        severity=meta.get("severity", "stop"),
        reason=meta.get("reason", ""),
        n_checked=int(details.get("element_count", len(frame)) or 0),
        n_failed=int(details.get("unexpected_count", 1) or 0),
        observed=observed,
        sample=sample,
    )


def _words(row: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in row.items())


def _exception_text(info: Any) -> str:
    """Great Expectations nests exceptions by metric; a missing column arrives this way."""
    if not info:
        return ""
    entries = [info] if "raised_exception" in info else list(info.values())
    for entry in entries:
        if isinstance(entry, dict) and entry.get("raised_exception"):
            return str(entry.get("exception_message", "")).strip().splitlines()[0]
    return ""
