"""Names of banks that no alias explains: what they resemble, for a person to decide.

The file is output only and is written anew by each load. Nothing resolves through it: a decision is
a row of `reference/bank_alias.csv`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from dagster_project.ingest.batch import Reject
from dagster_project.ingest.reference import load_directory
from dagster_project.settings import Settings

REASON = "unknown_bank"
COLUMNS = (
    "fiscal_year", "name_as_printed", "source_file", "source_row",
    "candidate_no", "candidate", "entity_kind", "entity_id", "score", "decide",
)  # fmt: skip
DECIDE = (
    "Look the name up in its source. The same bank or group: add the name to reference/bank_alias.csv. "
    "A bank that is not there yet: add it to reference/bank.csv as well. A similar name is often another bank."
)


def write_bank_review(
    settings: Settings, source: str, year: int | None, rejects: Sequence[Reject]
) -> Path | None:
    """Write `review/bank_alias/<source>-<year>.csv`: one row per unknown name, place and candidate.

    rejects: those with the reason `unknown_bank` hold the printed name in `raw` under `source_column`.
    score: 0-100, similarity of the normalised names; candidates are the five most similar banks or
    groups, and a name that resembles nothing has one row without a candidate. Returns None, and
    removes the file of the run before, where every name is known.
    """
    path = settings.review / "bank_alias" / f"{source}-{year or 'all'}.csv"
    unknown = [reject for reject in rejects if reject.reason == REASON]
    if not unknown:
        path.unlink(missing_ok=True)
        return None
    directory, _ = load_directory(settings.raw)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for reject in unknown:
        name = reject.raw[reject.source_column]
        place = (year, name, reject.source_file, reject.source_row)
        found = directory.candidates(name)
        for number, one in enumerate(found, 1):
            cells = (number, one.alias, one.entity_kind, one.entity_id, f"{one.score:.1f}", DECIDE)
            writer.writerow((*place, *cells))
        if not found:
            writer.writerow((*place, "", "", "", "", "", DECIDE))
    path.parent.mkdir(parents=True, exist_ok=True)
    # Excel reads Chinese text as UTF-8 only with the mark in front.
    path.write_bytes(text.getvalue().encode("utf-8-sig"))
    return path
