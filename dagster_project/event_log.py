"""The SQLite storage of Dagster, made quick enough for a run of a thousand small events.

Dagster makes an engine and a connection for every statement: each statement is compiled anew, and
SQLite writes its log back into the file whenever the last connection is closed, which waits for the
disk each time. Here one engine with its connection is kept per file, and commits are flushed at
checkpoints only, in the files that are in WAL mode: a power cut may take the last events of a run
from the log but leaves the log whole. Events are no data: a release never reads them.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import event
from sqlalchemy.pool import QueuePool


class _KeptPool(QueuePool):
    """Connections stay open until the process ends; Dagster disposes of its engine after every use."""

    def dispose(self) -> None:
        pass

    def recreate(self) -> _KeptPool:
        return self


@cache
def keep_engines() -> None:
    """From now on, event log and run storage of this process keep their engines and connections."""
    from dagster._core.storage.event_log.sqlite import sqlite_event_log
    from dagster._core.storage.runs.sqlite import sqlite_run_storage

    for module in (sqlite_event_log, sqlite_run_storage):
        module.create_engine = _keeping(module.create_engine)  # type: ignore[attr-defined]


def _keeping(create_engine: Any) -> Any:
    engines: dict[str, Any] = {}

    def kept(conn_string: str, **kwargs: Any) -> Any:
        if conn_string not in engines:
            engines[conn_string] = create_engine(
                conn_string, **{**kwargs, "poolclass": _KeptPool, "pool_use_lifo": True}
            )
            event.listen(engines[conn_string], "checkout", _relax)
        return engines[conn_string]

    return kept


def _relax(connection: Any, record: Any, _proxy: Any) -> None:
    # At every use, because a new file is put into WAL mode through its first connection.
    if "relaxed" not in record.info and connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
        connection.execute("PRAGMA synchronous=NORMAL")
        record.info["relaxed"] = True
