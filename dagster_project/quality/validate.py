"""Run one suite on one data frame, in memory, and say in plain rows what failed.

DuckDB is no SQL dialect of Great Expectations, so the partition goes to pandas; only the partition
that was loaded is read, never the whole table.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from dagster_project.errors import FengchaoError
from dagster_project.quality.gx_speed import quicken
from dagster_project.quality.suites import SuiteFile

if TYPE_CHECKING:
    import pandas as pd

SAMPLE_ROWS = 20
# Failing rows kept in full per expectation; the count is always complete.
KEPT_ROWS = 10_000
# Columns that say which row it is, shown with every failing row where the table has them.
IDENTITY = (
    "source_file", "source_row", "source_column", "rule", "figure_id", "bank_id", "entity_id", "bank_type",
    "fiscal_year", "measure", "population_value", "item_id", "option_id", "dimension",
)  # fmt: skip


@dataclass(frozen=True)
class Result:
    """One expectation on one partition. `rows` are the failing rows, at most KEPT_ROWS of them."""

    expectation: str
    column: str
    severity: str
    reason: str
    success: bool
    n_checked: int
    n_failed: int
    observed: str
    sample: list[dict[str, Any]] = field(default_factory=list)
    rows: Any = None


@dataclass(frozen=True)
class SuiteOutcome:
    """Result of a suite on a partition. `stops` are findings that block, `looks` those that do not."""

    suite: str
    partition: str
    n_rows: int
    results: tuple[Result, ...]
    raw: Any = None
    is_restricted: bool = False  # as the suite: its failing rows are kept nowhere but in the landing

    @property
    def n_expectations(self) -> int:
        return len(self.results)

    @property
    def findings(self) -> tuple[Result, ...]:
        return tuple(result for result in self.results if not result.success)

    @property
    def stops(self) -> tuple[Result, ...]:
        return tuple(finding for finding in self.findings if finding.severity == "stop")

    @property
    def looks(self) -> tuple[Result, ...]:
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
    quicken()
    import great_expectations as gx

    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    context = gx.get_context(mode="ephemeral")
    context.enable_analytics(enable=False)
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
    source = context.data_sources.add_pandas("partition")
    return source.add_dataframe_asset("frame").add_batch_definition_whole_dataframe("whole")


@cache
def _build(suite: SuiteFile) -> Any:
    quicken()
    from great_expectations.core.expectation_suite import ExpectationSuite

    import dagster_project.quality.expectations  # noqa: F401  makes our own classes known

    built = ExpectationSuite(name=suite.name, expectations=suite.content["expectations"])
    # A misspelt expectation type is dropped with no more than a log line; a suite that silently
    # checks less than it says is worse than none.
    if len(built.expectations) != len(suite.content["expectations"]):
        kept = {expectation.expectation_type for expectation in built.expectations}
        lost = sorted({e["type"] for e in suite.content["expectations"]} - kept)
        raise FengchaoError(f"{suite.path}: unknown expectation types {lost}. Correct their spelling.")
    return built


def validate(
    frame: pd.DataFrame, suite: SuiteFile, partition: str, parameters: dict[str, Any] | None = None
) -> SuiteOutcome:
    """Check `frame` against `suite`.

    frame: rows of one partition. parameters: what the suite names as `$PARAMETER`. Returns the outcome
    with at most 20 failing rows per expectation, each with its provenance columns where the frame has
    them. Raises FengchaoError for a suite that Great Expectations does not fully understand.
    """
    built = _build(suite)
    batch = _context().get_batch(batch_parameters={"dataframe": frame})
    # Which rows fail is asked only where some do: it is a third of the work.
    for result_format in ("BASIC", "COMPLETE"):
        raw = batch.validate(
            built,
            result_format={
                "result_format": result_format,
                "partial_unexpected_count": SAMPLE_ROWS,
                "include_unexpected_rows": False,
            },
            expectation_parameters=parameters,
        )
        if raw.success:
            break
    results = tuple(_result(result, frame) for result in raw.results)
    return SuiteOutcome(suite.name, partition, len(frame), results, raw, suite.is_restricted)


def merge(outcomes: list[SuiteOutcome]) -> SuiteOutcome:
    """One outcome of a suite that ran on a partition chunk by chunk: counts add up, one failure fails.

    The expectations stand in the same order in each. The first failing chunk gives the sample.
    """
    import pandas as pd

    results = []
    for parts in zip(*(outcome.results for outcome in outcomes), strict=True):
        failed = [part for part in parts if not part.success]
        rows = [part.rows for part in failed if part.rows is not None]
        results.append(
            replace(
                (failed or list(parts))[0],
                n_checked=sum(part.n_checked for part in parts),
                n_failed=sum(part.n_failed for part in parts),
                rows=pd.concat(rows).head(KEPT_ROWS) if rows else None,
            )
        )
    first = outcomes[0]
    return replace(first, n_rows=sum(outcome.n_rows for outcome in outcomes), results=tuple(results))


def _result(result: Any, frame: pd.DataFrame) -> Result:
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
    rows = None
    if index:
        rows = frame.loc[index[:KEPT_ROWS]]
        columns = [name for name in IDENTITY if name in frame.columns]
        columns += [
            name for name in (kwargs.get("column_list") or [kwargs.get("column")]) if name in frame.columns
        ]
        failing = frame.loc[index[:SAMPLE_ROWS], list(dict.fromkeys(columns))].astype(object)
        failing = failing.where(failing.notna(), None)
        sample = [{str(key): value for key, value in row.items()} for row in failing.to_dict("records")]
    exception = _exception_text(result.exception_info)
    if exception:
        observed = f"could not be evaluated: {exception}."
    elif not result.success and "unexpected_count" in details:
        # Our own expectations say in words what they found; it may be about no row at all.
        said = f"{details['details']}. " if details.get("details") else ""
        count = details["unexpected_count"]
        counted = count or not said
        observed = (
            f"{said}{count} of {details.get('element_count', len(frame))} rows fail."
            if counted
            else said.strip()
        )
    elif result.success:
        observed = "holds."
    else:
        observed = f"observed {details.get('details') or details.get('observed_value')!r}."
    meta = config.meta or {}
    return Result(
        expectation=config.type,
        column=str(column),
        severity=meta.get("severity", "stop"),
        reason=meta.get("reason", ""),
        success=bool(result.success),
        n_checked=int(details.get("element_count", len(frame)) or 0),
        # A failure that is not about rows (a missing column, a wrong set of values) counts as one.
        n_failed=0 if result.success else int(details.get("unexpected_count") or 1),
        observed=observed,
        sample=sample,
        rows=rows,
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
