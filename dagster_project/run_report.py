"""What one Dagster run did, read from its events: phases, checks, rows, messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dagster_project.disk import explain
from dagster_project.settings import load_settings

PHASES = ("start-up", "landing", "dbt", "analysis", "checks", "release")


@dataclass
class RunReport:
    """Outcome of one run: which job and year, whether it succeeded, seconds by phase, checks, messages.

    year: of a run of one year; years: the same as text, also of a run of several.
    """

    job: str
    year: int | None
    success: bool
    run_id: str = ""
    incident: str = ""  # the first of the runs that repeat each other
    years: str = ""
    seconds: dict[str, float] = field(default_factory=dict)
    checks_passed: int = 0
    checks_failed: int = 0
    checks_warned: int = 0
    rows_landed: int = 0
    rows_set_aside: int = 0
    skipped: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    release: dict[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """How a table of runs names it."""
        return " ".join(filter(None, (self.job, self.years or str(self.year or ""))))


def read_run(instance: Any, run_id: str) -> RunReport:
    """The report of a finished run of this code location, from the instance's event log."""
    run = instance.get_run_by_id(run_id)
    partition = run.tags.get("dagster/partition")
    report = RunReport(run.job_name, int(partition) if partition else None, run.is_success, run_id)
    span = [run.tags.get(f"dagster/asset_partition_range_{end}") for end in ("start", "end")]
    report.years = partition or "-".join(year for year in span if year)
    report.incident = run.root_run_id or run_id
    begun: dict[str, float] = {}
    for entry in instance.all_logs(run_id):
        event = entry.dagster_event
        if event is None:
            continue
        kind = event.event_type_value
        if kind == "STEP_START":
            begun[event.step_key] = entry.timestamp
        elif kind in ("STEP_SUCCESS", "STEP_FAILURE") and event.step_key in begun:
            phase = _phase(event.step_key)
            seconds = entry.timestamp - begun[event.step_key]
            report.seconds[phase] = report.seconds.get(phase, 0.0) + seconds
        if kind == "STEP_FAILURE":
            text = _failure_text(event)
            # A failed blocking check has said itself what is wrong.
            if text and "DagsterAssetCheckFailedError" not in text:
                report.messages.append(text)
        elif kind == "ASSET_CHECK_EVALUATION":
            _count_check(report, event.event_specific_data)
        elif kind == "ASSET_MATERIALIZATION":
            _count_materialization(report, event)
    return report


def _phase(step: str) -> str:
    if step.startswith("land_"):
        return "landing"
    if step.startswith(("analyse_", "analysis__")):
        return "analysis"
    if step.startswith("release"):
        return "release"
    return "checks" if step.endswith(("_expectations", "_disclosure_control")) else "dbt"


def _failure_text(event: Any) -> str:
    data = event.event_specific_data
    failure = getattr(data, "user_failure_data", None)
    if failure is not None and failure.description:
        return failure.description
    error = getattr(data, "error", None)
    while error is not None and error.cause is not None:
        error = error.cause
    text = error.message.strip() if error else event.message
    return f"{event.step_key}: {explain(text, load_settings().home) or text}"


def _count_check(report: RunReport, check: Any) -> None:
    if check.passed:
        report.checks_passed += 1
    elif check.severity.value == "WARN":
        report.checks_warned += 1
        report.warnings.append(check.description or check.check_name)
    else:
        report.checks_failed += 1
        report.messages.append(
            check.description or f"{check.asset_key.to_user_string()}: {check.check_name} failed"
        )


def _count_materialization(report: RunReport, event: Any) -> None:
    materialization = event.event_specific_data.materialization
    metadata = materialization.metadata
    key = materialization.asset_key.path
    # What Dagster says of all years of a run at once carries no metadata (partition_events.py).
    if key[0] == "landing" and metadata:
        report.rows_landed += int(metadata["dagster/row_count"].value or 0)
        report.rows_set_aside += int(metadata["rows_set_aside"].value or 0)
    elif key == ["release"]:
        report.release = {name: entry.value for name, entry in metadata.items()}
