"""Temporary files beside the landed tables: one per spool, gone with it, even where its process was killed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import uuid
from pathlib import Path


def claim(folder: Path, table: str) -> tuple[Path, int]:
    """A new file in `folder` (made if need be) and the descriptor that holds its lock.

    What a killed process has left behind is removed on the way: the kernel gave up its lock. Files of
    living processes are locked and stay, so years may land at the same time.
    """
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        path = folder / f"{table}-{uuid.uuid4().hex}.parquet"
        # Another process may remove the empty folder, or sweep the file before it is locked.
        with contextlib.suppress(FileNotFoundError):
            held = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
            if _lock(held) and _is_there(path, held):
                return path, held
            os.close(held)


def release(path: Path, held: int) -> None:
    """Remove the file, if it was not moved away, and the folder, if it is empty."""
    path.unlink(missing_ok=True)
    os.close(held)
    with contextlib.suppress(OSError):
        path.parent.rmdir()


def _sweep(folder: Path) -> None:
    for path in folder.glob("*.parquet"):
        with contextlib.suppress(FileNotFoundError):
            held = os.open(path, os.O_RDWR)
            try:
                if _lock(held):
                    path.unlink()
            finally:
                os.close(held)


def _lock(held: int) -> bool:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_there(path: Path, held: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(held))
    except FileNotFoundError:
        return False
