"""Moves the fewest answers that bring the dimension scores of all bank types to the printed ones.

One integer program per dimension over all of its tables. Printed shares that the tables meet stay met;
those they miss keep the count they have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from dagster_project.errors import FengchaoError
from dagster_project.sample.targets import VAGUE, Target

# A score this near to the printed one is printed the same.
BAND = 0.004
# Cost of one point of distance, in answers moved: from a type's score, and from the score of all banks.
_TYPE_MISS, _TOTAL_MISS = 20000.0, 4000.0
# Stops the search, which would otherwise prove for hours that no smaller move exists. Numbers of
# branches, unlike seconds, give the same tables on every machine.
_BRANCHES, _GAP = 500, 0.4


@dataclass(frozen=True)
class Table:
    """Counts (types x options) of one table, what an answer adds to the score of one bank, its targets.

    cap: for options of one multiple choice, (name of the question, most ticks a bank may have).
    """

    counts: np.ndarray
    worth: np.ndarray
    options: tuple[str, ...]
    targets: Sequence[Target]
    cap: tuple[str, int] | None = None


class _Program:
    """Rows of a mixed-integer program, collected one by one."""

    def __init__(self) -> None:
        self.cost: list[float] = []
        self.floor: list[float] = []
        self.ceiling: list[float] = []
        self.whole: list[int] = []
        self.cells: list[tuple[int, int, float]] = []
        self.low: list[float] = []
        self.high: list[float] = []

    def variable(self, cost: float, floor: float, ceiling: float, whole: bool = False) -> int:
        self.cost.append(cost)
        self.floor.append(floor)
        self.ceiling.append(ceiling)
        self.whole.append(int(whole))
        return len(self.cost) - 1

    def row(self, cells: Sequence[tuple[int, float]], low: float, high: float) -> None:
        self.cells.extend((len(self.low), variable, value) for variable, value in cells if value)
        self.low.append(low)
        self.high.append(high)

    def solve(self, whole: bool = True) -> np.ndarray:
        """Values of the variables; not `whole`: fractions allowed, which is quick."""
        rows, columns, values = zip(*self.cells, strict=True)
        matrix = csr_array((values, (rows, columns)), shape=(len(self.low), len(self.cost)))
        result = milp(
            np.array(self.cost),
            constraints=LinearConstraint(matrix, np.array(self.low), np.array(self.high)),
            integrality=np.array(self.whole) * int(whole),
            bounds=Bounds(np.array(self.floor), np.array(self.ceiling)),
            options={"mip_rel_gap": _GAP, "node_limit": _BRANCHES},
        )
        if result.x is None:
            raise FengchaoError(f"no answers could be found that fit the printed scores ({result.message})")
        return np.asarray(result.x)


def move_to_scores(
    tables: Sequence[Table], types: Sequence[str], sizes: Mapping[str, int], printed: Mapping[str, float]
) -> list[np.ndarray]:
    """New counts of every table, with scores (bank type or `all`) as near to `printed` as can be."""
    program = _Program()
    total = sum(sizes.values())
    # Of each cell the step from the count it has; its size is what the step costs.
    steps: list[np.ndarray] = []
    for table in tables:
        step = np.empty(table.counts.shape, dtype=int)
        for i, kind in enumerate(types):
            for j in range(len(table.options)):
                have = int(table.counts[i, j])
                step[i, j] = program.variable(0, -have, sizes[kind] - have, whole=True)
                length = program.variable(1, 0, sizes[kind])
                program.row([(length, 1), (step[i, j], 1)], 0, np.inf)
                program.row([(length, 1), (step[i, j], -1)], 0, np.inf)
            program.row([(variable, 1) for variable in step[i]], 0, 0)
        steps.append(step)
    _keep_targets(program, tables, types, steps)
    _keep_caps(program, tables, types, sizes, steps)
    aims: list[tuple[int, int, int]] = []
    for name, wanted in printed.items():
        rows = range(len(types)) if name == "all" else [types.index(name)]
        size = total if name == "all" else sizes[name]
        cells, now = [], 0.0
        for table, step in zip(tables, steps, strict=True):
            for i in rows:
                now += float(table.counts[i] @ table.worth) / size
                cells += [(step[i, j], float(worth) / size) for j, worth in enumerate(table.worth)]
        miss = _TOTAL_MISS if name == "all" else _TYPE_MISS
        short, over = (program.variable(miss, 0, np.inf) for _ in range(2))
        program.row([*cells, (short, 1.0), (over, -1.0)], wanted - now - BAND, wanted - now + BAND)
        aims.append((len(program.low) - 1, short, over))
    # A score that not even parts of answers reach is aimed at where those end: the large cost of what
    # cannot be helped would hide the small ones from the search.
    nearest = program.solve(whole=False)
    for row, short, over in aims:
        off = float(np.round(nearest[over] - nearest[short], 6))
        program.low[row] += off
        program.high[row] += off
    solution = program.solve()
    return [
        table.counts + np.rint(solution[step]).astype(int) for table, step in zip(tables, steps, strict=True)
    ]


def _keep_targets(
    program: _Program, tables: Sequence[Table], types: Sequence[str], steps: Sequence[np.ndarray]
) -> None:
    for table, step in zip(tables, steps, strict=True):
        for target in table.targets:
            rows = range(len(types)) if target.bank_type is None else [types.index(target.bank_type)]
            columns = [table.options.index(option) for option in target.options]
            now = int(sum(table.counts[i, j] for i in rows for j in columns))
            low, high = target.low, target.high
            if not low <= now <= high:
                # What is printed in words may come nearer, an exact figure that is missed stays put.
                low = high = now
                if target.weight <= VAGUE:
                    low, high = min(now, target.low), max(now, target.high)
            program.row([(step[i, j], 1) for i in rows for j in columns], low - now, high - now)


def _keep_caps(
    program: _Program,
    tables: Sequence[Table],
    types: Sequence[str],
    sizes: Mapping[str, int],
    steps: Sequence[np.ndarray],
) -> None:
    """Never more ticks of one question than the banks of a type can have without reaching its cap."""
    for name, most in sorted({table.cap for table in tables if table.cap}):
        members = [k for k, table in enumerate(tables) if table.cap and table.cap[0] == name]
        for i, kind in enumerate(types):
            now = sum(int(tables[k].counts[i, 1]) for k in members)
            program.row([(steps[k][i, 1], 1) for k in members], -np.inf, most * sizes[kind] - now)
