"""The audit as an asset: reads landing only, writes one Parquet per document year."""

from __future__ import annotations

import dagster as dg

from dagster_project.audit.tables import SCHEMA, TABLE
from dagster_project.catalogue import docs, tags
from dagster_project.errors import FengchaoError
from dagster_project.ingest.assets import column_schema
from dagster_project.ownership import OWNER
from dagster_project.settings import Settings, load_settings


def run_audit(settings: Settings) -> dict[str, int]:
    """Audit every landed document and write the findings; returns the number of findings by rule."""
    from dagster_project.audit import inputs, run, tables
    from dagster_project.ingest.landing import landed_years
    from dagster_project.warehouse.lock import warehouse_lock

    with warehouse_lock(settings):  # no delivery is switched while it is read
        figures = inputs.read_figures(settings)
        claims = inputs.read_claims(settings)
        documents = {figure.document_id for figure in figures} | {claim.document_id for claim in claims}
        amounts = inputs.read_amounts(settings, documents)
        years = landed_years(settings, "published_figure")
    findings, _ = run.audit(figures, claims, amounts, inputs.words_tolerance())
    tables.write_findings(settings, (finding.as_row() for finding in findings), years)
    counted: dict[str, int] = {}
    for finding in findings:
        counted[finding.rule] = counted.get(finding.rule, 0) + 1
    return counted


@dg.asset(
    key=dg.AssetKey(["analysis", TABLE]),
    deps=[dg.AssetKey(["landing", table]) for table in ("published_figure", "published_claim")],
    group_name="analysis",
    description="Grain: one error found in print, over all landed documents.",
    owners=[OWNER],
    kinds={"python", "parquet"},
    tags=tags("analysis", "published"),
    metadata={"dagster/column_schema": column_schema(TABLE, SCHEMA), **docs("analysis", "published")},
)
def published_audit() -> dg.MaterializeResult:
    settings = load_settings()
    try:
        counted = run_audit(settings)
    except FengchaoError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from error
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": sum(counted.values()),
            "findings_by_rule": dg.MetadataValue.json(dict(sorted(counted.items()))),
            "folder": dg.MetadataValue.path(str(settings.analysis / TABLE)),
        }
    )
