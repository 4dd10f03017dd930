"""What is said of a table on its page after it was built: rows, columns and types, a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from dagster_project.settings import Settings
from dagster_project.warehouse.lock import open_warehouse
from dagster_project.warehouse.plots import plot

_YEARS = ("wave", "fiscal_year", "document_year")


def built_tables(
    settings: Settings, nodes: Mapping[str, Any], window: Sequence[int]
) -> dict[str, dict[str, Any]]:
    """Metadata by table for the dbt nodes given by name; counts are those of the window where a table has a year."""
    if not settings.warehouse_db.exists():
        return {}
    metadata: dict[str, dict[str, Any]] = {}
    with open_warehouse(settings) as con:
        columns = con.sql(
            "select table_schema, table_name, list(column_name order by ordinal_position), "
            "list(data_type order by ordinal_position) from information_schema.columns group by all"
        ).fetchall()
        for schema, table, names, types in columns:
            if table not in nodes:
                continue
            year = next((name for name in _YEARS if name in names), None)
            where = f"where {year} in ({','.join(map(str, window))})" if window and year else ""
            row = con.sql(f'select count(*) from "{schema}"."{table}" {where}').fetchone()
            metadata[table] = {
                "dagster/row_count": int(row[0]) if row else 0,
                "dagster/column_schema": _schema(nodes[table], names, types),
            }
            picture = plot(settings, con, table, window[0]) if len(window) == 1 else None
            if picture:
                metadata[table]["plot"] = dg.MetadataValue.md(picture)
    return metadata


def _schema(node: Mapping[str, Any], names: Sequence[str], types: Sequence[str]) -> dg.TableSchema:
    """Types as the database has them, descriptions from the YAML of the node."""
    texts = {name: column["description"] for name, column in node["columns"].items()}
    return dg.TableSchema(
        [dg.TableColumn(name, kind.lower(), texts.get(name)) for name, kind in zip(names, types, strict=True)]
    )
