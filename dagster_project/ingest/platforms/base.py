"""What every platform's adapter makes of a sheet: which column holds what, and how its cells read."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from dagster_project.errors import InputError
from dagster_project.ingest.codebook import Item, Option, normalise_label
from dagster_project.ingest.sheets import Sheet
from dagster_project.ingest.wjx import (
    SCORE,
    SEQUENCE,
    TEXT,
    Answer,
    BadCell,
    decode_cell,
    find_option,
    missing_code,
    read_tick,
)

# Distinct texts of a column (by 0-based position) in the first rows.
Peek = Callable[[int], Sequence[str]]
Read = Callable[[Item, str], "list[Answer] | BadCell"]
Tick = Callable[[Item, Option, str], "int | BadCell"]


@dataclass(frozen=True)
class Column:
    """One physical column: the whole answer to an item, one option of it, or text typed beside one."""

    index: int
    item: Item
    option: Option | None = None
    is_typed_text: bool = False
    read: Read = decode_cell
    tick: Tick = read_tick


@dataclass(frozen=True)
class Layout:
    """A sheet as its platform lays it out. `meta`: 0-based position of the columns that are no question."""

    platform: str
    kind: str
    header_row: int
    columns: list[Column]
    meta: dict[str, int] = field(default_factory=dict)
    headers: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Header:
    """A header taken apart: the printed number of the question, if there is one, and the rest."""

    number: int | None
    body: str


_NUMBERED = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (
        r"第(\d+)题[、.:]?\s*(.+)",
        r"\((\d+)\)\s*(.+)",
        r"Q(\d+)[、.:_\s]*(.+)",
        r"(\d+)\s*[、.:]\s*(.+)",
    )
)


def parse_header(text: str) -> Header:
    normal = unicodedata.normalize("NFKC", text).strip()
    for pattern in _NUMBERED:
        if match := pattern.fullmatch(normal):
            return Header(int(match[1]), match[2])
    return Header(None, normal)


def stem_and_row(body: str) -> tuple[str, str]:
    """`stem—row` of the first row of a matrix; the split is at the first dash."""
    stem, dash, row = body.partition("—")
    return (stem, row) if dash else ("", body)


class Questions:
    """The codebook seen from a header: which headers may stand over an item."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = items
        self._stems: dict[str, str] = {}
        for item in items:
            stem, _ = stem_and_row(parse_header(item.header).body)
            self._stems.setdefault(item.fields.get("question_no", ""), stem)

    def stem(self, item: Item) -> str:
        """The question itself, without number and without the row of a matrix."""
        body = parse_header(item.header).body
        return body if item.item_type != "matrix" else self._stems.get(item.fields.get("question_no", ""), "")

    def after_stem(self, header: str, item: Item) -> str | None:
        """What a header says after the question of `item` (normalised, may be empty); None: it is another's."""
        parsed, stem = parse_header(header), normalise_label(self.stem(item))
        body = normalise_label(parsed.body)
        if str(parsed.number) != item.fields["question_no"] or not body.startswith(stem):
            return None
        return body.removeprefix(stem)

    def is_over(self, text: str, item: Item) -> bool:
        """Whether the header `text` can be that of `item`, in any platform's or year's style."""
        if normalise_label(text) == normalise_label(item.header):
            return True
        header, number = parse_header(text), item.fields.get("question_no", "")
        if header.number is not None and number.isdigit() and header.number != int(number):
            return False
        own = parse_header(item.header).body
        stem, row = self.stem(item), stem_and_row(own)[1] if item.item_type == "matrix" else own
        wanted = {own} | ({row, f"{stem}{row}", f"{stem}-{row}"} if item.item_type == "matrix" else set())
        given = {header.body, stem_and_row(header.body)[1] if item.item_type == "matrix" else header.body}
        return bool({normalise_label(form) for form in wanted} & {normalise_label(form) for form in given})


def align(
    sheet: Sheet,
    headers: Sequence[str],
    items: Sequence[Item],
    meta: Iterable[int],
    option_of: Callable[[Questions, str, Item], str | None],
    is_typed_text: Callable[[Questions, str, Column], bool] = lambda questions, header, before: False,
    read: Read = decode_cell,
) -> list[Column]:
    """Walk headers and codebook side by side, both in the order of the questionnaire.

    option_of: the (normalised) option label where a header stands over one option of the item.
    is_typed_text: whether a header stands over the text typed beside an option of the column before.
    Raises InputError at the first header that cannot be what the codebook says comes next.
    """
    questions, path, taken = Questions(items), sheet.path, set(meta)
    open_positions = [index for index in range(len(headers)) if index not in taken]
    columns: list[Column] = []
    at = 0

    def typed_texts() -> None:
        nonlocal at
        while at < len(open_positions) and columns:
            index, before = open_positions[at], columns[-1]
            if not is_typed_text(questions, headers[index], before):
                return
            option = before.option or _named_option(questions, headers[index], before.item)
            if option is None and before.item.item_type in ("multi", "ranking"):
                raise unknown_column(sheet, headers, index)
            columns.append(Column(index, before.item, option, is_typed_text=True))
            at += 1

    def over(position: int, item: Item) -> bool:
        text = headers[position]
        if item.item_type in ("multi", "ranking") and option_of(questions, text, item) is not None:
            return True
        return questions.is_over(text, item)

    for order, item in enumerate(items):
        typed_texts()
        if at >= len(open_positions):
            raise InputError(
                path,
                f"column {item.column_no}",
                f"no such column (the file has {len(headers)}) for item {item.item_id}",
                "Correct column_no in codebook.csv, or export all questions.",
            )
        index = open_positions[at]
        if not over(index, item):
            raise _mismatch(sheet, headers, open_positions, at, items, order, over)
        seen: dict[str, int] = {}
        while item.item_type in ("multi", "ranking") and at < len(open_positions):
            index = open_positions[at]
            label = option_of(questions, headers[index], item)
            if label is None or questions.is_over(headers[index], item):
                break
            option = item.options.get(label)
            if option is None:
                raise _unknown_option_header(sheet, headers, index, item, label)
            if option.option_id in seen:
                raise InputError(
                    path,
                    f"column {index + 1}",
                    f"the header {headers[index][:80]!r}, an option that column {seen[option.option_id]} holds as well",
                    "Export the answers again; each option has one column.",
                )
            seen[option.option_id] = index + 1
            columns.append(Column(index, item, option, read=read))
            at += 1
            typed_texts()
        if not seen:
            columns.append(Column(open_positions[at], item, read=read))
            at += 1
    typed_texts()
    if at < len(open_positions):
        raise unknown_column(sheet, headers, open_positions[at])
    return columns


def _named_option(questions: Questions, header: str, item: Item) -> Option | None:
    """The option that a column of typed text names; the longest label where one holds another."""
    rest = questions.after_stem(header, item) or ""
    named = [label for label in item.options if label in rest]
    return item.options[max(named, key=len)] if named else None


def unknown_column(sheet: Sheet, headers: Sequence[str], index: int) -> InputError:
    return InputError(
        sheet.path,
        f"column {index + 1}",
        f"the header {headers[index][:80]!r}, which the codebook does not know",
        "Add a row with this column_no to codebook.csv.",
    )


def _mismatch(
    sheet: Sheet,
    headers: Sequence[str],
    positions: Sequence[int],
    at: int,
    items: Sequence[Item],
    order: int,
    over: Callable[[int, Item], bool],
) -> InputError:
    index, item = positions[at], items[order]
    if at + 1 < len(positions) and over(positions[at + 1], item):
        return unknown_column(sheet, headers, index)
    if (
        order + 1 < len(items)
        and over(index, items[order + 1])
        and not any(over(position, item) for position in positions[at:])
    ):
        return InputError(
            sheet.path,
            f"column {index + 1}",
            f"no column for item {item.item_id} ({item.header[:80]!r}) before {headers[index][:80]!r}",
            "Export all questions, or take the item out of codebook.csv.",
        )
    return InputError(
        sheet.path,
        f"column {index + 1}",
        f"the header {headers[index][:80]!r} where the codebook expects {item.header[:80]!r}",
        "Correct `header` (if the wording changed) or `column_no` (if columns moved) in codebook.csv.",
    )


def _unknown_option_header(
    sheet: Sheet, headers: Sequence[str], index: int, item: Item, label: str
) -> InputError:
    near = difflib.get_close_matches(label, list(item.options), n=1, cutoff=0.5)
    hint = f" Nearest known label: {item.options[near[0]].label!r}." if near else ""
    return InputError(
        sheet.path,
        f"column {index + 1}",
        f"the header {headers[index][:80]!r}, no known option of item {item.item_id}",
        f"Add the option to option set {item.fields['option_set']!r} in framework_option.csv, or correct the header.{hint}",
    )


def option_kind(columns: Sequence[Column], peek: Peek, fallback: str) -> str:
    """What stands for options in the cells: labels, numbers or scores, from the first rows.

    fallback: what the file's name says; decides between numbers and scores, and where no cell tells.
    """
    numbers = 0
    for column in columns:
        if column.option is not None or not column.item.options or column.is_typed_text:
            continue
        if fallback == SCORE and column.item.item_type in ("multi", "ranking"):
            continue  # exports by score may keep the labels of several answers
        for text in peek(column.index):
            if missing_code(text) is not None:
                continue
            if column.item.item_type in ("multi", "ranking") or isinstance(
                find_option(column.item, text.split("〖")[0]), Option
            ):
                if not re.fullmatch(r"[\d.┋→]+", unicodedata.normalize("NFKC", text)):
                    return TEXT
                continue
            if re.fullmatch(r"[\d.]+", unicodedata.normalize("NFKC", text).strip()):
                numbers += 1
    if numbers:
        return SCORE if fallback == SCORE else SEQUENCE
    return fallback


def reader(kind: str) -> Read:
    """Cells of an export in which options stand as `kind`."""
    return lambda item, cell: decode_cell(item, cell, kind)


def meta_columns(headers: Sequence[str], names: dict[str, str]) -> tuple[dict[str, int], list[int]]:
    """Positions by code (the first column of a name counts) and all positions that are no question."""
    by_code: dict[str, int] = {}
    positions = []
    for index, header in enumerate(headers):
        code = names.get(header.strip())
        if code:
            by_code.setdefault(code, index)
            positions.append(index)
    return by_code, positions
