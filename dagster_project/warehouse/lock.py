"""One writer at a time on the build database, across processes and machines that share the disk.

DuckDB refuses a second process while one has the file open for writing. A file lock around every
use of the build file turns that refusal into a wait; the kernel drops the lock when its holder dies,
so a killed run never blocks the next one.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from dagster_project.errors import FengchaoError
from dagster_project.settings import Settings

_held: dict[str, int] = {}  # reentrant within this process: path -> depth


@contextmanager
def warehouse_lock(settings: Settings, timeout_seconds: float = 1800.0) -> Iterator[None]:
    """Hold the only lock on the build database; waits with growing pauses, then raises.

    Raises FengchaoError after `timeout_seconds`, naming the process that holds the lock.
    """
    path = settings.warehouse_db.parent / "writer.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    key = str(path)
    if _held.get(key):
        _held[key] += 1
        try:
            yield
        finally:
            _held[key] -= 1
        return
    with path.open("a+") as handle:
        pause, waited = 0.05, 0.0
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if waited >= timeout_seconds:
                    handle.seek(0)
                    raise FengchaoError(
                        f"{path} has been held for {waited:.0f} s by process {handle.read().strip() or '?'}. "
                        "Wait for that run to end, or end it, then start again."
                    ) from None
                time.sleep(pause)
                waited += pause
                pause = min(pause * 1.5, 2.0)
        handle.seek(0)
        handle.truncate()
        handle.write(str(os.getpid()))
        handle.flush()
        _held[key] = 1
        try:
            yield
        finally:
            _held[key] = 0
            fcntl.flock(handle, fcntl.LOCK_UN)
