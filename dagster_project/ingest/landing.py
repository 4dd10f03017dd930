"""The write side of landing: Parquet that appears whole or not at all, the same bytes for the same input."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.ingest.batch import Reject, Spool, rejects_to_arrow
from dagster_project.ingest.tables import TABLES
from dagster_project.settings import Settings

# Tables of these names belong to no year.
REFERENCE_TABLES = ("bank", "bank_alias", "bank_event", "population", "province")


def landing_path(settings: Settings, table: str, year: int | None) -> Path:
    """`landing/<table>/year=<year>/<table>.parquet`; reference tables have no year folder."""
    folder = settings.landing / table
    if year is not None:
        folder = folder / f"year={year}"
    return folder / f"{table}.parquet"


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write through a temporary file, sync it, then rename: readers see the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as handle:
            pq.write_table(table, handle, compression="zstd", row_group_size=1_000_000)
            handle.flush()
            os.fsync(handle.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def place(table: pa.Table | Spool, path: Path) -> None:
    """Write or move a table to `path`."""
    if isinstance(table, Spool):
        move_parquet(table, path)
    else:
        write_parquet(table, path)


def move_parquet(spool: Spool, path: Path) -> None:
    """Put a spooled table into place: whole or not at all, as `write_parquet`."""
    spool.close()
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        # Beside its destination first: a spool may stand on another disk.
        shutil.move(spool.path, temporary)
        with temporary.open("rb") as handle:
            os.fsync(handle.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def ensure_empty_tables(settings: Settings) -> None:
    """An empty file per yearly table (`year=0`) carries the columns before any year has landed.

    dbt reads `landing/<table>/**/*.parquet`; without it a table nobody has loaded yet would be an
    error instead of zero rows.
    """
    for table, schema in TABLES.items():
        year = None if table in REFERENCE_TABLES else 0
        # The carrier of a yearly table follows the schema; a landed reference table is never emptied.
        ensure_columns(schema, landing_path(settings, table, year), is_carrier=year == 0)


def ensure_columns(schema: pa.Schema, path: Path, is_carrier: bool) -> None:
    """Write an empty table where there is none, or where a carrier has columns of an older version."""
    outdated = is_carrier and path.exists() and pq.read_schema(path).names != schema.names
    if not path.exists() or outdated:
        write_parquet(schema.empty_table(), path)


def landed_years(settings: Settings, table: str) -> list[int]:
    """Years that have landed rows of `table`."""
    years = [int(folder.name.removeprefix("year=")) for folder in (settings.landing / table).glob("year=*")]
    return sorted(year for year in years if year > 0)


def write_rejects(
    settings: Settings, dataset: str, year: int | None, rejects: Sequence[Reject], folder: Path | None = None
) -> Path | None:
    """What was set aside for this dataset and year; replaces the list of the previous run.

    folder: what stands for the landing folder while its files are about to be switched.
    """
    quarantine = (folder or settings.landing) / settings.quarantine.relative_to(settings.landing)
    path = quarantine / dataset / f"year={year or 'all'}" / "set_aside.parquet"
    if not rejects:
        path.unlink(missing_ok=True)
        return None
    write_parquet(rejects_to_arrow(rejects, year), path)
    return path


def quarantine_tables(
    settings: Settings, dataset: str, year: int | None, tables: dict[str, pa.Table | Spool], report: Any
) -> Path:
    """Keep rows that failed the raw checks, with the report, out of the landing folder."""
    folder = settings.quarantine / dataset / f"year={year or 'all'}" / "failed_checks"
    shutil.rmtree(folder, ignore_errors=True)
    for name, table in tables.items():
        place(table, folder / f"{name}.parquet")
    (folder / "report.json").write_text(
        json.dumps(report, ensure_ascii=False, indent=2, sort_keys=True, default=str), encoding="utf-8"
    )
    return folder


def clear_quarantined_tables(settings: Settings, dataset: str, year: int | None) -> None:
    """A run that passed makes the quarantined rows of the failed one obsolete."""
    shutil.rmtree(
        settings.quarantine / dataset / f"year={year or 'all'}" / "failed_checks", ignore_errors=True
    )
