"""Qualtrics CSV: three header rows (name, question text, ImportId), labels or numbers in the cells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from dagster_project.ingest.codebook import Item, Option
from dagster_project.ingest.platforms.base import (
    Column,
    Layout,
    Peek,
    Questions,
    align,
    meta_columns,
    option_kind,
    parse_header,
)
from dagster_project.ingest.sheets import Sheet
from dagster_project.ingest.wjx import TEXT, Answer, BadCell, decode_cell, find_option, read_tick

META_COLUMNS = {
    "ResponseId": "response_no", "EndDate": "submitted_at", "StartDate": "started_at",
    "RecordedDate": "recorded_at", "Duration (in seconds)": "duration", "IPAddress": "ip", "Status": "status",
    "Progress": "progress", "Finished": "finished", "DistributionChannel": "source", "UserLanguage": "language",
    "LocationLatitude": "position", "LocationLongitude": "position", "RecipientLastName": "user_id",
    "RecipientFirstName": "user_id", "RecipientEmail": "user_id", "ExternalReference": "user_id",
}  # fmt: skip
# `题干 - Selected Choice` stands over a question that has a text beside one of its options.
_CHOICE = "selectedchoice"
_WHOLE = re.compile(r"\s*-\s*Selected Choice\s*$", re.IGNORECASE)
_TEXT = "_TEXT"


def recognise(sheet: Sheet) -> bool:
    return "ResponseId" in sheet.head[0][1] or any(
        "ImportId" in cell for _, row in sheet.head for cell in row[:1]
    )


def last_header_row(sheet: Sheet) -> int:
    """Old exports have two header rows, new ones three."""
    imports = [row for row, cells in sheet.head if cells and "ImportId" in cells[0]]
    return imports[0] if imports else sheet.head[min(1, len(sheet.head) - 1)][0]


def _headers(sheet: Sheet) -> list[str]:
    """`Q3_2` and `题干 - 选项` as `3、题干 - 选项`; names of single columns keep their text mark."""
    names = sheet.head[0][1]
    texts = sheet.head[1][1] if len(sheet.head) > 1 else names
    headers = []
    for name, text in zip(names, [*texts, *[""] * len(names)], strict=False):
        text, number = _WHOLE.sub("", text), re.match(r"Q(\d+)", name)
        already = parse_header(text).number is not None
        joined = f"{number[1]}、{text}" if number and not already else text or name
        headers.append(f"{joined}{_TEXT}" if name.endswith(_TEXT) else joined)
    return headers


def option_of(questions: Questions, header: str, item: Item) -> str | None:
    rest = questions.after_stem(header, item)
    if rest is None or not rest.startswith("-"):
        return None
    return rest[1:].removeprefix(_CHOICE).removeprefix("-") or None


def is_typed_text(questions: Questions, header: str, before: Column) -> bool:
    return header.endswith(_TEXT) and questions.after_stem(header, before.item) is not None


def _blank(cell: str) -> str:
    return "" if cell.strip() == "-99" else cell


def _tick(item: Item, option: Option, cell: str) -> int | BadCell:
    cell = _blank(cell)
    number = cell.strip()
    if item.item_type == "multi" and number == str(option.option_no):
        return 1
    return read_tick(item, option, cell)


def layout(sheet: Sheet, items: Sequence[Item], peek: Peek, kind: str | None) -> Layout:
    """Raises InputError where the header is not that of the codebook's questionnaire."""
    headers = _headers(sheet)
    meta, positions = meta_columns(sheet.head[0][1], META_COLUMNS)
    columns = align(sheet, headers, items, positions, option_of, is_typed_text)
    kind = kind or option_kind(columns, peek, TEXT)

    def read(item: Item, cell: str) -> list[Answer] | BadCell:
        cell = _blank(cell)
        if item.item_type == "multi":
            cell = _split_commas(item, cell, kind)
        return decode_cell(item, cell, kind)

    return Layout(
        "qualtrics",
        kind,
        last_header_row(sheet),
        [replace(column, read=read, tick=_tick) for column in columns],
        meta,
        headers,
    )


def _split_commas(item: Item, cell: str, kind: str) -> str:
    """`甲,乙` as `甲┋乙`; a comma that belongs to a label joins its parts again."""
    parts, joined = cell.split(","), []
    while parts:
        for end in range(len(parts), 0, -1):
            label = ",".join(parts[:end])
            if end == 1 or isinstance(find_option(item, label, kind), Option):
                joined.append(label)
                parts = parts[end:]
                break
    return "┋".join(joined)
