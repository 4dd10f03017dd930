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
