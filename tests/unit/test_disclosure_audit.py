"""Suppression by the project's own SQL rule, attacked by the linear program."""

from __future__ import annotations

from pathlib import Path

import duckdb
import jinja2
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.quality.disclosure_audit import MIN_WIDTH_COUNT, feasible_intervals

MACRO = Path(__file__).parents[2] / "dbt" / "macros" / "disclosure.sql"
MIN_GROUP_SIZE = 5


def _rule() -> str:
    """The macro as dbt renders it, for one table of groups."""
    text = (
        MACRO.read_text(encoding="utf-8")
        + "{{ is_hidden('n', ['key', 'population_kind'], 'population_value') }}"
    )
    return jinja2.Environment().from_string(text).render(var=lambda name: MIN_GROUP_SIZE)


def _tables(respondents: pd.DataFrame, kinds: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Published rows with the rule applied, and the crossings of the groups. One key, values in `x`."""
    total = pd.DataFrame([("all", "all", len(respondents), respondents["x"].sum())])
    groups = [
        respondents.groupby(kind)["x"].agg(["size", "sum"]).reset_index().assign(kind=kind)[["kind", kind, "size", "sum"]]
        .set_axis(range(4), axis=1)
        for kind in kinds
    ]  # fmt: skip
    table = pd.concat([total, *groups]).set_axis(["population_kind", "population_value", "n", "true"], axis=1)
    groups_of_key = table.assign(key="k", slack=0.0)  # noqa: F841 (read by DuckDB)
    published = duckdb.sql(
        f'select *, {_rule()} as hidden, case when not hidden then "true" end as total from groups_of_key order by all'
    ).df()
    return published, respondents.groupby(kinds).size().rename("n").reset_index().assign(key="k")


def test_one_small_group_takes_the_next_one_with_it() -> None:
    sizes = {"city": 49, "rural": 22, "private": 7, "other": 2}
    respondents = pd.DataFrame({"bank_type": np.repeat(list(sizes), list(sizes.values())), "x": 1})
    respondents.loc[respondents.index % 3 == 0, "x"] = 0
    published, members = _tables(respondents, ["bank_type"])
    assert set(published.loc[published["hidden"], "population_value"]) == {"private", "other"}
    intervals = feasible_intervals(published, members, 1.0).set_index("population_value")
    chosen = int(respondents[respondents["bank_type"].isin(["private", "other"])]["x"].sum())
    # Of nine banks six or so chose it: the two others may have been none, one or both of them.
    assert 1 < chosen < 8
    assert intervals.loc["other", ["low", "high"]].tolist() == pytest.approx(
        [max(0, chosen - 7), 2], abs=1e-4
    )


def test_without_the_second_group_the_attacker_finds_the_value() -> None:
    published = pd.DataFrame(
        [("all", "all", 80, 40.0), ("bank_type", "city", 49, 30.0), ("bank_type", "rural", 29, 9.0),
         ("bank_type", "other", 2, np.nan)],
        columns=["population_kind", "population_value", "n", "total"],
    ).assign(key="k", slack=0.0)  # fmt: skip
    members = pd.DataFrame({"bank_type": ["city", "rural", "other"], "n": [49, 29, 2], "key": "k"})
    hidden = feasible_intervals(published, members, 1.0).iloc[0]
    assert (hidden["low"], hidden["high"]) == pytest.approx((1.0, 1.0), abs=1e-4)


def test_a_crossing_with_another_kind_of_group_is_used() -> None:
    # Both hidden types stand alone in their region, and the regions are published.
    respondents = pd.DataFrame(
        {
            "bank_type": ["city"] * 10 + ["private"] * 6 + ["other"] * 2 + ["city"] * 3,
            "region": ["east"] * 10 + ["west"] * 6 + ["north"] * 5,
            "x": [1, 0] * 10 + [0],
        }
    )
    published, members = _tables(respondents, ["bank_type", "region"])
    hidden = feasible_intervals(published, members, 1.0).set_index("population_value")
    private = respondents[respondents["bank_type"] == "private"]["x"].sum()
    assert hidden.loc["private", ["low", "high"]].tolist() == pytest.approx([private, private], abs=1e-4)


def test_contradictory_values_are_an_error() -> None:
    published = pd.DataFrame(
        [("all", "all", 4, 4.0), ("bank_type", "city", 3, 9.0), ("bank_type", "other", 1, np.nan)],
        columns=["population_kind", "population_value", "n", "total"],
    ).assign(key="k", slack=0.0)
    members = pd.DataFrame({"bank_type": ["city", "other"], "n": [3, 1], "key": "k"})
    with pytest.raises(ValueError, match="contradict each other"):
        feasible_intervals(published, members, 1.0)


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 30), min_size=1, max_size=6),
    seed=st.integers(0, 2**32 - 1),
)
def test_no_hidden_count_can_be_derived_on_random_tables(sizes: list[int], seed: int) -> None:
    """A hidden group below the minimum keeps two possible counts, unless nobody or everybody among the
    hidden groups chose the option (zeros are not held to be sensitive)."""
    respondents = pd.DataFrame({"bank_type": np.repeat([f"t{i}" for i in range(len(sizes))], sizes)})
    respondents["x"] = np.random.default_rng(seed).integers(0, 2, len(respondents))
    published, members = _tables(respondents, ["bank_type"])
    hidden = published[published["hidden"]]
    assert (published["n"].ge(MIN_GROUP_SIZE) | published["hidden"]).all()
    types = hidden[hidden["population_kind"] == "bank_type"]
    if types.empty or (published["population_kind"].eq("all") & published["hidden"]).any():
        return
    if len(sizes) > 1:
        assert len(types) >= 2 and types["n"].sum() >= MIN_GROUP_SIZE
    intervals = feasible_intervals(published, members, 1.0)
    small = intervals[intervals["n"] < MIN_GROUP_SIZE]
    if 0 < types["true"].sum() < types["n"].sum():
        assert (small["high"] - small["low"] >= MIN_WIDTH_COUNT - 1e-3).all()
    assert (intervals["low"] - 1e-3 <= intervals["true"]).all()
    assert (intervals["true"] <= intervals["high"] + 1e-3).all()
