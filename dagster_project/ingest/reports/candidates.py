"""Table disclosure_candidate: what the finder sees in the reports of a fiscal year."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

from dagster_project.errors import InputError
from dagster_project.ingest.batch import Batch, Reject
from dagster_project.ingest.measures import load_measures
from dagster_project.ingest.reference import load_directory
from dagster_project.ingest.reports.find import Box, Candidate, Dropped, Finder, without_running_headers
from dagster_project.ingest.reports.review import FOLDER
from dagster_project.ingest.reports.text import read_pages
from dagster_project.ingest.reports.wordings import load_wordings
from dagster_project.ingest.sidecar import raw_files, read_sidecar, sidecar_path

TABLE = "disclosure_candidate"


def read_candidates(raw_dir: Path, fiscal_year: int) -> Batch:
    """Candidate statements of `disclosures/<fiscal_year>/reports/*.pdf`, by report and place.

    A number of one of our measures that cannot be one figure (a range, no unit, a running header) is set
    aside; pages without readable text are listed. A missing or empty folder gives an empty batch.
    Raises InputError for a report that cannot be read, or whose sidecar does not name a known bank.
    """
    batch = Batch(rows_in={TABLE: 0}, tables={TABLE: []})
    files = raw_files(raw_dir / "disclosures" / str(fiscal_year) / FOLDER, ".pdf")
    if not files:
        return batch
    directory, batch.inputs = load_directory(raw_dir)
    measures, wordings = load_measures(), load_wordings()
    for path in files:
        sidecar = read_sidecar(path)
        bank = sidecar.get("bank") or ""
        entity = directory.resolve(bank, f"{fiscal_year}-12-31")
        if entity is None:
            raise InputError(
                sidecar_path(path),
                "bank",
                f"bank {bank!r}",
                "Name the bank of the report by a name of reference/bank_alias.csv.",
            )
        source = path.relative_to(raw_dir).as_posix()
        batch.inputs[source] = sidecar["sha256"]
        described = {
            "fiscal_year": fiscal_year,
            "document_id": sidecar["document_id"],
            "entity_kind": entity[0],
            "entity_id": entity[1],
            "bank_as_printed": bank,
            "pdf_sha256": sidecar["sha256"],
            "source_file": source,
        }
        _read_report(path, described, Finder(fiscal_year, wordings, measures), batch)
    batch.check_conservation((TABLE,))
    return batch


def _read_report(path: Path, described: dict[str, Any], finder: Finder, batch: Batch) -> None:
    found: list[Candidate | Dropped] = []
    edges: Counter[str] = Counter()
    problems: dict[str, list[int]] = {}
    for page in read_pages(path):
        edges.update(set(page.edges))
        if page.problem:
            problems.setdefault(page.problem, []).append(page.number)
        found.extend(finder.page(page))
    source = described["source_file"]
    for problem, pages in sorted(problems.items()):
        which = f"{len(pages)} pages, from page {pages[0]}" if len(pages) > 1 else f"page {pages[0]}"
        batch.rejects.append(
            Reject(
                TABLE, source, pages[0], "page_not_read", f"{which}: {problem}",
                "Look at the pages; lay figures that stand there out as CSV, or receive a PDF with text.",
                raw={"pages": pages}, whole_row=False,
            )
        )  # fmt: skip
    kept = without_running_headers(found, edges)
    batch.count(TABLE, source, len(kept))
    seen: Counter[str] = Counter()
    for entry in kept:
        if isinstance(entry, Dropped):
            batch.rejects.append(
                Reject(
                    TABLE,
                    source,
                    entry.page,
                    entry.reason,
                    entry.found,
                    entry.remedy,
                    raw={"sentence": entry.sentence},
                )
            )
            continue
        row = described | _row(entry)
        # Print that stands twice at one place keeps two rows, told apart by a count.
        seen[row["candidate_id"]] += 1
        if seen[row["candidate_id"]] > 1:
            row["candidate_id"] += f"-{seen[row['candidate_id']]}"
        batch.tables[TABLE].append(row)


def _row(candidate: Candidate) -> dict[str, Any]:
    value_box = box_text(candidate.value_box)
    key = f"{candidate.page}|{value_box}|{candidate.measure}|{candidate.value_as_printed}"
    parsed = candidate.parsed
    return {
        "candidate_id": hashlib.sha256(key.encode()).hexdigest()[:12],
        "page": candidate.page,
        "source_row": candidate.page,
        "sentence": candidate.sentence,
        "sentence_box": box_text(candidate.sentence_box),
        "value_box": value_box,
        "figure_year": candidate.year,
        "measure": candidate.measure,
        "measure_as_printed": candidate.wording,
        "value_as_printed": candidate.value_as_printed,
        "unit_as_printed": candidate.unit_as_printed,
        "value": str(parsed.value),
        "unit": parsed.unit,
        "decimals": parsed.decimals,
        "qualifier": parsed.qualifier,
        "scope_as_printed": candidate.scope or None,
        "confidence": candidate.confidence,
        "doubts": "; ".join(candidate.doubts) or None,
    }


def box_text(box: Box) -> str:
    """Left, top, right, bottom in whole points from the top left corner of the page."""
    return " ".join(f"{edge:.0f}" for edge in box)
