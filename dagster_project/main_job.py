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

from dagster_project.alerts import alert
from dagster_project.errors import FengchaoError
from dagster_project.event_log import keep_engines
from dagster_project.run_report import RunReport, read_run
from dagster_project.settings import Settings, load_settings


@dataclass
class MainReport:
    """All runs of the main job and the time before the first of them."""

    startup_seconds: float
    runs: list[RunReport]
    ended: list[str] = field(default_factory=list)  # earlier runs that were found dead

    @property
    def success(self) -> bool:
        return all(run.success for run in self.runs)


def prepare_instance(settings: Settings) -> None:
    """DAGSTER_HOME below FENGCHAO_HOME, with telemetry off and one writing run at a time.

    `FENGCHAO_DAGSTER_YAML` names other settings of the instance, those of a server.
    """
    settings.dagster_home.mkdir(parents=True, exist_ok=True)
    given = os.environ.get("FENGCHAO_DAGSTER_YAML")
    source = Path(given) if given else Path(__file__).parent / "dagster.yaml"
    if not source.is_file():
        raise FengchaoError(f"FENGCHAO_DAGSTER_YAML names {source}, which is no file. Correct or unset it.")
    target = settings.dagster_home / "dagster.yaml"
    if not target.exists() or target.read_bytes() != source.read_bytes():
        target.write_bytes(source.read_bytes())
    os.environ["DAGSTER_HOME"] = str(settings.dagster_home)
    os.environ["FENGCHAO_HOME"] = str(settings.home)


def prepare_ui(settings: Settings) -> None:
    """The instance and what the pages show, once, instead of in the code server while the page waits."""
    from dagster_project.warehouse.column_lineage import prepare_column_lineage
    from dagster_project.warehouse.manifest import manifest_path

    prepare_instance(settings)
    manifest_path(settings)
    prepare_column_lineage(settings)


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

    keep_engines()
    # A skipped year has no check results; Dagster warns of each. Failures come with the summary.
    for name in ("dagster", "dagster._core.execution.plan.active"):
        logging.getLogger(name).setLevel(logging.ERROR)
    logging.getLogger("fengchao.alerts").setLevel(logging.CRITICAL)  # the summary says the same
    from dagster_project.definitions import defs
    from dagster_project.ingest.sources import years_with_input
    from dagster_project.partitions import FIRST_YEAR
    from dagster_project.partitions import years as partitions
    from dagster_project.run_owner import end_dead_runs
    from dagster_project.warehouse.unfinished import REBUILD, unmark

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
        # A server's storage opens a connection per statement unless it is told to keep some; a file's ignores it.
        instance.optimize_for_webserver(statement_timeout=60_000, pool_recycle=3600, max_overflow=4)
        ended = end_dead_runs(settings, instance)
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
            if set(years_with_input(settings.raw)) <= set(wanted):
                unmark(settings, REBUILD, None)
            progress("release", total - 1, total)
            config = {"ops": {"release_folder": {"config": {"release_date": release_date or ""}}}}
            runs.append(_execute(defs.resolve_job_def("release"), instance, None, run_config=config))
        progress("done", total, total)
    return MainReport(startup, runs, ended)


def _execute(
    job: Any, instance: Any, year: int | None, run_config: dict[str, Any] | None = None, **kwargs: Any
) -> RunReport:
    from dagster._core.utils import make_new_run_id

    from dagster_project.run_owner import own, release

    # The run's events stand in the instance and in the UI; the terminal gets the summary.
    config = {**(run_config or {}), "loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    settings, run_id = load_settings(), make_new_run_id()
    held = own(settings, run_id)
    result = job.execute_in_process(
        instance=instance,
        partition_key=None if year is None else str(year),
        raise_on_error=False,
        run_config=config,
        run_id=run_id,
        **kwargs,
    )
    release(settings, run_id, held)
    report = read_run(instance, result.run_id)
    if not report.success:
        try:
            alert(settings, report)
        except FengchaoError as error:
            report.messages.append(str(error))
    return report
