"""Workbooks are read a slice at a time: the same rows whatever the writer, and memory that does not grow."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import openpyxl
import pytest

from dagster_project.errors import InputError
from dagster_project.ingest.files import archive, open_sheet, xlsx
from dagster_project.ingest.sheets import Sheet
from dagster_project.settings import ROOT

FIXTURES = ROOT / "tests" / "fixtures" / "questionnaires"


def rows_of(sheet: Sheet) -> list[tuple[int, list[str]]]:
    return [
        (int(row), chunk.cells(at))
        for chunk in sheet.chunks(sheet.head[0][0])
        for at, row in enumerate(chunk.rows)
    ]


def write(path: Path, rows: int = 40) -> list[tuple[int, list[str]]]:
    """Header in row 2 of the second tab, an empty first tab, every seventh row empty, column A unused."""
    book = openpyxl.Workbook()
    sheet = book.create_sheet("answers")
    sheet.cell(2, 2, "序号")
    sheet.cell(2, 3, "姓名")
    expected = []
    for number in range(3, rows + 3):
        if number % 7:
            sheet.cell(number, 2, number)
            sheet.cell(number, 3, f"甲<row {number}&")
            expected.append((number, ["", str(number), f"甲<row {number}&"]))
    book.save(path)
    return expected


def rewrite(path: Path, change: dict[str, tuple[str, str]]) -> None:
    """Replace text in parts of an archive."""
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name).decode() for name in old.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in parts.items():
            for part, (before, after) in change.items():
                if part == name:
                    assert before in content
                    content = content.replace(before, after)
            new.writestr(name, content)


@pytest.mark.parametrize("slice_bytes", [1, 200, 1 << 20])
@pytest.mark.parametrize("block_bytes", [7, 1 << 20])
def test_rows_are_the_same_however_they_are_sliced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slice_bytes: int, block_bytes: int
) -> None:
    monkeypatch.setattr(xlsx, "SLICE_BYTES", slice_bytes)
    monkeypatch.setattr(xlsx, "BLOCK_BYTES", block_bytes)
    expected = write(tmp_path / "a.xlsx")
    sheet = open_sheet(tmp_path / "a.xlsx")
    assert sheet.head[0] == (2, ["", "序号", "姓名"])
    assert rows_of(sheet) == expected


def test_rows_without_numbers_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The attribute r of rows and cells is optional; some writers leave it out."""
    path = tmp_path / "a.xlsx"
    book = openpyxl.Workbook()
    for number in range(1, 31):
        book.active.append(["序号" if number == 1 else number, "甲"])  # type: ignore[union-attr]
    book.save(path)
    expected = rows_of(open_sheet(path))
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    sheet = re.sub(rb'<(row|c) r="\w+"', rb"<\1", parts["xl/worksheets/sheet1.xml"])
    with zipfile.ZipFile(path, "w") as new:
        for name, content in (parts | {"xl/worksheets/sheet1.xml": sheet}).items():
            new.writestr(name, content)
    monkeypatch.setattr(xlsx, "SLICE_BYTES", 300)
    monkeypatch.setattr(xlsx, "BLOCK_BYTES", 100)
    assert len(expected) == 29
    assert rows_of(open_sheet(path)) == expected


def test_a_row_without_an_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "MAX_ROW_BYTES", 2_000)
    monkeypatch.setattr(xlsx, "BLOCK_BYTES", 500)
    book = openpyxl.Workbook()
    book.active.append(["序号", "甲" * 3_000])  # type: ignore[union-attr]
    book.save(tmp_path / "a.xlsx")
    rewrite(
        tmp_path / "a.xlsx",
        {"xl/worksheets/sheet1.xml": ("<sheetData>", "<sheetData>" + "<x>" * 2_000)},
    )
    with pytest.raises(InputError, match="a row of more than 2,000 bytes"):
        open_sheet(tmp_path / "a.xlsx")


@pytest.mark.parametrize("block_bytes", [11, 1 << 20])
def test_formula_is_named_by_its_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block_bytes: int
) -> None:
    monkeypatch.setattr(xlsx, "BLOCK_BYTES", block_bytes)
    write(tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    book["answers"]["C12"] = "=B12*2"
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(InputError, match="cell C12: found a formula"):
        open_sheet(tmp_path / "a.xlsx")


def test_formula_in_an_old_workbook(tmp_path: Path) -> None:
    """formula.xls and merged.xls were made with xlwt 1.3.0."""
    with pytest.raises(InputError, match=r"formula\.xls, cell C2: found a formula"):
        open_sheet(FIXTURES / "formula.xls")


def test_merged_cells_in_an_old_workbook() -> None:
    with pytest.raises(InputError, match=r"merged\.xls, cells B1:C1: found merged header cells"):
        open_sheet(FIXTURES / "merged.xls")


def test_texts_that_would_fill_the_memory_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "a.xlsx")
    monkeypatch.setattr(archive, "MAX_PARTS_BYTES", 1_000)
    with pytest.raises(InputError, match=r"bytes of distinct texts .* above the limit of 1,000"):
        open_sheet(tmp_path / "a.xlsx")


def test_directory_that_lies_about_a_size(tmp_path: Path) -> None:
    """A sheet that unpacks to more than the directory of the archive says is not read on."""
    path = tmp_path / "a.xlsx"
    write(path)
    with zipfile.ZipFile(path) as old:
        size = old.getinfo("xl/worksheets/sheet2.xml").file_size
    content = path.read_bytes()
    assert content.count(size.to_bytes(4, "little")) == 2
    path.write_bytes(content.replace(size.to_bytes(4, "little"), (size - 9).to_bytes(4, "little")))
    with pytest.raises(InputError, match="cannot be opened"):
        open_sheet(path)


# Not `ru_maxrss`: a child starts with the peak of the process that made it.
PEAK = """
import sys
from pathlib import Path
from dagster_project.ingest.files import open_sheet
sheet = open_sheet(Path(sys.argv[1]))
rows = sum(len(chunk) for chunk in sheet.chunks(1))
print(rows, next(int(line.split()[1]) // 1024 for line in open('/proc/self/status') if line.startswith('VmHWM')))
"""


def test_memory_does_not_grow_with_the_workbook(tmp_path: Path) -> None:
    """1.2 million cells more cost less than 90 MB more; held as a whole they would cost 120 MB.

    60 until 2026-11-21: on a busy machine the allocator gave slices back later, 61 was seen.
    """
    cells = "".join(f'<c t="inlineStr"><is><t>规划论证阶段{c % 7}</t></is></c>' for c in range(100))
    peaks = []
    for rows in (10_000, 22_000):
        path = tmp_path / f"{rows}.xlsx"
        book = openpyxl.Workbook()
        book.save(path)
        data = "<sheetData>" + "".join(f'<row r="{n}">{cells}</row>' for n in range(1, rows + 2))
        rewrite(path, {"xl/worksheets/sheet1.xml": ("<sheetData", data + "</sheetData><x")})
        done = subprocess.run(
            [sys.executable, "-c", PEAK, str(path)], capture_output=True, text=True, cwd=ROOT, check=True
        )
        count, peak = done.stdout.split()
        assert int(count) == rows
        peaks.append(int(peak))
    assert peaks[1] - peaks[0] < 90, peaks
