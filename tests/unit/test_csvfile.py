"""Broken CSV files: each defect has a message that says where it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagster_project.errors import InputError
from dagster_project.ingest.csvfile import read_csv_rows

GOOD = "bank,value\n中国工商银行,1\n招商银行股份,2\n"


def _file(folder: Path, content: bytes) -> Path:
    path = folder / "file.csv"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_encodings_give_the_same_rows(tmp_path: Path, encoding: str) -> None:
    rows = read_csv_rows(_file(tmp_path, GOOD.encode(encoding)), ("bank", "value"))
    assert rows == [(2, {"bank": "中国工商银行", "value": "1"}), (3, {"bank": "招商银行股份", "value": "2"})]


def test_row_numbers_are_those_of_a_spreadsheet(tmp_path: Path) -> None:
    path = _file(tmp_path, 'bank,value,more\r\n"甲\r\n银行",1,x\r\n,,\r\n乙银行,2,y\r\n'.encode())
    assert [(number, row["bank"]) for number, row in read_csv_rows(path, ("bank",))] == [
        (2, "甲\r\n银行"),
        (4, "乙银行"),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "an empty file"),
        (b"\n\n", "an empty file"),
        (b"bank,value\n", "a header and no data row"),
        (b"bank,wert\nA,1\n", "row 1: found no column 'value' (columns there: bank, wert)"),
        (b"bank;value\nA;1\n", "no column 'bank', 'value'"),
        (b"bank,value,bank\nA,1,B\n", "row 1: found column 'bank' more than once"),
        (b"bank,value\nA,1\nB\n", "row 3, at column bank: found 1 cells where the header has 2"),
        (b"bank,value\nA,1,008\n", "row 2, at column value: found 3 cells where the header has 2"),
        (b'bank,value\n"A,1\n', "broken CSV"),
        (b"bank,value\nA,1\0\n", "byte 14: found a NUL byte at byte 14"),
        (GOOD.encode("utf-16"), "NUL byte at byte 3"),
        (b"bank,value\nA\xff\xff,1\n", "byte 12: found bytes that are neither UTF-8 (byte 12) nor GB18030"),
        (GOOD.encode() + "乙�,3\n".encode(), "row 4, column bank: found a replacement character (byte 56)"),
        (GOOD.encode() + "锟斤拷,3\n".encode(), "row 4, column bank: found a replacement character"),
        ("bank,value\n銀行業整體,1\n臺灣銀行,2\n".encode("big5"), "make no Chinese text as GB18030"),
    ],
)
def test_defects(tmp_path: Path, content: bytes, message: str) -> None:
    path = _file(tmp_path, content)
    with pytest.raises(InputError) as caught:
        read_csv_rows(path, ("bank", "value"))
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize(("name", "wrong"), [("中国建设银行", "gb18030"), ("Société Générale", "cp1252")])
def test_utf8_read_in_another_encoding(tmp_path: Path, name: str, wrong: str) -> None:
    twisted = name.encode().decode(wrong)
    path = _file(tmp_path, f"bank,value\n{twisted},1\n".encode())
    with pytest.raises(InputError, match="UTF-8 read in another encoding"):
        read_csv_rows(path, ("bank", "value"))


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_csv_rows(tmp_path / "none.csv", ("bank",))
