"""Turns printed figures into counts that a table of answers has to reach."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dagster_project.sample.inputs import Figure

# What it costs to miss a target: an exact figure once, a vague or inferred one per respondent. All
# outweigh the wish for a smooth table.
COMPLETE, FIGURE, PROSE, ROUNDED, VAGUE, INFERRED = 5000.0, 2000.0, 1000.0, 500.0, 20.0, 8.0

# Printed pies were forced to sum to 100 by moving a share by 0.01.
PRINT_TOLERANCE = 0.02
# How far words such as "about" and "more than" reach, in percentage points.
ABOUT, REACH = 2.5, 10.0


@dataclass(frozen=True)
class Target:
    """At least `low` and at most `high` of the respondents (of one bank type) choose `options`.

    aim: the count nearest to what is printed; None where anything between the bounds is as good.
    """

    options: tuple[str, ...]
    bank_type: str | None
    low: int
    high: int
    weight: float
    figure: Figure | None = None
    aim: int | None = None


def is_complete(figures: Sequence[Figure], n_options: int) -> bool:
    """Whether exact single-option figures of one place and population make up the whole distribution."""
    singles = {f.options[0]: f.share for f in figures if f.qualifier == "eq" and len(f.options) == 1}
    return len(singles) > 1 and len(singles) <= n_options and abs(sum(singles.values()) - 100) <= 0.05


def complete_groups(figures: Sequence[Figure], n_options: int) -> list[list[Figure]]:
    """The printed distributions that are complete, one list per place and population."""
    groups: dict[tuple[str, str | None], list[Figure]] = defaultdict(list)
    for figure in figures:
        if figure.qualifier == "eq" and len(figure.options) == 1 and not figure.complement:
            groups[figure.place, figure.bank_type].append(figure)
    return [group for group in groups.values() if is_complete(group, n_options)]


def bounds(figure: Figure, n: int) -> tuple[int, int]:
    """Lowest and highest count out of n that agree with the printed share; one count for `eq`."""
    if figure.qualifier == "eq":
        nearest = math.floor(figure.share * n / 100 + 0.5)
        return nearest, nearest
    value = float(figure.printed)
    kind = figure.qualifier
    if kind == "approx":
        # "不超过" has to be seen before "超过".
        if "不超" in figure.words:
            low, high = 0.0, value
        elif "超" in figure.words:
            low, high = value, value + REACH
        elif any(word in figure.words for word in ("接近", "近", "不足")):
            low, high = value - REACH, value
        else:
            low, high = value - ABOUT, value + ABOUT
    elif kind in ("gt", "ge"):
        low, high = value + (1e-9 if kind == "gt" else 0), value + REACH
    else:
        low, high = value - REACH, value - (1e-9 if kind == "lt" else 0)
    if figure.complement:
        low, high = 100 - high, 100 - low
    first, last = math.ceil(max(low, 0) * n / 100 - 1e-12), math.floor(min(high, 100) * n / 100 + 1e-12)
    if first > last:
        first = last = math.floor(figure.share * n / 100 + 0.5)
    return first, last


def build_targets(
    figures: Sequence[Figure],
    sizes: Mapping[str, int],
    n_options: int,
    inferred: Sequence[tuple[tuple[str, ...], float, float]] = (),
) -> list[Target]:
    """Targets of one item. sizes: respondents by bank type; inferred: (options, lowest, highest %)."""
    in_complete = {f.figure_id for group in complete_groups(figures, n_options) for f in group}
    total = sum(sizes.values())
    targets = []
    for figure in figures:
        n = total if figure.bank_type is None else sizes[figure.bank_type]
        low, high = bounds(figure, n)
        if figure.qualifier != "eq":
            weight = VAGUE
        elif figure.figure_id in in_complete:
            weight = COMPLETE
        elif figure.decimals == 0 and figure.share * n % 100:
            weight = ROUNDED
        else:
            weight = PROSE if figure.in_prose else FIGURE
        aim = min(max(math.floor(figure.share * n / 100 + 0.5), low), high)
        targets.append(Target(figure.options, figure.bank_type, low, high, weight, figure, aim))
    for options, lowest, highest in inferred:
        first, last = math.ceil(lowest * total / 100 - 1e-9), math.floor(highest * total / 100 + 1e-9)
        targets.append(Target(options, None, first, max(first, last), INFERRED))
    return sorted(targets, key=lambda target: -target.weight)


def unmet(figure: Figure, attained: int, n: int) -> str:
    """Why `attained` out of n does not agree with the printed figure; blank when it does."""
    low, high = bounds(figure, n)
    if figure.qualifier != "eq":
        return "" if low <= attained <= high else "contradicts exact figures of the same item"
    if attained != low:
        return "contradicts figures of the same item that rank higher or count as many"
    tolerance = max(PRINT_TOLERANCE, 0.5 * 10**-figure.decimals) + 1e-9
    if abs(100 * attained / n - figure.share) > tolerance:
        return f"no count out of {n} gives the printed share; the nearest was taken"
    return ""
