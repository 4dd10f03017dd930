"""The compiled SQL of the questionnaire models, run in memory: fast enough for property tests.

dbt compiles the models once (full load, no incremental window); what a test gives as staging tables takes
the place of the landed files.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pyarrow as pa

from tests.dbt_case import DbtCase

_DATABASE = "fengchao_build"
_FOLDERS = ("intermediate/questionnaires", "marts/questionnaires")


class CompiledModels:
    """Models in the order they depend on each other, and the seeds of the case as tables."""

    def __init__(self, case: DbtCase) -> None:
        case.dbt("seed")
        case.dbt("compile")
        self._seeds = case.settings.warehouse_db
        manifest = json.loads(
            (case.settings.dbt_target / "target" / "manifest.json").read_text(encoding="utf-8")
        )
        models = {
            key: node
            for key, node in manifest["nodes"].items()
            if node["resource_type"] == "model" and node["path"].startswith(_FOLDERS)
        }
        self._models: list[tuple[str, str]] = []
        done: set[str] = set()

        def visit(key: str) -> None:
            if key in models and key not in done:
                done.add(key)
                for parent in models[key]["depends_on"]["nodes"]:
                    visit(parent)
                self._models.append((models[key]["relation_name"], models[key]["compiled_code"]))

        for key in sorted(models):
            visit(key)
        assert len(self._models) > 20

    def run(self, staging: Mapping[str, pa.Table]) -> duckdb.DuckDBPyConnection:
        """A connection in which every model is a table; `staging`: rows of stg_… by name."""
        con = duckdb.connect()
        con.execute(f"attach ':memory:' as {_DATABASE}")
        con.execute(f"attach '{Path(self._seeds)}' as seeds (read_only)")
        for schema in ("framework", "staging", "restricted", "marts"):
            con.execute(f"create schema {_DATABASE}.{schema}")
        seeds = con.execute(
            "select table_name from information_schema.tables where table_catalog = 'seeds' and table_schema = 'framework'"
        ).fetchall()
        for (name,) in sorted(seeds):
            con.execute(f"create table {_DATABASE}.framework.{name} as from seeds.framework.{name}")
        for name, rows in staging.items():
            con.register("rows_of_table", rows)
            con.execute(f"create table {_DATABASE}.staging.{name} as from rows_of_table")
        for relation, code in self._models:
            con.execute(f"create table {relation} as {code}")
        return con
