"""Do the parts of a score belong together: Cronbach's alpha, item-rest and pairwise correlations."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from dagster_project.analysis.parameters import Parameters
from dagster_project.analysis.read import Floats, WaveScores
from dagster_project.analysis.scoring import DIGITS, indicator_scores, nominal_scores


class Family(NamedTuple):
    """A score and its parts: values (n, C) of the children, NaN where missing."""

    level: str
    key: str
    child_level: str
    children: tuple[str, ...]
    values: Floats


def complete(values: Floats) -> Floats:
    """Rows without a missing value (listwise)."""
    return values[~np.isnan(values).any(axis=1)]


def correlation(one: Floats, other: Floats) -> float | None:
    """Pearson's r of two complete series, None for fewer than three pairs or a constant series."""
    if len(one) < 3 or np.ptp(one) == 0.0 or np.ptp(other) == 0.0:
        return None
    a, b = one - one.mean(), other - other.mean()
    return round(float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum())), DIGITS)


def cronbach_alpha(values: Floats) -> float | None:
    """k/(k-1) (1 - sum of the variances / variance of the sum) of complete rows (n, k), variances with n - 1.

    It may be negative and is not clipped. None for fewer than two children or three rows, or a constant sum.
    """
    n, k = values.shape
    if k < 2 or n < 3:
        return None
    total = values.sum(axis=1).var(ddof=1)
    if np.isclose(total, 0.0):
        return None
    return round(float(k / (k - 1) * (1.0 - values.var(axis=0, ddof=1).sum() / total)), DIGITS)


def families(wave: WaveScores, parameters: Parameters) -> list[Family]:
    """Every score with its parts: items of an indicator, indicators of a dimension, dimensions of the index."""
    indicators, _ = indicator_scores(wave, parameters.availability_threshold)
    found = []
    for number, name in enumerate(wave.indicators):
        own = np.flatnonzero(wave.item_parent == number)
        items = tuple(wave.items[item] for item in own)
        found.append(Family("indicator", name, "item", items, wave.item_score[:, own]))
    for number, name in enumerate(wave.dimensions):
        own = wave.children(number)
        names = tuple(wave.indicators[indicator] for indicator in own)
        found.append(Family("dimension", name, "indicator", names, indicators[:, own]))
    scores = nominal_scores(wave, parameters)[:, :-1]
    found.append(Family("index", "index", "dimension", wave.dimensions, scores))
    return found


def coherence_rows(wave: WaveScores, found: list[Family]) -> Iterator[dict[str, Any]]:
    """Rows of `coherence`: each score with the alpha of its parts and its correlation with its siblings' sum."""
    alphas = {(family.level, family.key): family for family in found}
    for family in found:
        rows = complete(family.values)
        for number, child in enumerate(family.children):
            rest = np.delete(rows, number, axis=1).sum(axis=1)
            own = alphas.get((family.child_level, child))
            yield _row(wave, family.child_level, child, family.key, own) | {
                "n_item_rest": len(rows),
                "item_rest": correlation(rows[:, number], rest) if rows.shape[1] > 1 else None,
            }
        if family.level == "index":
            yield _row(wave, "index", "index", None, family)


def _row(wave: WaveScores, level: str, key: str, parent: str | None, own: Family | None) -> dict[str, Any]:
    rows = complete(own.values) if own else None
    return {
        "wave": wave.wave,
        "level": level,
        "key": key,
        "parent": parent,
        "n_children": len(own.children) if own else None,
        "n_alpha": len(rows) if rows is not None else None,
        "alpha": cronbach_alpha(rows) if rows is not None else None,
        "n_item_rest": None,
        "item_rest": None,
        "is_synthetic": wave.is_synthetic,
    }


def correlation_rows(wave: WaveScores, found: list[Family]) -> Iterator[dict[str, Any]]:
    """Rows of `coherence_correlation`: each pair of siblings, on the respondents that have both."""
    for family in found:
        for one, other in combinations(range(len(family.children)), 2):
            pair = complete(family.values[:, [one, other]])
            yield {
                "wave": wave.wave,
                "level": family.child_level,
                "parent": family.key,
                "key_a": family.children[one],
                "key_b": family.children[other],
                "n": len(pair),
                "correlation": correlation(pair[:, 0], pair[:, 1]),
                "is_synthetic": wave.is_synthetic,
            }
