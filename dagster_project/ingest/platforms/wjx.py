"""问卷星: one header row; by text, by sequence or by score; old and new style of option columns."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from dagster_project.errors import InputError
from dagster_project.ingest.codebook import Item, normalise_label
from dagster_project.ingest.platforms.base import (
    Layout,
    Peek,
    Questions,
    align,
    meta_columns,
    option_kind,
    reader,
)
from dagster_project.ingest.sheets import Sheet
from dagster_project.ingest.wjx import META_COLUMNS, SCORE, SEQUENCE, TEXT

# `3、(云计算)`, and `第3题(云计算)` before; the label may hold brackets itself.
_OPTION_HEADER = re.compile(r"(?:(\d+)\s*[、.:]|第(\d+)题)\s*\((.+)\)", re.DOTALL)
_KINDS = {"按文本": TEXT, "按序号": SEQUENCE, "按分数": SCORE}


def recognise(sheet: Sheet) -> bool:
    header = {cell.strip() for cell in sheet.head[0][1]}
    return bool(header & {"序号", "提交答卷时间"})


def option_of(questions: Questions, header: str, item: Item) -> str | None:
    match = _OPTION_HEADER.fullmatch(unicodedata.normalize("NFKC", header).strip())
    if not match or item.fields["question_no"] != (match[1] or match[2]):
        return None
    return normalise_label(match[3])


def layout(sheet: Sheet, items: Sequence[Item], peek: Peek, kind: str | None) -> Layout:
    """Raises InputError where the header is not that of the codebook's questionnaire."""
    row, headers = sheet.head[0]
    meta, positions = meta_columns(headers, META_COLUMNS)
    if "response_no" not in meta:
        raise InputError(
            sheet.path,
            f"row {row}",
            "no column 序号",
            "This is no 问卷星 export, or its encoding was lost; export the answers again.",
        )
    columns = align(sheet, headers, items, positions, option_of)
    named = next((code for word, code in _KINDS.items() if word in sheet.path.name), TEXT)
    kind = kind or option_kind(columns, peek, named)
    return Layout("wjx", kind, row, [replace(column, read=reader(kind)) for column in columns], meta, headers)
