"""The count tables of a whole wave: totals first, then their spread over the bank types.

Totals follow the printed figures; what they leave open is moved by one number per dimension so that the
score of the dimension (weighted mean of its indicators, each the mean of its items) comes near the one
that the printed scores by type ask for. The spread over bank types is then pulled towards the printed
scores by type, and a last program moves single answers until the scores are met.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np

from dagster_project.sample.allocate import fit_counts, rake, tilt
from dagster_project.sample.assumptions import (
    COMPOSITION,
    INFERRED_BY_TYPE,
    INFERRED_SHARES,
    PRESS_SCORES,
    RURAL_ONLY,
)
from dagster_project.sample.calibrate import Table, move_to_scores
from dagster_project.sample.inputs import Item, WaveInputs
from dagster_project.sample.targets import INFERRED, Target, bounds, build_targets, unmet

# Shapes of an answer nobody printed, before they are moved: by number of options.
_SHAPE = {
    2: (0.6, 0.4),
    3: (0.25, 0.5, 0.25),
    4: (0.15, 0.35, 0.35, 0.15),
    5: (0.1, 0.25, 0.3, 0.25, 0.1),
}
# An answer nobody printed is never moved further than this (log-odds of the top against the bottom).
_MOST = 3.0
# How often the last program is run for one dimension.
_TRIES = 2
# Shares of another wave are fitted as counts of so many.
_THOUSAND = {"all": 1000}
_TICK, _NO_TICK = "ticked", "not_ticked"


@dataclass
class Part:
    """One table: a single-choice item, or one option of a multiple choice (ticked or not).

    points: worth of each option, 0 to 100, None where not scored; weight: part of the item's score.
    counts: bank types x options; one row for everybody until the totals are spread over the types.
    shape: likely shares of the options, before anything printed about the wave is looked at.
    """

    item: Item
    option: str | None
    options: tuple[str, ...]
    points: np.ndarray | None
    weight: float
    targets: list[Target]
    counts: np.ndarray
    shape: np.ndarray


@dataclass
class Tables:
    """All tables of a wave. `types` names the rows of every `Part.counts`."""

    types: list[str]
    sizes: dict[str, int]
    parts: list[Part]
    weights: dict[str, float]

    def scores(self) -> dict[str, dict[str, float]]:
        """Mean score by dimension and bank type (`all` for everybody), 0 to 100."""
        return {d: _score(self, _of_dimension(self.parts, d)) for d in _dimensions(self.parts)}


def build_tables(inputs: WaveInputs) -> Tables:
    """Tables for every item of the wave that has options, except bank type and province."""
    sizes = COMPOSITION[inputs.wave]
    tables = Tables(list(sizes), sizes, [], inputs.weights)
    tables.parts = [part for item in inputs.items for part in _parts(item, inputs, sizes)]
    for part in tables.parts:
        _fit_total(tables, part, 0.0)
    goals = {d: _goals(tables, inputs, d) for d in _dimensions(tables.parts)}
    for dimension, goal in goals.items():
        _reach_total(tables, dimension, goal.get("all"))
    for part in tables.parts:
        _spread(tables, part, {})
    for dimension, goal in goals.items():
        _reach_types(tables, dimension, goal)
        printed = wanted_scores(inputs, dimension)
        low, high = reachable_total(sizes, printed)
        if not low <= printed.get("all", low) <= high:
            del printed["all"]
        _settle(tables, dimension, printed)
    return tables


def calibration(inputs: WaveInputs, tables: Tables) -> list[dict[str, str]]:
    """Printed figures that the tables do not meet, with the reason."""
    found = []
    for part in tables.parts:
        for target in part.targets:
            figure = target.figure
            if figure is None:
                continue
            rows = slice(None) if figure.bank_type is None else [tables.types.index(figure.bank_type)]
            columns = [part.options.index(option) for option in target.options]
            attained = int(part.counts[rows][:, columns].sum())
            n = int(part.counts[rows].sum())
            reason = unmet(figure, attained, n)
            if reason:
                low, high = bounds(figure, n)
                found.append(
                    {
                        "figure_id": figure.figure_id,
                        "item_id": figure.item_id,
                        "option_ids": "|".join(figure.options),
                        "population": figure.bank_type or "all",
                        "qualifier": figure.qualifier,
                        "printed": figure.printed,
                        "n": str(n),
                        "target_count": str(low) if low == high else f"{low}..{high}",
                        "attained_count": str(attained),
                        "attained_share_pct": f"{100 * attained / n:.2f}",
                        "counts": "not ticked" if figure.complement else "chosen",
                        "reason": reason,
                    }
                )
    for row in found:
        # Tables count those who chose; a printed complement speaks of the others.
        if row["counts"] == "not ticked":
            n, ticked = int(row["n"]), int(row["attained_count"])
            row["attained_count"] = str(n - ticked)
            row["attained_share_pct"] = f"{100 * (n - ticked) / n:.2f}"
            ends = [n - int(end) for end in row["target_count"].split("..")]
            row["target_count"] = "..".join(str(end) for end in sorted(ends))
    return found


def score_table(inputs: WaveInputs, tables: Tables) -> list[dict[str, str]]:
    """Every printed dimension score of the wave beside the one that the made answers give."""
    rows = []
    for dimension, attained in tables.scores().items():
        printed = wanted_scores(inputs, dimension)
        for population in ("all", *tables.types):
            if population not in printed:
                continue
            score = printed[population]
            difference = attained[population] - score
            within = abs(difference) <= 0.05
            rows.append(
                {
                    "wave": str(inputs.wave),
                    "population": population,
                    "dimension": dimension,
                    "printed": f"{score:.2f}",
                    "attained": f"{attained[population]:.4f}",
                    "difference": f"{difference:.4f}",
                    "within_0_05": str(within).lower(),
                    "reason": "" if within else _reason(tables, population, score, printed),
                }
            )
    return rows


def _reason(tables: Tables, population: str, score: float, printed: dict[str, float]) -> str:
    if population == "all":
        low, high = reachable_total(tables.sizes, printed)
        if not low <= score <= high:
            return f"impossible with the printed scores by type, which allow {low:.2f} to {high:.2f}"
        return "not reached together with the printed scores by type and the printed shares"
    return f"nearest value found; one answer of {tables.sizes[population]} banks moves the score by more"


def _parts(item: Item, inputs: WaveInputs, sizes: dict[str, int]) -> list[Part]:
    if not item.options or item.item_id in ("sample.bank_type", "sample.province"):
        return []
    figures = inputs.figures.get(item.item_id, [])
    empty = np.zeros((len(sizes), 0), dtype=int)
    if item.item_type == "multi":
        parts = []
        for option in item.options:
            if option in item.exclusive:
                continue
            own = [figure for figure in figures if figure.options == (option,)]
            targets = [
                replace(t, options=(_TICK,))
                for t in [
                    *build_targets(own, sizes, 2, _inferred(item, inputs.wave, option)),
                    *_inferred_by_type(item, inputs.wave, option),
                ]
            ]
            worth = item.points[option]
            scale = None if worth is None else np.array([0.0, 100.0])
            ticked = [f for f in inputs.later.get(item.item_id, []) if f.options == (option,)]
            later = [replace(t, options=(_TICK,)) for t in build_targets(ticked, _THOUSAND, 2)]
            names = (_NO_TICK, _TICK)
            shape = _shape(item, option, names, scale, later)
            parts.append(Part(item, option, names, scale, (worth or 0.0) / 100, targets, empty, shape))
        return parts
    targets = build_targets(figures, sizes, len(item.options), _inferred(item, inputs.wave))
    targets += _inferred_by_type(item, inputs.wave)
    if item.item_id in RURAL_ONLY:
        targets += [
            Target((item.options[0],), kind, n, n, INFERRED)
            for kind, n in sizes.items()
            if kind != "rural_commercial"
        ]
    values = [item.points[option] for option in item.options]
    points = None if None in values else np.array(values, dtype=float)
    later = build_targets(inputs.later.get(item.item_id, []), _THOUSAND, len(item.options))
    shape = _shape(item, None, item.options, points, later)
    return [Part(item, None, item.options, points, 1.0, targets, empty, shape)]


def _shape(
    item: Item, option: str | None, options: tuple[str, ...], points: np.ndarray | None, later: list[Target]
) -> np.ndarray:
    shape = np.array(_SHAPE.get(len(options), [1 / len(options)] * len(options)))
    if later:
        return rake(1000 * shape[None, :], ["all"], options, _THOUSAND, later)[0] / 1000
    if points is not None:
        shape = shape * np.exp(_own_shift(item, option) * (points - 50) / 100)
    return shape / shape.sum()


def _inferred(item: Item, wave: int, option: str | None = None) -> list[tuple[tuple[str, ...], float, float]]:
    rows = [row[1:] for row in INFERRED_SHARES.get(wave, []) if row[0] == item.item_id]
    return [row for row in rows if option is None or row[0] == (option,)]


def _inferred_by_type(item: Item, wave: int, option: str | None = None) -> list[Target]:
    return [
        Target(options, kind, count, count, INFERRED)
        for item_id, options, kind, count in INFERRED_BY_TYPE.get(wave, [])
        if item_id == item.item_id and (option is None or options == (option,))
    ]


def _dimensions(parts: list[Part]) -> list[str]:
    return list(dict.fromkeys(part.item.dimension for part in parts if part.item.indicator))


def _of_dimension(parts: list[Part], dimension: str) -> list[Part]:
    return [p for p in parts if p.item.dimension == dimension and p.item.indicator and p.points is not None]


def wanted_scores(inputs: WaveInputs, dimension: str) -> dict[str, float]:
    """Printed scores of a dimension by bank type and for all banks, the latter from the press if need be."""
    printed = dict(inputs.scores.get(dimension, {}))
    press = PRESS_SCORES.get(inputs.wave, {}).get(dimension)
    return printed if press is None else {"all": press} | printed


def reachable_total(sizes: Mapping[str, int], printed: Mapping[str, float]) -> tuple[float, float]:
    """Lowest and highest score of all banks that goes with the printed scores by type."""
    known = sum(size * printed[kind] for kind, size in sizes.items() if kind in printed)
    rest = sum(size for kind, size in sizes.items() if kind not in printed)
    total = sum(sizes.values())
    return known / total, (known + 100 * rest) / total


def _goals(tables: Tables, inputs: WaveInputs, dimension: str) -> dict[str, float]:
    """A score for every type and for all banks that can be had together; the printed types count first."""
    printed = wanted_scores(inputs, dimension)
    sizes = tables.sizes
    named = [kind for kind in tables.types if kind in printed]
    others = [kind for kind in tables.types if kind not in printed]
    if not named or not others:
        return printed
    known = sum(sizes[kind] * printed[kind] for kind in named)
    mean = known / sum(sizes[kind] for kind in named)
    rest = sum(sizes[kind] for kind in others)
    left = (printed.get("all", mean) * sum(sizes.values()) - known) / rest
    if not 0 <= left <= 100:
        # The printed total cannot be had with the printed types: no reason to push the others so far.
        left = min(max(left, 15.0), 85.0)
    goal = {kind: printed[kind] for kind in named} | dict.fromkeys(others, left)
    return goal | {"all": sum(sizes[kind] * goal[kind] for kind in tables.types) / sum(sizes.values())}


def _score(tables: Tables, parts: list[Part]) -> dict[str, float]:
    names = [*tables.types, "all"]
    return {name: _score_of(tables, parts, i if name != "all" else None) for i, name in enumerate(names)}


def _shares_of_score(tables: Tables, parts: list[Part]) -> list[float]:
    """What one point on each table adds to the score of the dimension."""
    items: dict[str, set[str]] = {}
    for part in parts:
        items.setdefault(part.item.indicator, set()).add(part.item.item_id)
    whole = sum(tables.weights[indicator] for indicator in items)
    return [
        part.weight * tables.weights[part.item.indicator] / whole / len(items[part.item.indicator])
        for part in parts
    ]


def _score_of(tables: Tables, parts: list[Part], row: int | None) -> float:
    """Mean score of the bank type in `row`, of everybody where it is None."""
    score = 0.0
    for part, share in zip(parts, _shares_of_score(tables, parts), strict=True):
        counts = part.counts.sum(axis=0) if row is None else part.counts[row]
        score += share * float(counts @ part.points) / counts.sum()
    return score


def _settle(tables: Tables, dimension: str, printed: dict[str, float]) -> None:
    """Move single answers until the scores of the dimension are the printed ones."""
    parts = _of_dimension(tables.parts, dimension)
    # The search stops at a good answer, not the best: where it leaves a gap, a second one from there on
    # has a shorter way to go.
    for _ in range(_TRIES):
        attained = _score(tables, parts)
        if not printed or all(abs(attained[name] - score) < 0.005 for name, score in printed.items()):
            return
        given = [
            Table(
                part.counts,
                share * part.points,
                part.options,
                part.targets,
                (part.item.item_id, most_ticks(part.item)) if part.option else None,
            )
            for part, share in zip(parts, _shares_of_score(tables, parts), strict=True)
            if part.points is not None
        ]
        moved = move_to_scores(given, tables.types, tables.sizes, printed)
        for part, counts in zip(parts, moved, strict=True):
            part.counts = counts


def most_ticks(item: Item) -> int:
    """How many options of a multiple choice a bank can tick before its score reaches 100."""
    points = [value or 0.0 for value in item.points.values()]
    ticks = len(item.options) - len(item.exclusive)
    return ticks if not max(points) else min(ticks, int(100 / max(points) + 1e-9))


def _fit_total(tables: Tables, part: Part, shift: float, whole: bool = True) -> None:
    """Set the totals of a table; not `whole`: leave them as fractions, which is faster."""
    shape = part.shape
    if part.points is not None:
        shape = shape * np.exp(shift * (part.points - 50) / 100)
    shape = shape / shape.sum()
    types, sizes = tables.types, tables.sizes
    if all(target.bank_type is None for target in part.targets):
        # Nothing is printed by type: one row is enough, and much faster.
        types, sizes = ["all"], {"all": sum(tables.sizes.values())}
    n = np.array([sizes[kind] for kind in types])
    raked = rake(np.outer(n, shape), types, part.options, sizes, part.targets)
    part.counts = (
        fit_counts(raked, types, part.options, sizes, part.targets, by_total=True) if whole else raked
    )


def _own_shift(item: Item, option: str | None) -> float:
    """A fixed small shift of each table, so that answers nobody printed do not all look the same."""
    return 1.4 * (crc32(f"{item.item_id}/{option}".encode()) / 2**32 - 0.5)


def _reach_total(tables: Tables, dimension: str, wanted: float | None) -> None:
    """Move what is free in a dimension until its score meets the wanted one, or the limit."""
    if wanted is None:
        return
    parts = _of_dimension(tables.parts, dimension)
    free = [part for part in parts if not _is_fixed(part)]
    low, high = -_MOST, _MOST
    for _ in range(10):
        shift = (low + high) / 2
        for part in free:
            _fit_total(tables, part, shift, whole=False)
        low, high = (shift, high) if _score_of(tables, parts, None) < wanted else (low, shift)
    for part in free:
        _fit_total(tables, part, (low + high) / 2)


def _is_fixed(part: Part) -> bool:
    exact = {
        t.options for t in part.targets if t.bank_type is None and t.figure and t.figure.qualifier == "eq"
    }
    return len({options for options in exact if len(options) == 1}) >= len(part.options) - 1


def _spread(tables: Tables, part: Part, shifts: dict[str, float]) -> None:
    totals = part.counts.sum(axis=0)
    shares = totals / totals.sum()
    n = np.array([tables.sizes[kind] for kind in tables.types])
    wanted = np.outer(n, shares)
    if part.points is not None and shifts:
        mean = float(shares @ part.points)
        for i, kind in enumerate(tables.types):
            wanted[i] = n[i] * tilt(shares, part.points, mean + shifts[kind])
    raked = rake(wanted, tables.types, part.options, tables.sizes, part.targets, totals.astype(float))
    part.counts = fit_counts(raked, tables.types, part.options, tables.sizes, part.targets, totals)


def _reach_types(tables: Tables, dimension: str, goal: dict[str, float]) -> None:
    """Pull the spread over bank types towards the wanted scores by type."""
    parts = _of_dimension(tables.parts, dimension)
    if not set(tables.types) <= set(goal):
        return
    total = _score_of(tables, parts, None)
    shifts = {kind: goal[kind] - total for kind in tables.types}
    for _ in range(4):
        for part in parts:
            _spread(tables, part, shifts)
        attained = _score(tables, parts)
        shifts = {kind: shifts[kind] + 0.8 * (goal[kind] - attained[kind]) for kind in tables.types}
        shifts = {kind: min(max(shift, -90.0), 90.0) for kind, shift in shifts.items()}
