"""Counts of answers by bank type and option that meet printed figures: a small integer program per item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from dagster_project.errors import FengchaoError
from dagster_project.sample.targets import VAGUE, Target

# Breaks ties between equally good tables in a fixed way, far below the cost of one respondent.
_TIE = 1e-3
# Part of the cost of missing a figure that grows with the distance.
_PER_UNIT = 0.001


def rake(
    start: np.ndarray,
    types: Sequence[str],
    options: Sequence[str],
    sizes: Mapping[str, int],
    targets: Sequence[Target],
    totals: np.ndarray | None = None,
    rounds: int = 60,
) -> np.ndarray:
    """Scale the table `start` (types x options, counts) until it fits group sizes, totals and targets.

    What cannot be met together is settled in favour of the targets of higher weight, which come last
    in each round.
    """
    table = start.astype(float).copy()
    rows = np.array([sizes[t] for t in types], dtype=float)
    ascending = sorted(targets, key=lambda item: item.weight)
    for _ in range(rounds):
        before = table.copy()
        for target in ascending:
            row = slice(None) if target.bank_type is None else [types.index(target.bank_type)]
            inside = np.array([option in target.options for option in options])
            block = table[row]
            size = rows.sum() if target.bank_type is None else sizes[target.bank_type]
            chosen, rest = block[:, inside].sum(), block[:, ~inside].sum()
            wanted = min(max(chosen, target.low), target.high) if target.aim is None else target.aim
            if chosen > 0 and rest > 0:
                block[:, inside] *= wanted / chosen
                block[:, ~inside] *= (size - wanted) / rest
                table[row] = block
        if totals is not None:
            sums = table.sum(axis=0)
            table *= np.divide(totals, sums, out=np.ones_like(sums), where=sums > 0)
        sums = table.sum(axis=1)
        table *= np.divide(rows, sums, out=np.ones_like(sums), where=sums > 0)[:, None]
        if np.abs(table - before).max() < 1e-6:
            break
    return table


def fit_counts(
    wanted: np.ndarray,
    types: Sequence[str],
    options: Sequence[str],
    sizes: Mapping[str, int],
    targets: Sequence[Target],
    totals: np.ndarray | None = None,
    by_total: bool = False,
) -> np.ndarray:
    """Whole counts (types x options) nearest to `wanted`, with the least weighted miss of the targets.

    Each row sums to the size of its type; `totals` fixes the column sums. by_total: nearness is measured
    on the column sums instead of the cells.
    """
    n_types, n_options, size = len(types), len(options), sum(sizes.values())
    cells = n_types * n_options
    # Rounded, so that the last bits of a sum do not decide between two tables.
    goals = np.round(wanted.sum(axis=0) if by_total else wanted.ravel(), 3)
    # Variables after the cells: three per goal (first step up, further steps up, steps down), then three
    # per target (short, over, missed). All data but the costs are whole numbers: with fractions in the
    # bounds the solver now and then rejects its own solution by a rounding error.
    first_goal, first_target = cells, cells + 3 * len(goals)
    width = first_target + 3 * len(targets)
    cost, ceiling = np.zeros(width), np.full(width, float(size))
    cost[:cells] = _TIE * np.arange(1, cells + 1) / cells
    matrix: list[np.ndarray] = []
    lower: list[float] = []
    upper: list[float] = []

    def add(row: np.ndarray, low: float, high: float) -> None:
        matrix.append(row)
        lower.append(low)
        upper.append(high)

    def cell_row(kinds: Sequence[int], chosen: Sequence[int]) -> np.ndarray:
        row = np.zeros(width)
        for i in kinds:
            for j in chosen:
                row[i * n_options + j] = 1
        return row

    every_type, every_option = range(n_types), range(n_options)
    for i, bank_type in enumerate(types):
        add(cell_row([i], every_option), sizes[bank_type], sizes[bank_type])
    if totals is not None:
        for j in every_option:
            add(cell_row(every_type, [j]), totals[j], totals[j])
    for k, goal in enumerate(goals):
        row = cell_row(every_type, [k]) if by_total else cell_row([k // n_options], [k % n_options])
        step, up, down = range(first_goal + 3 * k, first_goal + 3 * k + 3)
        row[[step, up]], row[down] = -1, 1
        whole = np.floor(goal)
        add(row, whole, whole)
        cost[step], cost[up], cost[down] = 1 - 2 * (goal - whole), 1, 1
        ceiling[step] = 1
    for k, target in enumerate(targets):
        kinds = every_type if target.bank_type is None else [types.index(target.bank_type)]
        row = cell_row(kinds, [options.index(option) for option in target.options])
        short, over, missed = range(first_target + 3 * k, first_target + 3 * k + 3)
        at_least, at_most = row.copy(), row.copy()
        at_least[short], at_most[over] = 1, -1
        add(at_least, target.low, np.inf)
        add(at_most, -np.inf, target.high)
        if target.weight <= VAGUE:
            cost[short] = cost[over] = target.weight
            continue
        # An exact figure is met or it is not: to miss one by much is better than two by a little.
        cost[missed] = target.weight
        cost[short] = cost[over] = _PER_UNIT * target.weight
        charge = np.zeros(width)
        charge[short] = charge[over] = 1
        charge[missed] = -size
        add(charge, -np.inf, 0)
        ceiling[missed] = 1
    result = milp(
        cost,
        constraints=LinearConstraint(np.array(matrix), np.array(lower), np.array(upper)),
        integrality=np.ones(width),
        bounds=Bounds(np.zeros(width), ceiling),
        options={"mip_rel_gap": 0.0},
    )
    if result.x is None:
        raise FengchaoError(f"no table of answers could be found ({result.message})")
    return np.rint(result.x[:cells]).astype(int).reshape(n_types, n_options)


def tilt(shares: np.ndarray, points: np.ndarray, mean: float) -> np.ndarray:
    """The distribution nearest to `shares` (in relative entropy) with the given mean of `points`."""
    support = shares > 0
    if points[support].max() - points[support].min() < 1e-9:
        return shares
    span = points[support].max() - points[support].min()
    mean = min(max(mean, points[support].min() + 0.02 * span), points[support].max() - 0.02 * span)
    low, high = -12.0, 12.0
    for _ in range(60):
        middle = (low + high) / 2
        weighted = shares * np.exp(middle * (points - points.mean()) / 100)
        weighted /= weighted.sum()
        low, high = (middle, high) if weighted @ points < mean else (low, middle)
    return weighted
