"""Settings of the analysis, read from the `vars` of dbt/dbt_project.yml: one place for SQL and Python."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from dagster_project.errors import InputError
from dagster_project.settings import DBT_DIR

PROJECT_FILE = DBT_DIR / "dbt_project.yml"
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


def load_parameters(path: Path = PROJECT_FILE) -> Parameters:
    """Raises InputError that names the variable which is missing or out of range."""
    given: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8")).get("vars") or {}
    try:
        parameters = Parameters(
            seed=int(given["robustness_seed"]),
            draws=int(given["robustness_draws"]),
            weight_noise=float(given["robustness_weight_noise"]),
            thresholds=tuple(float(value) for value in given["robustness_thresholds"]),
            sobol_samples=int(given["robustness_sobol_samples"]),
            availability_threshold=float(given["availability_threshold"]),
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
