"""The last gate: suites on the exported tables, before `current` is switched to them."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq

from dagster_project.errors import FengchaoError
from dagster_project.quality.parameters import parameters
from dagster_project.quality.results import keep
from dagster_project.quality.suites import suites_of
from dagster_project.settings import Settings


def check_tables(settings: Settings, folder: Path, run_id: str) -> None:
    """Run every suite of stage `release` on `folder/parquet`; the results are kept under `run_id`.

    Raises FengchaoError with all findings when one must stop the release. The caller holds the
    warehouse lock.
    """
    from dagster_project.quality.validate import validate

    outcomes = []
    for suite in suites_of("release"):
        frame = pq.read_table(folder / "parquet" / f"{suite.relation}.parquet").to_pandas()
        outcomes.append(validate(frame, suite, "all", parameters(settings, suite, None)))
        keep(settings, run_id, outcomes[-1])
    failed = [outcome.summary() for outcome in outcomes if not outcome.passed]
    if failed:
        raise FengchaoError(
            "No release: what was to be released fails its checks; the last release stays.\n"
            + "\n".join(failed)
        )
