"""Settings of the analysis: the `vars` of dbt/dbt_project.yml and the framework's thresholds, as SQL has them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from dagster_project.errors import InputError
from dagster_project.settings import DBT_DIR
from dagster_project.warehouse.variables import PROJECT_FILE, dbt_variables

THRESHOLD_FILE = DBT_DIR / "seeds" / "framework" / "framework_threshold.csv"
FEWEST_DRAWS = 1000


@dataclass(frozen=True)
class Parameters:
    """seed: of all random numbers. draws: Monte Carlo draws of a wave. weight_noise: relative half width
    of the weights' interval. thresholds: availability thresholds to choose from (shares of the children).
    sobol_samples: base samples of Saltelli's design, a power of two. availability_threshold and
    min_group_size: as in the headline scores.
    """

    seed: int
    draws: int
    weight_noise: float
    thresholds: tuple[float, ...]
    sobol_samples: int
    availability_threshold: float
    min_group_size: int


def _headline_threshold() -> float:
    """The threshold of the headline; a draw has one for all levels, so the framework must have one as well."""
    with THRESHOLD_FILE.open(encoding="utf-8", newline="") as handle:
        values = {float(row["threshold"]) for row in csv.DictReader(handle) if not row["valid_to_wave"]}
    if len(values) != 1:
        raise InputError(
            THRESHOLD_FILE,
            "threshold",
            f"{len(values)} different values in force",
            "Use one for all levels: the draws of the robustness analysis know only one.",
        )
    return values.pop()


def load_parameters(path: Path = PROJECT_FILE) -> Parameters:
    """Raises InputError that names the variable which is missing or out of range."""
    given = dbt_variables(path)
    try:
        parameters = Parameters(
            seed=int(given["robustness_seed"]),
            draws=int(given["robustness_draws"]),
            weight_noise=float(given["robustness_weight_noise"]),
            thresholds=tuple(float(value) for value in given["robustness_thresholds"]),
            sobol_samples=int(given["robustness_sobol_samples"]),
            availability_threshold=_headline_threshold(),
            min_group_size=int(given["min_group_size"]),
        )
    except KeyError as error:
        raise InputError(
            path, "vars", f"no {error.args[0]}", "Add it; docs/method.md has the defaults."
        ) from error
    except (TypeError, ValueError) as error:
        raise InputError(path, "vars", f"a value that is no number ({error})", "Correct it.") from error
    samples = parameters.sobol_samples
    for holds, name, remedy in (
        (parameters.draws >= FEWEST_DRAWS, "robustness_draws", f"Use {FEWEST_DRAWS} or more."),
        (0 <= parameters.weight_noise < 1, "robustness_weight_noise", "Use a share from 0 to under 1."),
        (
            parameters.thresholds and all(0 <= value <= 1 for value in parameters.thresholds),
            "robustness_thresholds",
            "List shares from 0 to 1.",
        ),
        (samples > 0 and samples & (samples - 1) == 0, "robustness_sobol_samples", "Use a power of two."),
    ):
        if not holds:
            raise InputError(path, f"vars, {name}", repr(given[name]), remedy)
    return parameters
