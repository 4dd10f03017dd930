"""Reference tables: banks, their aliases and events, how many institutions there are, provinces.

They are kept by the project, so any defect in them stops the load instead of being set aside.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

from dagster_project.errors import InputError
from dagster_project.ingest.banks import OPEN_END, OPEN_START, AliasError, BankDirectory, normalise_name
from dagster_project.ingest.batch import Batch
from dagster_project.ingest.csvfile import read_csv_rows
from dagster_project.ingest.sidecar import read_sidecar
from dagster_project.ingest.tables import TABLES

BANK_TYPES = ("state_owned", "joint_stock", "city_commercial", "rural_commercial", "private", "other")
ENTITY_KINDS = ("bank", "group")
ALIAS_KINDS = ("legal_name", "short_name", "stock_name", "english_name", "former_name", "as_printed")
EVENT_TYPES = ("rename", "absorb", "new_merge", "split", "close")
_PROVENANCE = ("source_file", "source_row")
_DERIVED = {"bank_alias": ("alias_normalised",)}
_KEYS = {
    "bank": ("bank_id", "valid_from"),
    "bank_alias": ("alias", "valid_from"),
    "bank_event": ("event_id", "bank_id_from", "bank_id_to"),
    "population": ("as_of_date", "institution_type", "document_id"),
    "province": ("province",),
}
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EVENT_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")


def reference_columns(table: str) -> tuple[str, ...]:
    """The columns of `reference/<table>.csv`: those of the landed table that are not computed."""
    computed = (*_PROVENANCE, *_DERIVED.get(table, ()))
    return tuple(name for name in TABLES[table].names if name not in computed)


def read_reference(raw_dir: Path) -> Batch:
    """Tables bank, bank_alias, bank_event, population and province from `reference/`.

    Raises InputError where a file is broken, a key stands twice, a code is unknown, a date is none,
    periods overlap, or an alias, bank or event points to something that is not there.
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
        batch.count(table, source, len(rows))
        batch.tables[table] = landed
    _check_links(raw_dir, batch)
    batch.check_conservation(tuple(_KEYS))
    return batch


def load_directory(raw_dir: Path) -> tuple[BankDirectory, dict[str, str]]:
    """The bank directory of `reference/bank_alias.csv`, and the sha256 of that file by its path."""
    path = raw_dir / "reference" / "bank_alias.csv"
    inputs = {path.relative_to(raw_dir).as_posix(): read_sidecar(path)["sha256"]}
    rows = read_csv_rows(path, reference_columns("bank_alias"))
    try:
        return BankDirectory(cells | {"source_row": number} for number, cells in rows), inputs
    except AliasError as error:
        raise InputError(
            path,
            f"row {error.row['source_row']}, column alias",
            str(error),
            "Write another alias, or dates (valid_from, valid_to) that do not overlap.",
        ) from error


def _one_of(path: Path, number: int, row: dict[str, Any], column: str, allowed: tuple[str, ...]) -> None:
    if row[column] not in allowed:
        raise InputError(
            path,
            f"row {number}, column {column}",
            repr(row[column] or ""),
            f"Use one of {', '.join(allowed)}.",
        )


def _needed(path: Path, number: int, row: dict[str, Any], column: str, why: str) -> None:
    if row[column] is None:
        raise InputError(path, f"row {number}, column {column}", "a blank cell", why)


def _is_date(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return bool(_DATE.fullmatch(text))


def _dates(path: Path, number: int, row: dict[str, Any], *columns: str) -> None:
    for column in columns:
        if row[column] is not None and not _is_date(row[column]):
            raise InputError(
                path, f"row {number}, column {column}", repr(row[column]), "Write a date as 2020-12-31."
            )


def _period(path: Path, number: int, row: dict[str, Any]) -> None:
    _dates(path, number, row, "valid_from", "valid_to")
    if (row["valid_from"] or OPEN_START) > (row["valid_to"] or OPEN_END):
        raise InputError(
            path,
            f"row {number}, column valid_to",
            f"{row['valid_to']}, before valid_from {row['valid_from']}",
            "Both days belong to the period; exchange or correct them.",
        )


def _check_bank(path: Path, number: int, row: dict[str, Any]) -> None:
    _one_of(path, number, row, "bank_type", BANK_TYPES)
    _one_of(path, number, row, "is_listed", ("true", "false"))
    _period(path, number, row)
    row["is_listed"] = row["is_listed"] == "true"


def _check_alias(path: Path, number: int, row: dict[str, Any]) -> None:
    _one_of(path, number, row, "entity_kind", ENTITY_KINDS)
    _one_of(path, number, row, "kind", ALIAS_KINDS)
    _period(path, number, row)
    row["alias_normalised"] = normalise_name(row["alias"] or "")
    if not row["alias_normalised"]:
        raise InputError(
            path, f"row {number}, column alias", "a blank alias", "Write the name, or remove the row."
        )


def _check_event(path: Path, number: int, row: dict[str, Any]) -> None:
    kind = row["event_type"]
    _one_of(path, number, row, "event_type", EVENT_TYPES)
    date = row["event_date"] or ""
    # The first month and day stand for what the source leaves open.
    if not _EVENT_DATE.fullmatch(date) or not _is_date(date + "-01-01"[len(date) - 4 :]):
        raise InputError(
            path,
            f"row {number}, column event_date",
            repr(date),
            "Write a day, a month or a year: 2022-05-31, 2022-05, 2022.",
        )
    _needed(path, number, row, "citation", "Name the document that shows the event.")
    if kind != "new_merge":
        _needed(path, number, row, "bank_id_from", f"A {kind} says which bank it happens to.")
    if kind != "close":
        _needed(path, number, row, "bank_id_to", f"A {kind} says which bank there is afterwards.")
    elif row["bank_id_to"] is not None:
        raise InputError(
            path,
            f"row {number}, column bank_id_to",
            repr(row["bank_id_to"]),
            "Nothing follows a close; leave it blank, or use absorb.",
        )
    if (row["bank_id_from"] == row["bank_id_to"]) != (kind == "rename"):
        raise InputError(
            path,
            f"row {number}, column bank_id_to",
            repr(row["bank_id_to"]),
            "A rename keeps the bank_id; every other event joins two different banks.",
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
    "bank_event": _check_event,
    "population": _check_population,
    "province": _check_province,
}


def _check_links(raw_dir: Path, batch: Batch) -> None:
    provinces = {row["province"] for row in batch.tables["province"]}
    folder = raw_dir / "reference"
    periods = defaultdict(list)
    for row in batch.tables["bank"]:
        periods[row["bank_id"]].append(row)
        if row["province"] is not None and row["province"] not in provinces:
            raise InputError(
                folder / "bank.csv",
                f"row {row['source_row']}, column province",
                repr(row["province"]),
                "Use a code of province.csv.",
            )
    for rows in periods.values():
        _check_periods(folder / "bank.csv", rows)
    for row in batch.tables["bank_alias"]:
        if row["entity_kind"] == "bank":
            _known_bank(folder / "bank_alias.csv", row, "entity_id", periods)
    directory, _ = load_directory(raw_dir)
    for row in batch.tables["bank"]:
        for column in ("name_zh", "short_name_zh"):
            if directory.resolve(row[column] or "", row["valid_to"] or OPEN_END) != ("bank", row["bank_id"]):
                raise InputError(
                    folder / "bank.csv",
                    f"row {row['source_row']}, column {column}",
                    f"{row[column] or ''!r}, which bank_alias.csv does not give to {row['bank_id']}",
                    "Add the name there, valid at the end of this row's period.",
                )
    _check_events(folder / "bank_event.csv", batch.tables["bank_event"], periods)


def _known_bank(path: Path, row: dict[str, Any], column: str, banks: dict[str, Any]) -> None:
    if row[column] not in banks:
        raise InputError(
            path,
            f"row {row['source_row']}, column {column}",
            f"bank {row[column]!r}",
            "Use a bank_id of bank.csv, or add the bank there.",
        )


def _check_periods(path: Path, rows: list[dict[str, Any]]) -> None:
    """Several rows of one bank are successive periods of its type."""
    rows.sort(key=lambda row: row["valid_from"] or OPEN_START)
    for earlier, later in pairwise(rows):
        if (earlier["valid_to"] or OPEN_END) >= later["valid_from"]:
            raise InputError(
                path,
                f"row {later['source_row']}, column valid_from",
                f"{later['valid_from']}, when row {earlier['source_row']} of {later['bank_id']} still holds",
                "End the earlier period (valid_to) on the day before.",
            )


def _check_events(path: Path, rows: list[dict[str, Any]], banks: dict[str, list[dict[str, Any]]]) -> None:
    first: dict[str, dict[str, Any]] = {}
    for row in rows:
        same = first.setdefault(row["event_id"], row)
        for column in ("event_type", "event_date"):
            if row[column] != same[column]:
                raise InputError(
                    path,
                    f"row {row['source_row']}, column {column}",
                    f"{row[column]!r} where row {same['source_row']} of {row['event_id']} has {same[column]!r}",
                    "All rows of one event have one type and one date.",
                )
        for column in ("bank_id_from", "bank_id_to"):
            if row[column] is None:
                continue
            _known_bank(path, row, column, banks)
            founded = banks[row[column]][0]["valid_from"]
            latest = row["event_date"] + "-12-31"[len(row["event_date"]) - 4 :]
            if founded and latest < founded:
                raise InputError(
                    path,
                    f"row {row['source_row']}, column event_date",
                    f"{row['event_date']}, before {row[column]} was there (valid_from {founded})",
                    "Correct the date, or valid_from in bank.csv.",
                )
