"""A run whose process was killed is marked as failed; no other is touched."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from dagster_project.run_owner import end_dead_runs, own, release
from dagster_project.settings import ROOT, Settings

OWNER = """
import sys, time
from pathlib import Path
from dagster_project.run_owner import own
from dagster_project.settings import Settings
own(Settings(home=Path(sys.argv[1]), raw=Path(sys.argv[1])), sys.argv[2])
print("owned", flush=True)
time.sleep(60)
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", raw=tmp_path)


def test_only_the_run_of_a_killed_process_is_ended(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "dagster").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "dagster")) as instance:

        def run(status: dg.DagsterRunStatus) -> str:
            made = create_run_for_test(
                instance, job_name="yearly_load", status=status, tags={"dagster/partition": "2019"}
            )
            return made.run_id

        dead, alive = run(dg.DagsterRunStatus.STARTED), run(dg.DagsterRunStatus.STARTED)
        done, unowned = run(dg.DagsterRunStatus.SUCCESS), run(dg.DagsterRunStatus.STARTED)
        held = own(settings, alive)
        release(settings, done, own(settings, done))
        (settings.home / "state" / "runs" / done).touch()
        process = subprocess.Popen(
            [sys.executable, "-c", OWNER, str(settings.home), dead],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None and process.stdout.readline() == "owned\n"
        assert end_dead_runs(settings, instance) == []
        process.kill()
        process.wait()
        process.stdout.close()
        assert end_dead_runs(settings, instance) == [f"yearly_load 2019 ({dead})"]
        assert end_dead_runs(settings, instance) == []
        states = {run_id: instance.get_run_by_id(run_id).status for run_id in (dead, alive, done, unowned)}  # type: ignore[union-attr]
        assert states == {
            dead: dg.DagsterRunStatus.FAILURE,
            alive: dg.DagsterRunStatus.STARTED,
            done: dg.DagsterRunStatus.SUCCESS,
            unowned: dg.DagsterRunStatus.STARTED,
        }
        assert [path.name for path in (settings.home / "state" / "runs").iterdir()] == [alive]
        release(settings, alive, held)


def test_jobs_are_executed_by_an_owner() -> None:
    """Runs that the daemon starts take the lock as well: every job, and what is materialized from a page."""
    from dagster_project.definitions import defs
    from dagster_project.run_owner import owning_executor

    repository = defs.get_repository_def()
    assert {job.executor_def for job in repository.get_all_jobs()} == {owning_executor}
