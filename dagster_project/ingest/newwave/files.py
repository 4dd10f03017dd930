"""The drafts as files, and what is printed about them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dagster_project.errors import InputError
from dagster_project.ingest.injection import neutralise
from dagster_project.ingest.newwave.options import OPTION_COLUMNS
from dagster_project.ingest.propose import DRAFT_COLUMNS, Proposal
from dagster_project.ingest.sidecar import sha256_of, sidecar_path


def write_proposal(proposal: Proposal, export: Path, out: Path, force: bool = False) -> list[Path]:
    """Write the drafts into `out`: codebook, option rows (if there are new ones), two sidecars.

    Raises InputError, and writes nothing, where one of them is there already and not `force`.
    """
    codebook = out / "codebook.csv"
    texts = {
        # With a BOM: spreadsheets then open it as UTF-8.
        codebook: "\ufeff" + _csv_text((*DRAFT_COLUMNS, *proposal.extra_columns), proposal.rows),
        sidecar_path(codebook): _sidecar_text(
            f"codebook-{proposal.wave}",
            "codebook",
            f"Codebook of the survey wave {proposal.wave}",
            "FILL IN when every row is decided: sha256sum codebook.csv",
        ),
        sidecar_path(out / export.name): _sidecar_text(
            f"questionnaire-{proposal.wave}", "questionnaire", "FILL IN", sha256_of(export)
        )
        + f"respondents: {proposal.respondents}\n",
    }
    if proposal.options:
        texts[out / f"framework_option_{proposal.wave}.csv"] = _csv_text(OPTION_COLUMNS, proposal.options)
    there = [path.name for path in texts if path.exists()]
    if there and not force:
        raise InputError(
            out,
            "",
            f"{', '.join(there)} there already",
            "Nothing was written. Choose another --out, or give --force to write the drafts anew: what was "
            "decided in them is lost then.",
        )
    out.mkdir(parents=True, exist_ok=True)
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8", newline="")
    return list(texts)


def _csv_text(columns: Sequence[str], rows: list[dict[str, str]]) -> str:
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    # A text typed by a respondent may have been taken for a label, and people open this in a spreadsheet.
    writer.writerows({name: neutralise(text) for name, text in row.items()} for row in rows)
    return buffer.getvalue()


def _sidecar_text(document_id: str, kind: str, title: str, sha256: str) -> str:
    texts = {
        "document_id": document_id,
        "kind": kind,
        "title": title,
        "producer": "FILL IN",
        "citation": "FILL IN, or replace this line by url",
        "received_date": "FILL IN (YYYY-MM-DD)",
        "licence": "FILL IN",
        "sha256": sha256,
    }
    lines = [f"{key}: {json.dumps(text, ensure_ascii=False)}" for key, text in texts.items()]
    return "\n".join([*lines, "published_date: null", "synthetic: false", ""])


def print_proposal(console: Console, proposal: Proposal, files: Sequence[Path]) -> None:
    """Print what was mapped, what a person must decide, and where the drafts are."""
    before = proposal.previous_wave or "none"
    counts = Table(
        "columns",
        "number",
        title=f"Wave {proposal.wave}: {proposal.respondents} answers, previous wave {before}",
    )
    counts.add_row("mapped, unchanged", str(proposal.count("same")))
    counts.add_row("mapped, wording changed", str(proposal.count("wording")))
    counts.add_row("mapped, options or scale changed", str(proposal.count("options", "scale")))
    counts.add_row("to decide", str(len(proposal.open_rows)))
    counts.add_row(f"items of {before} without a column", str(proposal.count("dropped")))
    counts.add_row("new options drafted", str(len(proposal.options)))
    console.print(counts)
    if proposal.open_rows:
        table = Table("column", "header", "decide", "candidates", title="To decide", show_lines=True)
        for (_, what, _), rows in groupby(
            proposal.open_rows, key=lambda row: (row["question_no"], row["decide"], row["candidates"])
        ):
            first, *others = rows
            span = first["column_no"] + (f"-{others[-1]['column_no']}" if others else "")
            cells = (span, first["header"][:60], what, first["candidates"])
            table.add_row(*(Text(cell) for cell in cells))
        console.print(table)
    for path in files:
        console.print(f"Wrote {path}", soft_wrap=True)
    console.print(
        "Next: correct the rows above in codebook.csv and empty their `decide`; it does not load before. "
        "docs/questionnaires.md says how.",
        soft_wrap=True,
    )
