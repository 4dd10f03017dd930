"""dbt inside the run's own process.

A dbt child process outlives a killed run, keeps the database file for seconds and may still commit.
Run in process, dbt dies with its run; it also saves two seconds of start-up per step. The parsed project
is handed to every invocation, so nothing is parsed again.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from dagster_project.disk import describe
from dagster_project.errors import FengchaoError
from dagster_project.settings import DBT_DIR, SIZES, Settings, number_setting, size_setting, spark_host
from dagster_project.warehouse.lock import wait_until_free, warehouse_lock
from dagster_project.warehouse.manifest import parsed_manifest
from dagster_project.warehouse.rebuild import note_lost_database


@dataclass(frozen=True)
class NodeResult:
    """Outcome of one dbt node: status as dbt names it (success, pass, warn, fail, error, skipped)."""

    unique_id: str
    status: str
    seconds: float
    failures: int | None
    message: str | None

    @property
    def failed(self) -> bool:
        return self.status in ("error", "fail", "runtime error")


def dbt_environment(settings: Settings, years: Sequence[int] = ()) -> dict[str, str]:
    """Environment variables that the project reads; see dbt/profiles.yml and macros/window.sql."""
    return {
        "FENGCHAO_HOME": str(settings.home),
        "FENGCHAO_YEARS": ",".join(str(year) for year in sorted(years)),
        "FENGCHAO_SPILL_DIR": str(settings.spill),
        "FENGCHAO_TARGET": settings.target,
        "FENGCHAO_SHARED_HOME": settings.shared or str(settings.home),
        "FENGCHAO_SPARK_HOST": spark_host(),
        "FENGCHAO_SPARK_PORT": str(number_setting("FENGCHAO_SPARK_PORT")),
        "FENGCHAO_THREADS": str(number_setting("FENGCHAO_THREADS")),
        **{name: size_setting(name) for name in SIZES},
        "DBT_PROFILES_DIR": str(DBT_DIR),
        "DBT_PROJECT_DIR": str(DBT_DIR),
        "DBT_TARGET_PATH": str(settings.dbt_target / "target"),
        "DBT_LOG_PATH": str(settings.dbt_target / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        # A version look-up would ask a package index.
        "DBT_VERSION_CHECK": "false",
    }


@contextmanager
def dbt_environment_set(settings: Settings, years: Sequence[int] = ()) -> Iterator[None]:
    """`dbt_environment` in this process, until the block ends."""
    values = dbt_environment(settings, years)
    before = {key: os.environ.get(key) for key in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value


def run_dbt(
    settings: Settings,
    command: str,
    arguments: Sequence[str],
    years: Sequence[int] = (),
    manifest: Any = None,
) -> list[NodeResult]:
    """Run one dbt command (build, seed, test …) for `years` (empty: all) under the warehouse lock.

    manifest: default is the one of the project.

    Returns one result per node, in the order dbt ran them. Raises FengchaoError when dbt itself
    could not run; failed nodes are returned, not raised.
    """
    manifest = manifest or parsed_manifest(settings)
    settings.warehouse_db.parent.mkdir(parents=True, exist_ok=True)
    with warehouse_lock(settings):
        note_lost_database(settings, years)
        wait_until_free(settings)
        # Rewriting the unchanged manifest would be a third of the time of a small command.
        result = invoke(settings, ["--no-write-json", command, *arguments], years, manifest)
        if result is None:
            return []
        _note_built(settings, result.results)
    return [_node_result(node) for node in result.results]


def run_nodes(settings: Settings, names: Iterable[str], years: Sequence[int] = ()) -> list[NodeResult]:
    """Build the models, seeds and tests of exactly these names for `years` (empty: all), and nothing that
    hangs on them. Results and errors as for `run_dbt`."""
    from dagster_project.warehouse.dbt_task import build

    wanted = set(names)
    settings.warehouse_db.parent.mkdir(parents=True, exist_ok=True)
    with warehouse_lock(settings), dbt_environment_set(settings, years):
        note_lost_database(settings, years)
        wait_until_free(settings)
        try:
            try:
                results = build(settings, wanted)
            finally:
                _close_database()
            _note_built(settings, results)
        except Exception as error:
            raise FengchaoError(f"dbt build could not run: {describe(error, settings.home)}") from error
    return [_node_result(node) for node in results]


def _node_result(result: Any) -> NodeResult:
    return NodeResult(
        unique_id=result.node.unique_id,
        status=str(result.status),
        seconds=float(result.execution_time),
        failures=result.failures,
        message=result.message,
    )


def invoke(
    settings: Settings, arguments: Sequence[str], years: Sequence[int] = (), manifest: Any = None
) -> Any:
    """One dbt command as on the command line; without a manifest it parses the project."""
    from dbt.cli.main import dbtRunner

    with dbt_environment_set(settings, years):
        outcome = dbtRunner(manifest=manifest).invoke(["--log-level", "none", "--no-use-colors", *arguments])
        _close_database()
    if outcome.exception is not None:
        raise FengchaoError(
            f"dbt {' '.join(arguments)} could not run: {describe(outcome.exception, settings.home)}"
        ) from outcome.exception
    return outcome.result


def _note_built(settings: Settings, results: Sequence[Any]) -> None:
    if settings.target == "spark":
        from dagster_project.warehouse.spark import note_built

        note_built(settings, results)


def _close_database() -> None:
    """The adapter keeps its connection for the next command; others could not open the file."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    environment = DuckDBConnectionManager._ENV
    if environment is not None:
        environment.close()
        DuckDBConnectionManager._ENV = None
