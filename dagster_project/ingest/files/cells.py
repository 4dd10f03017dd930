"""Typed cells as the text that the platform's CSV export would write, and what is wrong with some."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from dagster_project.errors import InputError


def cell_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.datetime):
        return f"{value:%Y/%m/%d %H:%M:%S}"
    if isinstance(value, dt.date):
        return f"{value:%Y/%m/%d}"
    if isinstance(value, dt.timedelta):
        return f"{int(value.total_seconds())}秒"
    return str(value)


def cell_name(row: int, column: int) -> str:
    """`B3` for row 3, column 2 (from 1), as a spreadsheet shows it."""
    letters = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


def unreadable(path: Path, error: Exception) -> InputError:
    why = str(error)[:120] or type(error).__name__
    return InputError(
        path,
        "whole file",
        f"a workbook that cannot be opened ({why}): cut short, locked or no workbook",
        "Receive or export the file again; remove a password.",
    )


def formula(path: Path, cell: str) -> InputError:
    """A computed cell shows what a formula made of other cells, not what a respondent answered."""
    return InputError(
        path,
        f"cell {cell}",
        "a formula",
        "Replace formulas by their values (copy, paste as values), or export the answers again.",
    )


def merged(path: Path, cells: str, count: int, in_header: bool) -> InputError:
    """cells: the first merged range, as `J1:L1`."""
    return InputError(
        path,
        f"cells {cells}",
        f"merged {'header ' if in_header else ''}cells ({count} in the sheet)",
        "Undo the merging and give each column its own header, or export the answers again.",
    )
