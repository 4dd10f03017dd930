"""Rule printed_twice: the same figure stands in two places with values that cannot be one number.

A union of options also stands there as the sum of its printed parts. Two documents count as two places.
"""

from __future__ import annotations

from collections.abc import Sequence

from dagster_project.audit.blocks import SLACK
from dagster_project.audit.figures import Figure
from dagster_project.audit.findings import Finding, about

RULE = "printed_twice"


def find(figures: Sequence[Figure], words_tolerance: float) -> list[Finding]:
    """words_tolerance: how far a number printed as words may be off, in points."""
    cells: dict[object, list[Figure]] = {}
    for figure in figures:
        if figure.kind in ("share", "score", "change"):
            cells.setdefault(figure.cell, []).append(figure)
    findings = []
    for printed in cells.values():
        exact = [f for f in printed if f.exact]
        if exact:
            best = min(exact, key=lambda f: (-f.decimals, f.document_year, f.line))
            against = [f for f in printed if f is not best]
            value, half, sources = best.chosen, best.half, [best]
        else:
            parts = _parts(printed[0], cells)
            if not parts:
                continue
            against, sources = printed, parts
            value, half = sum(f.chosen for f in parts), sum(f.half for f in parts)
        findings += [
            _finding(f, value, sources) for f in against if not _agrees(f, value, half, words_tolerance)
        ]
        parts = _parts(printed[0], cells) if exact else []
        total, slack = sum(f.chosen for f in parts), sum(f.half for f in parts)
        if parts and abs(total - value) > slack + half + SLACK:
            findings.append(_finding(sources[0], total, parts))
    return findings


def _parts(figure: Figure, cells: dict[object, list[Figure]]) -> list[Figure]:
    """The exact figures of the single options of a union; none where one is not printed."""
    if len(figure.options) < 2 or figure.kind != "share" or figure.choice == "multiple":
        return []
    parts = []
    for option in sorted(figure.options):
        found = [f for f in cells.get((*figure.cell[:-1], frozenset([option])), []) if f.exact]
        if not found:
            return []
        parts.append(min(found, key=lambda f: (-f.decimals, f.line)))
    return parts


def _agrees(figure: Figure, value: float, half: float, words_tolerance: float) -> bool:
    difference = value - figure.chosen
    reach = half + SLACK
    bound = figure.qualifier
    if figure.complement:
        bound = {"gt": "lt", "ge": "le", "lt": "gt", "le": "ge"}.get(bound, bound)
    if bound == "approx" and "超" in figure.words and "不超" not in figure.words:
        bound = "gt"
    if bound == "approx":
        return abs(difference) <= words_tolerance + reach
    if bound in ("gt", "ge"):
        return difference >= -reach
    if bound in ("lt", "le"):
        return difference <= reach
    return abs(difference) <= figure.half + reach


def _finding(figure: Figure, value: float, sources: Sequence[Figure]) -> Finding:
    shown = 100 - value if figure.complement else value
    decimals = max(f.decimals for f in sources)
    where_zh = "、".join(f"{f.document_id} 第 {f.line} 行（{f.printed_text}）" for f in sources)
    where_en = ", ".join(f"{f.document_id} line {f.line} ({f.value:.{f.decimals}f})" for f in sources)
    sum_zh, sum_en = ("各部分之和", "the sum of ") if len(sources) > 1 else ("", "")
    return about(
        figure,
        RULE,
        "inconsistent" if figure.exact else "wording",
        f"{shown:.{decimals}f}",
        f"此处印作 {figure.printed_text}，而同一数字在 {where_zh} {sum_zh}为 {shown:.{decimals}f}。",
        f"Printed {figure.value:.{figure.decimals}f} here, while {sum_en}{where_en} gives {shown:.{decimals}f}.",
        others=sources,
    )
