"""Exports opened by their ending: one reader per kind of file, all with the same limits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dagster_project.errors import InputError
from dagster_project.ingest.files.csv_stream import open_csv
from dagster_project.ingest.files.sav import open_sav
from dagster_project.ingest.files.xls import open_xls
from dagster_project.ingest.files.xlsx import open_xlsx
from dagster_project.ingest.sheets import Sheet

MAX_COLUMNS = 5_000
MAX_HEADER_BYTES = 4_096
# Ending: reader and largest file in bytes. A .xls is held in memory as a whole, about ten times its size.
KINDS: dict[str, tuple[Callable[[Path], Sheet], int]] = {
    ".csv": (open_csv, 16 << 30),
    ".xlsx": (open_xlsx, 256 << 20),
    ".xls": (open_xls, 64 << 20),
    ".sav": (open_sav, 256 << 20),
}


def open_sheet(path: Path) -> Sheet:
    """Open an export by its ending.

    Raises InputError for an ending nobody knows, a file over the limits, an empty or damaged file,
    merged or computed cells in a workbook, and text that is neither UTF-8 nor GB18030.
    """
    kind = KINDS.get(path.suffix.lower())
    if kind is None:
        raise InputError(
            path,
            "",
            f"a {path.suffix or 'file without ending'}",
            f"Export the answers as one of {', '.join(KINDS)}.",
        )
    opener, limit = kind
    size = path.stat().st_size
    if size > limit:
        raise InputError(
            path,
            "whole file",
            f"{size:,} bytes, above the limit of {limit:,}",
            "Export only the questions of the wave." if opener is open_csv else "Export the answers as CSV.",
        )
    sheet = opener(path) if size else None
    if sheet is None or not sheet.head:
        raise InputError(path, "", "an empty file", "Export the answers again.")
    _check_head(sheet)
    return sheet


def _check_head(sheet: Sheet) -> None:
    row, header = sheet.head[0]
    if len(header) > MAX_COLUMNS:
        raise InputError(
            sheet.path,
            f"row {row}",
            f"{len(header):,} columns, above the limit of {MAX_COLUMNS:,}",
            "Export only the questions of the wave; one row must be one respondent.",
        )
    for number, cell in enumerate(header, 1):
        size = len(cell.encode())
        if size > MAX_HEADER_BYTES:
            raise InputError(
                sheet.path,
                f"row {row}, column {number}",
                f"a header of {size:,} bytes ({cell[:40]!r}…), above the limit of {MAX_HEADER_BYTES:,}",
                "Shorten the header to the question; a quotation mark may be missing.",
            )
