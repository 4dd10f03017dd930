"""Everything dbt reads in place, as files with columns: before the first rows, empty ones."""

from dagster_project.settings import Settings


def ensure_sources(settings: Settings) -> None:
    """A table that nobody has written yet is zero rows to dbt and not an error."""
    from dagster_project.analysis.tables import ensure_empty_analysis
    from dagster_project.audit.tables import ensure_empty as ensure_empty_audit
    from dagster_project.ingest.landing import ensure_empty_tables
    from dagster_project.quality.results import ensure_results

    ensure_empty_tables(settings)
    ensure_results(settings)
    ensure_empty_analysis(settings)
    ensure_empty_audit(settings)


def source_columns() -> dict[tuple[str, str], list[str]]:
    """Columns of everything dbt reads in place, by source and table."""
    from dagster_project.analysis.tables import TABLES as ANALYSED
    from dagster_project.audit.tables import SCHEMA as AUDIT
    from dagster_project.audit.tables import TABLE as AUDITED
    from dagster_project.ingest.tables import TABLES as LANDED
    from dagster_project.quality.results import RESULT

    schemas = {("landing", table): schema for table, schema in LANDED.items()}
    schemas |= {("analysis", table): schema for table, schema in ANALYSED.items()}
    schemas |= {("analysis", AUDITED): AUDIT, ("quality", "quality_result"): RESULT}
    return {key: schema.names for key, schema in schemas.items()}
