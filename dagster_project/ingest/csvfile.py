"""CSV files as received: decoded with proof, and taken only when every row has the declared shape."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from dagster_project.errors import InputError

_RESAVE = "Save the table anew as CSV in UTF-8."
_MIN_FOREIGN_SHARE = 0.2


def read_csv_rows(path: Path, required_columns: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    """The data rows of a CSV file as (row number, cells by column), cells exactly as they stand.

    Row numbers count as a spreadsheet does: the header is row 1, a cell with a line break does not
    start a new row, and rows without any content are skipped but counted. More columns than the
    required ones are allowed.

    Raises InputError where the bytes are not text, the text is damaged, there is no data row, a
    column is missing or stands there twice, or a row has more or fewer cells than the header.
    """
    text = decode(path)
    try:
        records = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise InputError(
            path, "", f"broken CSV ({error})", "Check the quotation marks. " + _RESAVE
        ) from error
    numbered = [(number, record) for number, record in enumerate(records, 1) if any(map(str.strip, record))]
    if not numbered:
        raise InputError(path, "", "an empty file", "Receive the file again; it must hold a header and data.")
    header_row, header = numbered[0][0], [name.strip() for name in numbered[0][1]]
    _check_header(path, header_row, header, required_columns)
    if len(numbered) == 1:
        raise InputError(path, "", "a header and no data row", "Receive the file again, or remove it.")
    rows = []
    for number, record in numbered[1:]:
        if len(record) != len(header):
            last = header[min(len(record), len(header)) - 1]
            raise InputError(
                path,
                f"row {number}, at column {last}",
                f"{len(record)} cells where the header has {len(header)}",
                "Put cells that hold a comma in quotation marks, or add the missing cells.",
            )
        rows.append((number, dict(zip(header, record, strict=True))))
    _check_damage(path, rows)
    return rows


def decode(path: Path) -> str:
    """The text of a file in UTF-8 (with or without BOM) or GB18030; InputError if it is neither."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(
            path, "", "no such file", "Put the file there, or remove what refers to it."
        ) from error
    return decode_bytes(path, raw)[0]


def decode_bytes(path: Path, raw: bytes) -> tuple[str, str]:
    """The text of bytes taken from `path` and the encoding they are in: `utf-8` or `gb18030`.

    raw: the whole file, or its first lines up to the end of a line. Raises InputError if it is neither.
    """
    if (at := raw.find(b"\0")) >= 0:
        found = f"a NUL byte at byte {at} (a UTF-16 text or a workbook, not a CSV)"
        raise InputError(path, f"byte {at}", found, _RESAVE)
    try:
        return raw.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError as error:
        not_utf8 = error
    try:
        text = raw.decode("gb18030")
    except UnicodeDecodeError as error:
        raise InputError(
            path,
            f"byte {not_utf8.start}",
            f"bytes that are neither UTF-8 (byte {not_utf8.start}) nor GB18030 (byte {error.start})",
            _RESAVE,
        ) from error
    # GB18030 decodes nearly anything. Simplified Chinese stays inside GB2312, other encodings read
    # as GB18030 scatter over the rare characters.
    wide = [char for char in text if ord(char) > 0x2E7F]
    foreign = sum(1 for char in wide if not _in_gb2312(char))
    if foreign > _MIN_FOREIGN_SHARE * len(wide) or any(0x80 <= ord(char) <= 0x9F for char in text):
        raise InputError(
            path,
            f"byte {not_utf8.start}",
            f"bytes that are not UTF-8 and make no Chinese text as GB18030 ({foreign} of {len(wide)} "
            "characters are rare ones)",
            _RESAVE,
        )
    return text, "gb18030"


def _in_gb2312(char: str) -> bool:
    try:
        char.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def _check_header(path: Path, row: int, header: list[str], required: Sequence[str]) -> None:
    place = f"row {row}"
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise InputError(path, place, f"column {twice[0]!r} more than once", "Give each column its own name.")
    missing = [name for name in required if name not in header]
    if missing:
        raise InputError(
            path,
            place,
            f"no column {', '.join(map(repr, missing))} (columns there: {', '.join(header)})",
            "Add the column, or correct its name.",
        )


def _check_damage(path: Path, rows: list[tuple[int, dict[str, str]]]) -> None:
    """Text that was decoded wrongly before it reached us: valid bytes, lost meaning."""
    wide: list[tuple[int, str, str]] = []
    for number, row in rows:
        for column, cell in row.items():
            if cell.isascii():
                continue
            if "�" in cell or "锟斤拷" in cell:
                at = path.read_bytes().find("�".encode())
                where = f" (byte {at})" if at >= 0 else ""
                raise InputError(
                    path,
                    f"row {number}, column {column}",
                    f"a replacement character{where} in {cell[:40]!r}: the text was damaged before it came",
                    "Receive the file again from its source; the lost characters cannot be restored.",
                )
            wide.append((number, column, cell))
    long = [item for item in wide if sum(ord(char) > 0x7F for char in item[2]) >= 3]
    twisted = [item for item in long if _is_mojibake(item[2])]
    if len(twisted) * 2 > len(long):
        number, column, cell = twisted[0]
        raise InputError(
            path,
            f"row {number}, column {column}",
            f"{cell[:40]!r}, which is UTF-8 read in another encoding and saved again",
            _RESAVE,
        )


def _is_mojibake(text: str) -> bool:
    for wrong in ("gb18030", "cp1252"):
        try:
            text.encode(wrong).decode("utf-8")
        except (UnicodeEncodeError, UnicodeDecodeError):
            continue
        return True
    return False
