"""What the rules hand over: one row per error found in print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dagster_project.audit.figures import Figure

RULES = (
    "share_not_a_count",
    "options_not_100",
    "total_outside_parts",
    "change_not_counts",
    "printed_twice",
    "claim_contradicted",
    "change_in_percent",
)


@dataclass(frozen=True)
class Finding:
    """One error in print.

    severity: impossible (no data can give it), inconsistent (contradicts another printed figure), unit (a
    change of a share in percent) or wording (words that the numbers contradict).
    expected: what it would have to be. others: ids of the figures it was held against.
    n, candidates: the number of respondents inferred for the block, and all numbers that fit it.
    """

    rule: str
    severity: str
    document_id: str
    document_year: int
    line: int
    place: str
    figure_id: str
    printed_text: str
    printed_value: float | None
    expected: str
    explanation_zh: str
    explanation_en: str
    others: tuple[str, ...] = ()
    n: int | None = None
    candidates: tuple[int, ...] = ()

    def as_row(self) -> dict[str, Any]:
        return {
            "document_year": self.document_year,
            "document_id": self.document_id,
            "finding_id": f"{self.rule}:{self.figure_id}",
            "line": self.line,
            "place": self.place,
            "rule": self.rule,
            "severity": self.severity,
            "figure_id": self.figure_id,
            "other_figure_ids": "|".join(self.others),
            "printed_text": self.printed_text,
            "printed_value": self.printed_value,
            "expected": self.expected,
            "n_inferred": self.n,
            "n_candidates": "|".join(map(str, self.candidates)),
            "explanation_zh": self.explanation_zh,
            "explanation_en": self.explanation_en,
        }


def about(
    figure: Figure,
    rule: str,
    severity: str,
    expected: str,
    zh: str,
    en: str,
    others: Sequence[Figure] = (),
    n: int | None = None,
    candidates: Sequence[int] = (),
) -> Finding:
    """A finding about one printed figure."""
    return Finding(
        rule=rule,
        severity=severity,
        document_id=figure.document_id,
        document_year=figure.document_year,
        line=figure.line,
        place=figure.place,
        figure_id=figure.figure_id,
        printed_text=figure.printed_text,
        printed_value=figure.value,
        expected=expected,
        explanation_zh=zh,
        explanation_en=en,
        others=tuple(other.figure_id for other in others),
        n=n,
        candidates=tuple(candidates),
    )
