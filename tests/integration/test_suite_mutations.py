"""Each expectation of each suite is tripped by one mutation of real data, and the data itself trips none.

    pytest tests/integration/test_suite_mutations.py -rP      prints how many were caught

A mutation is one change of a frame that breaks what the expectation says, chosen by its type. Types
without a mutation fail the test. A suite reads one relation, and what it compares with comes from its
own files: a mutated frame is seen by its own suite only, so no other dataset can be stopped by it;
`test_a_suite_reads_one_relation_only` holds that.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from dagster_project.quality.parameters import parameters
from dagster_project.quality.suites import SuiteFile, all_suites
from dagster_project.quality.validate import validate
from dagster_project.settings import Settings
from dagster_project.warehouse.connect import connect
from tests.integration.conftest import Home

pytestmark = pytest.mark.integration

Frame = pd.DataFrame
Mutation = Callable[[Frame, dict[str, Any]], Frame]


# -- one mutation per type of expectation ----------------------------------------------------------------


def _set(frame: Frame, column: str, value: Any, row: Any = None) -> Frame:
    """One cell changed; the column becomes `object`, so that any value fits."""
    changed = frame.copy()
    changed[column] = changed[column].astype(object)
    changed.loc[frame.index[0] if row is None else row, column] = value
    return changed


def _rows_in_force(frame: Frame, kwargs: dict[str, Any]) -> Frame:
    """Rows that the expectation looks at."""
    rows = frame.query(kwargs["row_condition"]) if "row_condition" in kwargs else frame
    for column, value in (kwargs.get("only") or {}).items():
        rows = rows[rows[column] == value]
    return rows


def _row(frame: Frame, kwargs: dict[str, Any], *filled: str) -> Any:
    """Label of the first row that is looked at and has these columns; where none has, one that is looked at."""
    rows = _rows_in_force(frame, kwargs)
    return (rows.dropna(subset=list(filled)).index.append(rows.index))[0]


def _row_condition_made_true(frame: Frame, kwargs: dict[str, Any]) -> Frame:
    """Where no real row meets the condition of an expectation, one is made that does."""
    condition = kwargs.get("row_condition")
    if not condition or len(frame.query(condition)):
        return frame
    column, value = re.fullmatch(r"(\w+)\s*==\s*\"?([^\"]+)\"?", condition).groups()  # type: ignore[union-attr]
    return _set(frame, column, {"True": True, "False": False}.get(value, value))


def _null(frame: Frame, kwargs: dict[str, Any]) -> Frame:
    if "mostly" in kwargs:  # one row more or less is allowed: all of them are not
        return frame.assign(**{kwargs["column"]: None})
    return _set(frame, kwargs["column"], None, _row(frame, kwargs))


def _outside(frame: Frame, kwargs: dict[str, Any]) -> Frame:
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    wrong = high + 1 if low is None else low if kwargs.get("strict_min") else low - 1
    changed = _set(frame, kwargs["column"], wrong, _row(frame, kwargs, kwargs["column"]))
    changed[kwargs["column"]] = pd.to_numeric(changed[kwargs["column"]])
    return changed


def _foreign(frame: Frame, kwargs: dict[str, Any]) -> Frame:
    value = not kwargs["value_set"][0] if isinstance(kwargs["value_set"][0], bool) else "something else"
    if isinstance(kwargs["value_set"][0], int) and not isinstance(kwargs["value_set"][0], bool):
        value = -1
    return _set(frame, kwargs["column"], value, _row(frame, kwargs, kwargs["column"]))


def _forbidden(frame: Frame, kwargs: dict[str, Any]) -> Frame:
    return _set(frame, kwargs["column"], kwargs["value_set"][0])


def _twice(frame: Frame, kwargs: dict[str, Any]) -> Frame:
    columns = kwargs.get("column_list") or [kwargs["column"]]
    whole = frame.dropna(subset=columns)
    source = whole if len(whole) else frame
    return pd.concat([frame, source.head(1)], ignore_index=True)


def _part_above_whole(frame: Frame, kwargs: dict[str, Any]) -> Frame:
    whole, part = kwargs["column_A"], kwargs["column_B"]
    row = _row(frame, kwargs, whole, part)
    number = pd.to_numeric(frame[whole])[row]
    changed = _set(frame, part, (0 if pd.isna(number) else number) + 1, row)
    changed = _set(changed, whole, 0 if pd.isna(number) else number, row)
    return changed.assign(**{name: pd.to_numeric(changed[name]) for name in (whole, part)})


def _fewer_rows(frame: Frame, kwargs: dict[str, Any]) -> Frame:
    if kwargs.get("min_value"):
        return frame.head(int(kwargs["min_value"]) - 1)
    return pd.concat([frame.head(1)] * (int(kwargs["max_value"]) + 1), ignore_index=True)


def _category_gone(frame: Frame, kwargs: dict[str, Any]) -> Frame:
    return frame[frame[kwargs["column"]] != kwargs["value_set"][0]]


def _swapped_columns(frame: Frame, kwargs: dict[str, Any]) -> Frame:
    return frame[[*frame.columns[1:], frame.columns[0]]]


def _too_old(frame: Frame, kwargs: dict[str, Any]) -> Frame:
    return frame.assign(**{kwargs["column"]: "1999-01-01"})


def _sum_broken(frame: Frame, kwargs: dict[str, Any]) -> Frame:
    rows = _rows_in_force(frame, kwargs)
    key = rows[kwargs["group_by"]].astype(str).agg("|".join, axis=1)
    whole = rows.groupby(key)[kwargs["column"]].transform(lambda values: values.notna().all())
    row = rows.index[key.isin(kwargs["total"].keys()) & whole.astype(bool)][0]
    return _set(frame, kwargs["column"], float(frame.loc[row, kwargs["column"]]) + 1, row)


def _group_gone(frame: Frame, kwargs: dict[str, Any]) -> Frame:
    column = kwargs["group_by"][0]
    return frame[frame[column] != _rows_in_force(frame, kwargs)[column].iloc[0]]


def _unit_misread(frame: Frame, kwargs: dict[str, Any]) -> Frame:
    column, kind = kwargs["column"], kwargs["kind_column"]
    bounded = [name for name, (low, *_) in kwargs["ranges"].items() if low is not None]
    row = frame.index[frame[kind].isin(bounded) & frame[column].notna()][0]
    return _set(frame, column, kwargs["ranges"][frame.loc[row, kind]][0] - 1, row)


def _answers_swapped(frame: Frame, kwargs: dict[str, Any]) -> Frame:
    """Every question has all its answers on one option, the one that was the rarest before."""
    changed = frame.copy()
    keys = [*kwargs["group_by"], kwargs["category"]]
    before = changed[keys].astype(str).agg("|".join, axis=1).map(kwargs["reference"])
    changed[kwargs["value"]] = (
        before == before.groupby(changed[kwargs["group_by"][0]]).transform("min")
    ) * 100.0
    return changed


def _not_like_it(frame: Frame, kwargs: dict[str, Any]) -> Frame:
    return _set(frame, kwargs["column"], "~", _row(frame, kwargs, kwargs["column"]))


MUTATIONS: dict[str, Mutation] = {
    "expect_column_values_to_not_be_null": _null,
    "expect_column_values_to_be_null": lambda frame, kwargs: _set(
        frame, kwargs["column"], 1, _row(frame, kwargs)
    ),
    "expect_column_values_to_be_between": _outside,
    "expect_column_values_to_be_in_set": _foreign,
    "expect_column_values_to_not_be_in_set": _forbidden,
    "expect_column_values_to_match_regex": _not_like_it,
    # The expression itself, without its marks, is a text that contains what must not be there.
    "expect_column_values_to_not_match_regex": lambda frame, kwargs: _set(
        frame, kwargs["column"], re.sub(r"[\^$\\()]", "", kwargs["regex"].split("|")[0]), _row(frame, kwargs)
    ),
    "expect_column_values_to_be_unique": _twice,
    "expect_compound_columns_to_be_unique": _twice,
    "expect_column_pair_values_a_to_be_greater_than_b": _part_above_whole,
    "expect_pairs_to_be_known": lambda frame, kwargs: _set(
        frame, kwargs["columns"][1], "no option", _row(frame, kwargs, *kwargs["columns"])
    ),
    "expect_column_distinct_values_to_equal_set": _category_gone,
    "expect_column_distinct_values_to_contain_set": _category_gone,
    "expect_column_unique_value_count_to_be_between": lambda frame, kwargs: frame[
        frame[kwargs["column"]] != frame[kwargs["column"]].iloc[0]
    ],
    "expect_column_max_to_be_between": _too_old,
    "expect_table_row_count_to_be_between": _fewer_rows,
    "expect_table_row_count_to_equal": lambda frame, kwargs: frame.iloc[1:],
    "expect_table_columns_to_match_ordered_list": _swapped_columns,
    "expect_group_sums_to_equal": _sum_broken,
    "expect_group_counts_to_equal": _group_gone,
    "expect_values_in_range_of_their_kind": _unit_misread,
    "expect_distribution_near_reference": _answers_swapped,
    "expect_no_personal_data_column": lambda frame, kwargs: frame.assign(contact_phone="13800000000"),
}


# -- real data -------------------------------------------------------------------------------------------


class Partitions:
    """Frames of the loaded home: for each suite the largest partition that it finds nothing in."""

    def __init__(self, home: Home) -> None:
        self.settings = Settings(home=home.home, raw=home.raw)
        self.db = connect(self.settings, self.settings.warehouse_db, read_only=True)

    def relation(self, suite: SuiteFile) -> str:
        if suite.stage == "raw":
            files = f"{self.settings.landing}/{suite.relation}/**/{suite.relation}.parquet"
            return f"read_parquet('{files}', hive_partitioning=false)"
        if suite.stage == "analysis":
            files = f"{self.settings.analysis}/{suite.relation}/**/{suite.relation}.parquet"
            return f"read_parquet('{files}', hive_partitioning=false)"
        if suite.stage == "release":
            return f"'{self.settings.releases}/current/parquet/{suite.relation}.parquet'"
        return suite.relation

    def years(self, suite: SuiteFile) -> list[int | None]:
        if not suite.year_column:
            return [None]
        query = f"select {suite.year_column} from {self.relation(suite)} group by 1 order by count(*) desc, 1"
        return [row[0] for row in self.db.sql(query).fetchall()] or [2023]

    def frame(self, suite: SuiteFile, year: int | None) -> tuple[Frame, dict[str, Any]]:
        where = "" if year is None else f"where {suite.year_column} = {year}"
        frame = self.db.sql(f"select * from {self.relation(suite)} {where}").df()
        return frame, parameters(self.settings, suite, year)


@pytest.fixture(scope="module")
def partitions(loaded: tuple[Home, subprocess.CompletedProcess[str]]) -> Partitions:
    return Partitions(loaded[0])


def _resolved(kwargs: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    return {
        key: given[value["$PARAMETER"]] if isinstance(value, dict) and "$PARAMETER" in value else value
        for key, value in kwargs.items()
    }


def _alone(suite: SuiteFile, expectation: dict[str, Any]) -> SuiteFile:
    return replace(suite, content={**suite.content, "expectations": [expectation]})


_caught: dict[str, tuple[int, int]] = {}


@pytest.mark.parametrize("suite", all_suites(), ids=lambda suite: suite.name)
def test_every_expectation_is_tripped_by_its_mutation(suite: SuiteFile, partitions: Partitions) -> None:
    loaded_data = [partitions.frame(suite, year) for year in partitions.years(suite)]
    outcomes = [validate(frame, suite, "real", given) for frame, given in loaded_data]
    assert [line for outcome in outcomes for line in outcome.stops] == [], "unmutated data trips nothing"

    missed, total = [], 0
    for place, expectation in enumerate(suite.content["expectations"]):
        kind, alone = expectation["type"], _alone(suite, expectation)
        assert kind in MUTATIONS, f"write a mutation for {kind}"
        total += 1
        base = _where_it_holds(alone, loaded_data)
        if base is None:
            missed.append((place, kind, "holds in no partition"))
            continue
        frame, given = base
        kwargs = _resolved(expectation["kwargs"], given)
        mutated = MUTATIONS[kind](_row_condition_made_true(frame, kwargs), kwargs)
        (result,) = validate(mutated, alone, "mutated", given).results
        if result.success or result.observed.startswith("could not be evaluated"):
            missed.append((place, kind, result.observed))
    _caught[suite.name] = (total - len(missed), total)
    assert missed == [], missed


def _where_it_holds(
    alone: SuiteFile, loaded_data: list[tuple[Frame, dict[str, Any]]]
) -> tuple[Frame, dict[str, Any]] | None:
    """The largest partition in which the one expectation holds and has something to compare with.

    Rows that somebody is to look at anyway are left out.
    """
    for frame, given in loaded_data:
        kwargs = _resolved(alone.content["expectations"][0]["kwargs"], given)
        rows = frame if len(frame) else _made_up(frame)
        if not all(kwargs[key] for key in ("counts", "total", "reference") if key in kwargs):
            continue
        (result,) = validate(rows, alone, "real", given).results
        if result.success:
            return rows, given
        if result.severity == "look" and result.rows is not None:
            return rows.drop(result.rows.index), given
    return None


# The raw files of the project hold no report in PDF: a row as the reader lands it.
_CANDIDATE = {
    "fiscal_year": 2023, "candidate_id": "c1", "document_id": "d1", "page": 3, "sentence": "金融科技投入12.3亿元",
    "value_box": "72 100 140 112", "measure": "tech_investment", "value": "12.3", "qualifier": "eq",
    "confidence": 0.8, "pdf_sha256": "0" * 64,
}  # fmt: skip


def _made_up(frame: Frame) -> Frame:
    """Two rows for a table that is empty in the project's own data; its columns must be those of a candidate."""
    assert _CANDIDATE.keys() <= set(frame.columns), "no real row: write one"
    second = {**_CANDIDATE, "candidate_id": "c2"}
    return pd.DataFrame([_CANDIDATE, second]).reindex(columns=frame.columns)


def test_all_mutations_are_caught() -> None:
    """The sum over all suites; printed with -rP."""
    if len(_caught) < len(all_suites()):
        pytest.skip("only some suites were run")
    caught, total = (sum(numbers) for numbers in zip(*_caught.values(), strict=True))
    print(f"{caught} of {total} mutations caught, in {len(_caught)} suites")
    assert caught == total


def test_a_suite_reads_one_relation_only() -> None:
    """No two suites of a stage share a relation: a defect of one dataset is found by its own suite."""
    read = [(suite.stage, suite.relation) for suite in all_suites()]
    assert len(set(read)) == len(read)
