"""Can a hidden value be worked out from what is published? Linear programming gives the answer.

The attacker assumed here knows everything but the hidden values: who took part (the number of
respondents in every crossing of the groups), every published value, and that a value lies between
its bounds. What such a reader can derive of a hidden value is the interval between the smallest and
the largest total that is consistent with all of it. Sources: Fischetti and Salazar (2001) on the
attacker's problem; the minimum of one case per side for counts follows sdcTable's defaults.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

# A mean is safe when it may lie anywhere in at least this many points (of 0-100).
MIN_WIDTH_POINTS = 10.0
# A count is safe when at least two whole counts are possible.
MIN_WIDTH_COUNT = 1.0
_TOLERANCE = 1e-6


def feasible_intervals(published: pd.DataFrame, members: pd.DataFrame, upper: float) -> pd.DataFrame:
    """The interval that published values leave for each hidden total.

    published: one row per key and group: key, population_kind, population_value, n, total (NaN where
    hidden), slack (half a unit of the printed total, >= 0). The group `all` is the whole of a key.
    members: one row per key and crossing of the groups: key, n, and one column per population kind
    that holds the group's value. upper: the largest possible total of one respondent.
    Returns the hidden rows with low and high (totals). Raises ValueError where the published values
    contradict each other beyond their slack.
    """
    import numpy as np
    import pandas as pd
    from scipy.optimize import linprog
    from scipy.sparse import csr_matrix

    published = published.reset_index(drop=True)
    hidden = published[published["total"].isna()]
    if hidden.empty:
        return hidden.assign(low=pd.Series(dtype=float), high=pd.Series(dtype=float))
    keys = set(hidden["key"])
    published = published[published["key"].isin(keys)]
    cells = members[members["key"].isin(keys)].reset_index(drop=True)
    pairs = _cells_of_groups(published, cells)

    known = published[published["total"].notna()]
    row_of = pd.Series(np.arange(len(known)), index=known.index)
    part = pairs[pairs["group"].isin(known.index)]
    matrix = csr_matrix(
        (np.ones(len(part)), (row_of[part["group"]].to_numpy(), part["cell"].to_numpy())),
        shape=(len(known), len(cells)),
    )
    total, slack = known["total"].to_numpy(float), known["slack"].to_numpy(float) + _TOLERANCE
    from scipy.sparse import vstack

    constraints = {
        "A_ub": vstack([matrix, -matrix]),
        "b_ub": np.concatenate([total + slack, slack - total]),
        "bounds": np.column_stack([np.zeros(len(cells)), cells["n"].to_numpy(float) * upper]),
        "method": "highs",
    }
    # Keys share no cell, so one program over all keys gives the optimum of each of them; one program
    # per hidden group of a key remains.
    order = hidden.groupby("key").cumcount()
    bounds = pd.DataFrame({"low": 0.0, "high": 0.0}, index=hidden.index)
    for number in range(int(order.max()) + 1):
        wanted = pairs[pairs["group"].isin(hidden.index[order == number])]
        objective = np.bincount(wanted["cell"], minlength=len(cells)).astype(float)
        for side, sign in (("low", 1.0), ("high", -1.0)):
            solution = linprog(sign * objective, **constraints)
            if solution.x is None:
                raise ValueError(f"published values contradict each other: {solution.message}")
            values = wanted.assign(value=solution.x[wanted["cell"]]).groupby("group")["value"].sum()
            bounds.loc[values.index, side] = values
    return hidden.join(bounds)


def _cells_of_groups(published: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Pairs (group = index of `published`, cell = index of `cells`) of a group and its crossings."""
    import pandas as pd

    groups = published[["key", "population_kind", "population_value"]].assign(group=published.index)
    numbered = cells.assign(cell=cells.index)
    parts = []
    for kind, rows in groups.groupby("population_kind"):
        if kind == "all":
            parts.append(rows.merge(numbered[["key", "cell"]], on="key"))
        else:
            crossing = numbered[["key", kind, "cell"]].rename(columns={kind: "population_value"})
            parts.append(rows.merge(crossing, on=["key", "population_value"]))
    return pd.concat(parts, ignore_index=True)[["group", "cell"]]
