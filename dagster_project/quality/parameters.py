"""What suites compare with, by name: the suite parameters `{"$PARAMETER": name}`.

Each is read where it is kept (registry of measures, codebook, landing, the reviewed counts, another
table of the build database), so that no bound stands in two places. A parameter is computed only for
a suite that names it.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from typing import Any

from dagster_project.ingest.csvfile import read_csv_rows
from dagster_project.ingest.measures import MEASURES_DIR
from dagster_project.quality.suites import SuiteFile
from dagster_project.settings import EXPECTATIONS_DIR, Settings
from dagster_project.warehouse.variables import dbt_variables

_NAMED = re.compile(r'"\$PARAMETER": "(\w+)"')
EXPECTED_COUNTS = EXPECTATIONS_DIR / "expected_counts.csv"

# Parameters that are one query of the build database: {year} is the year of the partition.
# Two columns become a mapping, `pairs` stay pairs, one column becomes a number or a list.
_QUERIES: dict[str, str] = {
    # Codebook and framework: the options an item may have in this wave.
    "options_of_items": """
        select distinct item.item_id, option.option_id
        from staging.stg_questionnaire__item as item
        inner join framework.framework_option as option
            on item.option_set = option.option_set
            and item.wave between option.valid_from_wave and coalesce(option.valid_to_wave, 9999)
        where item.wave = {year} order by all""",
    # Answers of the respondents that count, of items that stand in the codebook: what int_answer must hold.
    "counted_answers": """
        select count(*) from staging.stg_questionnaire__answer as answer
        where answer.wave = {year}
            and (answer.wave, answer.response_id) in (
                select (wave, response_id) from staging.stg_questionnaire__response where is_counted)
            and (answer.wave, answer.item_id) in (select (wave, item_id) from staging.stg_questionnaire__item)""",
    "scored_respondents": """
        select count(distinct response_id) from staging.stg_questionnaire__response
        where wave = {year} and is_counted""",
    # 100 where every eligible respondent answered; blank answers stay in the denominator of a share.
    "answered_pct": """
        with answer as (
            select bank_type, item_id, response_id, is_chosen is not null as answered
            from restricted.int_answer where wave = {year} and is_eligible and item_type = 'single'
        ), by_population as (
            select 'all' as population, * from answer union all select bank_type, * from answer
        )
        select population || '|' || item_id,
            100.0 * count(distinct response_id) filter (where answered) / count(distinct response_id)
        from by_population group by all order by all""",
    # The whole of each option, against which the bank types are added up.
    "eligible_in_all": """
        select item_id || '|' || option_id, n_eligible from marts.mart_answer_share
        where wave = {year} and population_kind = 'all' order by all""",
    # Shares of the wave before, where the item is comparable and the options are the same.
    "shares_of_previous_wave": """
        select item_id || '|' || option_id, share_pct from marts.mart_answer_share
        where population_kind = 'all' and comparable and share_pct is not null
            and wave = (select max(wave) from marts.mart_answer_share where wave < {year})
        order by all""",
}
_PAIRS = {"options_of_items"}


def parameters(settings: Settings, suite: SuiteFile, year: int | None) -> dict[str, Any]:
    """The parameters that `suite` names, for its partition (`year`; None: a table without years).

    Raises KeyError for a name that no one provides. The caller holds the warehouse lock.
    """
    named = set(_NAMED.findall(json.dumps(suite.content["expectations"])))
    return {
        name: _query(settings, name, year) if name in _QUERIES else _PROVIDERS[name](settings, suite, year)
        for name in sorted(named)
    }


def _query(settings: Settings, name: str, year: int | None) -> Any:
    from dagster_project.warehouse.lock import open_warehouse

    with open_warehouse(settings) as con:
        rows = con.sql(_QUERIES[name].format(year=year)).fetchall()
    if name in _PAIRS:
        return [tuple(row) for row in rows]
    return dict(rows) if not rows or len(rows[0]) == 2 else rows[0][0]


def _measure_ranges(settings: Settings, suite: SuiteFile, year: int | None) -> Any:
    def bound(text: str) -> float | None:
        return float(text) if text else None

    return {
        row["measure"]: [bound(row["min_value"]), bound(row["max_value"]), row["min_inclusive"] == "true"]
        for _, row in read_csv_rows(
            MEASURES_DIR / "measure.csv", ("measure", "min_value", "max_value", "min_inclusive")
        )
    }


def _landed_rows(settings: Settings, suite: SuiteFile, year: int | None) -> int:
    import pyarrow.parquet as pq

    folder = settings.landing / suite.content["meta"]["landed"]
    files = sorted(folder.glob("year=*/*.parquet" if year is None else f"year={year}/*.parquet"))
    files += sorted(folder.glob("*.parquet"))
    return sum(pq.read_metadata(path).num_rows for path in files)


def _landed_years(settings: Settings, suite: SuiteFile, year: int | None) -> list[int]:
    """Years in which the landed table has rows."""
    import pyarrow.parquet as pq

    files = (settings.landing / suite.content["meta"]["landed"]).glob("year=*/*.parquet")
    return sorted(int(path.parent.name[5:]) for path in files if pq.read_metadata(path).num_rows)


def expected_counts() -> list[dict[str, str]]:
    with EXPECTED_COUNTS.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def _reviewed_counts(settings: Settings, suite: SuiteFile, year: int | None) -> dict[str, int]:
    table = suite.content["meta"]["landed"]
    return {
        row["group"]: int(row["n"])
        for row in expected_counts()
        if (row["table"], row["year"]) == (table, str(year))
    }


def _reviewed_years(settings: Settings, suite: SuiteFile, year: int | None) -> list[int]:
    table = suite.content["meta"]["landed"]
    return sorted({int(row["year"]) for row in expected_counts() if row["table"] == table})


_PROVIDERS: dict[str, Callable[[Settings, SuiteFile, int | None], Any]] = {
    "measure_ranges": _measure_ranges,
    "landed_rows": _landed_rows,
    "landed_years": _landed_years,
    "reviewed_counts": _reviewed_counts,
    "reviewed_years": _reviewed_years,
    "min_group_size": lambda settings, suite, year: int(dbt_variables()["min_group_size"]),
    # Relative to the partition, never to the clock.
    "year_end": lambda settings, suite, year: f"{year}-12-31",
}
