"""Columns of what the audit writes, and where: `analysis/<table>/year=<year>/<table>.parquet`."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from dagster_project.analysis.tables import analysis_path
from dagster_project.ingest.landing import ensure_columns, write_parquet
from dagster_project.settings import Settings

TABLE = "published_audit"
_S, _I, _F = pa.string(), pa.int32(), pa.float64()
SCHEMA = pa.schema(
    [
        ("document_year", _I), ("document_id", _S), ("finding_id", _S), ("line", _I), ("place", _S),
        ("rule", _S), ("severity", _S), ("figure_id", _S), ("other_figure_ids", _S), ("printed_text", _S),
        ("printed_value", _F), ("expected", _S), ("n_inferred", _I), ("n_candidates", _S),
        ("explanation_zh", _S), ("explanation_en", _S),
    ]
)  # fmt: skip


def table_path(settings: Settings, year: int) -> Path:
    return analysis_path(settings, TABLE, year)


def ensure_empty(settings: Settings) -> None:
    """The file of `year=0` carries the columns, so that an audit that has not run is zero rows."""
    ensure_columns(SCHEMA, table_path(settings, 0), is_carrier=True)


def write_findings(settings: Settings, rows: Iterable[Mapping[str, Any]], years: Iterable[int]) -> None:
    """One file per document year, each whole or not at all; years that are no longer landed go."""
    ensure_empty(settings)
    by_year: dict[int, list[Mapping[str, Any]]] = {year: [] for year in years}
    for row in rows:
        by_year[row["document_year"]].append(row)
    for year, members in by_year.items():
        write_parquet(pa.Table.from_pylist(members, schema=SCHEMA), table_path(settings, year))
    for folder in (settings.analysis / TABLE).glob("year=*"):
        if int(folder.name.removeprefix("year=")) not in {0, *by_year}:
            shutil.rmtree(folder)
