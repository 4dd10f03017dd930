"""The main job: every year of the raw folder, from raw files to a release, in one process.

Years of one kind of input are loaded in one run, since most of the time of a run is not spent on
rows. Where that run fails, each of its years gets a run of its own, so a broken year stops itself and
nothing else. A release is made only when every year is whole.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dagster_project import prepared
from dagster_project.alerts import alert
from dagster_project.errors import FengchaoError
from dagster_project.event_log import keep_engines
from dagster_project.run_report import RunReport, read_run
from dagster_project.settings import Settings, load_settings

_LONGEST_LOAD = 6 * 3600.0  # seconds


@dataclass
class MainReport:
    """All runs of the main job and the time before the first of them."""

    startup_seconds: float
    runs: list[RunReport] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)  # earlier runs that were found dead
    # Failed runs of several years; each year was then loaded alone.
    apart: list[RunReport] = field(default_factory=list)
    # Inputs that have landed and whose raw files are gone.
    gone: list[str] = field(default_factory=list)

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
    anew: bool = False,
) -> MainReport:
    """Load `years` (default: every year with raw files) and release.

    progress(text, done, total) is called before each run. anew: the build database is removed first. Raises
    FengchaoError where there is nothing to load or a year lies outside the partitions.
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
    from dagster_project.ingest.sources import landed_without_files, years_with_input
    from dagster_project.partitions import FIRST_YEAR
    from dagster_project.partitions import years as partitions
    from dagster_project.run_owner import end_dead_runs
    from dagster_project.warehouse.lock import file_lock
    from dagster_project.warehouse.rebuild import remove_database
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
    report = MainReport(startup)
    runs = report.runs
    progress("waiting for another load", 0, 1)
    # One load at a time makes the release: another one's half a year would refuse it.
    with file_lock(settings.home / "state" / "load.lock", _LONGEST_LOAD), DagsterInstance.get() as instance:
        # A server's storage opens a connection per statement unless it is told to keep some; a file's ignores it.
        instance.optimize_for_webserver(statement_timeout=60_000, pool_recycle=3600, max_overflow=4)
        report.ended = end_dead_runs(settings, instance)
        if anew:
            remove_database(settings)
        # What has landed is known under the lock only: the load before may have changed it.
        report.gone = [f"{source.name} {year}" for source, year in landed_without_files(settings)]
        together, alone = planned_loads(settings, wanted)
        n_alone = len(alone)
        total = len(together) + n_alone + 2
        if _prepare(settings, instance, progress, report):
            load = defs.resolve_job_def("yearly_load")
            for number, (span, keys) in enumerate(together, 1):
                progress(f"years {span[0]}-{span[-1]}", number, total)
                done = _execute(load, instance, span, asset_selection=keys, tells=False)
                if done.success:
                    runs.append(done)
                    continue
                report.apart.append(done)
                for year in span:
                    alone.setdefault(year, []).extend(keys)
            total += len(alone) - n_alone
            for number, (year, keys) in enumerate(sorted(alone.items()), len(together) + 1):
                progress(f"year {year}", number, total)
                runs.append(_execute(load, instance, [year], asset_selection=keys))
        if all(run.success for run in runs):
            if set(years_with_input(settings.raw)) <= set(wanted):
                unmark(settings, REBUILD, None)
            progress("release", total - 1, total)
            config = {"ops": {"release_folder": {"config": {"release_date": release_date or ""}}}}
            runs.append(_execute(defs.resolve_job_def("release"), instance, run_config=config))
        progress("done", total, total)
    return report


def _prepare(
    settings: Settings, instance: Any, progress: Callable[[str, int, int], None], report: MainReport
) -> bool:
    """Reference data and framework, unless they are there as they would be made. False where a run failed."""
    from dagster_project.definitions import defs

    job, now = defs.resolve_job_def("prepare"), prepared.state(settings)
    keys = job.asset_layer.executable_asset_keys
    if prepared.is_prepared(settings, now, {key.path[-1] for key in keys if len(key.path) == 1}):
        return True
    progress("reference data and framework", 0, 1)
    prepared.note(settings, None)
    report.runs.append(_execute(job, instance))
    if report.runs[-1].success:
        prepared.note(settings, now)
    return report.runs[-1].success


def planned_loads(
    settings: Settings, wanted: Sequence[int]
) -> tuple[list[tuple[list[int], list[Any]]], dict[int, list[Any]]]:
    """How these years are loaded: years in a row that have the same kind of input together, the others alone.

    Returns runs of several years and runs of one year, each with the assets that it makes.
    """
    from dagster_project.ingest.sidecar import raw_files
    from dagster_project.ingest.sources import raw_folder
    from dagster_project.ingest.status import has_loaded
    from dagster_project.jobs import BRANCHES

    together: list[tuple[list[int], list[Any]]] = []
    alone: dict[int, list[Any]] = {}
    for source, steps in BRANCHES.items():
        keys, spans = [key for step in steps for key in step.keys], list[list[int]]()
        for year in wanted:
            if not raw_files(raw_folder(settings.raw, source, year)):
                # It is skipped and says so, and what is known of its last load is put right.
                if len(wanted) == 1 or has_loaded(settings, source.name, year):
                    alone.setdefault(year, []).extend(keys)
            elif spans and spans[-1][-1] == year - 1:
                spans[-1].append(year)
            else:
                spans.append([year])
        for span in spans:
            if len(span) > 1:
                together.append((span, keys))
            else:
                alone.setdefault(span[0], []).extend(keys)
    planned = {*alone, *(year for years, _ in together for year in years)}
    for year in set(wanted) - planned:
        alone[year] = [key for steps in BRANCHES.values() for step in steps for key in step.keys]
    return together, alone


def _execute(
    job: Any,
    instance: Any,
    years: Sequence[int] = (),
    run_config: dict[str, Any] | None = None,
    tells: bool = True,
    **kwargs: Any,
) -> RunReport:
    """One run; where it fails and `tells`, its alert."""
    from dagster._core.utils import make_new_run_id

    from dagster_project.run_owner import own, release

    # The run's events stand in the instance and in the UI; the terminal gets the summary.
    config = {**(run_config or {}), "loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    settings, run_id = load_settings(), make_new_run_id()
    held = own(settings, run_id)
    span = {"start": str(years[0]), "end": str(years[-1])} if len(years) > 1 else {}
    result = job.execute_in_process(
        instance=instance,
        partition_key=str(years[0]) if len(years) == 1 else None,
        tags={f"dagster/asset_partition_range_{end}": year for end, year in span.items()},
        raise_on_error=False,
        run_config=config,
        run_id=run_id,
        **kwargs,
    )
    release(settings, run_id, held)
    report = read_run(instance, result.run_id)
    if not report.success and tells:
        try:
            alert(settings, report)
        except FengchaoError as error:
            report.messages.append(str(error))
    return report
