"""Asset checks of the staging, intermediate and mart stages, one per suite file, on the partition that was loaded."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import dagster as dg

from dagster_project.catalogue import docs, tags
from dagster_project.ownership import OWNER
from dagster_project.partitions import years
from dagster_project.quality import pieces
from dagster_project.quality.outcome_events import check_name, check_result
from dagster_project.quality.results import incident_of, keep
from dagster_project.quality.suites import SuiteFile, suites_of
from dagster_project.settings import Settings, load_settings

# A test makes it small.
ROWS_IN_ONE_FRAME = pieces.ROWS_IN_ONE_FRAME


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
        settings = load_settings()
        year = int(context.partition_key) if suite.year_column else None
        outcome = check_partition(settings, suite, year)
        keep(settings, incident_of(context), outcome)
        return check_result(settings, asset_key, suite, outcome, incident_of(context))

    return _check


def check_partition(settings: Settings, suite: SuiteFile, year: int | None) -> Any:
    """Run the suite on the rows of one year of its relation (year None: all rows).

    A partition too large for one frame is read in pieces. What is said of the whole table and not of a row
    (its number of rows, sums of groups) is then looked at in a frame that has only the columns it needs.
    """
    from dagster_project.quality.parameters import parameters
    from dagster_project.quality.validate import validate
    from dagster_project.warehouse.lock import open_warehouse

    partition = "all" if year is None else str(year)
    where = f"where {suite.year_column} = {year:d}" if suite.year_column and year is not None else ""
    with open_warehouse(settings) as con:
        given = parameters(settings, suite, year)
        rows = con.sql(f"select count(*) from {suite.relation} {where}").fetchone()[0]  # type: ignore[index]
        if rows <= ROWS_IN_ONE_FRAME:
            frame = con.sql(f"select * from {suite.relation} {where}").df()
            return validate(frame, suite, partition, given)
        about_table, about_rows = pieces.split(suite)
        columns = ", ".join(pieces.columns_of(about_table)) or "1 as row"
        frame = con.sql(f"select {columns} from {suite.relation} {where}").df()
        first = validate(frame, about_table, partition, given)
        del frame
        reader = con.sql(f"select * from {suite.relation} {where}").to_arrow_reader(ROWS_IN_ONE_FRAME // 4)
        second = pieces.validate_pieces(_tables(reader), ROWS_IN_ONE_FRAME // 2, about_rows, partition, given)
    return replace(second, results=(*first.results, *second.results))


def _tables(reader: Any) -> Iterator[Any]:
    import pyarrow as pa

    for batch in reader:
        yield pa.Table.from_batches([batch])


CHECKS = [build_check(suite) for stage in ("staging", "intermediate", "marts") for suite in suites_of(stage)]

# Not made by a step of its own: every check of every run adds its rows.
QUALITY_RESULT = dg.AssetSpec(
    ["quality", "quality_result"],
    group_name="marts",
    owners=[OWNER],
    kinds={"parquet"},
    tags=tags("quality", "quality"),
    metadata=docs("quality", "quality"),
    description="Grain: one run, suite, partition and expectation. Results of the checks, written by the checks.",
)
