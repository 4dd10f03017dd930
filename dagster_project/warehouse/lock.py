"""One writer at a time on the build database, across processes and machines that share the disk.

DuckDB refuses a second process while one has the file open for writing. A file lock around every
use of the build file turns that refusal into a wait; the kernel drops the lock when its holder dies,
so a killed run never blocks the next one. Under the same lock landed files are switched, and whoever
takes it first ends a switch that was cut short (`ingest/switch.py`): who holds it sees whole deliveries.
"""

from __future__ import annotations

import fcntl
import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from dagster_project.disk import explain
from dagster_project.errors import FengchaoError
from dagster_project.ingest.switch import finish_switches
from dagster_project.settings import Settings
from dagster_project.warehouse.connect import connect

if TYPE_CHECKING:
    import duckdb

_DATABASE = "fengchao_build"
_BUSY = "Could not set lock on file"


@dataclass
class _Guard:
    """The lock within this process: reentrant for one thread, a wait for the others."""

    threads: threading.RLock = field(default_factory=threading.RLock)
    depth: int = 0


_guards: dict[str, _Guard] = {}


@contextmanager
def warehouse_lock(settings: Settings, timeout_seconds: float = 1800.0) -> Iterator[None]:
    """Hold the only lock on the build database; waits with growing pauses, then raises.

    Raises FengchaoError after `timeout_seconds`, naming the process that holds the lock.
    """
    path = settings.home / "warehouse" / "writer.lock"
    guard = _guards.setdefault(str(path), _Guard())
    if not guard.threads.acquire(timeout=timeout_seconds):
        raise _held_too_long(path, timeout_seconds, str(os.getpid()))
    try:
        if guard.depth:
            guard.depth += 1
            try:
                yield
            finally:
                guard.depth -= 1
            return
        with file_lock(path, timeout_seconds):
            guard.depth = 1
            try:
                finish_switches(settings)
                yield
            finally:
                guard.depth = 0
    finally:
        guard.threads.release()


@contextmanager
def file_lock(path: Path, timeout_seconds: float) -> Iterator[None]:
    """Hold the lock on a file between processes; the kernel drops it when its holder dies.

    Waits with growing pauses; raises FengchaoError after `timeout_seconds`, naming the process that holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as handle:
        _wait_for(handle, path, timeout_seconds)
        try:
            yield
        finally:
            fcntl.flock(handle, fcntl.LOCK_UN)


def _wait_for(handle: IO[str], path: Path, timeout_seconds: float) -> None:
    pause, started = 0.05, time.monotonic()
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            waited = time.monotonic() - started
            if waited >= timeout_seconds:
                handle.seek(0)
                raise _held_too_long(path, waited, handle.read().strip() or "?") from None
            time.sleep(pause)
            pause = min(pause * 1.5, 2.0)
    handle.seek(0)
    handle.truncate()
    handle.write(str(os.getpid()))
    handle.flush()


def _held_too_long(path: Path, seconds: float, holder: str) -> FengchaoError:
    return FengchaoError(
        f"{path} has been held for {seconds:.0f} s by process {holder}. "
        "Wait for that run to end, or end it, then start again."
    )


@contextmanager
def open_warehouse(
    settings: Settings, read_only: bool = True, timeout_seconds: float = 60.0
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the build database under the lock; on Spark to views of its tables.

    A program that does not know the lock (an analyst's DuckDB) may have the file open: waits with
    growing pauses, then raises FengchaoError, which names that process.
    """
    import duckdb

    if settings.target == "spark":
        with warehouse_lock(settings), connect(settings) as con:
            attach_warehouse(con, settings)
            yield con
        return
    with warehouse_lock(settings):
        pause, started = 0.1, time.monotonic()
        while True:
            try:
                connection = connect(settings, settings.warehouse_db, read_only)
                break
            except duckdb.IOException as error:
                if _BUSY not in str(error):
                    raise _unreadable(settings, error) from None
                if time.monotonic() - started >= timeout_seconds:
                    holder = re.search(r"held in (.+) \(PID (\d+)\)", str(error))
                    raise FengchaoError(
                        f"{settings.warehouse_db}: found open in another program for {timeout_seconds:.0f} s"
                        + (f", process {holder[2]} ({holder[1]})" if holder else "")
                        + f". Close it there (analysts open {settings.releases / 'current' / 'fengchao.duckdb'}), "
                        "then start again."
                    ) from None
                time.sleep(pause)
                pause = min(pause * 1.5, 2.0)
            except (duckdb.SerializationException, duckdb.InternalException, duckdb.FatalException) as error:
                raise _unreadable(settings, error) from None
        with connection:
            yield connection


def _unreadable(settings: Settings, error: Exception) -> FengchaoError:
    if text := explain(str(error), settings.home):
        return FengchaoError(text)
    return FengchaoError(
        f"{settings.warehouse_db} cannot be opened: found {str(error).splitlines()[0]} "
        "It holds nothing that cannot be made again: fengchao rebuild."
    )


def attach_warehouse(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Make the built tables, read only, those that `con` sees first; the caller holds the lock."""
    if settings.target == "spark":
        from dagster_project.warehouse.spark import attach

        attach(con, settings, _DATABASE)
    else:
        con.execute(f"attach '{settings.warehouse_db}' as {_DATABASE} (read_only)")
    con.execute(f"use {_DATABASE}")


def wait_until_free(settings: Settings, timeout_seconds: float = 60.0) -> None:
    """Wait until the target can be written; the caller holds the lock."""
    if settings.target == "spark":
        from dagster_project.warehouse.spark import prepare

        return prepare(settings)
    with open_warehouse(settings, read_only=False, timeout_seconds=timeout_seconds):
        pass
