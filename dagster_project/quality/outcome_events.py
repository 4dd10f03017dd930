"""Suite outcomes as Dagster asset check results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from dagster_project.partition_events import check_events
from dagster_project.partitions import years
from dagster_project.quality.data_docs import page_path
from dagster_project.quality.results import rows_folder
from dagster_project.quality.suites import SuiteFile
from dagster_project.quality.validate import SuiteOutcome
from dagster_project.settings import Settings


def check_name(suite: SuiteFile) -> str:
    return f"{suite.stage}_expectations"


def check_spec(suite: SuiteFile, asset: dg.AssetKey, partitioned: bool) -> dg.AssetCheckSpec:
    """The blocking check that a suite is."""
    return dg.AssetCheckSpec(
        check_name(suite),
        asset=asset,
        blocking=True,
        description=suite.content["meta"]["description"],
        partitions_def=years if partitioned else None,
    )


def suite_events(
    settings: Settings,
    spec: dg.AssetCheckSpec,
    suite: SuiteFile,
    outcomes: Mapping[int | None, SuiteOutcome],
    run_id: str,
) -> Iterator[Any]:
    """What a step yields for the outcomes of a suite by year."""
    yield from check_events(
        spec,
        {
            year: check_result(settings, spec.asset_key, suite, outcome, run_id)
            for year, outcome in outcomes.items()
        },
    )


def check_result(
    settings: Settings, asset_key: dg.AssetKey, suite: SuiteFile, outcome: SuiteOutcome, run_id: str = ""
) -> dg.AssetCheckResult:
    """A finding to stop for is an error (and blocks); one to look at is a warning and never blocks.

    run_id: under which the failing rows were kept.
    """
    metadata: dict[str, Any] = {
        "partition": outcome.partition,
        "rows_checked": outcome.n_rows,
        "expectations": outcome.n_expectations,
        "expectations_failed": len(outcome.findings),
        # A path to copy and not a link: browsers open no file from a page that came over http.
        "data_docs": dg.MetadataValue.path(str(page_path(settings, outcome.suite, outcome.partition))),
    }
    if outcome.findings:
        metadata["findings"] = dg.MetadataValue.md(_table(outcome))
        metadata["failing_rows"] = dg.MetadataValue.json(
            [
                {"expectation": f.expectation, "column": f.column, "rows": [_plain(row) for row in f.sample]}
                for f in outcome.findings
            ]
        )
        in_full = rows_folder(settings, run_id, outcome)
        if in_full.is_dir():
            metadata["failing_rows_in_full"] = dg.MetadataValue.path(str(in_full))
    return dg.AssetCheckResult(
        asset_key=asset_key,
        check_name=check_name(suite),
        passed=not outcome.findings,
        severity=dg.AssetCheckSeverity.ERROR if outcome.stops else dg.AssetCheckSeverity.WARN,
        description=outcome.summary(),
        metadata=metadata,
    )


def _table(outcome: SuiteOutcome) -> str:
    lines = ["| severity | expectation | column | failed | why it matters |", "|---|---|---|---|---|"]
    lines += [
        f"| {f.severity} | {f.expectation} | {f.column} | {f.observed} | {f.reason} |"
        for f in outcome.findings
    ]
    return "\n".join(lines)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {
        key: value if isinstance(value, str | int | float | bool) else str(value)
        for key, value in row.items()
    }
