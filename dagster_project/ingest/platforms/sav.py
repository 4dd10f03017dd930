"""SPSS files: variables named by item_id, or labelled with the headers of a 问卷星 export."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dagster_project.ingest.codebook import Item
from dagster_project.ingest.platforms import plain, wjx
from dagster_project.ingest.platforms.base import Column, Layout, Peek, Read, align, meta_columns
from dagster_project.ingest.sheets import Sheet
from dagster_project.ingest.wjx import (
    META_COLUMNS,
    SEQUENCE,
    TEXT,
    Answer,
    BadCell,
    decode_cell,
    missing_code,
)


def recognise(sheet: Sheet) -> bool:
    return sheet.path.suffix.lower() == ".sav"


def layout(sheet: Sheet, items: Sequence[Item], peek: Peek, kind: str | None) -> Layout:
    """Raises InputError where neither names nor labels are those of the codebook."""
    names, labels = sheet.head[0][1], sheet.head[1][1]
    meta, positions = meta_columns([name.lower() for name in names], plain.META_COLUMNS)
    by_label, label_positions = meta_columns(labels, META_COLUMNS)
    known = {plain.name_key(item.item_id) for item in items}
    stems = {plain.name_key(name) for name in names} | {plain.name_key(name.split("__")[0]) for name in names}
    if len(known & stems) * 2 > len(known):
        columns = plain.by_item_id(sheet, names, items, positions, decode_cell)
    else:
        meta, positions = by_label, label_positions
        columns = align(sheet, labels, items, positions, wjx.option_of)
    return Layout(
        "sav",
        SEQUENCE,
        sheet.head[0][0],
        [replace(column, read=_reader(column, sheet)) for column in columns],
        meta,
        labels,
    )


def _reader(column: Column, sheet: Sheet) -> Read:
    labels = sheet.value_labels[column.index]

    def read(item: Item, cell: str) -> list[Answer] | BadCell:
        if not item.options or missing_code(cell) is not None:
            return decode_cell(item, cell, TEXT)
        if not cell.replace(".", "", 1).isdigit():
            # A text variable holds labels, or several numbers.
            return decode_cell(item, cell, TEXT)
        label = labels.get(cell)
        if label is None:
            return decode_cell(item, cell, SEQUENCE)
        # The label says what the code means; a code that the file renumbered stays right.
        return decode_cell(item, label, TEXT)

    return read
