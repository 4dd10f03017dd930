"""The review of a report: a person accepts candidates, and only those become figures.

The finder writes a draft, `FENGCHAO_HOME/review/<year>/<report>.review.csv`. A person fills in `accept`
(yes or no) and `reviewer`, and copies the file beside the report; raw files stay as received, and the
copy is the decision. A draft never loses a decision: see `write_drafts`.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from dagster_project.errors import InputError
from dagster_project.files import write_whole
from dagster_project.ingest.csvfile import read_csv_rows
from dagster_project.ingest.injection import neutralise
from dagster_project.ingest.printed import PrintedDocument, PrintedRow, describe
from dagster_project.ingest.sidecar import REVIEW_SUFFIX

FOLDER = "reports"
COLUMNS = (
    "accept", "reviewer", "review_note", "confidence", "doubts", "page", "bank_as_printed", "fiscal_year",
    "measure", "measure_as_printed", "value_as_printed", "unit_as_printed", "value", "unit", "comparison",
    "scope_as_printed", "sentence", "sentence_box", "value_box", "candidate_id", "pdf_sha256",
)  # fmt: skip
NOT_IN_SENTENCE = "not_in_sentence"
DECISIONS = ("yes", "no", "")


def review_path(report: Path) -> Path:
    """The accepted review beside a report."""
    return report.with_name(report.name + REVIEW_SUFFIX)


def read_rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    """The rows of a review or draft. Raises InputError for a decision that is none, or has no name."""
    rows = []
    seen: set[str] = set()
    for number, cells in read_csv_rows(path, COLUMNS):
        # Undo what keeps a spreadsheet from running a text.
        cells = {name: cell.strip().removeprefix("'") for name, cell in cells.items()}
        cells["accept"] = cells["accept"].lower()
        name = cells["candidate_id"]
        if cells["accept"] not in DECISIONS:
            found, remedy = f"{cells['accept']!r}", "Write yes, no, or nothing (not decided)."
            raise InputError(path, f"row {number}, column accept", found, remedy)
        if cells["accept"] and not cells["reviewer"]:
            found = f"a decision ({cells['accept']}) without a reviewer"
            raise InputError(path, f"row {number}, column reviewer", found, "Write who decided.")
        if name and name in seen:
            raise InputError(path, f"row {number}", f"candidate {name} twice", "Keep one row.")
        seen.add(name)
        rows.append((number, cells))
    return rows


def read_review(report: Path, sidecar: Mapping[str, Any], raw_dir: Path) -> PrintedDocument | None:
    """The accepted rows of a report as figures; None where nobody has reviewed it.

    Rows that were not accepted are listed (`not_accepted`, `not_decided`); an accepted value that does
    not stand in its sentence is set aside. Raises InputError for a review of another version of the
    report.
    """
    path = review_path(report)
    if not path.is_file():
        return None
    document = PrintedDocument(describe(sidecar), path.relative_to(raw_dir).as_posix())
    for number, cells in read_rows(path):
        if cells["pdf_sha256"] != sidecar["sha256"]:
            raise InputError(
                path,
                f"row {number}",
                f"a review of another version of {report.name} (sha256 {cells['pdf_sha256'][:12]}…, not "
                f"{sidecar['sha256'][:12]}…)",
                "Move the review away, run the finder again, and decide on its new draft.",
            )
        if cells["accept"] == "yes" and _squeeze(cells["value_as_printed"]) in _squeeze(cells["sentence"]):
            document.rows.append(_figure(number, cells))
        elif cells["accept"] == "yes":
            found = f"the value {cells['value_as_printed']!r}, which is not in the sentence of the row"
            document.list_row(
                number, NOT_IN_SENTENCE, found, "Write the value as the sentence prints it.", cells
            )
        else:
            reason = "not_accepted" if cells["accept"] else "not_decided"
            found = f"p. {cells['page']}: {cells['measure']} {cells['value_as_printed']!r}"
            document.list_row(number, reason, found, "Nothing to do, or decide on it.", cells)
    return document


def _figure(number: int, cells: Mapping[str, str]) -> PrintedRow:
    place = f"p. {cells['page']}" + (f" [{cells['value_box']}]" if cells["value_box"] else "")
    # A row that the person added has no candidate id.
    return PrintedRow(number, cells["candidate_id"] or f"row{number}", {**cells, "place": place})


def _squeeze(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def write_drafts(folder: Path, raw_dir: Path, candidates: Iterable[Mapping[str, Any]]) -> list[Path]:
    """Write the draft of every report that has candidates; returns the drafts.

    A decision in the review beside the report, or in the draft itself (which counts more: it is what the
    person works on), is kept with every cell of its row, also when the finder no longer proposes it. A
    draft of another version of the report that holds decisions is renamed, not overwritten.
    """
    by_report: dict[str, list[Mapping[str, Any]]] = {}
    for row in candidates:
        by_report.setdefault(row["source_file"], []).append(row)
    drafts = []
    for source, rows in sorted(by_report.items()):
        report = raw_dir / source
        draft = folder / review_path(report).name
        sha = rows[0]["pdf_sha256"]
        decided: dict[str, dict[str, str]] = {}
        for path in (review_path(report), draft):
            kept = [cells for _, cells in read_rows(path)] if path.is_file() else []
            kept = [
                cells for cells in kept if any(cells[name] for name in ("accept", "reviewer", "review_note"))
            ]
            if path == draft and any(cells["pdf_sha256"] != sha for cells in kept):
                draft.rename(_free_name(draft, kept[0]["pdf_sha256"][:8]))
            decided |= {_key(cells): cells for cells in kept if cells["pdf_sha256"] == sha}
        # In reading order; at the end what only a person's decision holds.
        ordered = [decided.pop(row["candidate_id"], {}) or _draft_row(row) for row in rows]
        ordered += decided.values()
        _write(draft, ordered)
        drafts.append(draft)
    return drafts


def _key(cells: Mapping[str, str]) -> str:
    """What a row of a review is known by; a row that a person added has no candidate id."""
    return cells["candidate_id"] or "|".join(
        cells[name] for name in ("page", "fiscal_year", "measure", "value_as_printed")
    )


def _free_name(draft: Path, mark: str) -> Path:
    stem = draft.name.removesuffix(REVIEW_SUFFIX)
    number = 1
    while (path := draft.with_name(f"{stem}.stale-{mark}-{number}.csv")).exists():
        number += 1
    return path


def _draft_row(row: Mapping[str, Any]) -> dict[str, str]:
    cells = {name: "" if row.get(name) is None else str(row[name]) for name in COLUMNS}
    return cells | {"fiscal_year": str(row["figure_year"]), "comparison": row["qualifier"]}


def _write(path: Path, rows: Iterable[Mapping[str, str]]) -> None:
    """With a byte order mark: people open it in a spreadsheet, which takes it for another encoding without."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore")
    writer.writeheader()
    writer.writerows({name: neutralise(cell) for name, cell in row.items()} for row in rows)
    write_whole(path, "\ufeff" + text.getvalue())


def waiting(folder: Path, reports: Path) -> list[tuple[str, dict[str, str]]]:
    """(report, row) of every candidate without a decision beside the report, in the order of the drafts.

    A row decided in the draft waits for being copied; its `accept` says so.
    """
    found = []
    for draft in sorted(folder.glob(f"*{REVIEW_SUFFIX}")):
        report = reports / draft.name.removesuffix(REVIEW_SUFFIX)
        beside = review_path(report)
        decided = (
            {c["candidate_id"] for _, c in read_rows(beside) if c["accept"]} if beside.is_file() else set()
        )
        found += [
            (report.name, cells) for _, cells in read_rows(draft) if cells["candidate_id"] not in decided
        ]
    return found
