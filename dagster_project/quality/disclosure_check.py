"""The audit of a wave's published tables: can a value of a group that is too small be worked out?

It knows nothing of the rule that hides groups (dbt/macros/disclosure.sql); it looks at what the marts
show, and at who took part. What it finds blocks the release.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg

from dagster_project.partition_events import check_events, loaded_years
from dagster_project.partitions import years
from dagster_project.quality.disclosure_audit import MIN_WIDTH_COUNT, MIN_WIDTH_POINTS, feasible_intervals
from dagster_project.quality.results import incident_of, keep
from dagster_project.quality.validate import Result, SuiteOutcome
from dagster_project.settings import load_settings
from dagster_project.warehouse.variables import dbt_variables

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

SCORES, SHARES = "mart_dimension_score", "mart_answer_share"
# Scores are published with nine digits.
_HALF_DIGIT = 5e-10
_LEVELS = {"mart_indicator_score": "indicator", "mart_dimension_score": "dimension", "mart_index": "'index'"}


def audit_scores(con: "duckdb.DuckDBPyConnection", wave: int) -> "pd.DataFrame":
    """Groups below the minimum with what can be derived of their mean: low, high in points, is_safe.

    All scores of all levels and scenarios; post-stratified ones are functions of the others.
    """
    parts = " union all ".join(
        f"select scenario || '|' || {name} as key, population_kind, population_value, n, "
        f"{'index' if mart == 'mart_index' else 'score'} * n as total, n * {_HALF_DIGIT} as slack "
        f"from marts.{mart} where wave = {wave:d} and scenario <> 'post_stratified'"
        for mart, name in _LEVELS.items()
    )
    members = _members(
        con, wave,
        "select distinct scenario || '|' || code as key, response_id from restricted.int_score "
        f"where wave = {wave:d} and source_wave = wave and score is not null",
    )  # fmt: skip
    found = _small(feasible_intervals(con.sql(parts).df(), members, 100.0))
    found[["low", "high"]] = found[["low", "high"]].div(found["n"], axis=0)
    return found.assign(is_safe=found["high"] - found["low"] >= MIN_WIDTH_POINTS - 1e-3)


def audit_shares(con: "duckdb.DuckDBPyConnection", wave: int) -> "pd.DataFrame":
    """Groups below the minimum with what can be derived of a count: low, high, is_safe.

    That nobody, or everybody, of the hidden groups chose an option is not held to be sensitive. Items
    of the sample's composition (`sample.…`) say who took part, which the attacker is taken to know.
    """
    published = con.sql(
        "select item_id || '|' || option_id as key, item_id, population_kind, population_value, "
        "n_eligible as n, n_chosen as total, 0.0 as slack from marts.mart_answer_share "
        f"where wave = {wave:d} and item_id not like 'sample.%'"
    ).df()
    by_item = _members(
        con, wave,
        "select distinct item_id as key, response_id from restricted.int_answer "
        f"where wave = {wave:d} and is_eligible and option_set is not null",
    )  # fmt: skip
    keys = published[["key", "item_id"]].drop_duplicates()
    members = keys.merge(by_item.rename(columns={"key": "item_id"}), on="item_id").drop(columns="item_id")
    found = _small(feasible_intervals(published, members, 1.0))
    at_an_end = (found["high"] < 0.5) | (found["low"] > found["n"] - 0.5)
    return found.assign(is_safe=(found["high"] - found["low"] >= MIN_WIDTH_COUNT - 1e-3) | at_an_end)


def _members(con: "duckdb.DuckDBPyConnection", wave: int, base: str) -> "pd.DataFrame":
    """Number of respondents of each key (`base`: key, response_id) in each crossing of the groups."""
    kinds = [
        row[0]
        for row in con.sql(
            "select population_kind from framework.framework_population_kind where population_kind <> 'all' "
            "order by kind_no"
        ).fetchall()
    ]
    columns = ", ".join(
        f"coalesce(max(population_value) filter (where population_kind = '{kind}'), '') as \"{kind}\""
        for kind in kinds
    )
    names = ", ".join(f'"{kind}"' for kind in kinds)
    return con.sql(
        f"with cell as (select response_id, {columns} from restricted.int_population_member "
        f"where wave = {wave:d} group by response_id), base as ({base}) "
        f"select key, {names}, count(*) as n from base inner join cell using (response_id) group by all order by all"
    ).df()


def _small(intervals: "pd.DataFrame") -> "pd.DataFrame":
    """The groups that must not be known; those hidden for their sake may be."""
    return intervals[intervals["n"] < int(dbt_variables()["min_group_size"])].copy()


AUDITS = {SCORES: (audit_scores, "means"), SHARES: (audit_shares, "counts")}
_SPECS = {
    mart: dg.AssetCheckSpec(
        "disclosure_control",
        asset=mart,
        blocking=True,
        partitions_def=years,
        description="No value of a group that is too small to show can be derived from what is shown.",
    )
    for mart in AUDITS
}


@dg.multi_asset_check(
    name="marts_questionnaires_disclosure_control", specs=list(_SPECS.values()), can_subset=True
)
def disclosure_checks(context: dg.AssetCheckExecutionContext) -> Iterator[Any]:
    """Blocking checks of the published tables of waves."""
    from dagster_project.warehouse.lock import open_warehouse

    settings = load_settings()
    asked = [mart for mart, spec in _SPECS.items() if spec.key in context.selected_asset_check_keys]
    found: dict[str, dict[int | None, Any]] = {}
    with open_warehouse(settings) as con:
        for mart in asked:
            found[mart] = {wave: AUDITS[mart][0](con, wave) for wave in loaded_years(context)}
    for mart, by_wave in found.items():
        outcomes = {wave: _outcome(mart, wave, small, AUDITS[mart][1]) for wave, small in by_wave.items()}
        keep(settings, incident_of(context), *outcomes.values())
        yield from check_events(
            _SPECS[mart], {wave: _result(mart, outcomes[wave], small) for wave, small in by_wave.items()}
        )


def _outcome(mart: str, wave: int | None, found: "pd.DataFrame", unit: str) -> SuiteOutcome:
    leaks = found[~found["is_safe"]]
    sample = leaks.head(20)[["key", "population_kind", "population_value"]].to_dict("records")
    result = Result(
        expectation="hidden_values_cannot_be_derived",
        column="",
        severity="stop",
        reason="A value of a group under min_group_size that can be derived discloses single banks.",
        success=leaks.empty,
        n_checked=len(found),
        n_failed=len(leaks),
        observed=f"{len(leaks)} of {len(found)} hidden {unit} can be derived."
        if len(leaks)
        else f"{len(found)} hidden {unit}, none can be derived.",
        sample=[{str(key): value for key, value in row.items()} for row in sample],
    )
    return SuiteOutcome(f"marts__{mart}_disclosure_control", str(wave), len(found), (result,))


def _result(mart: str, outcome: SuiteOutcome, found: "pd.DataFrame") -> dg.AssetCheckResult:
    (result,) = outcome.results
    remedy = (
        ""
        if result.success
        else " Hide one more group of that kind and item in dbt/seeds/framework/framework_hidden.csv (or raise "
        "min_group_size in dbt/dbt_project.yml), and load the wave again."
    )
    widths = (found["high"] - found["low"]) if len(found) else None
    return dg.AssetCheckResult(
        asset_key=dg.AssetKey(mart),
        check_name="disclosure_control",
        passed=result.success,
        severity=dg.AssetCheckSeverity.ERROR,
        description=result.observed + remedy,
        metadata={
            "partition": outcome.partition,
            "hidden_values": len(found),
            "narrowest_interval": float(widths.min()) if widths is not None else None,
            "derivable": dg.MetadataValue.json(result.sample),
        },
    )
