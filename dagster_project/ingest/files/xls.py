"""A .xls, as Excel wrote them until 2003; unpacked as a whole, so its size is limited."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dagster_project.ingest.files.cells import cell_name, cell_text, formula, merged, unreadable
from dagster_project.ingest.files.workbook import sheet_of
from dagster_project.ingest.sheets import HEAD_ROWS, Sheet

# Records of a cell that is computed, in BIFF 8 and 5, 3 and 4; each starts with row and column from 0.
_FORMULA_RECORDS = frozenset((0x0006, 0x0206, 0x0406))


def open_xls(path: Path) -> Sheet:
    """Raises InputError for a damaged or locked workbook, a formula, and merged cells."""
    import python_calamine

    try:
        computed = _first_formula(path)
        with python_calamine.CalamineWorkbook.from_path(str(path)) as book:
            pages = (book.get_sheet_by_name(name) for name in book.sheet_names)
            page = next((page for page in pages if page.start is not None), None)
    except (python_calamine.CalamineError, OSError, ValueError, struct.error) as error:
        raise unreadable(path, error) from error
    if computed is not None:
        raise formula(path, computed)
    if page is None:
        return Sheet(path, [], lambda after: iter(()))
    sheet = sheet_of(path, lambda: _rows(page))
    if found := sorted(page.merged_cell_ranges or []):
        (row, column), (last_row, last_column) = found[0]
        cells = f"{cell_name(row + 1, column + 1)}:{cell_name(last_row + 1, last_column + 1)}"
        raise merged(path, cells, len(found), bool(sheet.head) and row + 1 < sheet.head[0][0] + HEAD_ROWS)
    return sheet


def _rows(page: Any) -> Iterator[tuple[int, list[str]]]:
    left = [""] * page.start[1]
    # `iter_rows` counts from the first row of the sheet, but from its first used column.
    for number, cells in enumerate(page.iter_rows(), 1):
        texts = [cell_text(cell) for cell in cells]
        if any(text.strip() for text in texts):
            yield number, left + texts


def _first_formula(path: Path) -> str | None:
    """The first computed cell of any sheet. The library gives values only, so the records are walked."""
    import olefile

    with olefile.OleFileIO(str(path)) as container:
        name = next((name for name in ("Workbook", "Book") if container.exists(name)), None)
        stream = container.openstream(name).read() if name else b""
    at = 0
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        if kind in _FORMULA_RECORDS:
            row, column = struct.unpack_from("<HH", stream, at + 4)
            return cell_name(row + 1, column + 1)
        at += 4 + size
    return None
