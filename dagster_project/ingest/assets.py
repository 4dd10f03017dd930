"""Landing assets: one per landed table; tables that come from one input land together."""

import time
from collections.abc import Iterator
from functools import cache
from typing import Any

import dagster as dg
import pyarrow as pa

from dagster_project.catalogue import docs, tags
from dagster_project.disk import describe
from dagster_project.errors import FengchaoError
from dagster_project.ingest.landing import landing_path
from dagster_project.ingest.load import Loaded, Source, load
from dagster_project.ingest.sidecar import sha256_of
from dagster_project.ingest.sources import (
    DISCLOSURES,
    PUBLISHED,
    QUESTIONNAIRES,
    REFERENCE,
    REPORTS,
    raw_folder,
)
from dagster_project.ingest.tables import TABLES
from dagster_project.ownership import OWNER
from dagster_project.partition_events import file_events, loaded_years, refuse_gaps
from dagster_project.partitions import years
from dagster_project.quality.outcome_events import check_spec, suite_events
from dagster_project.quality.results import incident_of
from dagster_project.quality.suites import suite_for
from dagster_project.settings import load_settings
from dagster_project.warehouse.manifest import manifest_content

DESCRIPTIONS = {
    "questionnaire_response": "Grain: one submitted questionnaire of a wave. Restricted.",
    "questionnaire_answer": "Grain: one option of a multiple choice or one item, per respondent and wave. Restricted.",
    "codebook_item": "Grain: one item of a wave's codebook.",
    "disclosure_figure": "Grain: one printed figure about a bank or a bank group, per fiscal year and document.",
    "disclosure_source": "Grain: one document per fiscal year, from the sidecars.",
    "disclosure_candidate": "Grain: one statement in a report (PDF) that may be a figure, until a person accepts it.",
    "published_figure": "Grain: one survey figure printed in a report.",
    "published_bank_figure": "Grain: one figure about a bank printed in a report outside the disclosure tables.",
    "published_claim": "Grain: one rank or comparison that a report makes in words.",
    "bank": "Grain: one bank and period of its type.",
    "bank_alias": "Grain: one spelling of a bank or bank group and its period.",
    "bank_event": "Grain: one rename, merger, split or closure and pair of banks.",
    "population": "Grain: one date, institution type and document: number of institutions.",
    "province": "Grain: one province.",
}

PROVENANCE = {
    "source_file": "File below the raw folder that the row comes from.",
    "source_row": "Line of that file as a spreadsheet shows it; the header is line 1.",
    "source_column": "Column of that file, counted from 1.",
}


def landing_key(table: str) -> dg.AssetKey:
    return dg.AssetKey(["landing", table])


@cache
def staged_descriptions() -> dict[str, dict[str, str]]:
    """Column descriptions by landed table, from the staging model that reads it: written once, in its YAML."""
    manifest = manifest_content(load_settings())
    texts: dict[str, dict[str, str]] = {}
    for node in manifest["nodes"].values():
        for parent in node["depends_on"]["nodes"] if node["name"].startswith("stg_") else []:
            if parent.startswith("source."):
                columns = {name: column["description"] for name, column in node["columns"].items()}
                texts[parent.split(".")[-1]] = columns
    return texts


def column_schema(table: str, columns: pa.Schema) -> dg.TableSchema:
    """Columns and types of a table that dbt reads as a source, with what they mean."""
    texts = {**staged_descriptions().get(table, {}), **PROVENANCE}
    return dg.TableSchema(
        columns=[dg.TableColumn(field.name, str(field.type), texts.get(field.name)) for field in columns]
    )


def landing_assets(source: Source, partitioned: bool = True) -> dg.AssetsDefinition:
    """The asset(s) of one raw input.

    A year without input is skipped with the reason in the log: nothing is materialized, and what
    stands downstream is skipped as well. A raw check that fails stops the year before anything is
    visible.
    """

    checks = {
        table: check_spec(suite_for("raw", table), landing_key(table), partitioned) for table in source.tables
    }

    @dg.multi_asset(
        name=f"land_{source.name}",
        specs=[
            dg.AssetSpec(
                landing_key(table),
                group_name="landing" if partitioned else "reference",
                description=DESCRIPTIONS[table],
                owners=[OWNER],
                kinds={"python", "parquet"},
                tags=tags("landing", source.name),
                metadata={
                    "dagster/column_schema": column_schema(table, TABLES[table]),
                    **docs("landing", source.name),
                },
                skippable=True,
            )
            for table in source.tables
        ],
        check_specs=list(checks.values()),
        partitions_def=years if partitioned else None,
        backfill_policy=dg.BackfillPolicy.multi_run(1) if partitioned else None,
        # Makes the outputs optional, so that a year without input can be skipped; the tables of one
        # input still land together, whatever part of them was asked for.
        can_subset=True,
    )
    def _land(context: dg.AssetExecutionContext) -> Iterator[Any]:
        settings, incident = load_settings(), incident_of(context)
        window: list[int | None] = [*loaded_years(context)] if partitioned else [None]
        started = time.perf_counter()
        try:
            loaded = {year: load(settings, source, year, incident) for year in window}
        except (FengchaoError, OSError) as error:
            raise dg.Failure(description=describe(error, settings.home), allow_retries=False) from error
        done = {year: one for year, one in loaded.items() if one is not None}
        for year in loaded.keys() - done.keys():
            where = raw_folder(settings.raw, source, year) if year is not None else settings.raw / source.name
            context.log.info(f"Skipped: no {source.name} for {year or 'any year'}, {where} holds no files.")
        if not done:
            return
        refuse_gaps(source.name, loaded, done)
        for table, spec in checks.items():
            if spec.key in context.selected_asset_check_keys:
                outcomes = {year: one.outcomes[table] for year, one in done.items()}
                yield from suite_events(settings, spec, suite_for("raw", table), outcomes, incident)
        if failed := [_failure(source, year, one) for year, one in done.items() if not one.landed]:
            raise dg.Failure(description="\n".join(failed), allow_retries=False)
        seconds = round((time.perf_counter() - started) / len(done), 3)
        for table in source.tables:
            if landing_key(table) in context.selected_asset_keys:
                files = {}
                for year, one in done.items():
                    content = sha256_of(landing_path(settings, table, year))
                    said = {"sha256": content, "seconds_of_the_step": seconds}
                    files[year] = content, {**_metadata(one, source, table, year), **said}
                yield from file_events(landing_key(table), files)

    return _land


def _failure(source: Source, year: int | None, loaded: Loaded) -> str:
    failed = "\n".join(outcome.summary() for outcome in loaded.outcomes.values() if not outcome.passed)
    return (
        f"{source.name} {year}: raw checks failed, nothing was landed. Rows and report: "
        f"{loaded.quarantine}\n{failed}"
    )


def _metadata(loaded: Loaded, source: Source, table: str, year: int | None) -> dict[str, Any]:
    aside = [reject for reject in loaded.rejects if reject.dataset == table]
    reasons: dict[str, int] = {}
    for reject in aside:
        reasons[reject.reason] = reasons.get(reject.reason, 0) + 1
    metadata: dict[str, Any] = {
        "dagster/row_count": loaded.rows[table],
        "rows_set_aside": len([reject for reject in aside if reject.whole_row]),
        "bytes": loaded.bytes[table],
        "folder": dg.MetadataValue.path(str(landing_path(load_settings(), table, year).parent)),
        "input_sha256": dg.MetadataValue.json(loaded.inputs),
    }
    if table in source.one_to_one:
        metadata["rows_in"] = loaded.rows_in.get(table, 0)
    if loaded.bank_review:
        metadata["names_to_decide"] = dg.MetadataValue.path(str(loaded.bank_review))
    if aside:
        metadata["set_aside_by_reason"] = dg.MetadataValue.json(reasons)
        metadata["set_aside_first"] = dg.MetadataValue.md(
            "\n".join(
                f"- `{r.source_file}` row {r.source_row} {r.source_column}: "
                + (
                    f"{r.reason}; `fengchao aside` shows the cell."
                    if source.is_restricted
                    else f"{r.found}. {r.remedy}"
                )
                for r in aside[:20]
            )
        )
    return metadata


land_questionnaires = landing_assets(QUESTIONNAIRES)
land_disclosures = landing_assets(DISCLOSURES)
land_reports = landing_assets(REPORTS)
land_published = landing_assets(PUBLISHED)
land_reference = landing_assets(REFERENCE, partitioned=False)
LANDING_ASSETS = [land_questionnaires, land_disclosures, land_reports, land_published, land_reference]
