"""The project's path: the dbt models between the landed files and the two marts, by the project's own runner."""

from __future__ import annotations

from pathlib import Path

from bench.large.duck import GIVEN, MARTS, SMALL
from dagster_project.settings import Settings
from dagster_project.warehouse import dbt_task
from dagster_project.warehouse.dbt_runner import NodeResult, run_nodes
from dagster_project.warehouse.lock import open_warehouse
from dagster_project.warehouse.manifest import parsed_manifest
from dagster_project.warehouse.sources import ensure_sources


def models_of_the_path(settings: Settings) -> list[str]:
    """The marts and every model they are made of, in alphabetical order."""
    manifest = parsed_manifest(settings)
    waiting = [f"model.fengchao.{name}" for name in MARTS]
    found = set(waiting)
    while waiting:
        for parent in manifest.nodes[waiting.pop()].depends_on.nodes:
            if parent.startswith("model.") and parent not in found:
                found.add(parent)
                waiting.append(parent)
    return sorted(key.split(".")[-1] for key in found)


def start(settings: Settings, headline_only: bool) -> None:
    """What comes before the first model: the parsed project, the seeds.

    headline_only: no wave is scored in the scenarios of small waves (see scenario_max_respondents).
    """
    ensure_sources(settings)
    seeds = [node.name for key, node in parsed_manifest(settings).nodes.items() if key.startswith("seed.")]
    _raise(run_nodes(settings, seeds))
    if headline_only:
        config = dbt_task._project(settings)[0]
        config.vars.vars.update(scenario_max_respondents=0, copeland_max_respondents=0)


def build(settings: Settings, waves: list[int] | None = None) -> list[NodeResult]:
    """Build the path for the waves (none: all); the results of its nodes."""
    return _raise(run_nodes(settings, models_of_the_path(settings), waves or []))


def _raise(results: list[NodeResult]) -> list[NodeResult]:
    if failed := [f"{result.unique_id}: {result.message}" for result in results if result.failed]:
        raise SystemExit("\n".join(failed))
    return results


def write_given(settings: Settings, folder: Path) -> None:
    """What the other contestants are given: framework, items, population, comparability, compiled SQL."""
    folder.mkdir(exist_ok=True)
    # As this process has just built them.
    nodes = parsed_manifest(settings).nodes
    for name in (*SMALL, "int_score_mean", "int_score_matched"):
        (folder / f"{name}.sql").write_text(nodes[f"model.fengchao.{name}"].compiled_code)
    with open_warehouse(settings) as con:
        seeds = con.sql(
            "select 'framework.' || table_name from duckdb_tables() where schema_name = 'framework'"
        )
        for table in (*GIVEN, *(row[0] for row in seeds.fetchall())):
            con.execute(f"copy {table} to '{folder / table}.parquet'")
