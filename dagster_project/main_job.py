"""The main job: every year of the raw folder, from raw files to a release, in one process.

Each year is a run of its own, so a broken year stops itself and nothing else. A release is made only
when every year is whole.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dagster_project.errors import FengchaoError
from dagster_project.settings import Settings

PHASES = ("start-up", "landing", "dbt", "checks", "release")


@dataclass
class RunReport:
    """Outcome of one run: which job and year, whether it succeeded, seconds by phase, checks, messages."""

    job: str
    year: int | None
    success: bool
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


@dataclass
class MainReport:
    """All runs of the main job and the time before the first of them."""

    startup_seconds: float
    runs: list[RunReport]

    @property
    def success(self) -> bool:
        return all(run.success for run in self.runs)


def prepare_instance(settings: Settings) -> None:
    """DAGSTER_HOME below FENGCHAO_HOME, with telemetry off and one writing run at a time."""
    settings.dagster_home.mkdir(parents=True, exist_ok=True)
    source = Path(__file__).parent / "dagster.yaml"
    target = settings.dagster_home / "dagster.yaml"
    if not target.exists() or target.read_bytes() != source.read_bytes():
        target.write_bytes(source.read_bytes())
    os.environ["DAGSTER_HOME"] = str(settings.dagster_home)
    os.environ["FENGCHAO_HOME"] = str(settings.home)


def run_all(
    settings: Settings,
    years: Sequence[int] = (),
    release_date: str | None = None,
    progress: Callable[[str, int, int], None] = lambda text, done, total: None,
) -> MainReport:
    """Load `years` (default: every year with raw files) and release.

    progress(text, done, total) is called before each run. Raises FengchaoError where there is nothing
    to load or a year lies outside the partitions.
    """
    started = time.perf_counter()
    progress("starting", 0, 1)
    prepare_instance(settings)
    from dagster import DagsterInstance

    # A skipped year has no check results; Dagster warns of each. Failures come with the summary.
    for name in ("dagster", "dagster._core.execution.plan.active"):
        logging.getLogger(name).setLevel(logging.ERROR)
    from dagster_project.definitions import defs
    from dagster_project.ingest.sources import years_with_input
    from dagster_project.partitions import FIRST_YEAR
    from dagster_project.partitions import years as partitions

    wanted = sorted(years) or years_with_input(settings.raw)
    known = {int(key) for key in partitions.get_partition_keys()}
    outside = [year for year in wanted if year not in known]
    if outside:
        raise FengchaoError(
            f"Year {outside[0]} is not a partition (first {FIRST_YEAR}, last {max(known)}). "
            f"Rename the folder in {settings.raw}, or wait for that year."
        )
    if not wanted:
        raise FengchaoError(
            f"{settings.raw} holds no year. Put files into questionnaires/<year> or disclosures/<year>."
        )
    startup = time.perf_counter() - started
    runs: list[RunReport] = []
    total = len(wanted) + 2
    with DagsterInstance.get() as instance:
        progress("reference data and framework", 0, total)
        prepare = defs.resolve_job_def("prepare")
        runs.append(_execute(prepare, instance, None))
        if runs[0].success:
            load = defs.resolve_job_def("yearly_load")
            prepared = set(prepare.asset_layer.executable_asset_keys)
            rest = [key for key in load.asset_layer.executable_asset_keys if key not in prepared]
            for number, year in enumerate(wanted, 1):
                progress(f"year {year}", number, total)
                runs.append(_execute(load, instance, year, asset_selection=rest))
        if all(run.success for run in runs):
            progress("release", total - 1, total)
            config = {"ops": {"release_folder": {"config": {"release_date": release_date or ""}}}}
            runs.append(_execute(defs.resolve_job_def("release"), instance, None, run_config=config))
        progress("done", total, total)
    return MainReport(startup, runs)


def _execute(
    job: Any, instance: Any, year: int | None, run_config: dict[str, Any] | None = None, **kwargs: Any
) -> RunReport:
    # The run's events stand in the instance and in the UI; the terminal gets the summary.
    config = {**(run_config or {}), "loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    result = job.execute_in_process(
        instance=instance,
        partition_key=None if year is None else str(year),
        raise_on_error=False,
        run_config=config,
        **kwargs,
    )
    report = RunReport(job.name, year, result.success)
    begun: dict[str, float] = {}
    for entry in instance.all_logs(result.run_id):
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
    if step.startswith("release"):
        return "release"
    return "checks" if step.endswith("_expectations") else "dbt"


def _failure_text(event: Any) -> str:
    data = event.event_specific_data
    failure = getattr(data, "user_failure_data", None)
    if failure is not None and failure.description:
        return failure.description
    error = getattr(data, "error", None)
    while error is not None and error.cause is not None:
        error = error.cause
    return f"{event.step_key}: {error.message.strip() if error else event.message}"


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
    if key[0] == "landing":
        report.rows_landed += int(metadata["dagster/row_count"].value or 0)
        report.rows_set_aside += int(metadata["rows_set_aside"].value or 0)
    elif key == ["release"]:
        report.release = {name: entry.value for name, entry in metadata.items()}
