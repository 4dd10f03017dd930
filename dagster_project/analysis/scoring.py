"""Scores of all draws at once: items -> indicators -> normalised -> dimensions -> index -> groups -> ranks.

Sums run over children and respondents one after the other and never through a linear algebra library,
so the last bits do not follow the processor; what is ranked or written is rounded to nine digits.
`replay.sql` is the same method for one draw.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dagster_project.analysis.draws import Draws, headline
from dagster_project.analysis.parameters import Parameters
from dagster_project.analysis.read import Floats, Ints, WaveScores

DIGITS = 9
# Respondents x draws that are in memory at once.
_CELLS = 1_000_000


@dataclass(frozen=True)
class Population:
    """A group of respondents. is_unit: it is ranked among the other units."""

    kind: str
    value: str
    members: Ints
    is_unit: bool


@dataclass(frozen=True)
class Results:
    """Scores of N draws, P groups and D dimensions with the index last.

    score: (N, P, D + 1), NaN: none. n: respondents with a score. ranked: (P, D + 1), groups large enough
    to be ranked. rank: (N, P, D + 1), 1 is best, NaN where not ranked.
    """

    score: Floats
    n: Ints
    ranked: NDArray[np.bool_]
    rank: Floats


def populations(wave: WaveScores) -> list[Population]:
    """All respondents, and each type of bank as a unit of the ranking."""
    groups = [Population("all", "all", np.arange(wave.n), False)]
    for value in np.unique(wave.bank_type):
        groups.append(Population("bank_type", str(value), np.flatnonzero(wave.bank_type == value), True))
    return groups


def available(present: Ints, asked: Ints, threshold: float) -> NDArray[np.bool_]:
    """Whether enough of the children that were asked for have a score."""
    return (present > 0) & (present >= threshold * asked - 1e-9)


def indicator_scores(wave: WaveScores, threshold: float) -> tuple[Floats, NDArray[np.bool_]]:
    """Mean of the item scores present, (n, K), NaN under the threshold; and which were asked, (n, K)."""
    total, present, asked = wave.indicator_sums
    enough = available(present, asked, threshold)
    return np.where(enough, total / np.maximum(present, 1), np.nan), asked > 0


def normalise(score: Floats, method: str) -> Floats:
    """Columns of (n, K) to 0-100, NaN stays NaN. goalposts: points are normalised already.

    minmax: 100 (x - min) / (max - min). zscore: 50 + 10 (x - mean) / sd (n - 1), clipped to 0-100.
    percentile_rank: 100 (lowest rank - 1) / (n - 1). A constant column becomes 50 (percentile_rank: 0).
    """
    if method == "goalposts":
        return score
    result = np.full_like(score, np.nan)
    for column in range(score.shape[1]):
        here = ~np.isnan(score[:, column])
        values = np.round(score[here, column], DIGITS)
        if not len(values):
            continue
        if method == "percentile_rank":
            below = np.searchsorted(np.sort(values), values, side="left")
            result[here, column] = 100.0 * below / max(len(values) - 1, 1)
        elif values.min() == values.max():
            result[here, column] = 50.0
        elif method == "minmax":
            result[here, column] = 100.0 * (values - values.min()) / (values.max() - values.min())
        else:
            z = (values - values.mean()) / values.std(ddof=1)
            result[here, column] = np.clip(50.0 + 10.0 * z, 0.0, 100.0)
    return result


def weighted_mean(children: Sequence[Floats], weights: Floats, geometric: bool) -> Floats:
    """Mean over the children present: C arrays of (n, 1 or N), weights (N, C) -> (n, N), NaN without children.

    geometric: exp of the weighted mean of ln(1 + 0.99 s), brought back to 0-100; the shift keeps a
    score of 0 from making the product 0.
    """
    total: Floats = np.zeros(1)
    weight: Floats = np.zeros(1)
    for child, values in enumerate(children):
        present = ~np.isnan(values)
        used = np.where(present, np.log(1.0 + 0.99 * values) if geometric else values, 0.0)
        total = total + used * weights[:, child]
        weight = weight + present * weights[:, child]
    with np.errstate(invalid="ignore"):
        mean = total / weight
        return (np.exp(mean) - 1.0) / 0.99 if geometric else mean


def respondent_scores(
    wave: WaveScores,
    normalisation: str,
    threshold: float,
    geometric: bool,
    indicator_weight: Floats,
    dimension_weight: Floats,
) -> Floats:
    """(n, D + 1, N): dimension scores and the index of each respondent for N draws of weights."""
    indicators, asked = indicator_scores(wave, threshold)
    indicators = normalise(indicators, normalisation)
    dimensions, dimension_asked = [], []
    for dimension in range(len(wave.dimensions)):
        own = wave.children(dimension)
        present = (~np.isnan(indicators[:, own])).sum(axis=1)
        enough = available(present, asked[:, own].sum(axis=1), threshold)
        mean = weighted_mean([indicators[:, [k]] for k in own], indicator_weight[:, own], geometric)
        dimensions.append(np.where(enough[:, None], mean, np.nan))
        dimension_asked.append(asked[:, own].any(axis=1))
    present = np.sum([~np.isnan(scores[:, 0]) for scores in dimensions], axis=0)
    enough = available(present, np.sum(dimension_asked, axis=0), threshold)
    index = np.where(enough[:, None], weighted_mean(dimensions, dimension_weight, geometric), np.nan)
    return np.stack([*dimensions, index], axis=1)


def nominal_scores(wave: WaveScores, parameters: Parameters) -> Floats:
    """(n, D + 1): the headline scores of each respondent, index last."""
    draw = headline(wave, parameters)
    return respondent_scores(
        wave,
        str(draw.normalisation[0]),
        float(draw.threshold[0]),
        False,
        draw.indicator_weight,
        draw.dimension_weight,
    )[:, :, 0]


def group_means(scores: Floats, groups: Sequence[Population]) -> tuple[Floats, Ints]:
    """Mean over the members with a score and their number: (n, ...) -> (P, ...) each."""
    means, counts = [], []
    for group in groups:
        own = scores[group.members]
        count = (~np.isnan(own)).sum(axis=0)
        with np.errstate(invalid="ignore"):
            means.append(np.nansum(own, axis=0) / np.where(count, count, np.nan))
        counts.append(count)
    return np.round(np.stack(means), DIGITS), np.stack(counts)


def copeland(children: Sequence[Floats], weights: Floats, unit: NDArray[np.bool_]) -> Floats:
    """Copeland scores on 0-100: C arrays of (P, 1 or N), weights (N, C), units (P,) -> (P, N).

    One unit beats another when it is better on children with more than half of the weight (a tie counts
    half); the score is victories minus defeats, brought from -(m - 1)..(m - 1) to 0..100.
    """
    better: Floats = np.zeros(1)
    weight: Floats = np.zeros(1)
    for child, values in enumerate(children):
        one, other = values[:, None, :], values[None, :, :]
        both = ~np.isnan(one) & ~np.isnan(other)
        better = better + np.where(both, (one > other) + 0.5 * (one == other), 0.0) * weights[:, child]
        weight = weight + both * weights[:, child]
    with np.errstate(invalid="ignore"):
        share = np.round(better / weight, DIGITS)
    pairs = unit[:, None] & unit[None, :] & ~np.eye(len(unit), dtype=bool)
    balance = ((np.nan_to_num(share, nan=0.5) > 0.5) * pairs[..., None]).sum(axis=1) - (
        (np.nan_to_num(share, nan=0.5) < 0.5) * pairs[..., None]
    ).sum(axis=1)
    others = max(int(unit.sum()) - 1, 1)
    return np.where(unit[:, None], 100.0 * (balance + others) / (2.0 * others), np.nan)


def _copeland_scores(
    wave: WaveScores, draws: Draws, at: Ints, groups: Sequence[Population], ranked: NDArray[np.bool_]
) -> tuple[Floats, Ints]:
    """Groups are the units here: their mean indicators are compared, not the respondents' ones."""
    scores, _ = indicator_scores(wave, float(draws.threshold[at[0]]))
    means, counts = group_means(normalise(scores, str(draws.normalisation[at[0]])), groups)
    dimensions, n = [], []
    for dimension in range(len(wave.dimensions)):
        own = wave.children(dimension)
        weights = draws.indicator_weight[np.ix_(at, own)]
        dimensions.append(copeland([means[:, [k]] for k in own], weights, ranked[:, dimension]))
        n.append(counts[:, own].max(axis=1))
    index = copeland(dimensions, draws.dimension_weight[at], ranked[:, -1])
    shape = (len(groups), len(wave.dimensions) + 1, len(at))
    number = np.stack([*n, np.max(n, axis=0)], axis=1)
    return np.stack([*dimensions, index], axis=1), np.broadcast_to(number[..., None], shape)


def _batches(draws: Draws, n: int) -> Iterator[Ints]:
    """Numbers of draws that share everything but the weights, in pieces that fit into memory."""
    methods: dict[tuple[str, str, float], list[int]] = {}
    for number in range(len(draws)):
        key = (
            str(draws.aggregation[number]),
            str(draws.normalisation[number]),
            float(draws.threshold[number]),
        )
        methods.setdefault(key, []).append(number)
    size = max(_CELLS // max(n, 1), 1)
    for numbers in methods.values():
        for start in range(0, len(numbers), size):
            yield np.array(numbers[start : start + size])


def ranks(score: Floats, ranked: NDArray[np.bool_] | bool = True) -> Floats:
    """Rank among the ranked along axis 1 of (N, P, ...), 1 is best, equals share the better rank."""
    result = np.full(score.shape, np.nan)
    usable = np.where(ranked, score, np.nan)
    for place in range(score.shape[1]):
        mine = usable[:, place : place + 1]
        result[:, place] = np.where(np.isnan(mine[:, 0]), np.nan, 1.0 + (usable > mine).sum(axis=1))
    return result


def evaluate(
    wave: WaveScores, draws: Draws, groups: Sequence[Population], min_group_size: int, nominal: Draws
) -> Results:
    """All draws for all groups. A group is ranked where its headline (`nominal`, one draw) has min_group_size
    respondents with a score and is not hidden for the sake of another group (`wave.hidden`), so that nobody's
    rank tells of a hidden one.
    """
    first = _means(wave, nominal, np.array([0]), groups)[1][:, :, 0]
    units = np.array([group.is_unit for group in groups])
    places = [*wave.dimensions, "index"]
    shown = [[(group.kind, group.value, place) not in wave.hidden for place in places] for group in groups]
    ranked = (first >= min_group_size) & units[:, None] & np.array(shown)
    shape = (len(draws), len(groups), len(wave.dimensions) + 1)
    score, n = np.full(shape, np.nan), np.zeros(shape, int)
    for at in _batches(draws, wave.n):
        if draws.aggregation[at[0]] == "copeland":
            part, count = _copeland_scores(wave, draws, at, groups, ranked)
        else:
            part, count = _means(wave, draws, at, groups)
        score[at], n[at] = np.moveaxis(part, 2, 0), np.moveaxis(count, 2, 0)
    score = np.round(score, DIGITS)
    return Results(score, n, ranked, ranks(score, ranked))


def _means(wave: WaveScores, draws: Draws, at: Ints, groups: Sequence[Population]) -> tuple[Floats, Ints]:
    scores = respondent_scores(
        wave,
        str(draws.normalisation[at[0]]),
        float(draws.threshold[at[0]]),
        draws.aggregation[at[0]] == "geometric",
        draws.indicator_weight[at],
        draws.dimension_weight[at],
    )
    return group_means(scores, groups)
