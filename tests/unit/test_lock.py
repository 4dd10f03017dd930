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

import duckdb
import pytest

from dagster_project.errors import FengchaoError
from dagster_project.settings import ROOT, Settings
from dagster_project.warehouse.lock import open_warehouse, wait_until_free, warehouse_lock

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


def test_threads_wait_for_each_other(settings: Settings) -> None:
    inside, most = 0, 0

    def work() -> None:
        nonlocal inside, most
        with warehouse_lock(settings), warehouse_lock(settings):
            inside += 1
            most = max(most, inside)
            time.sleep(0.02)
            inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_a_child_of_a_killed_holder_holds_nothing(settings: Settings) -> None:
    """What a run has started and left behind does not keep the next one waiting."""
    script = HOLDER.replace(
        "time.sleep(60)",
        "import subprocess; c = subprocess.Popen(['sleep', '60']); print(c.pid, flush=True); time.sleep(60)",
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(settings.home)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    child = int(process.stdout.readline())
    process.kill()
    process.wait()
    try:
        os.kill(child, 0)
        with warehouse_lock(settings, timeout_seconds=5):
            pass
    finally:
        os.kill(child, signal.SIGKILL)
        process.stdout.close()


READER = "import duckdb, sys, time; c = duckdb.connect(sys.argv[1], read_only=True); print('open', flush=True); time.sleep(60)"


def test_a_program_without_the_lock_is_waited_for(settings: Settings) -> None:
    """An analyst's DuckDB has the build file open: a wait, then a message that names file and process."""
    settings.warehouse_db.parent.mkdir(parents=True)
    duckdb.connect(str(settings.warehouse_db)).close()
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(settings.warehouse_db)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert reader.stdout is not None and reader.stdout.readline() == "open\n"
        with pytest.raises(FengchaoError, match=rf"open in another program .* process {reader.pid} "):
            wait_until_free(settings, timeout_seconds=0.3)
        timer = threading.Timer(0.5, reader.kill)
        timer.start()
        with open_warehouse(settings, read_only=False) as con:
            con.execute("create table t as select 1")
            assert not timer.is_alive()
    finally:
        reader.kill()
        reader.wait()


def test_a_damaged_file_is_named_with_what_to_do(settings: Settings) -> None:
    settings.warehouse_db.parent.mkdir(parents=True)
    settings.warehouse_db.write_bytes(b"not a database" * 1000)
    with pytest.raises(FengchaoError, match=r"fengchao_build\.duckdb cannot be opened: .* fengchao rebuild"):
        wait_until_free(settings)
