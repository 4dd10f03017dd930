"""The Spark target: dbt builds on the cluster, Python reads the tables as Parquet.

Spark keeps its tables below `warehouse/spark` of the home, which cluster and Python share. After each
command of dbt the columns of what it built are noted in `catalog.json` there, and DuckDB reads the files
through views of the same names; so checks, analyses and the release are the same for both targets.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from dagster_project.errors import FengchaoError
from dagster_project.files import write_whole
from dagster_project.settings import Settings, number_setting, spark_host
from dagster_project.warehouse.manifest import parsed_manifest, project_fingerprint
from dagster_project.warehouse.sources import ensure_sources, source_columns

if TYPE_CHECKING:
    import duckdb

# Seconds between two questions whether a statement has ended; dbt-spark takes whole seconds only.
_POLL_SECONDS = 0.05
_VIEW = "view"


def prepare(settings: Settings) -> None:
    """The cluster answers, and what Python writes can be read there. The caller holds the warehouse lock."""
    _poll_quickly()
    host, port = spark_host(), number_setting("FENGCHAO_SPARK_PORT")
    try:
        socket.create_connection((host, port), timeout=20).close()
    except OSError as error:
        raise FengchaoError(
            f"FENGCHAO_TARGET is spark, and no Thrift server answers at {host}:{port} ({error}). "
            "Start it, or correct FENGCHAO_SPARK_HOST and FENGCHAO_SPARK_PORT."
        ) from None
    if _catalog(settings).get("state") != _state():
        _make_source_views(settings)
        _write_catalog(settings, read_catalog(settings))


@cache
def _poll_quickly() -> None:
    try:
        from dbt.adapters.spark.connections import PyhiveConnectionWrapper
    except ImportError as error:
        raise FengchaoError(
            f"FENGCHAO_TARGET is spark, and its libraries are missing ({error}). Run: uv sync --group spark."
        ) from None
    as_given = PyhiveConnectionWrapper.__init__

    def quick(self: Any, *args: Any, **kwargs: Any) -> None:
        as_given(self, *args, **kwargs)
        self.poll_interval = _POLL_SECONDS

    PyhiveConnectionWrapper.__init__ = quick


def _make_source_views(settings: Settings) -> None:
    from dagster_project.warehouse.dbt_runner import invoke

    ensure_sources(settings)
    done = invoke(settings, ["run-operation", "source_views"], manifest=parsed_manifest(settings))
    for result in done.results:
        if str(result.status) != "success":
            raise FengchaoError(f"Spark cannot read what was landed: {result.message}")


def note_built(settings: Settings, results: Sequence[Any]) -> None:
    """Note the columns of the models and seeds that dbt has built; those of the same project stay."""
    tables, state = read_catalog(settings), _state()
    built = [result.node for result in results if str(result.status) == "success"]
    changed = [node for node in built if tables.get(_name(node), {}).get("state") != state]
    if not changed:
        return
    with _cursor() as cursor:
        for node in changed:
            if node.resource_type == "model" and node.config.materialized == _VIEW:
                entry: dict[str, Any] = {"kind": _VIEW}
            else:
                entry = _described(settings, cursor, node)
            tables[_name(node)] = {**entry, "state": state}
    _write_catalog(settings, tables)


def _described(settings: Settings, cursor: Any, node: Any) -> dict[str, Any]:
    cursor.execute(f"describe table extended {_name(node)}")
    rows = [(str(row[0]), str(row[1])) for row in cursor.fetchall()]
    end = next(number for number, (name, _) in enumerate(rows) if not name or name.startswith("#"))
    location = _path(dict(rows[end:])["Location"])
    wanted = _path(f"{settings.shared or settings.home}/warehouse/spark/{node.schema}/{node.name}")
    if location != wanted:
        raise FengchaoError(
            f"{_name(node)} stands in {location}, not in {wanted}: this Spark catalog belongs to another home. "
            "Use that home, or a cluster with a catalog of its own."
        )
    columns = dict(rows[:end])
    # A table partitioned by the year has it last; the contract says where it belongs.
    contract = [name for name in node.columns if name in columns] if node.config.contract.enforced else []
    order = contract if len(contract) == len(columns) else list(columns)
    year = node.config.meta.get("year") if node.config.materialized == "yearly" else None
    return {"kind": "table", "columns": [[name, columns[name]] for name in order], "year": year}


def _path(location: str) -> str:
    return unquote(re.sub("^file:/+", "/", location)).rstrip("/")


@contextmanager
def _cursor() -> Iterator[Any]:
    from pyhive import hive

    connection = hive.connect(spark_host(), number_setting("FENGCHAO_SPARK_PORT"))
    try:
        yield connection.cursor()
    finally:
        connection.close()


def _name(node: Any) -> str:
    return f"{node.schema}.{node.name}"


def read_catalog(settings: Settings) -> dict[str, dict[str, Any]]:
    """Kind, columns and column of years by `<schema>.<table>`; empty where nothing was built."""
    return _catalog(settings).get("tables", {})


def _catalog(settings: Settings) -> dict[str, Any]:
    if not settings.spark_catalog.exists():
        return {}
    return json.loads(settings.spark_catalog.read_text(encoding="utf-8"))


@cache
def _state() -> str:
    """Hash of what columns follow from: the dbt project and the columns that Python writes."""
    text = f"{project_fingerprint()} {sorted(source_columns().items())}"
    return hashlib.sha256(text.encode()).hexdigest()


def _write_catalog(settings: Settings, tables: dict[str, dict[str, Any]]) -> None:
    settings.spark_tables.mkdir(parents=True, exist_ok=True)
    content = {"state": _state(), "tables": tables}
    write_whole(settings.spark_catalog, json.dumps(content, indent=1, sort_keys=True))


def attach(con: duckdb.DuckDBPyConnection, settings: Settings, name: str) -> None:
    """A database `name` in which every table of Spark is a view on its files."""
    con.execute(f"attach ':memory:' as {name}")
    tables = {key: entry for key, entry in read_catalog(settings).items() if entry["kind"] != _VIEW}
    for schema in sorted({key.split(".")[0] for key in tables}):
        con.execute(f"create schema {name}.{schema}")
    for key, entry in sorted(tables.items()):
        schema, table = key.split(".")
        # Only whole files: what a killed job has left lies deeper.
        pattern = f"{entry['year']}=*/*.parquet" if entry["year"] else "*.parquet"
        folder = settings.spark_tables / schema / table
        names = ", ".join(f'"{column}"' for column, _ in entry["columns"])
        if any(folder.glob(pattern)):
            kinds = dict(entry["columns"])
            hive = f", hive_types = {{'{entry['year']}': {kinds[entry['year']]}}}" if entry["year"] else ""
            rows = f"from read_parquet('{folder}/{pattern}', hive_partitioning = {bool(hive)}{hive})"
        else:
            empty = ", ".join(f'cast(null as {kind}) as "{column}"' for column, kind in entry["columns"])
            rows = f"from (select {empty}) where false"
        con.execute(f'create view {name}."{schema}"."{table}" as select {names} {rows}')


def remove_tables(settings: Settings) -> None:
    """Remove everything that Spark built, from its catalog and from the disk."""
    schemas = sorted({key.split(".")[0] for key in read_catalog(settings)})
    with _cursor() as cursor:
        for schema in schemas:
            cursor.execute(f"drop schema if exists {schema} cascade")
    shutil.rmtree(settings.spark_tables, ignore_errors=True)
