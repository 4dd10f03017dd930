"""All rules on all figures: what the asset, the benchmark and the tests call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dagster_project.audit import changes, claims, duplicates, granularity, ranges, sums
from dagster_project.audit.blocks import Bases, infer_bases
from dagster_project.audit.claims import Claim, Interval
from dagster_project.audit.figures import Figure
from dagster_project.audit.findings import Finding


def audit(
    figures: Sequence[Figure],
    claimed: Sequence[Claim] = (),
    amounts: Mapping[str, Interval] | None = None,
    words_tolerance: float = 5.0,
) -> tuple[list[Finding], Bases]:
    """Findings in the order of document and line, and the bases they rest on.

    amounts: printed figures about banks that claims may name, as (lowest, highest).
    """
    bases = infer_bases(figures)
    values = {f.figure_id: _interval(f, words_tolerance) for f in figures} | dict(amounts or {})
    findings = [
        *granularity.find(figures, bases),
        *sums.find(figures, bases),
        *ranges.find(figures, bases),
        *changes.find(figures, bases),
        *duplicates.find(figures, words_tolerance),
        *claims.find(claimed, values),
        *changes.find_units(figures),
    ]
    return sorted(
        findings, key=lambda f: (f.document_year, f.document_id, f.line, f.rule, f.figure_id)
    ), bases


def _interval(figure: Figure, words_tolerance: float) -> Interval:
    reach = figure.half if figure.exact else words_tolerance
    low, high = figure.value - reach, figure.value + reach
    if figure.qualifier in ("gt", "ge"):
        return figure.value, max(high, 100.0)
    if figure.qualifier in ("lt", "le"):
        return min(low, 0.0), figure.value
    return low, high
