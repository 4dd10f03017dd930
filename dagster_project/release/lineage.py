"""`lineage.html`: for every column of a public mart the columns it is made of, down to what was landed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dagster_project.settings import Settings
from dagster_project.warehouse.column_lineage import column_lineage, prepare_column_lineage

# schema.table.column of the build database; sources stand under the name of their source.
Edges = dict[str, list[str]]


def column_edges(settings: Settings, manifest: Mapping[str, Any]) -> Edges:
    """Columns that each column of a model names directly; filters and joins are not followed."""
    prepare_column_lineage(settings)
    nodes = {**manifest["nodes"], **manifest["sources"]}

    def table(key: str) -> str:
        return f"{nodes[key].get('source_name') or nodes[key]['schema']}.{nodes[key]['name']}"

    return {
        f"{table(model)}.{column}": sorted(f"{table(parent)}.{name}" for parent, name in parents)
        for model, columns in column_lineage(settings).items()
        for column, parents in columns.items()
    }


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


def write_lineage(folder: Path, tables: dict[str, dict[str, Any]], edges: Edges) -> Path:
    """Write `lineage.html`. tables: the released ones; seeds are what they are and are left out."""
    from dagster_project.release.page import render_page

    models = {column.rpartition(".")[0] for column in edges}
    marts = {model.split(".")[1]: model for model in models}
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
