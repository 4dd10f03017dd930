"""Cells of questionnaire exports, above all of 问卷星 (wjx): what one cell says about one item.

By text, labels stand in the cells: a multiple choice in one cell, joined by ┋ (U+250B); a ranking
joined by → (U+2192); text typed beside an option in 〖〗, which may itself hold a ┋. By sequence,
the number of the option stands there; by score, its points. `(跳过)` or -3 marks a question skipped
by logic, `(空)` or -2 one left blank.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from dagster_project.ingest.codebook import Item, Option, normalise_label

META_COLUMNS = {
    "序号": "response_no",
    "提交答卷时间": "submitted_at",
    "所用时间": "duration",
    "来源": "source",
    "来源详情": "source_detail",
    "来自IP": "ip",
    "总分": "total_score",
    "用户ID": "user_id",
    "uid": "user_id",
    "经纬度": "position",
    "授权填报人": "authorised",
}
_SKIPPED = {"(跳过)", "-3"}
_BLANK = {"", "(空)", "-2"}
_OTHER_TEXT = re.compile(r"〖(.*)〗", re.DOTALL)
# Not float() alone: it also takes nan, inf and 1_000.
# A comma stands between thousands or nowhere: `1,5` is no number here.
_NUMBER = re.compile(r"[+-]?([0-9]{1,3}(,[0-9]{3})+|[0-9]+)?(\.[0-9]+)?(?<=[0-9])")


@dataclass(frozen=True)
class Answer:
    """One decoded cell part: an option (with 1/0 for multiple choices), a number or a text."""

    option_id: str | None = None
    value_num: float | None = None
    value_text: str | None = None
    missing_code: str = "answered"


@dataclass(frozen=True)
class BadCell:
    """A cell that cannot be decoded: why, and what to do."""

    reason: str
    found: str
    remedy: str


TEXT, SEQUENCE, SCORE = "text", "sequence", "score"


def parse_duration(text: str) -> int | None:
    """`412秒` as seconds; None for anything else."""
    match = re.fullmatch(r"(\d+)秒?", text.strip())
    return int(match.group(1)) if match else None


def parse_date(text: str) -> str | None:
    """The day of `2023/9/4 10:21:35` as `2023-09-04`; the time of day is personal and not landed."""
    match = re.match(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", text.strip())
    if not match:
        return None
    try:
        return dt.date(int(match[1]), int(match[2]), int(match[3])).isoformat()
    except ValueError:
        return None


def split_multi(cell: str, mark: str = "┋") -> list[str]:
    """Parts of a multiple-choice cell; a ┋ inside balanced 〖〗 belongs to the typed text."""
    parts, depth, current = [], 0, ""
    for char in cell:
        if char == "〖":
            depth += 1
        elif char == "〗":
            depth = max(0, depth - 1)
        if char == mark and depth == 0:
            parts.append(current)
            current = ""
        else:
            current += char
    return [part.strip() for part in [*parts, current] if part.strip()]


def missing_code(cell: str) -> str | None:
    """`skipped_by_logic` or `blank` where a cell holds a mark instead of an answer."""
    marker = unicodedata.normalize("NFKC", cell).strip()
    return "skipped_by_logic" if marker in _SKIPPED else "blank" if marker in _BLANK else None


def decode_cell(item: Item, cell: str, kind: str = TEXT) -> list[Answer] | BadCell:
    """Answers of one cell of `item`, or why it cannot be read. Never raises.

    kind: what stands for an option: its label (TEXT), its number (SEQUENCE) or its points (SCORE).
    A ranking gives one answer per ranked option, `value_num` is its rank.
    """
    text = unicodedata.normalize("NFC", cell).strip()
    missing = missing_code(text)
    if missing:
        return [Answer(missing_code=missing)]
    marker = unicodedata.normalize("NFKC", text)
    if item.item_type in ("text", "meta"):
        return [Answer(value_text=text)]
    if item.item_type == "number":
        if _NUMBER.fullmatch(marker):
            return [Answer(value_num=float(marker.replace(",", "")))]
        return BadCell(
            "not_a_number", repr(cell), "Correct the cell, or make the item a text in the codebook."
        )
    if item.item_type == "multi":
        return _decode_multi(item, text, kind)
    if item.item_type == "ranking":
        return _decode_ranking(item, text, kind)
    if len(split_multi(text)) > 1:
        return BadCell(
            "two_answers_to_a_single_choice",
            repr(cell),
            "Keep one, or make the item `multi` in the codebook.",
        )
    label, typed = _split_typed(text)
    option = find_option(item, label, kind)
    if isinstance(option, BadCell):
        return option
    return [Answer(option_id=option.option_id, value_text=typed)]


def find_option(item: Item, label: str, kind: str = TEXT) -> Option | BadCell:
    """The option of `item` that a label, a number or a score stands for."""
    if kind == TEXT:
        return item.options.get(normalise_label(label)) or _unknown(item, label)
    marker = unicodedata.normalize("NFKC", label).strip()
    if not _NUMBER.fullmatch(marker) or "," in marker:
        # Several answers of one cell keep their labels in some exports by score.
        if kind == SCORE and normalise_label(label) in item.options:
            return item.options[normalise_label(label)]
        return BadCell(
            "not_a_number",
            f"{label!r} in an export by {kind}",
            "Export again in one kind, or state the right export_kind in the sidecar.",
        )
    number = float(marker)
    if kind == SEQUENCE:
        for option in item.options.values():
            if option.option_no == number:
                return option
        return BadCell(
            "option_number_out_of_range",
            f"the option number {label} where {len(item.options)} options are known",
            f"Correct the cell, or add the option to option set {item.fields['option_set']!r} in framework_option.csv.",
        )
    found = [option for option in item.options.values() if option.points == number]
    if len(found) == 1:
        return found[0]
    return BadCell(
        "score_names_no_option",
        f"the score {label}, which {len(found)} options of {item.fields['option_set']!r} have",
        "Export the answers by text or by sequence; a score does not always name an option.",
    )


def read_tick(item: Item, option: Option, cell: str) -> int | BadCell:
    """The cell of one option in a column of its own: 1 ticked, 0 not, -2 blank, -3 skipped; a rank.

    Platforms write 1 and 0, or the label of the option and nothing.
    """
    missing = missing_code(cell)
    if missing:
        return -3 if missing == "skipped_by_logic" else -2
    marker = unicodedata.normalize("NFKC", cell).strip()
    if marker.isascii() and marker.isdigit() and len(marker) < 6:
        number = int(marker)
        if number <= (len(item.options) if item.item_type == "ranking" else 1):
            return number
        return BadCell(
            "option_number_out_of_range",
            f"{cell!r} in the column of option {option.label!r}",
            "Correct the cell; "
            + (
                "a rank is at most the number of options."
                if item.item_type == "ranking"
                else "ticked is 1, not ticked 0."
            ),
        )
    label, _ = _split_typed(unicodedata.normalize("NFC", cell).strip())
    if normalise_label(label) == normalise_label(option.label):
        return 1
    return BadCell(
        "unknown_option",
        f"{cell!r} in the column of option {option.label!r}",
        "Write 1 or the label of the option where it is ticked, 0 or nothing where it is not.",
    )


def exclusive_conflict(item: Item, chosen: Iterable[str]) -> BadCell | None:
    """An option that excludes all others (`以上均无`) chosen together with others."""
    options = [option for option in item.options.values() if option.option_id in set(chosen)]
    alone = [option for option in options if option.is_exclusive]
    if not alone or len(options) == 1:
        return None
    return BadCell(
        "exclusive_option_with_others",
        f"{alone[0].label!r} together with {', '.join(repr(o.label) for o in options if o is not alone[0])}",
        "Ask the respondent which of them holds; the cell is kept here.",
    )


def _decode_multi(item: Item, text: str, kind: str) -> list[Answer] | BadCell:
    chosen: dict[str, str | None] = {}
    for part in split_multi(text):
        label, typed = _split_typed(part)
        option = find_option(item, label, kind)
        if isinstance(option, BadCell):
            return option
        chosen[option.option_id] = typed
    if not chosen:
        return [Answer(missing_code="blank")]
    conflict = exclusive_conflict(item, chosen)
    if conflict:
        return conflict
    return [
        Answer(
            option_id=option.option_id,
            value_num=1.0 if option.option_id in chosen else 0.0,
            value_text=chosen.get(option.option_id),
        )
        for option in item.options.values()
    ]


def _decode_ranking(item: Item, text: str, kind: str) -> list[Answer] | BadCell:
    ranks: dict[str, tuple[int, str | None]] = {}
    for rank, part in enumerate(_split_ranking(text), 1):
        label, typed = _split_typed(part)
        option = find_option(item, label, kind)
        if isinstance(option, BadCell):
            return option
        if option.option_id in ranks:
            return BadCell("ranked_twice", f"{option.label!r} at two ranks", "Keep one rank per option.")
        ranks[option.option_id] = (rank, typed)
    return [
        Answer(
            option_id=option.option_id,
            value_num=float(ranks[option.option_id][0]),
            value_text=ranks[option.option_id][1],
        )
        for option in item.options.values()
        if option.option_id in ranks
    ] or [Answer(missing_code="blank")]


def _split_ranking(text: str) -> list[str]:
    """Parts between arrows; an arrow inside balanced 〖〗 belongs to the typed text."""
    return split_multi(text, "→")


def _split_typed(text: str) -> tuple[str, str | None]:
    match = _OTHER_TEXT.search(text)
    return (_OTHER_TEXT.sub("", text), match.group(1)) if match else (text, None)


def _unknown(item: Item, label: str) -> BadCell:
    near = difflib.get_close_matches(
        label, [option.label for option in item.options.values()], n=1, cutoff=0.5
    )
    hint = f" Nearest known label: {near[0]!r}." if near else ""
    return BadCell(
        "unknown_option",
        f"the option label {label!r}",
        f"Add it to option set {item.fields['option_set']!r} in framework_option.csv, or correct the cell.{hint}",
    )
