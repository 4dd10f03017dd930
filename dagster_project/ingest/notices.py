"""What is odd in an answer that lands as it is: one message per column, with the first row and the count.

The respondents carry a flag each; the message says where to look and what to do.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from dagster_project.ingest.batch import Reject
from dagster_project.ingest.decode import BLANK, DecodedChunk, Decoder
from dagster_project.ingest.injection import is_formula
from dagster_project.ingest.platforms import Layout
from dagster_project.ingest.sheets import Chunk, distinct

# Reason: table of the cell, what was found, what to do.
_TEXTS = {
    "required_blank": (
        "questionnaire_answer",
        "no answer to a required question",
        "Ask the respondents, or write `false` into `required` of the codebook.",
    ),
    "csv_injection": (
        "questionnaire_answer",
        "a text that a spreadsheet would run as a formula",
        "It is kept as typed in landing and never released; do not open it in a spreadsheet.",
    ),
    "wrong_year": (
        "questionnaire_response",
        "a day of submission outside the fieldwork",
        "Check the wave of these answers, or write fieldwork_start and fieldwork_end into the sidecar.",
    ),
    "bank_name_cleaned": (
        "questionnaire_response",
        "control or invisible characters in the name of a bank",
        "They were left out before the bank was recognised; correct the name at its source.",
    ),
}


@dataclass
class Notices:
    """Counts by reason and column over the chunks of one export."""

    source: str
    layout: Layout
    _seen: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)

    def add(self, reason: str, column: int, rows: np.ndarray) -> None:
        """rows: numbers of the rows of a chunk in which it was found; column: 0-based."""
        if len(rows):
            first, count = self._seen.get((reason, column), (int(rows[0]), 0))
            self._seen[reason, column] = (first, count + len(rows))

    def look(self, chunk: Chunk, grid: DecodedChunk, decoder: Decoder) -> None:
        """Blanks of required questions, and texts that are formulas."""
        for plan in decoder.plans:
            columns = [column for column in (plan.whole, *plan.parts) if column is not None]
            if plan.item.is_required:
                blank = grid.missing[plan.first] == BLANK
                self.add("required_blank", columns[0].index, chunk.rows[blank])
            if grid.formula.any():
                for column in (*columns, *plan.typed):
                    values, codes = distinct(chunk.columns[column.index])
                    risky = np.array([is_formula(value.strip()) for value in values], bool)[codes]
                    self.add("csv_injection", column.index, chunk.rows[risky & grid.formula])

    def listed(self) -> list[Reject]:
        """One message per reason and column, in the order of their first rows."""
        found = []
        for (reason, column), (first, count) in self._seen.items():
            table, what, remedy = _TEXTS[reason]
            found.append(
                Reject(
                    table,
                    self.source,
                    first,
                    reason,
                    f"{what}, in {count:,} answer{'s' if count > 1 else ''}, this row the first",
                    remedy,
                    source_column=f"{column + 1} ({self.layout.headers[column]})",
                    whole_row=False,
                )
            )
        return sorted(found, key=lambda reject: (reject.source_row, reject.reason, reject.source_column))
