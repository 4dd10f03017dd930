"""What the report reads: all tables of the release, and a few numbers that stand in its text."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.errors import FengchaoError
from dagster_project.release.report_tables import Table, read_tables
from dagster_project.warehouse.records import records

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class ReportData:
    """tables by name; reads: the columns the page's charts use, by table; waves and overview: see `queries`."""

    tables: dict[str, Table]
    reads: dict[str, list[str]]
    waves: list[dict[str, Any]]
    overview: dict[str, Any]

    def characters(self) -> set[str]:
        """Characters that the page may show from the tables."""
        return set().union(*(self.tables[name].text(columns) for name, columns in self.reads.items()))


def read_report_data(con: duckdb.DuckDBPyConnection) -> ReportData:
    """Read schema `main` of a release. Raises FengchaoError naming every table or column that is missing."""
    reads = json.loads((_HERE / "templates" / "reads.json").read_text(encoding="utf-8"))
    tables = read_tables(con)
    missing = []
    for name, columns in sorted(reads.items()):
        if name not in tables:
            missing.append(name)
        else:
            missing += [f"{name}.{column}" for column in columns if column not in tables[name].columns]
    if missing:
        raise FengchaoError(
            f"The report cannot be built: the database lacks {', '.join(missing)} in schema main. "
            "Build the marts first (`fengchao run`), and give the report the database of a release."
        )
    waves, overview = (
        records(con, (_HERE / "queries" / f"{name}.sql").read_text(encoding="utf-8"))
        for name in ("waves", "overview")
    )
    return ReportData(tables, reads, waves, overview[0])
