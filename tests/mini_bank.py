"""The synthetic survey of tests/fixtures/mini_bank as waves of its own framework; see the README there."""

from __future__ import annotations

import csv
from pathlib import Path

from tests.dbt_case import DbtCase, Row

FOLDER = Path(__file__).parent / "fixtures" / "mini_bank"
WAVES = (2021, 2022, 2023)
# The types of the reference under the names of ours.
BANK_TYPES = {"CCB": "city_commercial", "RCB": "rural_commercial", "PRI": "private"}


def rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def _goalposts(indicator: str) -> tuple[float, float]:
    """The third item of a dimension is a number from 0 to 10, the others a scale from 1 to 5."""
    return (0.0, 10.0) if indicator.endswith("3") else (1.0, 5.0)


def _seed(case: DbtCase, meta: list[dict[str, str]]) -> None:
    valid = {"valid_from_wave": 2021}
    indicators = [row for row in meta if row["Level"] == "1"]
    dimensions = [row for row in meta if row["Level"] == "2"]
    case.seed(
        "framework_dimension",
        [
            {"dimension": row["iCode"], "dimension_no": number, "weight": row["Weight"], **valid}
            for number, row in enumerate(dimensions, 1)
        ],
    )
    case.seed(
        "framework_indicator",
        [
            {"indicator": row["iCode"], "dimension": row["Parent"], "indicator_no": number,
             "weight": row["Weight"], **valid}
            for number, row in enumerate(indicators, 1)
        ],
    )  # fmt: skip
    case.seed(
        "framework_item",
        [{"item_id": row["iCode"], "indicator": row["iCode"], "weight": 1, "scoring": "goalpost", **valid}
         for row in indicators],
    )  # fmt: skip
    case.seed(
        "framework_goalpost",
        [
            {"item_id": row["iCode"], "lower": low, "upper": high, "direction": row["Direction"], **valid}
            for row in indicators
            for low, high in [_goalposts(row["iCode"])]
        ],
    )
    # The estimates of the reference use every score there is; 0.66 is a scenario here.
    case.seed(
        "framework_threshold",
        [{"level": level, "threshold": 0, **valid} for level in ("indicator", "dimension", "index")],
    )
    scenario = {
        "normalisation": "goalposts", "aggregation_dimension": "arithmetic", "aggregation_index": "arithmetic",
        "weight_set": "headline", "items": "all", "weighting": "respondents", **valid,
    }  # fmt: skip
    case.seed(
        "framework_scenario",
        [
            {**scenario, "scenario": "headline"},
            {**scenario, "scenario": "threshold_066", "availability_threshold": 0.66},
            {**scenario, "scenario": "agg_geometric_index", "aggregation_index": "geometric"},
            {**scenario, "scenario": "post_stratified", "weighting": "post_stratified"},
        ],
    )
    types = rows("mini_population.csv")
    case.seed(
        "framework_population_map",
        [{"institution_type": row["type"], "bank_type": BANK_TYPES[row["type"]], **valid} for row in types],
    )
    for name in ("framework_range", "framework_comparability", "framework_weight"):
        case.seed(name, [])


def _land_population(case: DbtCase) -> None:
    case.land(
        "population",
        None,
        [
            {
                "as_of_date": f"{wave}-12-31",
                "institution_type": row["type"],
                "institutions": int(row["pop_N"]),
            }
            for wave in WAVES
            for row in rows("mini_population.csv")
        ],
    )


def land_wave(case: DbtCase, wave: int) -> None:
    items = {row["iCode"]: row["Parent"] for row in rows("mini_meta.csv") if row["Level"] == "1"}
    banks = [row for row in rows("mini_responses.csv") if row["year"] == str(wave)]
    case.land(
        "codebook_item",
        wave,
        [
            {"wave": wave, "item_id": item, "item_type": "number", "dimension": dimension, "indicator": item,
             "change_type": "same", "comparable": wave > WAVES[0], "inferred": False}
            for item, dimension in items.items()
        ],
    )  # fmt: skip
    case.land(
        "questionnaire_response",
        wave,
        [
            {"wave": wave, "response_id": row["bank"], "respondent_token": row["bank"], "bank_type": BANK_TYPES[row["type"]],
             "is_counted": True, "is_synthetic": True}
            for row in banks
        ],
    )  # fmt: skip
    answers: list[Row] = [
        {"wave": wave, "response_id": row["bank"], "item_id": item,
         "value_num": float(row[item]) if row[item] else None,
         "missing_code": "answered" if row[item] else "blank", "is_synthetic": True}
        for row in banks
        for item in items
    ]  # fmt: skip
    case.land("questionnaire_answer", wave, answers)


def mini_bank_case(folder: Path) -> DbtCase:
    """The framework of mini_bank below `folder`, no wave landed and nothing built."""
    case = DbtCase(folder)
    # The reference estimates groups of four and post-stratifies by them: nothing is hidden here.
    case.variable("min_group_size", 1)
    _seed(case, rows("mini_meta.csv"))
    _land_population(case)
    return case


def load_mini_bank(folder: Path) -> Path:
    """Build the warehouse of mini_bank below `folder`; returns the database file.

    bank -> response_id, type -> bank_type (BANK_TYPES); STR1 … ECO3 are item and indicator, STR … ECO the dimensions.
    """
    case = mini_bank_case(folder)
    for wave in WAVES:
        land_wave(case, wave)
    return case.build_questionnaires()
