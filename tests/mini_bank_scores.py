"""The synthetic reference wave in `tests/fixtures/mini_bank` as scores of a wave."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from dagster_project.analysis.read import WaveScores, assemble

FOLDER = Path(__file__).parent / "fixtures" / "mini_bank"
DIMENSIONS = ("STR", "ORG", "TEC", "DAT", "APP", "ECO")


def table(name: str, year: int | None = None) -> pd.DataFrame:
    frame = pd.read_csv(FOLDER / f"{name}.csv")
    return frame if year is None else frame[frame["year"] == year].reset_index(drop=True)


def mini_wave(year: int, names: dict[str, str] | None = None, order: int | None = None) -> WaveScores:
    """One item per indicator, points normalised by goalposts.

    names: other names of the banks. order: seed of a shuffle of the rows.
    """
    wide = table("expected_normalised_goalposts", year).merge(table("mini_responses", year)[["bank", "type"]])
    rows = wide.melt(["year", "bank", "type"], var_name="item", value_name="score")
    if order is not None:
        rows = rows.sample(frac=1, random_state=order)
    meta = table("mini_meta")
    weight = dict(zip(meta["iCode"], meta["Weight"], strict=True))
    item = rows["item"].to_numpy(object)
    return assemble(
        year,
        {
            "response_id": rows["bank"].map(lambda bank: (names or {}).get(bank, bank)).to_numpy(object),
            "bank_type": rows["type"].to_numpy(object),
            "item_id": item,
            "indicator": item,
            "dimension": rows["item"].str[:3].to_numpy(object),
            "is_synthetic": np.ones(len(rows), bool),
        },
        rows["score"].to_numpy(float),
        {name: weight[name] for name in np.unique(item)},
        {name: weight[name] for name in DIMENSIONS},
    )
