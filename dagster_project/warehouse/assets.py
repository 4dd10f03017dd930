"""dbt models as assets: one step per stage and branch, so that a check can stand between two stages."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets
from dagster_dbt.asset_utils import get_asset_check_key_for_test

from dagster_project.catalogue import docs, tags
from dagster_project.errors import FengchaoError
from dagster_project.ownership import OWNER
from dagster_project.partition_events import loaded_years
from dagster_project.partitions import years
from dagster_project.settings import Settings, load_settings
from dagster_project.warehouse.built import built_names, built_tables
from dagster_project.warehouse.column_lineage import column_lineage
from dagster_project.warehouse.dbt_runner import NodeResult, run_nodes
from dagster_project.warehouse.manifest import manifest_content
from dagster_project.warehouse.rebuild import remedy
from dagster_project.warehouse.sources import ensure_sources
from dagster_project.warehouse.unfinished import following, is_marked, mark, unmark

# Unit tests of the models belong to the test suite, not to a production run.
_NEVER = "resource_type:unit_test"


class Translator(DagsterDbtTranslator):
    """Asset = table = file name: a model's key is its name; a source's is <source>/<table>."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        if dbt_resource_props["resource_type"] == "source":
            return dg.AssetKey([dbt_resource_props["source_name"], dbt_resource_props["name"]])
        return dg.AssetKey(dbt_resource_props["name"])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        if dbt_resource_props["resource_type"] == "seed":
            return "framework"
        folders = dbt_resource_props["fqn"]
        return folders[1] if len(folders) > 2 else None

    def get_tags(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, str]:
        place = _place(dbt_resource_props)
        return tags(*place) if place else {}

    def get_metadata(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, Any]:
        metadata = dict(super().get_metadata(dbt_resource_props))
        if place := _place(dbt_resource_props):
            metadata |= docs(*place)
        made_of = _lineage.get(dbt_resource_props["unique_id"])
        if made_of:
            metadata["dagster/column_lineage"] = dg.TableColumnLineage(
                {
                    column: [dg.TableColumnDep(self._key_of(node), name) for node, name in origins]
                    for column, origins in made_of.items()
                }
            )
        return metadata

    def _key_of(self, unique_id: str) -> dg.AssetKey:
        kind = "sources" if unique_id.startswith("source.") else "nodes"
        return self.get_asset_key(_manifest[kind][unique_id])

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        return [OWNER]

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return dbt_resource_props.get("description") or ""


def _place(dbt_resource_props: Mapping[str, Any]) -> tuple[str, str] | None:
    """Stage and branch of a model or seed: the folders it stands in. None for what other assets write."""
    kind, folders = dbt_resource_props["resource_type"], dbt_resource_props["fqn"][1:-1]
    if kind == "seed":
        return "framework", folders[0]
    return (folders[0], folders[1]) if kind == "model" else None


translator = Translator(settings=DagsterDbtTranslatorSettings(enable_asset_checks=True))
_manifest = manifest_content(load_settings())
_lineage = column_lineage(load_settings())


def dbt_step(name: str, select: str, partitioned: bool) -> dg.AssetsDefinition:
    """The models (or seeds) of `select` as one step; partitioned steps run for the years of their run only."""

    # A bare path of folders means a node's fully qualified name without the project.
    qualified = " ".join(part if ":" in part else f"fqn:fengchao.{part}" for part in select.split())

    @dbt_assets(
        name=name,
        manifest=_manifest,
        select=qualified,
        exclude=_NEVER,
        dagster_dbt_translator=translator,
        partitions_def=years if partitioned else None,
        backfill_policy=dg.BackfillPolicy.multi_run(1) if partitioned else None,
        # A database lock passes with time; a wrong model fails again and says so at once.
        retry_policy=None,
    )
    def _step(context: dg.AssetExecutionContext) -> Iterator[Any]:
        settings = load_settings()
        window = loaded_years(context) if partitioned else []
        partitions: list[int | None] = [*window] if partitioned else [None]
        ensure_sources(settings)
        models = _selected_models(context)
        is_whole = len(models) == len(list(_step.keys))
        # A part of a step does not repair what a killed run has left of the whole.
        repaired = [year for year in partitions if is_whole or not is_marked(settings, name, year)]
        for year in partitions:
            mark(settings, (name, *following(name)), year)
        if not partitioned:
            _build_missing(settings, models, released=name == "marts_cross_year")
        tests = [key.name for key in context.selected_asset_check_keys]
        # Models and tests are named one by one: a test that also reads a table which this step does
        # not build (and which may not exist yet) belongs to the step that builds it.
        results = run_nodes(settings, [*models, *tests], window)
        if not any(result.failed for result in results):
            for year in repaired:
                unmark(settings, name, year)
        nodes = {node["name"]: node for node in _manifest["nodes"].values()}
        for year, tables in built_tables(settings, {model: nodes[model] for model in models}, window).items():
            for table, said in tables.items():
                context.add_asset_metadata(said, dg.AssetKey(table), None if year is None else str(year))
        yield from _events(context, results)

    if not list(_step.keys):
        raise FengchaoError(f"dbt step {name}: no model matches {select!r}. Correct the selection.")
    return _step


def _selected_models(context: dg.AssetExecutionContext) -> list[str]:
    return sorted(key.path[-1] for key in context.selected_asset_keys)


def _events(context: dg.AssetExecutionContext, results: list[NodeResult]) -> Iterator[Any]:
    manifest = _manifest
    selected_checks = {(key.asset_key, key.name) for key in context.selected_asset_check_keys}
    failed = []
    for result in results:
        kind, name = result.unique_id.split(".")[0], result.unique_id.split(".")[2]
        if result.failed:
            failed.append(f"{name}: {result.message or result.status}")
        if kind in ("model", "seed"):
            if result.status == "success":
                yield dg.Output(
                    None,
                    output_name=dg.AssetKey(name).to_python_identifier(),
                    metadata={"dbt_seconds": round(result.seconds, 3)},
                )
        elif kind == "test":
            key = get_asset_check_key_for_test(manifest, translator, result.unique_id, project=None)
            if key is not None and (key.asset_key, key.name) in selected_checks:
                yield dg.AssetCheckResult(
                    asset_key=key.asset_key,
                    check_name=key.name,
                    passed=result.status == "pass",
                    severity=dg.AssetCheckSeverity.WARN
                    if result.status == "warn"
                    else dg.AssetCheckSeverity.ERROR,
                    metadata={"failures": result.failures or 0, "status": result.status},
                )
    if failed:
        text = "dbt failed:\n" + "\n".join(failed)
        raise dg.Failure(description=text + remedy(load_settings(), text), allow_retries=False)


def _build_missing(settings: Settings, models: list[str], released: bool) -> None:
    """Empty yearly tables that no year has built yet: a home with reports but no wave has no scores.

    Those that `models` read, and where `released` all that a release shows.
    """
    nodes, parents = _manifest["nodes"], _manifest["parent_map"]
    yearly = {key for key, node in nodes.items() if node["config"].get("materialized") == "yearly"}
    wanted = {key for key in yearly if nodes[key].get("access") == "public"} if released else set[str]()
    waiting = [*wanted, *(f"model.fengchao.{name}" for name in models)]
    while waiting:
        for parent in parents.get(waiting.pop(), []):
            if parent.startswith("model.") and parent not in wanted:
                wanted.add(parent)
                waiting.append(parent)
    existing = built_names(settings)
    missing = sorted(nodes[key]["name"] for key in wanted if nodes[key]["name"] not in existing | set(models))
    if missing:
        # No row has the year 0: the tables get their columns and stay empty.
        for result in run_nodes(settings, missing, [0]):
            if result.failed:
                raise dg.Failure(
                    description=f"dbt failed: {result.message}{remedy(settings, str(result.message))}",
                    allow_retries=False,
                )


# Stages and branches are the folders below models/: <stage>/<branch>.
framework = dbt_step("framework", "resource_type:seed", partitioned=False)
reference = dbt_step(
    "reference", "staging.reference intermediate.reference marts.reference", partitioned=False
)
staging_questionnaires = dbt_step("staging_questionnaires", "staging.questionnaires", partitioned=True)
# Scores of respondents and what is made of them are two steps, so that the checks of the scores stand between.
intermediate_questionnaires = dbt_step(
    "intermediate_questionnaires", "intermediate.questionnaires", partitioned=True
)
marts_questionnaires = dbt_step("marts_questionnaires", "marts.questionnaires", partitioned=True)
# Views over all waves for who queries the draws: no wave needs to build them anew. The marts read the files
# themselves, so that they come after the analysis in every selection of steps.
staging_robustness = dbt_step("staging_robustness", "staging.robustness", partitioned=False)
marts_robustness = dbt_step("marts_robustness", "marts.robustness", partitioned=True)
staging_disclosures = dbt_step("staging_disclosures", "staging.disclosures", partitioned=True)
marts_disclosures = dbt_step(
    "marts_disclosures", "intermediate.disclosures marts.disclosures", partitioned=True
)
staging_published = dbt_step("staging_published", "staging.published", partitioned=False)
marts_published = dbt_step("marts_published", "marts.published", partitioned=False)
marts_quality = dbt_step("marts_quality", "marts.quality", partitioned=False)
marts_cross_year = dbt_step("marts_cross_year", "intermediate.cross_year marts.cross_year", partitioned=False)

DBT_ASSETS = [
    framework,
    reference,
    staging_questionnaires,
    intermediate_questionnaires,
    marts_questionnaires,
    staging_robustness,
    marts_robustness,
    staging_disclosures,
    marts_disclosures,
    staging_published,
    marts_published,
    marts_quality,
    marts_cross_year,
]
