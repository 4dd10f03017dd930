"""How the workbook writes single cells: text that looks like a formula or link, numbers, days, hidden values."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from dagster_project.errors import FengchaoError
from dagster_project.release.beside import written_beside
from dagster_project.release.workbook import HEADER_ROW, Book
from dagster_project.settings import Settings

RELEASE = {"release_id": "2023-01-01-abc", "release_date": "2023-01-01"}
EVIL = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    '=HYPERLINK("http://x")',
    "http://example.org",
    "{=1}",
    "007",
    "1e5",
    "\t=1",
]


def write(path: Path) -> bytes:
    book = Book(path, RELEASE)
    sheet = book.sheet("表", "题", "SYNTHETIC")
    columns = [("note", "VARCHAR"), ("score", "DOUBLE"), ("investment_cny", "DECIMAL(20,2)"), ("as_of_date", "DATE"), ("listed", "BOOLEAN")]  # fmt: skip
    rows = [(text, None, Decimal("12345678901.25"), datetime.date(2023, 1, 2), True) for text in EVIL]
    book.table(sheet, columns, rows, 1, lambda row, position: "隐去" if position == 1 else "")
    book.book.close()
    return path.read_bytes()


def test_text_stays_text_and_values_keep_their_type(tmp_path: Path) -> None:
    write(tmp_path / "a.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["表"]
    cells = [list(row) for row in sheet.iter_rows(min_row=HEADER_ROW + 2)]
    assert [row[0].value for row in cells] == EVIL
    assert {row[0].data_type for row in cells} == {"s"} and not any(row[0].hyperlink for row in cells)
    hidden, amount, day, listed = (cell.value for cell in cells[0][1:])
    assert (hidden, amount, str(day), listed) == ("隐去", 12345678901.25, "2023-01-02 00:00:00", "是")
    assert cells[0][2].number_format.startswith("#,##0")
    assert sheet.freeze_panes == "B5" and sheet.auto_filter.ref == f"A4:E{4 + len(EVIL)}"
    assert sheet.cell(HEADER_ROW + 1, 2).value == "得分\nscore"


def test_same_values_same_bytes(tmp_path: Path) -> None:
    assert write(tmp_path / "a.xlsx") == write(tmp_path / "b.xlsx")


def test_a_workbook_that_cannot_be_written_stops_the_release(tmp_path: Path) -> None:
    with (
        pytest.raises(FengchaoError, match=r"workbook or lineage could not be written.*fengchao\.duckdb"),
        written_beside(tmp_path, {}, {}, Settings(tmp_path, tmp_path)),
    ):
        pass
    with (
        pytest.raises(ValueError, match="a failed check"),
        written_beside(tmp_path, {}, {}, Settings(tmp_path, tmp_path)),
    ):
        raise ValueError("a failed check")


def test_a_text_that_no_cell_holds_is_refused_and_not_dropped(tmp_path: Path) -> None:
    book = Book(tmp_path / "a.xlsx", RELEASE)
    with pytest.raises(FengchaoError, match="表, row 5, column note"):
        book.table(book.sheet("表", "题", "SYNTHETIC"), [("note", "VARCHAR")], [("x" * 32768,)])
