"""The scores of one wave as matrices, read from the build database."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dagster_project.errors import FengchaoError
from dagster_project.settings import Settings

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class WaveScores:
    """n respondents (sorted by id), I items, K indicators, D dimensions.

    bank_type: (n,). item_score: (n, I) points 0-100, NaN: no usable answer; item_asked: (n, I) bool.
    item_parent: (I,) indicator; indicator_parent: (K,) dimension. indicator_weight: (K,),
    dimension_weight: (D,): weights of the headline, any positive scale. hidden: (kind, group, dimension or
    index) whose headline no reader sees.
    """

    wave: int
    is_synthetic: bool
    bank_type: NDArray[Any]
    items: tuple[str, ...]
    indicators: tuple[str, ...]
    dimensions: tuple[str, ...]
    item_parent: Ints
    indicator_parent: Ints
    item_score: Floats
    item_asked: NDArray[np.bool_]
    indicator_weight: Floats
    dimension_weight: Floats
    hidden: frozenset[tuple[str, str, str]] = frozenset()

    @property
    def n(self) -> int:
        return len(self.bank_type)

    def children(self, dimension: int) -> Ints:
        """Indicators of a dimension, by number."""
        return np.flatnonzero(self.indicator_parent == dimension)

    def without(self, indicator: int) -> WaveScores:
        """The same wave as if nobody had been asked the items of one indicator."""
        gone = self.item_parent == indicator
        return replace(
            self,
            item_score=np.where(gone, np.nan, self.item_score),
            item_asked=self.item_asked & ~gone,
        )

    @cached_property
    def indicator_sums(self) -> tuple[Floats, Ints, Ints]:
        """(n, K) each: sum of the item scores present, number present, number asked."""
        shape = (self.n, len(self.indicators))
        total, present, asked = np.zeros(shape), np.zeros(shape, int), np.zeros(shape, int)
        for item, indicator in enumerate(self.item_parent):
            here = ~np.isnan(self.item_score[:, item])
            total[here, indicator] += self.item_score[here, item]
            present[:, indicator] += here
            asked[:, indicator] += self.item_asked[:, item]
        return total, present, asked


def read_wave(settings: Settings, wave: int) -> WaveScores | None:
    """Scores of a wave; None where the wave has no answers. Raises FengchaoError for an unweighted indicator."""

    from dagster_project.warehouse.lock import open_warehouse

    with open_warehouse(settings) as con:
        rows = con.execute(
            "select response_id, bank_type, item_id, indicator, dimension, score, is_synthetic "
            "from restricted.int_item_score where wave = ? order by response_id, item_id",
            [wave],
        ).fetchnumpy()
        indicators = con.execute(
            "select indicator, weight from framework.framework_indicator "
            "where ? between valid_from_wave and coalesce(valid_to_wave, 9999)",
            [wave],
        ).fetchall()
        dimensions = con.sql("select * from framework.framework_dimension order by dimension_no").df()
        hidden = con.execute(
            "select population_kind, population_value, code from restricted.int_score_mean "
            "where wave = ? and source_wave = wave and scenario = 'headline' and is_hidden "
            "and level in ('dimension', 'index')",
            [wave],
        ).fetchall()
    if not len(rows["response_id"]):
        return None
    # Dimensions weigh the same unless the framework says otherwise.
    weights = dimensions["weight"] if "weight" in dimensions else np.ones(len(dimensions))
    scores = assemble(
        wave,
        {name: np.ma.getdata(values) for name, values in rows.items() if name != "score"},
        np.ma.MaskedArray(rows["score"], dtype=float).filled(np.nan),
        dict(indicators),
        dict(zip(dimensions["dimension"], map(float, weights), strict=True)),
    )
    return replace(scores, hidden=frozenset(hidden))


def assemble(
    wave: int,
    rows: dict[str, NDArray[Any]],
    score: Floats,
    indicator_weight: dict[str, float],
    dimension_weight: dict[str, float],
) -> WaveScores:
    """Matrices from long rows (response_id, bank_type, item_id, indicator, dimension, is_synthetic), in any order.

    score: (rows,) with NaN where there is none. dimension_weight gives the order of the dimensions.
    """
    respondents, first, respondent = np.unique(rows["response_id"], return_index=True, return_inverse=True)
    items, item_first, item = np.unique(rows["item_id"], return_index=True, return_inverse=True)
    parents = dict(zip(rows["indicator"][item_first], rows["dimension"][item_first], strict=True))
    missing = sorted(set(parents) - set(indicator_weight))
    if missing:
        raise FengchaoError(
            f"Wave {wave}: indicator {missing[0]!r} has items and no weight. "
            "Add it to dbt/seeds/framework/framework_indicator.csv for that wave, then run `framework`."
        )
    dimensions = tuple(name for name in dimension_weight if name in set(parents.values()))
    indicators = tuple(sorted(parents, key=lambda name: (dimensions.index(parents[name]), name)))
    item_score = np.full((len(respondents), len(items)), np.nan)
    item_score[respondent, item] = score
    asked = np.zeros(item_score.shape, dtype=bool)
    asked[respondent, item] = True
    return WaveScores(
        wave=wave,
        is_synthetic=bool(np.any(rows["is_synthetic"])),
        bank_type=rows["bank_type"][first],
        items=tuple(items),
        indicators=indicators,
        dimensions=dimensions,
        item_parent=np.array([indicators.index(name) for name in rows["indicator"][item_first]]),
        indicator_parent=np.array([dimensions.index(parents[name]) for name in indicators]),
        item_score=item_score,
        item_asked=asked,
        indicator_weight=np.array([indicator_weight[name] for name in indicators]),
        dimension_weight=np.array([dimension_weight[name] for name in dimensions]),
    )
