"""Rule total_outside_parts: a total that no mean of its parts can give, whatever the unnamed rest is.

The parts weigh what the sample's composition says: exactly where it is printed, one of the splits that
fit the printed shares by type where it is not, and anything where nothing is known; the types a
document breaks down by are then taken to be at least `1 - UNNAMED` of its sample.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from dagster_project.audit.blocks import SLACK, Bases, composition, counts
from dagster_project.audit.figures import ALL, Figure
from dagster_project.audit.findings import Finding, about

RULE = "total_outside_parts"
UNNAMED = 0.1
_WORST, _BEST = 0.0, 100.0
_MAX_SPLITS = 400_000


@dataclass(frozen=True)
class Split:
    """Weights of the populations as (lowest, highest) fractions; the rest of the sample is unnamed."""

    weights: dict[str, tuple[float, float]]
    rest: tuple[float, float]


def total_range(split: Split, parts: dict[str, tuple[float, float]]) -> tuple[float, float]:
    """Lowest and highest mean of 0-100 values: parts are (lowest, highest), what is not printed is 0..100.

    A greedy filling solves it: every weight starts at its lowest, the remainder goes to the cheapest.
    """
    rest_low = split.rest[0] + sum(low for p, (low, _) in split.weights.items() if p not in parts)
    rest_high = split.rest[1] + sum(high for p, (_, high) in split.weights.items() if p not in parts)
    terms = [(*split.weights[p], *parts[p]) for p in parts if p in split.weights]
    terms.append((rest_low, rest_high, _WORST, _BEST))

    def extreme(values: list[tuple[float, float, float]]) -> float:
        free = 1 - sum(low for low, _, _ in values)
        total = sum(low * value for low, _, value in values)
        for low, high, value in sorted(values, key=lambda term: term[2]):
            step = min(max(free, 0), high - low)
            total, free = total + step * value, free - step
        return total

    lowest = extreme([(low, high, value) for low, high, value, _ in terms])
    highest = -extreme([(low, high, -value) for low, high, _, value in terms])
    return lowest, highest


def find(figures: Sequence[Figure], bases: Bases) -> list[Finding]:
    """Exact totals of scores and shares outside the range of their parts."""
    documents: dict[tuple[str, int], list[Figure]] = {}
    for figure in figures:
        if figure.exact and figure.kind in ("share", "score"):
            documents.setdefault((figure.document_id, figure.year), []).append(figure)
    findings = []
    for printed in documents.values():
        cells: dict[tuple[object, ...], dict[str, Figure]] = {}
        for figure in printed:
            cell = (figure.kind, figure.item, figure.options, figure.complement)
            known = cells.setdefault(cell, {}).get(figure.population)
            if known is None or figure.decimals > known.decimals:
                cells[cell][figure.population] = figure
        comparable = [parts for parts in cells.values() if ALL in parts and len(parts) > 1]
        if not comparable:
            continue
        populations = {p for parts in comparable for p in parts if p != ALL}
        splits, source = sample_splits(printed, populations, comparable, bases)
        for by_population in comparable:
            whole = by_population[ALL]
            parts = [f for p, f in by_population.items() if p != ALL]
            found = _check(whole, parts, splits, source, printed, bases)
            if found:
                findings.append(found)
    return findings


def _check(
    whole: Figure, parts: list[Figure], splits: list[Split], source: str, printed: list[Figure], bases: Bases
) -> Finding | None:
    bounds = {f.population: (max(f.value - f.half, 0.0), min(f.value + f.half, 100.0)) for f in parts}
    ranges = [total_range(split, bounds) for split in splits]
    if any(low - whole.half - SLACK <= whole.value <= high + whole.half + SLACK for low, high in ranges):
        return None
    low, high = min(low for low, _ in ranges), max(high for _, high in ranges)
    expected = f"{low:.2f}..{high:.2f}"
    names_zh, names_en = _SOURCES[source]
    listed = ", ".join(f"{f.group} {f.value:.{f.decimals}f}" for f in parts)
    same = [f for f in printed if f.value == whole.value and f.kind == whole.kind and f.cell != whole.cell]
    copy_zh = f"同一数值也印作 “{same[0].label}”（{same[0].group}），可能误抄。" if same else ""
    copy_en = f" The same number stands for {same[0].item}, {same[0].group}: maybe a copy." if same else ""
    return about(
        whole,
        RULE,
        "impossible" if source == "printed" else "inconsistent",
        expected,
        f"{names_zh}，各类型为 {listed}，未列明部分取 0 至 100 时总体只能在 {expected} 之间，所印 {whole.value:.{whole.decimals}f} 不可能是其均值。{copy_zh}",
        f"{names_en}, the parts {listed} and 0 to 100 for what is not named allow a total of {expected}; "
        f"{whole.value:.{whole.decimals}f} is no mean of them.{copy_en}",
        others=[*parts, *same[:1]],
        n=bases.blocks[whole.block].n if whole.block in bases.blocks else None,
        candidates=bases.blocks[whole.block].candidates if whole.block in bases.blocks else (),
    )


_SOURCES = {
    "printed": ("按文中所印样本构成", "With the printed composition of the sample"),
    "inferred": (
        "样本构成未印出，由分类型占比与总体占比推得",
        "With the compositions that fit the printed shares by type and in total (the composition is not printed)",
    ),
    "assumed": (
        f"样本构成未知，仅假定所列类型至少占样本 {1 - UNNAMED:.0%}",
        f"With nothing known of the composition but that the named types are at least {1 - UNNAMED:.0%} of the sample",
    ),
}


def sample_splits(
    printed: Sequence[Figure],
    populations: set[str],
    comparable: Sequence[dict[str, Figure]],
    bases: Bases,
) -> tuple[list[Split], str]:
    """Splits of the sample that the document allows, and where they come from."""
    shares = composition([f for f in printed if f.kind == "share"], populations)
    if shares:
        weights = {p: (max(f.value - f.half, 0) / 100, (f.value + f.half) / 100) for p, f in shares.items()}
        weights |= dict.fromkeys(populations - set(shares), (0.0, 1.0))
        rest = 1 - sum(f.value for f in shares.values()) / 100
        slack = sum(f.half for f in shares.values()) / 100
        n = bases.of(next(iter(shares.values())))
        if n.known and len(n.candidates) == 1:
            weights |= {p: _whole(f, n.n or 1) for p, f in shares.items()}
            slack = 0.0
        return [Split(weights, (max(rest - slack, 0), max(rest + slack, 0)))], "printed"
    fitting = list(_fitting_splits(sorted(populations), comparable, bases))
    if fitting:
        return fitting, "inferred"
    return [Split(dict.fromkeys(populations, (0.0, 1.0)), (0.0, UNNAMED))], "assumed"


def _whole(figure: Figure, n: int) -> tuple[float, float]:
    sizes = counts(figure.value, figure.half, n)
    if not sizes:
        return max(figure.value - figure.half, 0) / 100, (figure.value + figure.half) / 100
    return sizes[0] / n, sizes[-1] / n


def _fitting_splits(
    populations: list[str], comparable: Sequence[dict[str, Figure]], bases: Bases
) -> Iterator[Split]:
    """Whole group sizes under which every share by type is a count and the counts fit the total's.

    Needs a known n, shares by type of every population, and at least two shares with a total.
    """
    shares = [parts for parts in comparable if parts[ALL].kind == "share"]
    complete = [parts for parts in shares if set(populations) <= set(parts)]
    if len(complete) < 2 or len(populations) > 4:
        return
    base = bases.of(complete[0][ALL])
    if not base.known or base.n is None:
        return
    n = base.n
    sizes = []
    for population in populations:
        printed = [parts[population] for parts in shares if population in parts]
        sizes.append([m for m in range(2, n) if all(counts(f.value, f.half, m) for f in printed)])
    if np.prod([len(options) for options in sizes], dtype=float) > _MAX_SPLITS:
        return
    for split in product(*sizes):
        rest = n - sum(split)
        if 0 <= rest <= UNNAMED * n and _fits(populations, split, rest, n, complete):
            yield Split(
                {p: (m / n, m / n) for p, m in zip(populations, split, strict=True)}, (rest / n, rest / n)
            )


def _fits(
    populations: list[str], split: tuple[int, ...], rest: int, n: int, complete: list[dict[str, Figure]]
) -> bool:
    for parts in complete:
        total = counts(parts[ALL].value, parts[ALL].half, n)
        ranges = [counts(parts[p].value, parts[p].half, m) for p, m in zip(populations, split, strict=True)]
        if not total:
            continue
        low, high = sum(r[0] for r in ranges), sum(r[-1] for r in ranges) + rest
        if total[-1] < low or total[0] > high:
            return False
    return True
