"""A .xlsx a slice of rows at a time.

The library unpacks a sheet as a whole, about 100 bytes per cell. So the sheet is cut between rows while
it unpacks, and each slice is handed over as a small workbook with the styles and texts of the large one.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from dagster_project.errors import InputError
from dagster_project.ingest.files.archive import is_sheet, open_archive
from dagster_project.ingest.files.cells import cell_text, formula, merged, unreadable
from dagster_project.ingest.files.workbook import sheet_of
from dagster_project.ingest.sheets import HEAD_ROWS, Sheet

BLOCK_BYTES = 1 << 20
# Unpacked bytes of a slice; a cell takes 30 to 60 of them.
SLICE_BYTES = 8 << 20
MAX_ROW_BYTES = 64 << 20
# No tag is longer; what a block cuts in two is looked at again together with the next one.
_TAG_BYTES = 4096
_TAG = rb"<(?:\w+:)?"
_CELL = re.compile(_TAG + rb"c[\s>/]")
_CELL_NAME = re.compile(_TAG + rb'c\s[^>]*?\br="([A-Z]+[0-9]+)"')
_FORMULA = re.compile(_TAG + rb"f[\s>/]")
_MERGED = re.compile(_TAG + rb'mergeCell\s[^>]*?\bref="([A-Z]+([0-9]+)(?::[A-Z]+[0-9]+)?)"')
_DATA = re.compile(rb"<(\w+:)?sheetData(\s[^>]*)?>")
_ROW_NUMBER = re.compile(_TAG + rb'row\s[^>]*?\br="([0-9]+)"')


@dataclass
class _Seen:
    """What a sheet holds: any cell at all, and its merged ranges as (row, range)."""

    has_cells: bool = False
    merged: set[tuple[int, str]] = field(default_factory=set)


def open_xlsx(path: Path) -> Sheet:
    """Raises InputError for a damaged or oversized workbook, a formula, and merged cells."""
    with open_archive(path) as archive:
        seen = {name: _scan(path, archive, name) for name in archive.namelist() if is_sheet(name)}
        # The answers stand in the first sheet, in the order of the tabs, that holds anything.
        part = next((name for name in _tabs(path, archive) if name in seen and seen[name].has_cells), None)
    if part is None:
        return Sheet(path, [], lambda after: iter(()))
    sheet = sheet_of(path, lambda: _rows(path, part))
    if found := sorted(seen[part].merged):
        row, cells = found[0]
        in_header = bool(sheet.head) and row <= sheet.head[0][0] + HEAD_ROWS - 1
        raise merged(path, cells, len(found), in_header)
    return sheet


def _scan(path: Path, archive: zipfile.ZipFile, name: str) -> _Seen:
    seen, tail = _Seen(), b""
    with archive.open(name) as handle:
        while block := handle.read(BLOCK_BYTES):
            text = tail + block
            if found := _FORMULA.search(text):
                cells = _CELL_NAME.findall(text, 0, found.start())
                raise formula(path, cells[-1].decode() if cells else "?")
            seen.has_cells = seen.has_cells or _CELL.search(text) is not None
            if b"ergeCell" in text:
                seen.merged.update((int(row), cells.decode()) for cells, row in _MERGED.findall(text))
            tail = text[-_TAG_BYTES:]
    return seen


def _tabs(path: Path, archive: zipfile.ZipFile) -> list[str]:
    """Parts of the sheets in the order of their tabs."""
    try:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    except ElementTree.ParseError as error:
        raise unreadable(path, error) from error
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    ids = [
        next((value for key, value in tab.attrib.items() if key.endswith("}id")), None)
        for tab in book.iter()
        if tab.tag.endswith("}sheet")
    ]
    found = [targets.get(link, "") for link in ids]
    return [target.removeprefix("/") if target.startswith("/") else f"xl/{target}" for target in found]


def _rows(path: Path, part: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of a sheet that hold anything, as (row number, cells from column A)."""
    import python_calamine

    with open_archive(path) as archive:
        small = {
            name: archive.read(name)
            for name in archive.namelist()
            if not is_sheet(name) and name.endswith((".xml", ".rels")) and "/theme/" not in name
        }
        at = _tabs(path, archive).index(part)
        before = 0
        for xml, count in _slices(path, archive, part):
            # Writers may leave the numbers of rows out; the library then counts within the slice.
            offset = 0 if _ROW_NUMBER.search(xml) else before
            before += count
            try:
                with python_calamine.CalamineWorkbook.from_filelike(_packed(small, part, xml)) as book:
                    piece = book.get_sheet_by_index(at)
            except (python_calamine.CalamineError, ValueError) as error:
                raise unreadable(path, error) from error
            if piece.start is None:
                continue
            left = [""] * piece.start[1]
            for number, cells in enumerate(piece.to_python(), offset + piece.start[0] + 1):
                texts = [cell_text(cell) for cell in cells]
                if any(text.strip() for text in texts):
                    yield number, left + texts


def _packed(small: dict[str, bytes], part: str, xml: bytes) -> io.BytesIO:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in small.items():
            archive.writestr(name, content)
        archive.writestr(part, xml)
    packed.seek(0)
    return packed


def _slices(path: Path, archive: zipfile.ZipFile, part: str) -> Iterator[tuple[bytes, int]]:
    """The sheet as sheets of some whole rows each, and how many rows each has."""
    with archive.open(part) as handle:
        text, data = b"", None
        while data is None:
            block = handle.read(BLOCK_BYTES)
            text += block
            data = _DATA.search(text)
            if data is None and (not block or len(text) > MAX_ROW_BYTES):
                return
        prefix = data[1] or b""
        row, end = b"<" + prefix + b"row", b"</" + prefix + b"sheetData>"
        start, close = text[: data.end()], end + b"</" + prefix + b"worksheet>"
        text = text[data.end() :]
        if start.endswith(b"/>"):
            return
        while True:
            last = text.find(end)
            cut = last if last >= 0 else text.rfind(row)
            if last >= 0 or (len(text) >= SLICE_BYTES and cut > 0):
                yield start + text[:cut] + close, text.count(row, 0, cut)
                text = text[cut:]
            if last >= 0:
                return
            if len(text) > MAX_ROW_BYTES:
                raise InputError(
                    path,
                    part,
                    f"a row of more than {MAX_ROW_BYTES:,} bytes",
                    "One row must be one respondent: export the answers as CSV.",
                )
            block = handle.read(BLOCK_BYTES)
            if not block:
                raise unreadable(path, ValueError(f"{part} ends within its rows"))
            text += block
