"""`lineage.html`: for every column of a public mart the columns it is made of, down to what was landed.

The compiled SQL of each model is read by sqlglot: which columns does each output column's expression
name, through CTEs and unions. Filters and joins are not followed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.lineage import lineage
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import build_scope

from dagster_project.settings import Settings
from dagster_project.warehouse.dbt_runner import run_dbt

# schema.table.column of the build database; sources stand under the name of their source.
Edges = dict[str, list[str]]
_FILE = re.compile(r"read_parquet\(\s*'[^']*/(landing|analysis|quality)/([a-z_]+)/[^)]*\)")
# An alias that sqlglot takes for a type.
_MAP = re.compile(r"\bmap\b(?!\s*[({\[])", re.I)


def lineage_inputs(settings: Settings, manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """SQL and columns of what each model reads, for `column_edges`; ordered by model.

    Reads the columns of the build database and the compiled SQL of the last run; what was never run is
    compiled. The caller holds the warehouse lock.
    """
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    with duckdb.connect() as con:
        con.execute(f"attach '{settings.warehouse_db}' as build (read_only)")
        columns: dict[str, dict[str, str]] = {}
        for schema, table, column in con.execute(
            "select schema_name, table_name, column_name from duckdb_columns() "
            "where database_name = 'build' order by all"
        ).fetchall():
            columns.setdefault(f"{schema}.{table}", {})[column] = "varchar"
        for source in manifest["sources"].values():
            names = con.execute(f"describe select * from {source['relation_name']}").fetchall()
            name = _source_name(source["relation_name"]) or f"{source['schema']}.{source['name']}"
            columns[name] = {row[0]: "varchar" for row in names}
    compiled = settings.dbt_target / "target" / "compiled" / "fengchao"
    if not all((compiled / node["original_file_path"]).is_file() for node in models):
        run_dbt(settings, "compile", [])
    inputs = []
    for node in sorted(models, key=lambda node: str(node["name"])):
        path = compiled / node["original_file_path"]
        sql = _MAP.sub('"map"', _FILE.sub(r'"\1"."\2"', path.read_text(encoding="utf-8")))
        sql = sql.replace('"fengchao_build".', "")
        reads = {name: columns[name] for name in sorted(set(_names(sql))) if name in columns}
        inputs.append({"model": f"{node['schema']}.{node['name']}", "sql": sql, "reads": reads})
    return inputs


def _source_name(relation: str) -> str:
    found = _FILE.search(relation)
    return f"{found[1]}.{found[2]}" if found else ""


def _names(sql: str) -> list[str]:
    return [f"{schema}.{table}" for schema, table in re.findall(r'"([a-z_]+)"\."([a-z_0-9]+)"', sql)]


def column_edges(inputs: Sequence[dict[str, Any]]) -> Edges:
    """Columns that each output column names directly."""
    edges: Edges = {}
    for entry in inputs:
        edges |= _edges_of(entry)
    return edges


def _edges_of(entry: dict[str, Any]) -> Edges:
    schema: dict[str, Any] = {}
    for name, columns in entry["reads"].items():
        database, table = name.split(".")
        schema.setdefault(database, {})[table] = columns
    query = qualify(
        sqlglot.parse_one(entry["sql"], dialect="duckdb"), dialect="duckdb", schema=schema,
        validate_qualify_columns=False, identify=False,
    )  # fmt: skip
    scope = build_scope(query)
    assert isinstance(query, exp.Query)
    edges: Edges = {}
    for column in query.named_selects:
        node = lineage(column, query, schema, dialect="duckdb", scope=scope, copy=False, trim_selects=False)
        found = {
            f"{leaf.source.db}.{leaf.source.name}.{exp.to_column(leaf.name, dialect='duckdb').name}"
            for leaf in node.walk()
            if isinstance(leaf.source, exp.Table) and leaf.source.db and not leaf.downstream
        }
        edges[f"{entry['model']}.{column}"] = sorted(found)
    return edges


def origins(column: str, edges: Edges) -> list[str]:
    """What a column rests on in the end: columns that no model makes."""
    seen, ends, waiting = {column}, set(), [column]
    while waiting:
        current = waiting.pop()
        for upstream in edges.get(current, []):
            if upstream not in edges:
                ends.add(upstream)
            elif upstream not in seen:
                seen.add(upstream)
                waiting.append(upstream)
    return sorted(ends)


def write_lineage(folder: Path, tables: dict[str, dict[str, Any]], inputs: Sequence[dict[str, Any]]) -> Path:
    """Write `lineage.html`. tables: the released ones; seeds are what they are and are left out."""
    from dagster_project.release.page import render_page

    edges = column_edges(inputs)
    marts = {entry["model"].split(".")[1]: entry["model"] for entry in inputs}
    shown = {
        name: [
            {
                "name": field["name"],
                "direct": edges.get(f"{marts[name]}.{field['name']}", []),
                "origins": _grouped(origins(f"{marts[name]}.{field['name']}", edges)),
            }
            for field in table["fields"]
        ]
        for name, table in sorted(tables.items())
        if name in marts
    }
    path = folder / "lineage.html"
    html = render_page("lineage.html.j2", "Fengchao 蜂巢: lineage 数据血缘", tables=shown)
    path.write_text(html, encoding="utf-8", newline="\n")
    return path


def _grouped(columns: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Columns by table."""
    tables: dict[str, list[str]] = {}
    for column in columns:
        table, name = column.rsplit(".", 1)
        tables.setdefault(table, []).append(name)
    return list(tables.items())
