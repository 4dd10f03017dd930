"""腾讯问卷: `5.题干` with `A.选项` in the cells; a multiple choice has a column `6.题干:选项` per option.

An option that was not chosen is an empty cell; the platform does not say whether a question was
skipped or left blank, so only the codebook's eligible_rule tells the two apart.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from dagster_project.ingest.codebook import Item, Option, normalise_label
from dagster_project.ingest.platforms.base import (
    Column,
    Layout,
    Peek,
    Questions,
    align,
    meta_columns,
)
from dagster_project.ingest.sheets import Sheet
from dagster_project.ingest.wjx import TEXT, Answer, BadCell, decode_cell, read_tick

META_COLUMNS = {
    "编号": "response_no", "开始答题时间": "started_at", "结束答题时间": "submitted_at", "答题时长": "duration",
    "省份": "place", "城市": "place", "地理位置": "place", "IP": "ip", "用户IP": "ip", "UA": "device", "Referrer": "source",
    "自定义字段": "user_id", "语言": "language", "来源": "source", "昵称": "user_id", "用户类型": "user_id",
    "用户标识": "user_id", "地理位置国家和地区": "place", "地理位置省": "place", "地理位置市": "place",
}  # fmt: skip
_LETTER = re.compile(r"^[A-Z]{1,2}\s*[.、．]\s*")
_ASKS_FOR_TEXT = re.compile("填空|填写|注明|补充")
_TYPED_TEXT_ALONE = re.compile(r".*\[(选项)?填空\]")


def recognise(sheet: Sheet) -> bool:
    header = {cell.strip() for cell in sheet.head[0][1]}
    return "编号" in header and bool(header & {"开始答题时间", "结束答题时间", "答题时长"})


def option_of(questions: Questions, header: str, item: Item) -> str | None:
    return questions.after_stem(header, item) or None


def is_typed_text(questions: Questions, header: str, before: Column) -> bool:
    """`5.题干:其他[选项填空]`: the header of the option, or of the question, and a word that asks for text."""
    rest = questions.after_stem(header, before.item)
    if rest is None:
        return _TYPED_TEXT_ALONE.fullmatch(header.strip()) is not None
    label = normalise_label(before.option.label) if before.option is not None else ""
    known = rest in before.item.options or before.item.item_type == "matrix"
    return not known and rest.startswith(label) and bool(_ASKS_FOR_TEXT.search(rest.removeprefix(label)))


def _plain(cell: str) -> str:
    return _LETTER.sub("", unicodedata.normalize("NFC", cell).strip())


def _read(item: Item, cell: str) -> list[Answer] | BadCell:
    return decode_cell(item, _plain(cell) if item.options else cell, TEXT)


def _tick(item: Item, option: Option, cell: str) -> int | BadCell:
    return read_tick(item, option, _plain(cell))


def layout(sheet: Sheet, items: Sequence[Item], peek: Peek, kind: str | None) -> Layout:
    """Raises InputError where the header is not that of the codebook's questionnaire."""
    row, headers = sheet.head[0]
    meta, positions = meta_columns(headers, META_COLUMNS)
    columns = align(sheet, headers, items, positions, option_of, is_typed_text)
    columns = [replace(column, read=_read, tick=_tick) for column in columns]
    return Layout("tencent", TEXT, row, columns, meta, headers)
