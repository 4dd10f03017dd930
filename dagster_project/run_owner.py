"""Which process a run belongs to, so that a run whose process was killed does not stay `started` for ever.

The process that executes a run holds a lock on `state/runs/<run id>`; the kernel gives it up when the
process dies, also by a power cut. `end_dead_runs` marks such runs as failed, which frees their place
in the queue. Runs in other containers are told from dead ones as long as they share FENGCHAO_HOME.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.definitions.executor_definition import IN_PROC_CONFIG, _core_in_process_executor_creation
from dagster._core.executor.in_process import InProcessExecutor

from dagster_project.settings import Settings, load_settings

MESSAGE = (
    "The process of this run was killed or its machine went down. What it left is repaired by the next run; "
    "load its year again."
)


def own(settings: Settings, run_id: str) -> int:
    """Take the lock of a run; it is held until the descriptor is closed or the process ends."""
    folder = settings.home / "state" / "runs"
    folder.mkdir(parents=True, exist_ok=True)
    while True:
        held = os.open(folder / run_id, os.O_RDWR | os.O_CREAT, 0o644)
        fcntl.flock(held, fcntl.LOCK_EX)
        if (folder / run_id).exists():  # nobody swept it away before it was locked
            return held
        os.close(held)


def release(settings: Settings, run_id: str, held: int) -> None:
    """Give up the lock of a run that has ended."""
    (settings.home / "state" / "runs" / run_id).unlink(missing_ok=True)
    os.close(held)


def end_dead_runs(settings: Settings, instance: Any) -> list[str]:
    """Mark runs whose process is gone as failed; returns them as `job year (run id)`."""
    ended = []
    for path in sorted((settings.home / "state" / "runs").glob("*")):
        with _free(path) as is_free:
            if not is_free:
                continue
            run = instance.get_run_by_id(path.name)
            if run is not None and not run.is_finished:
                instance.report_run_failed(run, MESSAGE)
                partition = run.tags.get("dagster/partition", "")
                ended.append(" ".join(filter(None, (run.job_name, partition, f"({run.run_id})"))))
            path.unlink(missing_ok=True)
    return ended


@contextlib.contextmanager
def _free(path: Path) -> Iterator[bool]:
    """Whether nobody holds the lock of `path`; it is held meanwhile."""
    try:
        held = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        yield False
        return
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(held)


class _Owning(InProcessExecutor):
    """All steps in one process, which owns the run until it ends: it reports the outcome after the last step."""

    def execute(self, plan_context: Any, execution_plan: Any) -> Iterator[Any]:
        own(load_settings(), plan_context.run_id)
        yield from super().execute(plan_context, execution_plan)


# A year of this data is minutes of work at most: one process saves starting one per step.
@dg.executor(name="in_process", config_schema=IN_PROC_CONFIG)
def owning_executor(init_context: Any) -> InProcessExecutor:
    plain = _core_in_process_executor_creation(init_context.executor_config)
    return _Owning(plain.retries, plain.step_dependency_config, plain.marker_to_close)


@dg.sensor(
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Marks runs whose process was killed as failed, so that they do not block the queue.",
)
def dead_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    ended = end_dead_runs(load_settings(), context.instance)
    return dg.SkipReason(f"Marked as failed: {', '.join(ended)}" if ended else "Every run has its process.")
