"""Reference tables: banks, their aliases, how many institutions there are, provinces.

They are kept by the project, so any defect in them stops the load instead of being set aside.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dagster_project.errors import FengchaoError, InputError
from dagster_project.ingest.banks import BankDirectory, normalise_name
from dagster_project.ingest.batch import Batch
from dagster_project.ingest.csvfile import read_csv_rows
from dagster_project.ingest.sidecar import read_sidecar
from dagster_project.ingest.tables import TABLES

BANK_TYPES = ("state_owned", "joint_stock", "city_commercial", "rural_commercial", "private", "other")
ENTITY_KINDS = ("bank", "group")
_PROVENANCE = ("source_file", "source_row")
_DERIVED = {"bank_alias": ("alias_normalised",)}
_KEYS = {
    "bank": ("bank_id",),
    "bank_alias": ("alias", "valid_from"),
    "population": ("as_of_date", "institution_type", "document_id"),
    "province": ("province",),
}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def reference_columns(table: str) -> tuple[str, ...]:
    """The columns of `reference/<table>.csv`: those of the landed table that are not computed."""
    computed = (*_PROVENANCE, *_DERIVED.get(table, ()))
    return tuple(name for name in TABLES[table].names if name not in computed)


def read_reference(raw_dir: Path) -> Batch:
    """Tables bank, bank_alias, population and province from `reference/`.

    Raises InputError where a file is broken, a key stands twice, a code is unknown, or an alias or
    bank points to something that is not there.
    """
    batch = Batch()
    for table in _KEYS:
        path = raw_dir / "reference" / f"{table}.csv"
        source = path.relative_to(raw_dir).as_posix()
        batch.inputs[source] = read_sidecar(path)["sha256"]
        rows = read_csv_rows(path, reference_columns(table))
        seen: set[tuple[str, ...]] = set()
        landed = []
        for number, cells in rows:
            key = tuple(cells[name] for name in _KEYS[table])
            if key in seen:
                raise InputError(
                    path, f"row {number}", f"{' '.join(key)!r} for the second time", "Keep one row."
                )
            seen.add(key)
            row: dict[str, Any] = {name: cells[name] or None for name in reference_columns(table)}
            _CHECKS[table](path, number, row)
            landed.append(row | {"source_file": source, "source_row": number})
        batch.rows_in[table] = len(rows)
        batch.tables[table] = landed
    _check_links(raw_dir, batch)
    batch.check_conservation(tuple(_KEYS))
    return batch


def load_directory(raw_dir: Path) -> tuple[BankDirectory, dict[str, str]]:
    """The bank directory of `reference/bank_alias.csv`, and the sha256 of that file by its path."""
    path = raw_dir / "reference" / "bank_alias.csv"
    inputs = {path.relative_to(raw_dir).as_posix(): read_sidecar(path)["sha256"]}
    rows = [row for _, row in read_csv_rows(path, reference_columns("bank_alias"))]
    try:
        return BankDirectory(rows), inputs
    except FengchaoError as error:
        raise InputError(path, "", f"an ambiguous alias ({error})", "Correct the alias table.") from error


def _one_of(path: Path, number: int, row: dict[str, Any], column: str, allowed: tuple[str, ...]) -> None:
    if row[column] not in allowed:
        raise InputError(
            path,
            f"row {number}, column {column}",
            repr(row[column] or ""),
            f"Use one of {', '.join(allowed)}.",
        )


def _dates(path: Path, number: int, row: dict[str, Any], *columns: str) -> None:
    for column in columns:
        if row[column] is not None and not _DATE.fullmatch(row[column]):
            raise InputError(
                path, f"row {number}, column {column}", repr(row[column]), "Write a date as 2020-12-31."
            )


def _check_bank(path: Path, number: int, row: dict[str, Any]) -> None:
    _one_of(path, number, row, "bank_type", BANK_TYPES)
    _one_of(path, number, row, "is_listed", ("true", "false"))
    _dates(path, number, row, "valid_from", "valid_to")
    row["is_listed"] = row["is_listed"] == "true"


def _check_alias(path: Path, number: int, row: dict[str, Any]) -> None:
    _one_of(path, number, row, "entity_kind", ENTITY_KINDS)
    _dates(path, number, row, "valid_from", "valid_to")
    row["alias_normalised"] = normalise_name(row["alias"] or "")
    if not row["alias_normalised"]:
        raise InputError(
            path, f"row {number}, column alias", "a blank alias", "Write the name, or remove the row."
        )


def _check_population(path: Path, number: int, row: dict[str, Any]) -> None:
    if row["bank_type"] is not None:
        _one_of(path, number, row, "bank_type", BANK_TYPES)
    _dates(path, number, row, "as_of_date")
    count = row["institutions"] or ""
    if not re.fullmatch(r"[0-9]+", count):
        raise InputError(
            path, f"row {number}, column institutions", repr(count), "Write a whole number of institutions."
        )
    row["institutions"] = int(count)


def _check_province(path: Path, number: int, row: dict[str, Any]) -> None:
    _one_of(path, number, row, "region", ("east", "central", "west", "northeast"))


_CHECKS: dict[str, Callable[[Path, int, dict[str, Any]], None]] = {
    "bank": _check_bank,
    "bank_alias": _check_alias,
    "population": _check_population,
    "province": _check_province,
}


def _check_links(raw_dir: Path, batch: Batch) -> None:
    banks = {row["bank_id"] for row in batch.tables["bank"]}
    provinces = {row["province"] for row in batch.tables["province"]}
    folder = raw_dir / "reference"
    for row in batch.tables["bank"]:
        if row["province"] is not None and row["province"] not in provinces:
            raise InputError(
                folder / "bank.csv",
                f"row {row['source_row']}, column province",
                repr(row["province"]),
                "Use a code of province.csv.",
            )
    for row in batch.tables["bank_alias"]:
        if row["entity_kind"] == "bank" and row["entity_id"] not in banks:
            raise InputError(
                folder / "bank_alias.csv",
                f"row {row['source_row']}, column entity_id",
                f"bank {row['entity_id']!r}",
                "Use a bank_id of bank.csv, or add the bank there.",
            )
    load_directory(raw_dir)
