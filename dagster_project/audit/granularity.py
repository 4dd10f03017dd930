"""Rule share_not_a_count: a share that is no k/n for any n that fits its block."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dagster_project.audit.blocks import DOUBT, SLACK, Base, Bases, counts, half_up
from dagster_project.audit.figures import Figure
from dagster_project.audit.findings import Finding, about

RULE = "share_not_a_count"


def find(figures: Sequence[Figure], bases: Bases) -> list[Finding]:
    """Exact shares that the respondents of their block cannot give."""
    adjusted = adjusted_to_100(figures, bases)
    finest: dict[object, Figure] = {}
    for figure in figures:
        if figure.kind == "share" and figure.exact:
            key = (figure.document_id, figure.cell, figure.complement)
            if key not in finest or figure.decimals > finest[key].decimals:
                finest[key] = figure
    findings = []
    for figure in figures:
        base = bases.of(figure)
        if figure.kind != "share" or not figure.exact or figure.figure_id in adjusted:
            continue
        fine = finest[figure.document_id, figure.cell, figure.complement]
        # Rounded anew from printed digits (43.48, 43.5, 44): the finer print is the one to judge.
        if fine.decimals > figure.decimals and abs(fine.value - figure.value) <= figure.half + SLACK:
            continue
        if not 0 <= figure.value <= 100:
            findings.append(_outside(figure))
        elif base.known and base.n and base.chance(figure) < DOUBT:
            findings.append(_impossible(figure, base))
    return findings


def adjusted_to_100(figures: Iterable[Figure], bases: Bases) -> frozenset[str]:
    """Ids of shares that were bent by one unit of the last digit, so that a whole pie sums to 100.

    Only where it was needed: the counts add up to n and their rounded shares do not add up to 100.
    """
    pies: dict[tuple[object, ...], list[Figure]] = {}
    for figure in figures:
        if figure.kind == "share" and figure.exact and len(figure.options) == 1 and not figure.complement:
            pies.setdefault((*figure.block, figure.item, figure.place), []).append(figure)
    bent: set[str] = set()
    for pie in pies.values():
        n = bases.of(pie[0]).n
        if n is None or abs(sum(f.value for f in pie) - 100) > SLACK or pie[0].choice == "multiple":
            continue
        nearest = [round(f.value * n / 100) for f in pie]
        rounded = [half_up(100 * k / n, f.decimals) for k, f in zip(nearest, pie, strict=True)]
        if sum(nearest) != n or abs(sum(rounded) - 100) <= SLACK:
            continue
        bent |= {
            f.figure_id
            for f, share in zip(pie, rounded, strict=True)
            if SLACK < abs(f.value - share) <= 2 * f.half + SLACK
        }
    return frozenset(bent)


def _neighbours(value: float, n: int, decimals: int) -> str:
    below = min(int(value * n / 100), n - 1)
    return " / ".join(f"{100 * k / n:.{decimals}f} ({k}/{n})" for k in (below, below + 1))


def _impossible(figure: Figure, base: Base) -> Finding:
    n = base.n or 0
    expected = _neighbours(figure.value, n, figure.decimals)
    ns = "、".join(map(str, base.candidates[:5]))
    return about(
        figure,
        RULE,
        "impossible",
        expected,
        f"该组数字推出的样本数 n={ns}，没有任何人数 k 使 k/n 四舍五入为 {figure.value:.{figure.decimals}f}%；最接近的是 {expected}。",
        f"The other figures of the block give n = {ns.replace('、', ', ')}; no count k of n rounds to "
        f"{figure.value:.{figure.decimals}f}%; the nearest are {expected}.",
        n=n,
        candidates=[c for c in base.candidates if not counts(figure.value, figure.half, c)],
    )


def _outside(figure: Figure) -> Finding:
    return about(
        figure,
        RULE,
        "impossible",
        "0..100",
        f"占比 {figure.printed_text} 超出 0 至 100。",
        f"A share of {figure.value} lies outside 0 to 100.",
    )
