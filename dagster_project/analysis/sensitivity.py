"""Which choice moves the result most: Sobol indices (SALib) of the method, and leaving one indicator out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dagster_project.analysis.coherence import correlation
from dagster_project.analysis.draws import (
    AGGREGATIONS,
    NORMALISATIONS,
    SCORE_AGGREGATIONS,
    SCORE_NORMALISATIONS,
    Draws,
    factor_of_columns,
    from_unit,
    headline,
    joined,
)
from dagster_project.analysis.parameters import Parameters
from dagster_project.analysis.read import Floats, WaveScores
from dagster_project.analysis.scoring import (
    DIGITS,
    Population,
    evaluate,
    nominal_scores,
)


@dataclass(frozen=True)
class Sobol:
    """Indices by group of inputs, (G,) each; conf: half width of the 95 % bootstrap interval."""

    groups: tuple[str, ...]
    first_order: Floats
    first_order_conf: Floats
    total: Floats
    total_conf: Floats


def sobol_indices(
    groups: Sequence[str],
    bounds: Sequence[tuple[float, float]],
    model: Callable[[Floats], Floats],
    samples: int,
    seed: int,
) -> list[Sobol]:
    """First-order and total Sobol indices of every output of `model`.

    groups: the group of each input, (F,); inputs of one group vary together. model: (R, F) -> (R, outputs),
    called once on Saltelli's design of samples * (G + 2) rows. An output that does not vary has indices 0.
    Source: Saltelli et al. 2010, through SALib.
    """
    from SALib.analyze import sobol as analysis
    from SALib.sample import sobol as sample

    problem = {
        "num_vars": len(groups),
        "names": [f"x{number}" for number in range(len(groups))],
        "groups": list(groups),
        "bounds": [list(bound) for bound in bounds],
    }
    design = sample.sample(problem, samples, calc_second_order=False, seed=seed)
    outputs = model(design)
    names = tuple(dict.fromkeys(groups))
    found = []
    for column in range(outputs.shape[1]):
        values = outputs[:, column]
        if np.ptp(values) == 0.0 or np.isnan(values).any():
            found.append(Sobol(names, *np.zeros((4, len(names)))))
            continue
        result = analysis.analyze(problem, values, calc_second_order=False, seed=seed)
        found.append(
            Sobol(names, *(np.round(result[key], DIGITS) for key in ("S1", "S1_conf", "ST", "ST_conf")))
        )
    return found


def method_sensitivity(
    wave: WaveScores, groups: Sequence[Population], parameters: Parameters
) -> Iterator[dict[str, Any]]:
    """Rows of `sensitivity`: what drives each score, and what drives the ranks.

    rank_shift: mean over the ranked groups of |rank - headline rank|, all five factors. score: a group's
    score; normalisation and Copeland are left out, for they change the unit of the score.
    """
    nominal = headline(wave, parameters)
    names = factor_of_columns(wave)
    places = [*wave.dimensions, "index"]

    def scores(draws: Draws) -> Floats:
        result = evaluate(wave, draws, groups, parameters.min_group_size, nominal)
        return result.score.reshape(len(draws), -1)

    def shifts(draws: Draws) -> Floats:
        rank = evaluate(wave, joined([nominal, draws]), groups, parameters.min_group_size, nominal).rank
        moved = np.abs(rank[1:] - rank[:1])
        counted = np.maximum((~np.isnan(moved)).sum(axis=1), 1)
        return np.nan_to_num(moved).sum(axis=1) / counted

    for target, function, normalisations, aggregations in (
        ("score", scores, SCORE_NORMALISATIONS, SCORE_AGGREGATIONS),
        ("rank_shift", shifts, NORMALISATIONS, AGGREGATIONS),
    ):

        def model(
            unit: Floats, of: Any = function, by: Any = normalisations, to: Any = aggregations
        ) -> Floats:
            if len(by) == 1:  # a factor without a choice is no factor: its column is not in the design
                unit = np.insert(unit, -2, 0.0, axis=1)
            return of(from_unit(unit, wave, parameters, by, to))

        used = [name for name in names if len(normalisations) > 1 or name != "normalisation"]
        found = sobol_indices(
            used, [(0.0, 1.0)] * len(used), model, parameters.sobol_samples, parameters.seed + wave.wave
        )
        outputs = (
            [(group.kind, group.value, place) for group in groups for place in places]
            if target == "score"
            else [("all", "all", place) for place in places]
        )
        for (kind, value, place), indices in zip(outputs, found, strict=True):
            for number, factor in enumerate(indices.groups):
                yield {
                    "wave": wave.wave,
                    "target": target,
                    "population_kind": kind,
                    "population_value": value,
                    "dimension": place,
                    "factor": factor,
                    "first_order": float(indices.first_order[number]),
                    "first_order_conf": float(indices.first_order_conf[number]),
                    "total": float(indices.total[number]),
                    "total_conf": float(indices.total_conf[number]),
                    "n_samples": parameters.sobol_samples,
                    "seed": parameters.seed + wave.wave,
                    "is_synthetic": wave.is_synthetic,
                }


def leave_one_out(wave: WaveScores, parameters: Parameters) -> Iterator[dict[str, Any]]:
    """Rows of `leave_one_out`: the index of the respondents re-scored without each indicator in turn."""
    from scipy.stats import rankdata

    def index(scores: WaveScores) -> Floats:
        return np.round(nominal_scores(scores, parameters)[:, -1], DIGITS)

    full = index(wave)
    for number, indicator in enumerate(wave.indicators):
        reduced = index(wave.without(number))
        both = ~np.isnan(full) & ~np.isnan(reduced)
        row: dict[str, Any] = {
            "wave": wave.wave,
            "dimension": wave.dimensions[wave.indicator_parent[number]],
            "indicator": indicator,
            "n": int(both.sum()),
            "spearman": None,
            "max_rank_shift": None,
            "mean_score_change": None,
            "is_synthetic": wave.is_synthetic,
        }
        if both.any():
            one, other = full[both], reduced[both]
            moved = np.abs(rankdata(-one, method="min") - rankdata(-other, method="min"))
            row["spearman"] = correlation(rankdata(one), rankdata(other))
            row["max_rank_shift"] = int(moved.max())
            row["mean_score_change"] = round(float((other - one).mean()), DIGITS)
        yield row
