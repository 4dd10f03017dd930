"""A plain table keyed by item_id: what a script, or a platform nobody knows yet, can be brought to.

Columns: `response_id`, optionally `submitted_at`, `duration_seconds`, `is_authorised`; then one per
item, named by its item_id, or one per option, named `item_id[option_id]`, in any order. Cells: an
option_id or its label; several joined by `|` or ┋ (a ranking by →).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from dagster_project.errors import InputError
from dagster_project.ingest.codebook import Item
from dagster_project.ingest.platforms.base import Column, Layout, Peek, Read, meta_columns, unknown_column
from dagster_project.ingest.sheets import Sheet
from dagster_project.ingest.wjx import TEXT, Answer, BadCell, decode_cell, missing_code, split_multi

META_COLUMNS = {
    "response_id": "response_no", "submitted_at": "submitted_at", "submitted_date": "submitted_at",
    "duration_seconds": "duration", "is_authorised": "authorised", "source": "source", "ip": "ip",
}  # fmt: skip
_OPTION = re.compile(r"(.+?)(?:\[(\w+)\]|__(\w+))")


def recognise(sheet: Sheet) -> bool:
    return "response_id" in (cell.strip() for cell in sheet.head[0][1])


def read_codes(item: Item, cell: str) -> list[Answer] | BadCell:
    """A cell whose options stand as option_id or as label."""
    if not item.options or missing_code(cell) is not None:
        return decode_cell(item, cell, TEXT)
    labels = {option.option_id: option.label for option in item.options.values()}
    mark = "→" if item.item_type == "ranking" else "┋"
    parts = split_multi(cell if mark == "→" else cell.replace("|", "┋"), mark)
    return decode_cell(item, mark.join(labels.get(part, part) for part in parts), TEXT)


def by_item_id(
    sheet: Sheet, headers: Sequence[str], items: Sequence[Item], meta: Sequence[int], read: Read
) -> list[Column]:
    """Columns in the order of the codebook, found by name.

    Raises InputError for a name the codebook does not know, a name that stands twice and an item
    without a column.
    """
    names = {name_key(item.item_id): item for item in items}
    found: dict[tuple[str, str | None], Column] = {}
    for index, header in enumerate(headers):
        if index in meta:
            continue
        item, option = names.get(name_key(header)), None
        if item is None and (match := _OPTION.fullmatch(header.strip())):
            item = names.get(name_key(match[1]))
            wanted = match[2] or match[3]
            option = (
                next((o for o in item.options.values() if o.option_id.casefold() == wanted.casefold()), None)
                if item
                else None
            )
            item = item if option else None
        if item is None:
            raise unknown_column(sheet, headers, index)
        key = (item.item_id, option.option_id if option else None)
        if key in found:
            raise InputError(
                sheet.path,
                f"column {index + 1}",
                f"{header!r}, which column {found[key].index + 1} is as well",
                "Each item, or each option of it, has one column.",
            )
        found[key] = Column(index, item, option, read=read)
    for item in items:
        if not any(item_id == item.item_id for item_id, _ in found):
            raise InputError(
                sheet.path,
                f"row {sheet.head[0][0]}",
                f"no column {item.item_id!r}",
                "Add the column, empty if nobody was asked.",
            )
    order = {item.item_id: number for number, item in enumerate(items)}
    return sorted(found.values(), key=lambda column: (order[column.item.item_id], column.index))


def name_key(name: str) -> str:
    """SPSS allows no case and few signs in names: `a.b` and `A_b` are one."""
    return re.sub(r"\W+", "_", name.strip()).casefold()


def layout(sheet: Sheet, items: Sequence[Item], peek: Peek, kind: str | None) -> Layout:
    """Raises InputError where names and codebook do not agree."""
    row, headers = sheet.head[0]
    meta, positions = meta_columns(headers, META_COLUMNS)
    if "response_no" not in meta:
        raise InputError(
            sheet.path, f"row {row}", "no column 'response_id'", "Number the answers in this column."
        )
    return Layout("plain", TEXT, row, by_item_id(sheet, headers, items, positions, read_codes), meta, headers)
