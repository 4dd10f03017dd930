"""The build database made anew: it holds nothing that raw files and code do not give again.

While not all years are back, the mark `rebuild` stands and no release is made.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence

from dagster_project.analysis.tables import TABLES as ANALYSED
from dagster_project.disk import explain
from dagster_project.ingest.sources import QUESTIONNAIRES, landed_without_files, years_with_input
from dagster_project.ingest.status import record
from dagster_project.settings import Settings
from dagster_project.warehouse.lock import warehouse_lock
from dagster_project.warehouse.spark import remove_tables
from dagster_project.warehouse.unfinished import REBUILD, mark

# What dbt and DuckDB say when tables were made by an older version of their models.
_OUTDATED = re.compile(
    r"columns of the model are not those of its table"
    r"|Referenced column .* not found|does not have a column|has \d+ columns but \d+ values were supplied",
    re.IGNORECASE,
)
# What Spark says when its catalog does not know the tables that stand on the disk.
_LOST = re.compile("LOCATION_ALREADY_EXISTS|TABLE_OR_VIEW_NOT_FOUND|SCHEMA_NOT_FOUND")
COMMAND = "fengchao rebuild"


def remedy(settings: Settings, messages: str) -> str:
    """What to do about a full disk, and about tables of an older version; empty for any other failure of dbt."""
    if disk := explain(messages, settings.home):
        return f"\n{disk}"
    if _LOST.search(messages):
        return (
            f"\nSpark's catalog has lost the tables of this home. Make them anew, nothing is lost: {COMMAND}."
        )
    if not _OUTDATED.search(messages):
        return ""
    return (
        "\nThe columns of the build database are those of an older version of the models. "
        f"Make it anew, nothing is lost: {COMMAND} (or the job rebuild_all)."
    )


def note_lost_database(settings: Settings, years: Sequence[int]) -> None:
    """Other years have landed and their database is gone: they must be loaded again before a release."""
    if settings.is_built:
        return
    names = {path.parent.name for path in settings.landing.glob("[!.]*/year=*/*.parquet")}
    landed = {int(name.removeprefix("year=")) for name in names}
    if landed - {0, *years}:
        mark(settings, (REBUILD,), None)


def remove_database(settings: Settings) -> None:
    """Remove the build database, so that the next load of all years makes it anew.

    What landed from raw files that are gone is removed as well, unless no year has any: then the folder is
    not there for another reason.
    """
    gone = landed_without_files(settings) if years_with_input(settings.raw) else []
    with warehouse_lock(settings):
        mark(settings, (REBUILD,), None)
        if settings.target == "spark":
            remove_tables(settings)
        else:
            for name in (settings.warehouse_db.name, f"{settings.warehouse_db.name}.wal"):
                settings.warehouse_db.with_name(name).unlink(missing_ok=True)
        for source, year in gone:
            tables = [settings.landing / table for table in source.tables]
            if source is QUESTIONNAIRES:
                tables += [settings.analysis / table for table in ANALYSED]
            for table in tables:
                shutil.rmtree(table / f"year={year}", ignore_errors=True)
            record(settings, source.name, year, "no_input")
