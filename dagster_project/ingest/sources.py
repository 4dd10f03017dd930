"""The kinds of raw input, as data: a further kind is a further entry."""

from __future__ import annotations

from pathlib import Path

from dagster_project.ingest.batch import Batch
from dagster_project.ingest.landing import REFERENCE_TABLES
from dagster_project.ingest.load import Source
from dagster_project.ingest.sidecar import raw_files
from dagster_project.settings import Settings


def _questionnaires(raw: Path, year: int | None) -> Batch:
    from dagster_project.ingest.questionnaires import read_questionnaires
    from dagster_project.settings import load_settings

    assert year is not None
    settings = load_settings()
    return read_questionnaires(raw, year, settings.token_secret(), settings.landing / ".spool")


def _disclosures(raw: Path, year: int | None) -> Batch:
    from dagster_project.ingest.disclosures import read_disclosures

    assert year is not None
    return read_disclosures(raw, year)


def _reports(raw: Path, year: int | None) -> Batch:
    from dagster_project.ingest.reports.candidates import TABLE, read_candidates
    from dagster_project.ingest.reports.review import write_drafts
    from dagster_project.settings import load_settings

    assert year is not None
    batch = read_candidates(raw, year)
    write_drafts(load_settings().review / str(year), raw, batch.tables[TABLE])
    return batch


def _published(raw: Path, year: int | None) -> Batch:
    from dagster_project.ingest.published import read_published

    return read_published(raw, f"report-{year}")


def _reference(raw: Path, year: int | None) -> Batch:
    from dagster_project.ingest.reference import read_reference

    return read_reference(raw)


QUESTIONNAIRES = Source(
    "questionnaires",
    ("questionnaire_response", "questionnaire_answer", "codebook_item"),
    ("questionnaire_response",),
    _questionnaires,
    is_restricted=True,
)
DISCLOSURES = Source(
    "disclosures", ("disclosure_figure", "disclosure_source"), ("disclosure_figure",), _disclosures
)
REPORTS = Source("reports", ("disclosure_candidate",), ("disclosure_candidate",), _reports)
PUBLISHED = Source(
    "published",
    ("published_figure", "published_bank_figure", "published_claim"),
    ("published_figure", "published_bank_figure", "published_claim"),
    _published,
)
REFERENCE = Source("reference", REFERENCE_TABLES, REFERENCE_TABLES, _reference)

# Reports stand below the folder of the disclosures and are no year of their own.
YEARLY_SOURCES = (QUESTIONNAIRES, DISCLOSURES, PUBLISHED)


def raw_folder(raw: Path, source: Source, year: int) -> Path:
    """Where the raw files of a yearly source stand."""
    if source is REPORTS:
        return raw_folder(raw, DISCLOSURES, year) / "reports"
    return raw / source.name / (f"report-{year}" if source is PUBLISHED else str(year))


def years_with_input(raw: Path) -> list[int]:
    """Every year for which some yearly source has a folder, ascending."""
    found = set()
    for source in YEARLY_SOURCES:
        for folder in (raw / source.name).glob("*"):
            digits = folder.name.removeprefix("report-")
            if folder.is_dir() and digits.isdigit():
                found.add(int(digits))
    return sorted(found)


def landed_without_files(settings: Settings) -> list[tuple[Source, int]]:
    """Years that have landed and whose raw files are gone: their rows stay until a rebuild."""
    return [
        (source, year)
        for source in (*YEARLY_SOURCES, REPORTS)
        for folder in sorted((settings.landing / source.tables[0]).glob("year=*"))
        if (year := int(folder.name.removeprefix("year=")))
        and not raw_files(raw_folder(settings.raw, source, year))
    ]
