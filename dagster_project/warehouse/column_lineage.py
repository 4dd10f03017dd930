"""Which columns each column of a dbt model is made of, read from its SQL.

dagster-dbt would work this out at every run of every model. The SQL changes only with the project, so it is
done once per state of the project by `prepare_column_lineage`, when a UI is started, and kept beside the
manifest; definitions read the file. A load never waits for it.
"""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from dagster_project.files import write_whole
from dagster_project.settings import DBT_DIR, Settings
from dagster_project.warehouse import dbt_runner
from dagster_project.warehouse.manifest import parsed_manifest, project_fingerprint
from dagster_project.warehouse.sources import source_columns

# Model -> column -> dbt ids and columns it is made of.
Lineage = dict[str, dict[str, list[tuple[str, str]]]]
_DIALECT = "duckdb"


def _file(settings: Settings) -> Path:
    return settings.dbt_target / "target" / "column_lineage.json"


def column_lineage(settings: Settings) -> Lineage:
    """The lineage by dbt id as it was last prepared; empty where it never was or the project has changed."""
    path = _file(settings)
    if not path.exists():
        return {}
    kept = json.loads(path.read_text(encoding="utf-8"))
    return kept["models"] if kept["project"] == project_fingerprint() else {}


def prepare_column_lineage(settings: Settings) -> None:
    """Work out the lineage of every model, unless that was done for this state of the project."""
    if column_lineage(settings):
        return
    # The same for every target, read from the SQL for DuckDB.
    manifest = parsed_manifest(replace(settings, target="duckdb"))
    with tempfile.TemporaryDirectory() as scratch:
        # Compiling opens a database: an empty one elsewhere, so that nobody waits for the build file.
        elsewhere = replace(settings, home=Path(scratch), target="duckdb")
        dbt_runner.run_dbt(elsewhere, "compile", ["--select", "resource_type:model"], manifest=manifest)
    models = lineage_of(manifest)
    content = {"project": project_fingerprint(), "models": models}
    write_whole(_file(settings), json.dumps(content, sort_keys=True))


def lineage_of(manifest: Any) -> Lineage:
    """The lineage of the compiled models of a manifest, from direct parents only."""
    from sqlglot import exp, parse_one
    from sqlglot.schema import MappingSchema

    nodes = {**manifest.nodes, **manifest.sources}
    models = {key: node for key, node in manifest.nodes.items() if node.resource_type == "model"}
    known = source_columns()
    columns = {key: known[source.source_name, source.name] for key, source in manifest.sources.items()}
    lineage: Lineage = {}
    for key in TopologicalSorter({key: node.depends_on.nodes for key, node in models.items()}).static_order():
        node = nodes[key]
        if node.resource_type == "seed":
            with (DBT_DIR / node.original_file_path).open(encoding="utf-8") as handle:
                columns[key] = next(csv.reader(handle))
        if key not in models:
            continue
        sql, schema, parents = node.compiled_code, MappingSchema(dialect=_DIALECT), {}
        for parent in node.depends_on.nodes:
            relation = f'"{nodes[parent].schema}"."{nodes[parent].name}"'
            # Sources are read in place by a function; to the parser they are tables.
            sql = sql.replace(nodes[parent].relation_name, relation)
            parents[(nodes[parent].schema, nodes[parent].name)] = parent
            table = exp.to_table(relation, dialect=_DIALECT)
            schema.add_table(table, dict.fromkeys(columns[parent], "text"), dialect=_DIALECT)
        lineage[key] = columns_of(parse_one(sql, dialect=_DIALECT), schema, parents)
        columns[key] = list(lineage[key])
    return lineage


def columns_of(
    query: Any, schema: Any, parents: dict[tuple[str, str], str]
) -> dict[str, list[tuple[str, str]]]:
    """Ids and columns that each column of a query is made of. parents: id of each (schema, table)."""
    return {column: sorted(set(_leaves(root, parents))) for column, root in _columns(query, schema)}


def _columns(query: Any, schema: Any) -> Iterator[tuple[str, Any]]:
    """Each column of a query with the tree of expressions below it."""
    from sqlglot.lineage import lineage
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.optimizer.scope import build_scope

    qualified = qualify(query, schema=schema, dialect=_DIALECT, validate_qualify_columns=False)
    scope = build_scope(qualified)
    for column in qualified.named_selects:
        # Copying the query per column would be nine tenths of the time.
        yield column, lineage(column, qualified, schema=schema, dialect=_DIALECT, scope=scope,
                              trim_selects=False, copy=False)  # fmt: skip


def _leaves(root: Any, parents: dict[tuple[str, str], str]) -> Iterator[tuple[str, str]]:
    from sqlglot import exp

    for leaf in root.walk():
        table = leaf.expression.find(exp.Table) if not leaf.downstream else None
        if table is not None and (parent := parents.get((table.db, table.name))):
            yield parent, exp.to_column(leaf.name).name
