"""The warehouse lock: one holder at a time, and a dead holder holds nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from dagster_project.errors import FengchaoError
from dagster_project.settings import ROOT, Settings
from dagster_project.warehouse.lock import warehouse_lock

HOLDER = """
import sys, time
from pathlib import Path
from dagster_project.settings import Settings
from dagster_project.warehouse.lock import warehouse_lock
with warehouse_lock(Settings(home=Path(sys.argv[1]), raw=Path(sys.argv[1]))):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, raw=tmp_path)


@pytest.fixture
def holder(settings: Settings) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock for a minute."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(settings.home)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.wait()


def test_waiting_ends_with_the_name_of_the_holder(settings: Settings, holder: subprocess.Popen[str]) -> None:
    with (
        pytest.raises(FengchaoError, match=rf"writer\.lock has been held for .* by process {holder.pid}\."),
        warehouse_lock(settings, timeout_seconds=0.2),
    ):
        pytest.fail("two processes hold the lock")


def test_a_killed_holder_lets_go(settings: Settings, holder: subprocess.Popen[str]) -> None:
    killed_at = 0.0

    def kill() -> None:
        nonlocal killed_at
        killed_at = time.monotonic()
        os.kill(holder.pid, signal.SIGKILL)

    timer = threading.Timer(0.4, kill)
    timer.start()
    with warehouse_lock(settings, timeout_seconds=30):
        assert killed_at, "the lock was free while its holder lived"
        assert time.monotonic() - killed_at < 5
        assert holder.wait(5) == -signal.SIGKILL
        assert (settings.warehouse_db.parent / "writer.lock").read_text() == str(os.getpid())
    timer.join()


def test_lock_is_reentrant_and_free_afterwards(settings: Settings) -> None:
    for _ in range(2):
        with warehouse_lock(settings), warehouse_lock(settings, timeout_seconds=0):
            pass
    probe = HOLDER.replace("time.sleep(60)", "pass")
    done = subprocess.run(
        [sys.executable, "-c", probe, str(settings.home)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.stdout == "held\n", done.stderr


def test_an_error_inside_frees_the_lock(settings: Settings) -> None:
    with pytest.raises(ValueError, match="inside"), ExitStack() as stack:
        stack.enter_context(warehouse_lock(settings))
        raise ValueError("inside")
    done = subprocess.run(
        [sys.executable, "-c", HOLDER.replace("time.sleep(60)", "pass"), str(settings.home)],
        cwd=ROOT, capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert done.stdout == "held\n", done.stderr
