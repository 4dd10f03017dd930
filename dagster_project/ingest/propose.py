"""Propose the codebook of a wave from its 问卷星 export by text and the codebook of the wave before.

Only what is certain is mapped: the same question after normalisation, or one whose wording differs in
filler alone. Everything else gets a `decide` with the best candidates, and a codebook with a `decide`
does not load.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dagster_project.ingest.codebook import COLUMNS, OPTION_SEED, Item, Option
from dagster_project.ingest.newwave.export import (
    WITH_OPTIONS,
    Column,
    Question,
    detect,
    questions_of,
    read_export,
)
from dagster_project.ingest.newwave.match import (
    MIN_OPTION_AGREEMENT,
    SUGGEST,
    SUGGEST_MARGIN,
    Match,
    agreement,
    earlier_questions,
    match,
)
from dagster_project.ingest.newwave.options import OptionDrafts
from dagster_project.ingest.newwave.wording import EXACT, squeeze

DRAFT_COLUMNS = (*COLUMNS, "confidence", "decide", "candidates")


@dataclass
class Proposal:
    wave: int
    previous_wave: int | None
    rows: list[dict[str, str]]
    options: list[dict[str, str]]
    respondents: int
    extra_columns: tuple[str, ...] = ()

    def count(self, *change_types: str) -> int:
        """Rows of these change types that need no decision."""
        return sum(row["change_type"] in change_types and not row["decide"] for row in self.rows)

    @property
    def open_rows(self) -> list[dict[str, str]]:
        return [row for row in self.rows if row["decide"]]


def propose(
    path: Path,
    wave: int,
    previous: Sequence[Item],
    previous_wave: int | None,
    sets: dict[str, dict[str, Option]],
    seed: Path = OPTION_SEED,
) -> Proposal:
    """The proposed codebook of the export `path`.

    previous: items of the wave before (may be empty); sets: option sets valid in `wave`.
    Raises InputError for a file that is no 问卷星 export by text.
    """
    table = read_export(path)
    earlier = earlier_questions(previous)
    stems = {squeeze(question.stem) for question in earlier if question.is_matrix and question.stem}
    questions, loose = questions_of(table, path, stems)
    for question in questions:
        found = [detect(column.cells, sets) for column in question.columns]
        kinds = Counter(kind for kind, _ in found if kind)
        question.item_type = kinds.most_common(1)[0][0] if kinds else ""
        question.labels = {key: text for _, labels in found for key, text in labels.items()}
        if question.is_matrix and question.item_type == "single":
            question.item_type = "matrix"
    matches = match(questions, earlier, wave, previous_wave or wave - 1)
    drafts = OptionDrafts(wave, sets, seed)
    suggested = _suggestions(matches)
    rows = [
        _row(question, index, matches[column.column_no], suggested.get(column.column_no), drafts)
        for question in questions
        for index, column in enumerate(question.columns)
    ]
    rows += [_loose_row(column) for column in loose]
    rows.sort(key=lambda row: int(row["column_no"]))
    used = {row["item_id"] for row in rows}
    for row in rows:
        asked = row["eligible_rule"].partition("=")[0].strip()
        if asked and asked not in used:
            problem = f"eligible_rule names {asked}, which no column was mapped to"
            row["decide"] = "; ".join(filter(None, (row["decide"], problem)))
    rows += [_dropped_row(item, previous_wave) for item in previous if item.item_id not in used]
    options = [row for draft in drafts.drafts.values() for row in draft]
    extra = tuple(
        dict.fromkeys(name for item in previous for name in item.fields if name not in DRAFT_COLUMNS)
    )
    return Proposal(wave, previous_wave, rows, options, len(table) - 1, extra)


def _suggestions(matches: dict[int, Match]) -> dict[int, Item]:
    """For open columns, the one candidate that stands out; each item is suggested once."""
    wanted = []
    for column_no, found in matches.items():
        if found.item is None and found.candidates:
            (item, score), *others = found.candidates
            if score >= SUGGEST and score - (others[0][1] if others else 0.0) >= SUGGEST_MARGIN:
                wanted.append((score, column_no, item))
    given: dict[int, Item] = {}
    for _, column_no, item in sorted(wanted, key=lambda entry: -entry[0]):
        if item.item_id not in {other.item_id for other in given.values()}:
            given[column_no] = item
    return given


def _row(
    question: Question, index: int, found: Match, suggestion: Item | None, drafts: OptionDrafts
) -> dict[str, str]:
    column, item = question.columns[index], found.item or suggestion
    name = f"new_q{question.number}"
    row_id = f"r{index + 1}" if question.is_matrix else ""
    fields = dict.fromkeys(DRAFT_COLUMNS, "")
    fields |= {
        "question_id": name,
        "row_id": row_id,
        "item_id": f"{name}.{row_id}" if row_id else name,
        "item_type": question.item_type or "text",
    }
    if item:
        carried = ("question_id", "row_id", "item_id", "eligible_rule", "dimension", "indicator", "label_en")
        fields |= {
            key: text for key, text in item.fields.items() if key in carried or key not in DRAFT_COLUMNS
        }
        fields["item_type"], type_changed = _item_type(question, item)
    else:
        type_changed = False
    decide = []
    if found.item is None:
        decide.append(_ask(found, suggestion))
    if column.header.kind == "bare" and found.level != EXACT:
        decide.append("the column has no question number: a row of the matrix before it?")
    if not question.item_type and found.item is None:
        decide.append("nobody answered: write item_type")
    if type_changed:
        decide.append(f"item_type was {item.item_type if item else ''}: still the same item?")
    change = ""
    if fields["item_type"] in WITH_OPTIONS:
        base = re.sub(r"\W+", "_", fields["question_id"])
        fields["option_set"], change, problem = drafts.resolve(question, item, base)
        if problem:
            decide.append(problem)
    if item is None:
        change = "new"
    elif type_changed:
        change = "scale"
    else:
        change = change or ("same" if found.level == EXACT else "wording")
    skipped = any(unicodedata.normalize("NFKC", cell) == "(跳过)" for cell in column.cells)
    return fields | {
        "column_no": str(column.column_no),
        "question_no": str(question.number or ""),
        "header": column.raw_header,
        "label_zh": question.rows[index] or question.stem,
        "change_type": change,
        "comparable": "true" if change in ("same", "wording") else "false",
        "inferred": "false",
        "note": "some cells are (跳过): write eligible_rule"
        if skipped and not fields["eligible_rule"]
        else "",
        "confidence": f"{found.confidence if found.item else _best(found):.2f}",
        "decide": "; ".join(decide),
        "candidates": " | ".join(f"{c.item_id} ({score:.2f})" for c, score in found.candidates),
    }


def _item_type(question: Question, item: Item) -> tuple[str, bool]:
    """The type the item keeps or gets, and whether that is a change."""
    seen, before = question.item_type, item.item_type
    if not seen or seen == before:
        return before, False
    if item.options and question.labels.keys() <= item.options.keys() and seen != "multi":
        return before, False
    if item.options and seen in ("text", "number") and agreement(question, item) >= MIN_OPTION_AGREEMENT:
        return before, False
    if before in ("text", "meta"):  # a free text may look like anything
        return before, False
    if {seen, before} <= {"single", "matrix", "scale"}:
        return before, False
    return seen, True


def _best(found: Match) -> float:
    return found.candidates[0][1] if found.candidates else 0.0


def _ask(found: Match, suggestion: Item | None) -> str:
    if suggestion is None:
        return "new item, or one of the candidates? write question_id, row_id, item_id, dimension, indicator"
    why = f" ({found.why})" if found.why else ""
    return f"is this {suggestion.item_id}, which was {suggestion.fields['label_zh']!r}?{why} if not, write a new item_id"


def _loose_row(column: Column) -> dict[str, str]:
    return dict.fromkeys(DRAFT_COLUMNS, "") | {
        "column_no": str(column.column_no),
        "question_id": f"meta.column_{column.column_no}",
        "item_id": f"meta.column_{column.column_no}",
        "item_type": "meta",
        "dimension": "sample",
        "header": column.raw_header,
        "label_zh": column.raw_header.strip(),
        "change_type": "new",
        "comparable": "false",
        "inferred": "false",
        "confidence": "0.00",
        "decide": "no question number: a parameter of the platform (then it may stay meta), or a question?",
    }


def _dropped_row(item: Item, previous_wave: int | None) -> dict[str, str]:
    kept = {key: item.fields[key] for key in COLUMNS if key in item.fields}
    return dict.fromkeys(DRAFT_COLUMNS, "") | kept | {
        "column_no": "",
        "question_no": "",
        "change_type": "dropped",
        "comparable": "false",
        "note": f"column {item.column_no} in {previous_wave}; no column of this export was mapped to it",
    }  # fmt: skip
