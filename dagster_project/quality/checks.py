"""Asset checks of the staging and mart stages, one per suite file, on the partition that was loaded."""

from typing import Any

import dagster as dg

from dagster_project.ownership import OWNER
from dagster_project.partitions import years
from dagster_project.quality.outcome_events import check_name, check_result
from dagster_project.quality.results import incident_of, keep
from dagster_project.quality.suites import SuiteFile, suites_of
from dagster_project.settings import load_settings


def build_check(suite: SuiteFile) -> dg.AssetChecksDefinition:
    """A blocking check that reads one partition from the build database and runs the suite on it."""
    asset_key = dg.AssetKey(suite.dataset)

    @dg.asset_check(
        asset=asset_key,
        name=check_name(suite),
        blocking=True,
        description=suite.content["meta"]["description"],
        partitions_def=years if suite.year_column else None,
    )
    def _check(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        from dagster_project.quality.validate import validate

        settings = load_settings()
        year = int(context.partition_key) if suite.year_column else None
        frame = read_partition(settings, suite, year)
        outcome = validate(frame, suite, "all" if year is None else str(year))
        keep(settings, incident_of(context), outcome)
        return check_result(settings, asset_key, suite, outcome)

    return _check


def read_partition(settings: Any, suite: SuiteFile, year: int | None) -> Any:
    """Rows of one year of the suite's relation as a data frame; all rows for a table without years."""
    import duckdb

    from dagster_project.warehouse.lock import warehouse_lock

    where = f"where {suite.year_column} = {year:d}" if suite.year_column and year is not None else ""
    with warehouse_lock(settings), duckdb.connect(str(settings.warehouse_db), read_only=True) as con:
        return con.sql(f"select * from {suite.relation} {where}").df()


CHECKS = [build_check(suite) for stage in ("staging", "marts") for suite in suites_of(stage)]

# Not made by a step of its own: every check of every run adds its rows.
QUALITY_RESULT = dg.AssetSpec(
    ["quality", "quality_result"],
    group_name="marts",
    owners=[OWNER],
    kinds={"parquet"},
    description="Grain: one run, suite, partition and expectation. Results of the checks, written by the checks.",
)
