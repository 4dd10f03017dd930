"""The SQLite storage of Dagster, made quick enough for a run of a thousand small events.

Dagster makes a new SQLAlchemy engine for every statement, which compiles every statement anew, and
SQLite waits for the disk at every commit. Here one engine is kept per file, and commits are flushed
at checkpoints only, in the files that are in WAL mode: a power cut may take the last events of a run
from the log but leaves the log whole. Events are no data: a release never reads them.
"""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def keep_engines() -> None:
    """From now on, event log and run storage of this process keep their engines."""
    from dagster._core.storage.event_log.sqlite import sqlite_event_log
    from dagster._core.storage.runs.sqlite import sqlite_run_storage

    for module in (sqlite_event_log, sqlite_run_storage):
        module.create_engine = _keeping(module.create_engine)  # type: ignore[attr-defined]


def _keeping(create_engine: Any) -> Any:
    from sqlalchemy import event

    engines: dict[str, Any] = {}

    def kept(conn_string: str, **kwargs: Any) -> Any:
        if conn_string not in engines:
            engines[conn_string] = create_engine(conn_string, **kwargs)
            event.listen(engines[conn_string], "connect", _relax)
        return engines[conn_string]

    return kept


def _relax(connection: Any, _record: Any) -> None:
    if connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
        connection.execute("PRAGMA synchronous=NORMAL")
