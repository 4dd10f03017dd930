"""A sensor on the raw folder: what changed by content is loaded, one run per settled change."""

import hashlib
import json
from pathlib import Path
from typing import Any

import dagster as dg

from dagster_project.files import write_whole
from dagster_project.ingest.sidecar import raw_files, sha256_of
from dagster_project.ingest.sources import YEARLY_SOURCES, raw_folder, years_with_input
from dagster_project.jobs import yearly_load
from dagster_project.partitions import FIRST_YEAR
from dagster_project.run_owner import dead_runs
from dagster_project.schedules import environment
from dagster_project.settings import load_settings


def year_fingerprints(raw: Path, kept: Path | None = None) -> dict[str, str]:
    """One hash per year over names and contents of its raw files and sidecars.

    kept: file with the hashes of the last call. A file is read again only where its size or times have changed; what
    decides is its content. Without it, or where it is broken, every file is read.
    """
    before, now = _read_hashes(kept), dict[str, list[Any]]()
    prints = {}
    for year in years_with_input(raw):
        if year < FIRST_YEAR:
            continue
        digest, files = hashlib.sha256(), len(now)
        for source in YEARLY_SOURCES:
            folder = raw_folder(raw, source, year)
            for path in sorted(p for p in folder.rglob("*") if p.is_file()) if raw_files(folder) else []:
                name, stat = str(path.relative_to(raw)), path.stat()
                # A copy may keep the time of its origin; the time of the change on this disk cannot be set.
                look = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns]
                same = before.get(name, [None])[:-1] == look
                now[name] = [*look, before[name][-1] if same else sha256_of(path)]
                digest.update(name.encode())
                digest.update(now[name][-1].encode())
        if len(now) > files:  # an empty folder is no year yet
            prints[str(year)] = digest.hexdigest()
    if kept is not None and now != before:
        write_whole(kept, json.dumps(now))
    return prints


def _read_hashes(kept: Path | None) -> dict[str, list[Any]]:
    try:
        content = json.loads(kept.read_text(encoding="utf-8")) if kept else {}
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def changes(cursor: str | None, now: dict[str, str]) -> tuple[dict[str, str], str]:
    """Years to load with the keys of their runs, and the next cursor.

    A change counts when two ticks in a row see the same content: a file that is still being copied
    differs from tick to tick. `loaded` is what runs were requested for, `seen` what the last tick saw,
    `changes` how often a year has changed: Dagster drops a key it has seen, and content may come back.
    """
    state = {"loaded": {}, "seen": {}, "changes": {}, **(json.loads(cursor) if cursor else {})}
    settled = [
        year
        for year, mark in sorted(now.items())
        if state["loaded"].get(year) != mark and state["seen"].get(year) == mark
    ]
    loaded = {**state["loaded"], **{year: now[year] for year in settled}}
    counted = {**state["changes"], **{year: state["changes"].get(year, 0) + 1 for year in settled}}
    keys = {year: f"raw-{year}-{counted[year]}-{now[year][:16]}" for year in settled}
    return keys, json.dumps({"loaded": loaded, "seen": now, "changes": counted}, sort_keys=True)


@dg.sensor(
    job=yearly_load,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING
    if environment() == "production"
    else dg.DefaultSensorStatus.STOPPED,
    description="Loads a year when the content of its raw files has changed and settled.",
)
def raw_files_changed(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    settings = load_settings()
    prints = year_fingerprints(settings.raw, settings.home / "state" / "raw_hashes.json")
    settled, cursor = changes(context.cursor, prints)
    return dg.SensorResult(
        run_requests=[dg.RunRequest(run_key=key, partition_key=year) for year, key in settled.items()],
        cursor=cursor,
    )


@dg.run_failure_sensor(
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="One message per broken run, to the channels of FENGCHAO_ALERTS.",
)
def broken_runs(context: dg.RunFailureSensorContext) -> dg.SkipReason | None:
    from dagster_project.alerts import alert
    from dagster_project.run_report import read_run

    run = context.dagster_run
    # A run that is about to be repeated is not broken yet; its last repetition may be.
    if run.tags.get("dagster/will_retry") == "true":
        return dg.SkipReason(f"Run {run.run_id} will be retried.")
    alert(load_settings(), read_run(context.instance, run.run_id))
    return None


SENSORS = [raw_files_changed, broken_runs, dead_runs]
