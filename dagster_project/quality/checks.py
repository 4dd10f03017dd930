"""Asset checks of the staging, intermediate and mart stages, one per suite file, on the partitions that were loaded."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import dagster as dg

from dagster_project.catalogue import docs, tags
from dagster_project.errors import InputError
from dagster_project.ownership import OWNER
from dagster_project.partition_events import loaded_years
from dagster_project.quality import pieces
from dagster_project.quality.outcome_events import check_spec, suite_events
from dagster_project.quality.results import incident_of, keep
from dagster_project.quality.suites import SuiteFile, suites_of
from dagster_project.quality.validate import SuiteOutcome
from dagster_project.settings import Settings, load_settings
from dagster_project.warehouse.assets import DBT_ASSETS
from dagster_project.warehouse.lock import open_warehouse

# A test makes it small.
ROWS_IN_ONE_FRAME = pieces.ROWS_IN_ONE_FRAME


def build_checks(step: str, suites: Sequence[SuiteFile]) -> dg.AssetChecksDefinition:
    """The blocking checks of the tables that `step` builds, on the partitions that were loaded.

    They run together: the build database is opened once for all of them.
    """
    specs = {
        suite: check_spec(suite, dg.AssetKey(suite.dataset), partitioned=bool(suite.year_column))
        for suite in suites
    }

    @dg.multi_asset_check(name=f"{step}_expectations", specs=list(specs.values()), can_subset=True)
    def _check(context: dg.AssetCheckExecutionContext) -> Iterator[Any]:
        settings, incident = load_settings(), incident_of(context)
        asked = [suite for suite in suites if specs[suite].key in context.selected_asset_check_keys]
        found: dict[SuiteFile, dict[int | None, SuiteOutcome]] = {}
        with open_warehouse(settings):  # what the checks open below is then this one
            for suite in asked:
                window: list[int | None] = [*loaded_years(context)] if suite.year_column else [None]
                found[suite] = {year: check_partition(settings, suite, year) for year in window}
        keep(settings, incident, *(outcome for by_year in found.values() for outcome in by_year.values()))
        for suite, by_year in found.items():
            yield from suite_events(settings, specs[suite], suite, by_year, incident)

    return _check


def check_partition(settings: Settings, suite: SuiteFile, year: int | None) -> Any:
    """Run the suite on the rows of one year of its relation (year None: all rows).

    A partition too large for one frame is read in pieces. What is said of the whole table and not of a row
    (its number of rows, sums of groups) is then looked at in a frame that has only the columns it needs.
    """
    from dagster_project.quality.parameters import parameters
    from dagster_project.quality.validate import validate

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


def _by_step() -> Iterator[tuple[str, list[SuiteFile]]]:
    suites = [suite for stage in ("staging", "intermediate", "marts") for suite in suites_of(stage)]
    for step in DBT_ASSETS:
        built = {key.path[-1] for key in step.keys}
        if mine := [suite for suite in suites if suite.dataset in built]:
            suites = [suite for suite in suites if suite not in mine]
            yield step.op.name, mine
    for suite in suites:
        raise InputError(suite.path, "name", f"no model {suite.dataset!r}", "Name it <stage>__<model>.")


CHECKS = [build_checks(step, suites) for step, suites in _by_step()]

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
