"""Figures from a workbook as people lay it out, read through the mapping file beside it.

The mapping (`<file name>.mapping.yaml`, schemas/mapping.schema.json) says on which sheet a table stands,
in which row its header, what each column holds and where the table ends. Whatever the mapping does not
name stops the file; what stands around the table is counted and listed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from dagster_project.errors import InputError
from dagster_project.ingest.displayed import NotDisplayed, displayed
from dagster_project.ingest.files.archive import open_archive
from dagster_project.ingest.printed import COLUMNS, PrintedDocument, PrintedRow, describe
from dagster_project.ingest.sidecar import MAPPING_SUFFIX, check_schema, read_yaml

# A table of figures has hundreds of rows; a sheet that claims more was formatted to its end.
MAX_ROWS, MAX_COLUMNS = 20_000, 500
MAX_WORKBOOK_BYTES = 64 << 20
_SCHEMA = Path(__file__).parent / "schemas" / "mapping.schema.json"
_CORRECT = "Correct the mapping; docs/disclosures.md describes it."


def mapping_path(path: Path) -> Path:
    return path.with_name(path.name + MAPPING_SUFFIX)


def read_workbook(path: Path, sidecar: Mapping[str, Any], source: str) -> list[PrintedDocument]:
    """The documents of a workbook, each with a row per figure cell.

    sidecar: of the workbook; its `documents` describe further documents. source: the file relative to
    the raw folder. Every cell of a value column is a figure, blank, or set aside with a reason; every
    other row of the sheet with content is listed.
    Raises InputError where workbook or mapping cannot be read or do not fit each other.
    """
    mapping = _read_mapping(path)
    book = _open(path)
    documents = _documents(path, sidecar, source)
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    used: dict[str, PrintedDocument] = {}
    taken: dict[str, set[int]] = {}
    for number, entry in enumerate(mapping["tables"], 1):
        place = f"tables.{number - 1}"
        if entry["sheet"] not in sheets:
            raise InputError(
                mapping_path(path),
                f"{place}.sheet",
                f"sheet {entry['sheet']!r}, which {path.name} does not have (sheets: {', '.join(sheets)})",
                _CORRECT,
            )
        document_id = entry.get("document_id", sidecar["document_id"])
        if document_id not in documents:
            raise InputError(
                mapping_path(path),
                f"{place}.document_id",
                f"document {document_id!r}, which the sidecar does not describe ({', '.join(documents)})",
                "Describe it in the sidecar, under `documents`.",
            )
        used[document_id] = documents[document_id]
        table = _Table(path, place, number, sheets[entry["sheet"]], entry)
        table.read(documents[document_id], taken.setdefault(entry["sheet"], set()))
    _check_nothing_left(path, book, mapping, taken, next(iter(used.values())))
    unused = sorted(documents.keys() - used.keys() - {sidecar["document_id"]})
    if unused:
        raise InputError(
            mapping_path(path),
            "tables",
            f"no table of document {unused[0]!r}",
            "Map its table, or take it out.",
        )
    return list(used.values())


def _read_mapping(path: Path) -> Any:
    beside = mapping_path(path)
    if not beside.is_file():
        raise InputError(
            path,
            "",
            "no mapping beside it",
            f"Write {beside.name}: which sheet, header row and columns hold what (docs/disclosures.md).",
        )
    mapping = read_yaml(beside)
    check_schema(beside, mapping, _SCHEMA, _CORRECT)
    return mapping


def _open(path: Path) -> Any:
    if path.stat().st_size > MAX_WORKBOOK_BYTES:
        raise InputError(path, "whole file", f"{path.stat().st_size:,} bytes", "Split the workbook.")
    with open_archive(path):
        pass  # refused here where it unpacks to more than a workbook would
    try:
        # Formulas stay formulas: what they came to when the file was saved is no printed figure.
        book = load_workbook(path)
    except Exception as error:  # the reader raises whatever the broken part makes it raise
        raise InputError(
            path,
            "whole file",
            f"a workbook that cannot be opened ({type(error).__name__}: {str(error)[:100]})",
            "Receive the file again, or save it anew as .xlsx.",
        ) from error
    for sheet in book.worksheets:
        if sheet.max_row > MAX_ROWS or sheet.max_column > MAX_COLUMNS:
            raise InputError(
                path,
                f"sheet {sheet.title}",
                f"{sheet.max_row:,} rows and {sheet.max_column:,} columns (limits {MAX_ROWS:,} and {MAX_COLUMNS})",
                "Delete the empty formatted rows and columns, or split the table.",
            )
    return book


def _documents(path: Path, sidecar: Mapping[str, Any], source: str) -> dict[str, PrintedDocument]:
    documents = {sidecar["document_id"]: PrintedDocument(describe(sidecar), source)}
    for number, entry in enumerate(sidecar.get("documents", [])):
        name = entry["document_id"]
        if name in documents:
            raise InputError(path, f"sidecar, documents.{number}", f"document {name} twice", "Keep one.")
        # An address belongs to one document: it is not inherited from the file.
        inherited = {key: value for key, value in sidecar.items() if key not in ("url", "citation")}
        documents[name] = PrintedDocument(describe(inherited | entry), source)
    return documents


def _check_nothing_left(
    path: Path, book: Any, mapping: Any, taken: Mapping[str, set[int]], first: PrintedDocument
) -> None:
    """Every sheet with content is mapped or ignored by name; rows outside of all tables are listed."""
    ignored = mapping.get("ignored_sheets", [])
    if unknown := [name for name in ignored if name not in book.sheetnames]:
        raise InputError(
            mapping_path(path), "ignored_sheets", f"sheet {unknown[0]!r}, which is not there", _CORRECT
        )
    for sheet in book.worksheets:
        rows = [row for row in sheet.iter_rows() if any(cell.value is not None for cell in row)]
        if sheet.title in taken:
            last = rows[-1][0].row if rows else 0
            filled = {row[0].row: row for row in rows}
            for number in range(1, last + 1):
                if number in taken[sheet.title]:
                    continue
                row = filled.get(number)
                text = _row_text(row) if row else ""
                reason, found = (
                    ("beside_table", f"{text!r} outside of the table")
                    if row
                    else ("blank_row", "a blank row")
                )
                first.list_row(
                    number,
                    reason,
                    f"{sheet.title}: {found}",
                    "Nothing to do if it is no figure.",
                    {"text": text},
                )
        elif rows and sheet.title not in ignored:
            raise InputError(
                path,
                f"sheet {sheet.title}",
                f"{len(rows)} rows with content that the mapping does not name",
                "Map its table, or name the sheet under `ignored_sheets`.",
            )


def _row_text(cells: Any) -> str:
    return " | ".join(str(cell.value).strip() for cell in cells if cell.value is not None)


@dataclass(frozen=True)
class _Column:
    at: int
    rule: Mapping[str, str]


class _Aside(Exception):
    """One cell that cannot become a figure: reason, found, remedy."""


class _Table:
    """One table of the mapping, laid over its sheet."""

    def __init__(
        self, path: Path, place: str, number: int, sheet: Worksheet, entry: Mapping[str, Any]
    ) -> None:
        self.path, self.place, self.number, self.sheet, self.entry = path, place, number, sheet, entry
        self.header_row = int(entry["header_row"])
        self.fixed: Mapping[str, str] = entry.get("fixed", {})
        self.columns = [
            _Column(column_index_from_string(letter), rule) for letter, rule in entry["columns"].items()
        ]
        self.merged = {
            (row, column): area
            for area in sheet.merged_cells.ranges
            for row in range(area.min_row, area.max_row + 1)
            for column in range(area.min_col, area.max_col + 1)
        }
        self._check_header()
        self._check_roles()

    def _check_header(self) -> None:
        stated = {column.at: column.rule["header"] for column in self.columns}
        for at in range(1, max(self.sheet.max_column, *stated) + 1):
            actual = _one_line(str(self.sheet.cell(self.header_row, at).value or ""))
            letter = get_column_letter(at)
            cell = f"sheet {self.sheet.title}, cell {letter}{self.header_row}"
            if at not in stated:
                if actual:
                    raise InputError(
                        self.path,
                        cell,
                        f"a column {actual!r} that the mapping does not name",
                        f"Add {letter} to the mapping; `holds: ignored` leaves it out.",
                    )
            elif actual != _one_line(stated[at]):
                raise InputError(
                    self.path,
                    cell,
                    f"header {actual!r} where the mapping says {stated[at]!r}",
                    "Correct header or header_row in the mapping, or receive the right workbook.",
                )

    def _check_roles(self) -> None:
        held = [column.rule["holds"] for column in self.columns if "holds" in column.rule]
        wide = any("measure" in column.rule for column in self.columns)

        def wrong(found: str) -> InputError:
            return InputError(mapping_path(self.path), f"{self.place}.columns", found, _CORRECT)

        twice = [role for role in held if role != "ignored" and held.count(role) > 1]
        if twice:
            raise wrong(f"two columns that hold {twice[0]!r}")
        if "bank" not in held and "bank" not in self.fixed:
            raise wrong("no column that holds the bank, and no fixed bank")
        if wide == ("value" in held):
            raise wrong("neither or both of columns with a measure (wide) and a column of values (long)")
        if not wide and "measure" not in held:
            raise wrong("a column of values without a column that holds the measure")
        years = all("fiscal_year" in column.rule for column in self.columns if "measure" in column.rule)
        if "fiscal_year" not in held and "fiscal_year" not in self.fixed and not (wide and years):
            raise wrong("no fiscal year: neither fixed nor in a column")

    def _text(self, row: int, column: int) -> str:
        """The displayed text of a cell; blank for cells hidden by a merge. Raises _Aside for a formula."""
        cell = self.sheet.cell(row, column)
        if isinstance(cell, MergedCell) or cell.value is None:
            return ""
        if cell.data_type == "f":
            raise _Aside(
                "formula_cell",
                f"the formula {str(cell.value)[:60]!r} in {self._name(cell)}",
                "A computed cell was not printed: write the figure as the document prints it.",
            )
        try:
            return displayed(cell.value, cell.number_format)
        except NotDisplayed as problem:
            raise _Aside(
                "display_unknown", f"{problem.found} in {self._name(cell)}", problem.remedy
            ) from problem

    def _name(self, cell: Cell | MergedCell) -> str:
        return f"{self.sheet.title}!{cell.coordinate}"

    def _end(self) -> int:
        """The last row of the table."""
        end, last = self.entry.get("end"), self.sheet.max_row
        if isinstance(end, dict) and "row" in end:
            return int(end["row"])
        for number in range(self.header_row + 1, last + 1):
            texts = [str(cell.value).strip() for cell in self.sheet[number] if cell.value is not None]
            if end == "blank_row" and not texts:
                return number - 1
            if isinstance(end, dict) and any(text.startswith(end["before"]) for text in texts):
                return number - 1
        if isinstance(end, dict):
            raise InputError(
                self.path,
                f"sheet {self.sheet.title}",
                f"no cell below the header that begins with {end['before']!r}",
                "Correct `end` in the mapping.",
            )
        return last

    def read(self, document: PrintedDocument, taken: set[int]) -> None:
        """Append the figures of the table; `taken` collects its rows, header included."""
        rows = range(self.header_row + 1, self._end() + 1)
        if twice := taken & {self.header_row, *rows}:
            raise InputError(
                mapping_path(self.path),
                self.place,
                f"row {min(twice)} of sheet {self.sheet.title}, which another table holds already",
                "Give each table its `end`.",
            )
        taken.add(self.header_row)
        for number in rows:
            if any(cell.value is not None for cell in self.sheet[number]):
                taken.add(number)
                self._read_row(number, document)

    def _read_row(self, number: int, document: PrintedDocument) -> None:
        raw = {"sheet": self.sheet.title, "text": _row_text(self.sheet[number])}
        values = [c for c in self.columns if "measure" in c.rule or c.rule.get("holds") == "value"]
        if not any(
            self.sheet.cell(number, c.at).value is not None or (number, c.at) in self.merged for c in values
        ):
            found = f"{self.sheet.title}: no value in the row {raw['text']!r}"
            document.list_row(number, "no_value", found, "Nothing to do if it is a heading or a note.", raw)
            return
        for column in values:
            cell = self.sheet.cell(number, column.at)
            try:
                if cells := self._cells(number, column):
                    mark = f"{self.number}.{cell.coordinate}"
                    document.rows.append(PrintedRow(number, mark, cells))
                else:
                    document.list_row(
                        number, "blank_cell", f"{self._name(cell)}: no value", "Nothing to do.", raw
                    )
            except _Aside as problem:
                reason, found, remedy = problem.args
                document.list_row(number, reason, found, remedy, raw)

    def _cells(self, number: int, column: _Column) -> dict[str, str] | None:
        """The printed words of one value cell; None where it is blank."""
        cell = self.sheet.cell(number, column.at)
        if area := self.merged.get((number, column.at)):
            raise _Aside(
                "merged_value",
                f"{self._name(cell)}, part of the merged cells {area.coord}",
                "One value over several cells belongs to nobody: write it where it belongs.",
            )
        value = self._text(number, column.at).strip()
        if not value:
            return None
        row = {
            other.rule["holds"]: self._text(number, other.at).strip()
            for other in self.columns
            if other.rule.get("holds") not in (None, "ignored", "bank", "value")
        }
        rule = column.rule
        printed = row.get("measure") or rule.get("measure_as_printed") or _one_line(rule["header"])
        measures = self.entry.get("measures", {})
        cells = {
            "bank_as_printed": self._bank(number),
            "fiscal_year": rule.get("fiscal_year")
            or row.get("fiscal_year")
            or self.fixed.get("fiscal_year", ""),
            "measure_as_printed": printed,
            "measure": rule.get("measure") or measures.get(printed, printed),
            "value_as_printed": value,
            "unit_as_printed": row.get("unit") or rule.get("unit") or self.fixed.get("unit", ""),
            "comparison": row.get("comparison") or self.fixed.get("comparison", ""),
            "scope_as_printed": row.get("scope") or rule.get("scope") or self.fixed.get("scope", ""),
            "place": self._name(cell),
        }
        assert cells.keys() == set(COLUMNS)
        return cells

    def _bank(self, number: int) -> str:
        """The bank of a row: its cell, or the top cell of the merge that really covers it."""
        column = next((c.at for c in self.columns if c.rule.get("holds") == "bank"), None)
        if column is None:
            return self.fixed["bank"]
        area = self.merged.get((number, column))
        bank = self._text(*(area.min_row, area.min_col) if area else (number, column)).strip()
        if not bank:
            raise _Aside(
                "blank_bank",
                f"no bank in {self._name(self.sheet.cell(number, column))}, which is not merged with the cell above",
                "Merge the cell with the bank it belongs to, or write the name.",
            )
        return bank


def _one_line(text: str) -> str:
    """A header without line breaks; a space counts between Latin words only."""
    return re.sub(r"(?<![!-~]) | (?![!-~])", "", re.sub(r"\s+", " ", text).strip())
