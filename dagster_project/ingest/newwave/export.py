"""An export as questions: header styles, meta columns, item types and labels from the cells."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dagster_project.errors import InputError
from dagster_project.ingest.codebook import Option, normalise_label
from dagster_project.ingest.files import open_sheet
from dagster_project.ingest.newwave.wording import squeeze
from dagster_project.ingest.wjx import META_COLUMNS

MAX_LABELS, MAX_LABEL_SHARE = 40, 0.4

WITH_OPTIONS = ("single", "multi", "matrix", "scale", "ranking")
_MARKERS = {"", "(空)", "(跳过)", "-2", "-3"}
_NUMBER = re.compile(r"[+-]?[0-9]+(,[0-9]{3})*(\.[0-9]+)?")


@dataclass(frozen=True)
class Header:
    """One parsed header: `question` (a number and a text), `option` (of a multiple choice) or `bare`."""

    kind: str
    number: int | None
    text: str


@dataclass
class Column:
    column_no: int
    raw_header: str
    header: Header
    cells: list[str]


@dataclass
class Question:
    """Columns of one number. `rows` are the matrix rows, [""] for a question without rows."""

    number: int | None
    stem: str
    columns: list[Column]
    rows: list[str]
    item_type: str = ""
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def is_matrix(self) -> bool:
        return self.rows != [""]


def read_export(path: Path) -> list[list[str]]:
    """Header and answers of an export as texts. Raises InputError for anything but a filled table."""
    if not path.is_file():
        raise InputError(path, "", "no such file", "Name the export as you received it.")
    sheet = open_sheet(path)
    header_row, header = sheet.head[0]
    if "序号" not in [name.strip() for name in header]:
        raise InputError(
            path,
            f"row {header_row}",
            "no column 序号",
            "This is no 问卷星 export by text, or its encoding was lost. For other platforms write the "
            "codebook by hand (docs/questionnaires.md).",
        )
    numbered = [
        (int(row), chunk.cells(at)) for chunk in sheet.chunks(header_row) for at, row in enumerate(chunk.rows)
    ]
    # A row with a cell too many is set aside at the load; here its cells say what the questions are.
    width = len(header)
    numbered += [(ragged.row, (ragged.cells + [""] * width)[:width]) for ragged in sheet.ragged]
    if not numbered:
        raise InputError(path, "", "a header and no answers", "Export the answers again.")
    return [header, *(cells for _, cells in sorted(numbered))]


def parse_headers(names: Sequence[str]) -> list[Header]:
    """Headers in column order, in the new (`6、…`, `6、(…)`) and old (`第6题(…)`, `Q6:`, `6.`) styles.

    Where `6、` is used at all, `6.` is the author's own numbering of a matrix row, not a question.
    """
    comma = any(re.match(r"\s*[0-9]{1,3}、", name) for name in names)
    mark = r"、" if comma else r"[、.．:：]"
    parsed = []
    for name in names:
        text = " ".join(name.split())
        option = rf"(?:([0-9]{{1,3}}){mark}|第([0-9]{{1,3}})题)\s*[(（](.+)[)）]"
        if match := re.fullmatch(option, text):
            parsed.append(Header("option", int(match[1] or match[2]), match[3].strip()))
        elif match := re.fullmatch(
            rf"(?:[Qq]([0-9]{{1,3}})[、.．:：\s]|第([0-9]{{1,3}})题[、.．:：]?|([0-9]{{1,3}}){mark}|[(（]([0-9]{{1,3}})[)）])\s*(.+)",
            text,
        ):
            number = next(group for group in match.groups()[:4] if group)
            parsed.append(Header("question", int(number), match[5].strip()))
        else:
            parsed.append(Header("bare", None, text))
    return parsed


def questions_of(
    table: list[list[str]], path: Path, known_stems: Iterable[str] = ()
) -> tuple[list[Question], list[Column]]:
    """Questions of an export, and the columns that belong to none (custom parameters).

    known_stems: squeezed stems of matrices, which settle where a header with several — is cut.
    Raises InputError where the export holds codes instead of texts, or no question.
    """
    headers = parse_headers(table[0])
    groups: list[list[Column]] = []
    loose: list[Column] = []
    for index, header in enumerate(headers):
        if table[0][index].strip() in META_COLUMNS:
            continue
        column = Column(index + 1, table[0][index], header, [row[index].strip() for row in table[1:]])
        running = groups[-1] if groups else []
        if header.kind == "bare":
            # Some exports number only the first row of a matrix. Where its number comes again, all rows
            # have theirs, and a column without one is a parameter that stands between them.
            after = next((h.number for h in headers[index:] if h.kind != "bare"), None)
            is_row = (
                running
                and "—" in running[0].header.text
                and running[-1].column_no == index
                and after != running[0].header.number
            )
            (running if is_row else loose).append(column)
        elif running and running[0].header.number == header.number:
            running.append(column)
        else:
            groups.append([column])
    if not groups:
        raise InputError(
            path, "row 1", "no column with a question number (`1、…`)", "Export the answers by text."
        )
    _refuse_codes(path, groups)
    stems = set(known_stems)
    return [_question(group, stems) for group in groups], loose


def _refuse_codes(path: Path, groups: list[list[Column]]) -> None:
    columns = [column for group in groups for column in group]
    coded = [c for c in columns if (a := _answered(c.cells)) and all(_NUMBER.fullmatch(x) for x in a)]
    split = [g for g in groups if len(g) > 1 and all(c.header.kind == "option" for c in g)]
    if any(column in coded for group in split for column in group) or len(coded) > 0.7 * len(columns):
        place = f"column {(split[0] if split else coded)[0].column_no}"
        raise InputError(
            path,
            place,
            "codes where the labels of the options should stand (an export by sequence or by score)",
            "Propose the codebook from the export by text (按文本) of the same answers.",
        )


def _question(columns: list[Column], stems: set[str]) -> Question:
    first = columns[0].header
    text = f"({first.text})" if first.kind == "option" else first.text
    cuts = [(text[: m.start()].strip(), text[m.end() :].strip()) for m in re.finditer("—+", text)]
    cuts = [cut for cut in cuts if all(cut)]
    by_stem = [cut for cut in cuts if squeeze(cut[0]) in stems]
    if cuts and (len(columns) > 1 or by_stem):
        stem, row = (by_stem or cuts[-1:])[0]
    elif len(columns) > 1:
        stem, row = "", text
    else:
        return Question(first.number, text, columns, [""])
    return Question(first.number, stem, columns, [row, *(column.header.text for column in columns[1:])])


def _answered(cells: Iterable[str]) -> list[str]:
    return [cell for cell in cells if unicodedata.normalize("NFKC", cell).strip() not in _MARKERS]


def split_labels(cell: str, separator: str = "┋") -> list[str]:
    """Labels of a cell without the text typed beside them (〖…〗, which may hold a separator)."""
    return [
        part for part in (p.strip() for p in re.sub(r"〖.*?〗", "", cell).split(separator)) if part
    ]  # fmt: skip


def detect(cells: list[str], sets: dict[str, dict[str, Option]]) -> tuple[str, dict[str, str]]:
    """(item type, labels by normalised label) from the cells of one column; ("", {}) if none is filled."""
    answered = _answered(cells)
    if not answered:
        return "", {}
    ranked = sum("→" in cell for cell in answered)
    separator = "→" if 2 * ranked > len(answered) else "┋"
    parts = [label for cell in answered for label in split_labels(cell, separator)]
    labels = {normalise_label(part): part for part in parts}
    known = any(labels.keys() <= options.keys() for options in sets.values())
    few = len(labels) <= MAX_LABELS and len(labels) <= MAX_LABEL_SHARE * len(parts)
    if separator == "→":
        return "ranking", labels
    if any(len(split_labels(cell)) > 1 for cell in answered):
        return ("multi" if known or few else "text"), labels
    if all(_NUMBER.fullmatch(cell) for cell in answered) and not known:
        return "number", labels
    return ("single" if known or few else "text"), labels
