"""Rules on changes of shares: no pair of counts gives the change; its unit is printed as percent."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

from dagster_project.audit.blocks import SLACK, Base, Bases, counts
from dagster_project.audit.figures import Figure
from dagster_project.audit.findings import Finding, about

RULE = "change_not_counts"
UNIT_RULE = "change_in_percent"
# How far the respondents of one question may differ from those of its survey.
_NEAR = 2


def find(figures: Sequence[Figure], bases: Bases) -> list[Finding]:
    """Exact changes against the year before that no counts of the two blocks give."""
    shares: dict[object, Figure] = {}
    for figure in figures:
        if figure.kind == "share" and figure.exact and not figure.complement:
            known = shares.get((figure.document_id, figure.cell))
            if known is None or figure.decimals > known.decimals:
                shares[figure.document_id, figure.cell] = figure
    changes = [f for f in figures if f.kind == "change" and f.exact]
    findings = []
    for change in changes:
        now, before = bases.of(change), bases.of(change, years_back=1)
        if not (now.known and before.known):
            continue
        ends = _ends(change, shares)
        if _possible(change, now, before, ends):
            continue
        other = _other_base(change, changes, now, before, bases, shares)
        if other is None or not _possible(change, now, Base.of(other), ends):
            findings.append(_finding(change, now, Base.of(other) if other else before, ends))
    return findings


def _ends(change: Figure, shares: dict[object, Figure]) -> tuple[Figure | None, Figure | None]:
    """The printed shares of this year and of the year before, where the document has them."""
    _, population, _, item, options = change.cell
    keys = [
        (change.document_id, (year, population, "share", item, options))
        for year in (change.year, change.year - 1)
    ]
    return shares.get(keys[0]), shares.get(keys[1])


def _allowed(share: Figure | None, n: int) -> range:
    # A share that is no count itself is another finding and says nothing of the change.
    found = range(0) if share is None else counts(share.value, share.half, n)
    return found or range(n + 1)


def _possible(change: Figure, now: Base, before: Base, ends: tuple[Figure | None, Figure | None]) -> bool:
    """Whether a pair gives the change: rounded, or as the difference of two rounded shares."""
    for n in now.candidates:
        for m in before.candidates:
            for k in _allowed(ends[0], n):
                # The count of the year before that comes nearest, and its neighbours.
                wanted = (100 * k / n - change.value) * m / 100
                for j in range(math.floor(wanted), math.floor(wanted) + 2):
                    if j in _allowed(ends[1], m) and _gives(change, 100 * k / n, 100 * j / m):
                        return True
    return False


def _gives(change: Figure, now: float, before: float) -> bool:
    exact = abs(now - before - change.value) <= change.half + SLACK
    d = change.decimals
    # Each of the two may be rounded down or up at its half.
    rounded = any(
        abs(a - b - change.value) <= SLACK for a in _roundings(now, d) for b in _roundings(before, d)
    )
    return exact or rounded


def _roundings(share: float, decimals: int) -> set[float]:
    unit = 10.0**-decimals
    return {math.floor(share / unit + 0.5 - SLACK) * unit, math.floor(share / unit + 0.5 + SLACK) * unit}


def _other_base(
    change: Figure,
    changes: Sequence[Figure],
    now: Base,
    before: Base,
    bases: Bases,
    shares: dict[object, Figure],
) -> int | None:
    """Another number of respondents of the same question before, if two changes with a printed share ask for it.

    A change whose share of this year is printed fixes the share of the year before; two that do not fit
    the common base and fit one nearby come from another one, not from two errors.
    """
    siblings = [
        c for c in changes if (c.block, c.question) == (change.block, change.question) and _ends(c, shares)[0]
    ]
    odd = [c for c in siblings if not _possible(c, now, before, _ends(c, shares))]
    if len(odd) < 2 or before.n is None:
        return None
    for step in range(1, _NEAR + 1):
        for m in (before.n + step, before.n - step):
            if all(_possible(c, now, Base.of(m), _ends(c, shares)) for c in odd):
                return m
    return None


def _finding(change: Figure, now: Base, before: Base, ends: tuple[Figure | None, Figure | None]) -> Finding:
    n, m = now.n or 1, before.n or 1
    differences = [100 * k / n - 100 * j / m for k in _allowed(ends[0], n) for j in _allowed(ends[1], m)]
    nearest = f"{min(differences, key=lambda d: (abs(d - change.value), d)):+.{change.decimals + 1}f}"
    bases_zh = f"本年 n={'、'.join(map(str, now.candidates[:5]))}，上年 n={'、'.join(map(str, before.candidates[:5]))}"
    bases_en = f"n = {', '.join(map(str, now.candidates[:5]))} and {', '.join(map(str, before.candidates[:5]))} before"
    return about(
        change,
        RULE,
        "impossible",
        nearest,
        f"{bases_zh} 时，没有任何两个人数能给出变化 {change.printed_text}；最接近的是 {nearest}。",
        f"With {bases_en} no pair of counts gives a change of {change.value:+.{change.decimals}f}; the nearest is {nearest}.",
        others=[end for end in ends if end],
        n=now.n,
        candidates=before.candidates,
    )


def find_units(figures: Iterable[Figure]) -> list[Finding]:
    """Changes of a share whose printed words say percent and not percentage points."""
    findings = []
    for figure in figures:
        if figure.kind == "change" and re.search("[%％]", figure.words) and "百分点" not in figure.words:
            right = figure.words.replace("％", "%").replace("%", "个百分点")
            findings.append(
                about(
                    figure,
                    UNIT_RULE,
                    "unit",
                    right,
                    f"占比的变化应以百分点计，所印“{figure.words}”用了 %，可读作相对变化；应为“{right}”。",
                    f"A change of a share is in percentage points; {figure.words!r} prints %, which reads as a relative change.",
                )
            )
    return findings
