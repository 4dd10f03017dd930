"""All analysis tables of one wave, checked and then made visible."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from dagster_project.analysis.coherence import coherence_rows, correlation_rows, families
from dagster_project.analysis.draws import Draws, all_draws, headline
from dagster_project.analysis.parameters import Parameters
from dagster_project.analysis.read import Floats, WaveScores
from dagster_project.analysis.scoring import Population, Results, evaluate, populations, ranks
from dagster_project.analysis.sensitivity import leave_one_out, method_sensitivity
from dagster_project.analysis.tables import TABLES, analysis_path
from dagster_project.analysis.weights import weight_sets
from dagster_project.ingest.landing import write_parquet
from dagster_project.ingest.switch import switch, unlike
from dagster_project.quality.results import keep
from dagster_project.quality.suites import suite_for
from dagster_project.quality.validate import SuiteOutcome, validate
from dagster_project.settings import Settings
from dagster_project.warehouse.lock import warehouse_lock
from dagster_project.warehouse.unfinished import mark


@dataclass(frozen=True)
class Analysed:
    """Tables of a wave by name, the outcome of their suites, and what else is said of them."""

    tables: dict[str, pa.Table]
    outcomes: dict[str, SuiteOutcome]
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return all(outcome.passed for outcome in self.outcomes.values())


def analyse(wave: WaveScores, parameters: Parameters) -> dict[str, pa.Table]:
    """Every table of the wave. Same scores and parameters: same rows in the same order."""
    found = families(wave, parameters)
    sets = list(weight_sets(wave, found))
    draws = all_draws(wave, parameters, _by_name(wave, sets))
    groups = populations(wave)
    results = evaluate(wave, draws, groups, parameters.min_group_size, headline(wave, parameters))
    rows: dict[str, Iterable[dict[str, Any]]] = {
        "sensitivity": method_sensitivity(wave, groups, parameters),
        "leave_one_out": leave_one_out(wave, parameters),
        "coherence": coherence_rows(wave, found),
        "coherence_correlation": correlation_rows(wave, found),
        "weight_set": sets,
    }
    return {
        "robustness_draw": draw_table(wave, draws, parameters.seed),
        "robustness_weight": weight_table(wave, draws),
        "robustness_score": score_table(wave, draws, groups, results),
        **{name: pa.Table.from_pylist(list(found), schema=TABLES[name]) for name, found in rows.items()},
    }


def publish(settings: Settings, year: int, tables: dict[str, pa.Table], run_id: str) -> Analysed:
    """Run the suites on the rows in memory; the files are replaced only when all of them hold.

    run_id: under which the results of the suites are kept.
    """
    outcomes = {
        name: validate(table.to_pandas(), suite_for("analysis", name), str(year))
        for name, table in tables.items()
    }
    keep(settings, run_id, *outcomes.values())
    done = Analysed(tables, outcomes)
    if done.passed:
        with warehouse_lock(settings), switch(settings.analysis, f"scores-{year}") as folder:
            for name, table in tables.items():
                path = analysis_path(settings, name, year).relative_to(settings.analysis)
                write_parquet(table, folder / path)
            if unlike(folder, settings.analysis):
                mark(settings, ("marts_robustness",), year)
    return done


def _by_name(wave: WaveScores, sets: list[dict[str, Any]]) -> dict[str, tuple[Floats, Floats]]:
    weights = {(row["weight_set"], row["level"], row["key"]): row["weight"] for row in sets}
    return {
        name: (
            np.array([weights[name, "indicator", key] for key in wave.indicators]),
            np.array([weights[name, "dimension", key] for key in wave.dimensions]),
        )
        for name in dict.fromkeys(row["weight_set"] for row in sets)
    }


def _table(name: str, wave: WaveScores, n_rows: int, **columns: Any) -> pa.Table:
    schema = TABLES[name]
    constant = {"wave": wave.wave, "is_synthetic": wave.is_synthetic}
    arrays = []
    for place in schema:
        values = columns[place.name] if place.name in columns else np.full(n_rows, constant[place.name])
        arrays.append(pa.array(values, type=place.type, from_pandas=True))  # NaN becomes NULL
    return pa.Table.from_arrays(arrays, schema=schema)


def draw_table(wave: WaveScores, draws: Draws, seed: int) -> pa.Table:
    n = len(draws)
    return _table(
        "robustness_draw",
        wave,
        n,
        draw_no=np.arange(n),
        kind=draws.kind,
        weight_set=draws.weight_set,
        normalisation=draws.normalisation,
        aggregation=draws.aggregation,
        threshold=draws.threshold,
        seed=np.full(n, seed),
    )


def weight_table(wave: WaveScores, draws: Draws) -> pa.Table:
    weights = np.concatenate([draws.indicator_weight, draws.dimension_weight], axis=1)
    n, size = weights.shape
    levels = ["indicator"] * len(wave.indicators) + ["dimension"] * len(wave.dimensions)
    return _table(
        "robustness_weight",
        wave,
        n * size,
        draw_no=np.repeat(np.arange(n), size),
        level=np.tile(levels, n),
        key=np.tile([*wave.indicators, *wave.dimensions], n),
        weight=weights.ravel(),
    )


def score_table(wave: WaveScores, draws: Draws, groups: list[Population], results: Results) -> pa.Table:
    n_draws, n_groups, n_places = results.score.shape
    places = [*wave.dimensions, "index"]
    # Dimensions are compared with each other only where their points are those of the framework.
    same_unit = (draws.normalisation == "goalposts") & (draws.aggregation != "copeland")
    among = np.full(results.score.shape, np.nan)
    among[:, :, :-1] = np.moveaxis(ranks(np.moveaxis(results.score[:, :, :-1], 2, 1)), 1, 2)
    among[~same_unit] = np.nan
    size = n_groups * n_places
    return _table(
        "robustness_score",
        wave,
        n_draws * size,
        draw_no=np.repeat(np.arange(n_draws), size),
        population_kind=np.tile(np.repeat([group.kind for group in groups], n_places), n_draws),
        population_value=np.tile(np.repeat([group.value for group in groups], n_places), n_draws),
        dimension=np.tile(places, n_draws * n_groups),
        n=results.n.ravel(),
        score=results.score.ravel(),
        rank=results.rank.ravel(),
        dimension_rank=among.ravel(),
        is_ranked=np.tile(results.ranked.ravel(), n_draws),
    )
