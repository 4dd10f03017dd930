"""A sensor on the raw folder: what changed by content is loaded, one run per settled change."""

import hashlib
import json
from pathlib import Path

import dagster as dg

from dagster_project.ingest.sidecar import raw_files, sha256_of
from dagster_project.ingest.sources import YEARLY_SOURCES, raw_folder, years_with_input
from dagster_project.jobs import yearly_load
from dagster_project.partitions import FIRST_YEAR
from dagster_project.run_owner import dead_runs
from dagster_project.schedules import environment
from dagster_project.settings import load_settings


def year_fingerprints(raw: Path) -> dict[str, str]:
    """One hash per year over names and contents of its raw files and sidecars."""
    prints = {}
    for year in years_with_input(raw):
        if year < FIRST_YEAR:
            continue
        digest = hashlib.sha256()
        for source in YEARLY_SOURCES:
            folder = raw_folder(raw, source, year)
            for path in sorted(p for p in folder.rglob("*") if p.is_file()) if raw_files(folder) else []:
                digest.update(str(path.relative_to(raw)).encode())
                digest.update(sha256_of(path).encode())
        prints[str(year)] = digest.hexdigest()
    return prints


def changes(cursor: str | None, now: dict[str, str]) -> tuple[list[str], str]:
    """Years to load, and the next cursor.

    A change counts when two ticks in a row see the same content: a file that is still being copied
    differs from tick to tick. `loaded` is what runs were requested for, `seen` what the last tick saw.
    """
    state = json.loads(cursor) if cursor else {"loaded": {}, "seen": {}}
    settled = [
        year
        for year, mark in sorted(now.items())
        if state["loaded"].get(year) != mark and state["seen"].get(year) == mark
    ]
    loaded = {**state["loaded"], **{year: now[year] for year in settled}}
    return settled, json.dumps({"loaded": loaded, "seen": now}, sort_keys=True)


@dg.sensor(
    job=yearly_load,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING
    if environment() == "production"
    else dg.DefaultSensorStatus.STOPPED,
    description="Loads a year when the content of its raw files has changed and settled.",
)
def raw_files_changed(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    settled, cursor = changes(context.cursor, prints := year_fingerprints(load_settings().raw))
    return dg.SensorResult(
        run_requests=[
            dg.RunRequest(run_key=f"raw-{year}-{prints[year][:16]}", partition_key=year) for year in settled
        ],
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
