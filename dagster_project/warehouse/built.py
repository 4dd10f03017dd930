"""What is said of a table on its page after it was built: rows, columns and types, a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from dagster_project.settings import Settings
from dagster_project.warehouse.lock import open_warehouse
from dagster_project.warehouse.plots import plot
from dagster_project.warehouse.spark import read_catalog

_YEARS = ("wave", "fiscal_year", "document_year")


def built_names(settings: Settings) -> set[str]:
    """Names of all tables and views that have been built."""
    if not settings.is_built:
        return set()
    if settings.target == "spark":
        return {key.split(".")[1] for key in read_catalog(settings)}
    with open_warehouse(settings) as con:
        return {row[0] for row in con.sql("select table_name from duckdb_tables() union all "
                                          "select view_name from duckdb_views()").fetchall()}  # fmt: skip


def built_tables(
    settings: Settings, nodes: Mapping[str, Any], window: Sequence[int]
) -> dict[int | None, dict[str, dict[str, Any]]]:
    """Metadata by year of the window (None: a step without years) and table, for the dbt nodes given by name.

    Counts are those of the year where a table has one.
    """
    if not settings.is_built:
        return {}
    metadata: dict[int | None, dict[str, dict[str, Any]]] = {year: {} for year in window} or {None: {}}
    with open_warehouse(settings) as con:
        columns = con.sql(
            "select table_schema, table_name, list(column_name order by ordinal_position), "
            "list(data_type order by ordinal_position) from information_schema.columns group by all"
        ).fetchall()
        for schema, table, names, types in columns:
            if table not in nodes:
                continue
            column, counts = next((name for name in _YEARS if name in names), None), {}
            if window and column:
                counts = dict(
                    con.sql(f'select {column}, count(*) from "{schema}"."{table}" group by all').fetchall()
                )
            else:
                (whole,) = con.sql(f'select count(*) from "{schema}"."{table}"').fetchone()  # type: ignore[misc]
                counts = dict.fromkeys(metadata, whole)
            for year, tables in metadata.items():
                tables[table] = {
                    "dagster/row_count": int(counts.get(year, 0)),
                    "dagster/column_schema": _schema(nodes[table], names, types),
                }
                if picture := plot(settings, con, table, year) if year is not None else None:
                    tables[table]["plot"] = dg.MetadataValue.md(picture)
    return metadata


def _schema(node: Mapping[str, Any], names: Sequence[str], types: Sequence[str]) -> dg.TableSchema:
    """Types as the database has them, descriptions from the YAML of the node."""
    texts = {name: column["description"] for name, column in node["columns"].items()}
    return dg.TableSchema(
        [dg.TableColumn(name, kind.lower(), texts.get(name)) for name, kind in zip(names, types, strict=True)]
    )
