"""The analysis of a wave as assets: one step, one asset per table."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg

from dagster_project.analysis.parameters import load_parameters
from dagster_project.analysis.tables import TABLES, analysis_path
from dagster_project.catalogue import docs, tags
from dagster_project.disk import describe
from dagster_project.errors import FengchaoError
from dagster_project.ingest.assets import column_schema
from dagster_project.ingest.sidecar import sha256_of
from dagster_project.ownership import OWNER
from dagster_project.partition_events import file_events, loaded_years, refuse_gaps
from dagster_project.partitions import years
from dagster_project.quality.outcome_events import check_spec, suite_events
from dagster_project.quality.results import incident_of
from dagster_project.quality.suites import suite_for
from dagster_project.settings import Settings, load_settings
from dagster_project.warehouse.unfinished import unmark

if TYPE_CHECKING:
    from dagster_project.analysis.analyse import Analysed

DESCRIPTIONS = {
    "robustness_draw": "Grain: one draw of a wave: one choice of method. Draw 0 is the headline.",
    "robustness_weight": "Grain: one weight of one draw.",
    "robustness_score": "Grain: one draw, group and dimension (or index). Restricted.",
    "sensitivity": "Grain: one target, group, dimension and choice: first-order and total Sobol index.",
    "leave_one_out": "Grain: one indicator that was left out.",
    "coherence": "Grain: one item, indicator, dimension or index: alpha and item-rest correlation.",
    "coherence_correlation": "Grain: one pair of siblings.",
    "weight_set": "Grain: one alternative weight (AHP, entropy, principal components).",
}
_READS = [
    dg.AssetKey(name)
    for name in ("int_item_score", "int_score_mean", "framework_indicator", "framework_dimension")
]


def analysis_key(table: str) -> dg.AssetKey:
    return dg.AssetKey(["analysis", table])


CHECKS = {
    table: check_spec(suite_for("analysis", table), analysis_key(table), partitioned=True) for table in TABLES
}


@dg.multi_asset(
    name="analyse_scores",
    specs=[
        dg.AssetSpec(
            analysis_key(table),
            deps=[*_READS, *([dg.AssetKey("framework_ahp_judgement")] if table == "weight_set" else [])],
            group_name="analysis",
            description=description,
            owners=[OWNER],
            kinds={"python", "parquet"},
            tags=tags("analysis", "robustness"),
            metadata={
                "dagster/column_schema": column_schema(table, TABLES[table]),
                **docs("analysis", "robustness"),
            },
            skippable=True,
        )
        for table, description in DESCRIPTIONS.items()
    ],
    check_specs=list(CHECKS.values()),
    partitions_def=years,
    backfill_policy=dg.BackfillPolicy.multi_run(1),
    # Makes the outputs optional, so that a wave without answers can be skipped.
    can_subset=True,
)
def analyse_scores(context: dg.AssetExecutionContext) -> Iterator[Any]:
    """Draws, sensitivity, coherence and weights of a wave; nothing is written unless every suite holds."""
    # numpy and scipy are loaded when a wave is analysed, not with the definitions.
    from dagster_project.analysis.analyse import analyse, publish
    from dagster_project.analysis.read import read_wave

    settings, incident = load_settings(), incident_of(context)
    done: dict[int | None, Analysed] = {}
    try:
        parameters = load_parameters()
        for year in loaded_years(context):
            started = time.perf_counter()
            wave = read_wave(settings, year)
            if wave is None:
                unmark(settings, "marts_robustness", year)  # it is skipped as well
                context.log.info(f"Skipped: wave {year} has no scored answers in restricted.int_item_score.")
                continue
            done[year] = publish(settings, year, analyse(wave, parameters), incident)
            done[year].metadata.update(
                respondents=wave.n,
                monte_carlo_draws=parameters.draws,
                seed=parameters.seed,
                seconds_of_the_step=round(time.perf_counter() - started, 3),
            )
    except (FengchaoError, OSError) as error:
        raise dg.Failure(description=describe(error, settings.home), allow_retries=False) from error
    if not done:
        return
    refuse_gaps("scored answers", loaded_years(context), done)
    for table, spec in CHECKS.items():
        if spec.key in context.selected_asset_check_keys:
            outcomes = {year: one.outcomes[table] for year, one in done.items()}
            yield from suite_events(settings, spec, suite_for("analysis", table), outcomes, incident)
    failed = [
        f"Analysis of wave {year}: checks failed, nothing was written.\n{outcome.summary()}"
        for year, one in done.items()
        for outcome in one.outcomes.values()
        if not outcome.passed
    ]
    if failed:
        raise dg.Failure(description="\n".join(failed), allow_retries=False)
    for table in TABLES:
        if analysis_key(table) in context.selected_asset_keys:
            files = {year: _file(settings, table, year, one) for year, one in done.items()}
            yield from file_events(analysis_key(table), files)


def _file(settings: Settings, table: str, year: int | None, done: "Analysed") -> tuple[str, dict[str, Any]]:
    assert year is not None
    path = analysis_path(settings, table, year)
    content = sha256_of(path)
    return content, {
        "dagster/row_count": len(done.tables[table]),
        "bytes": path.stat().st_size,
        "sha256": content,
        "file": dg.MetadataValue.path(str(path)),
        **done.metadata,
    }
