"""Draws: each is one complete choice of weights, normalisation, aggregation and availability threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dagster_project.analysis.parameters import Parameters
from dagster_project.analysis.read import Floats, WaveScores

NORMALISATIONS = ("goalposts", "minmax", "zscore", "percentile_rank")
AGGREGATIONS = ("arithmetic", "geometric", "copeland")
# Choices under which a score stays points of 0-100 of the framework; others only order the groups.
SCORE_NORMALISATIONS, SCORE_AGGREGATIONS = NORMALISATIONS[:1], AGGREGATIONS[:2]

FACTORS = ("indicator_weights", "dimension_weights", "normalisation", "aggregation", "availability_threshold")


@dataclass(frozen=True)
class Draws:
    """N draws. kind, weight_set, normalisation, aggregation: (N,) text; threshold: (N,) share;
    indicator_weight: (N, K), dimension_weight: (N, D), any positive scale.
    """

    kind: NDArray[np.str_]
    weight_set: NDArray[np.str_]
    normalisation: NDArray[np.str_]
    aggregation: NDArray[np.str_]
    threshold: Floats
    indicator_weight: Floats
    dimension_weight: Floats

    def __len__(self) -> int:
        return len(self.kind)


def joined(parts: Sequence[Draws]) -> Draws:
    """Draws one after the other."""
    return Draws(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Draws)))


def headline(
    wave: WaveScores,
    parameters: Parameters,
    kind: str = "nominal",
    weight_set: str = "headline",
    indicator_weight: Floats | None = None,
    dimension_weight: Floats | None = None,
) -> Draws:
    """One draw: the method of the headline, with other weights where they are given."""
    return Draws(
        np.array([kind]),
        np.array([weight_set]),
        np.array(NORMALISATIONS[:1]),
        np.array(AGGREGATIONS[:1]),
        np.array([parameters.availability_threshold]),
        (wave.indicator_weight if indicator_weight is None else indicator_weight)[None, :],
        (wave.dimension_weight if dimension_weight is None else dimension_weight)[None, :],
    )


def from_unit(
    unit: Floats,
    wave: WaveScores,
    parameters: Parameters,
    normalisations: Sequence[str] = NORMALISATIONS,
    aggregations: Sequence[str] = AGGREGATIONS,
) -> Draws:
    """Draws from points of the unit cube, (N, K + D + 3): weights, then the three choices.

    A weight is its headline value times 1 - noise to 1 + noise; a choice is the part of [0, 1) its
    point lies in.
    """
    k, d = len(wave.indicators), len(wave.dimensions)
    factor = 1.0 - parameters.weight_noise + 2.0 * parameters.weight_noise * unit[:, : k + d]

    def chosen(column: int, options: Sequence[str] | Sequence[float]) -> NDArray[Any]:
        place = np.minimum((unit[:, k + d + column] * len(options)).astype(int), len(options) - 1)
        return np.array(options)[place]

    return Draws(
        np.full(len(unit), "monte_carlo"),
        np.full(len(unit), "perturbed"),
        chosen(0, normalisations),
        chosen(1, aggregations),
        chosen(2, parameters.thresholds),
        wave.indicator_weight * factor[:, :k],
        wave.dimension_weight * factor[:, k:],
    )


def factor_of_columns(wave: WaveScores) -> list[str]:
    """The factor of each column of the unit cube."""
    return [FACTORS[0]] * len(wave.indicators) + [FACTORS[1]] * len(wave.dimensions) + list(FACTORS[2:])


def monte_carlo(wave: WaveScores, parameters: Parameters) -> Draws:
    """Seeded draws; the wave is part of the seed, so that other waves do not matter."""
    generator = np.random.Generator(np.random.PCG64([parameters.seed, wave.wave]))
    unit = generator.random((parameters.draws, len(factor_of_columns(wave))))
    return from_unit(unit, wave, parameters)


def all_draws(
    wave: WaveScores, parameters: Parameters, weight_sets: Mapping[str, tuple[Floats, Floats]]
) -> Draws:
    """Draw 0 (headline), the Monte Carlo draws, then one draw per weight set (K weights, D weights)."""
    others = [
        headline(wave, parameters, "weight_set", name, *weights) for name, weights in weight_sets.items()
    ]
    return joined([headline(wave, parameters), monte_carlo(wave, parameters), *others])
