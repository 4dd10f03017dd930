"""dbt inside the run's own process.

A dbt child process outlives a killed run, keeps the database file for seconds and may still commit.
Run in process, dbt dies with its run; it also saves two seconds of start-up per step. The manifest is
made once per state of the project and handed to every invocation, so nothing is parsed again.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from dagster_project.disk import describe
from dagster_project.errors import FengchaoError
from dagster_project.settings import DBT_DIR, SIZES, Settings, number_setting, size_setting
from dagster_project.warehouse.lock import wait_until_free, warehouse_lock
from dagster_project.warehouse.rebuild import note_lost_database

_CHOSEN = "chosen_for_this_command"


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
def _environment(values: dict[str, str]) -> Iterator[None]:
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


def project_fingerprint(settings: Settings) -> str:
    """Hash of everything the manifest depends on: project files and the home they read from."""
    digest = hashlib.sha256(str(settings.home).encode())
    for path in sorted(DBT_DIR.rglob("*")):
        if path.is_file() and path.suffix in (".sql", ".yml", ".csv", ".md") and "target" not in path.parts:
            digest.update(str(path.relative_to(DBT_DIR)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def manifest_path(settings: Settings) -> Path:
    """The manifest of the current project state, written anew only when a project file has changed."""
    if not _is_written(settings, project_fingerprint(settings)):
        parsed_manifest(settings)
    return settings.dbt_target / "target" / "manifest.json"


def _is_written(settings: Settings, fingerprint: str) -> bool:
    target = settings.dbt_target / "target"
    stamp = target / "fengchao_fingerprint"
    return (target / "manifest.json").exists() and stamp.exists() and stamp.read_text() == fingerprint


_parsed: dict[str, Any] = {}


def parsed_manifest(settings: Settings) -> Any:
    """dbt's manifest object, parsed at most once per process and state of the project files.

    Processes that start together parse one after the other, so that none reads a half-written file.
    """
    fingerprint = project_fingerprint(settings)
    if fingerprint not in _parsed:
        target = settings.dbt_target / "target"
        target.mkdir(parents=True, exist_ok=True)
        with (target / "parse.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            written = _is_written(settings, fingerprint)
            arguments = ["--no-write-json", "parse"] if written else ["parse"]
            _parsed.clear()
            _parsed[fingerprint] = _invoke(settings, arguments, years=(), manifest=None)
            if not written:
                (target / "fengchao_fingerprint").write_text(fingerprint)
    return _parsed[fingerprint]


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
        result = _invoke(settings, ["--no-write-json", command, *arguments], years, manifest)
    if result is None:
        return []
    return [
        NodeResult(
            unique_id=node.node.unique_id,
            status=str(node.status),
            seconds=float(node.execution_time),
            failures=node.failures,
            message=node.message,
        )
        for node in result.results
    ]


def run_nodes(
    settings: Settings, command: str, names: Iterable[str], years: Sequence[int] = ()
) -> list[NodeResult]:
    """`run_dbt` on the models, seeds and tests of exactly these names, and on nothing that hangs on them.

    dbt walks through the whole project once per name of a `--select`; a hundred names take longer than
    their models. So the names get one tag for the time of the command, and dbt looks for that.
    """
    wanted = set(names)
    chosen = [node for node in parsed_manifest(settings).nodes.values() if node.name in wanted]
    for node in chosen:
        node.tags.append(_CHOSEN)
    try:
        return run_dbt(
            settings, command, ["--select", f"tag:{_CHOSEN}", "--indirect-selection", "empty"], years
        )
    finally:
        for node in chosen:
            node.tags.remove(_CHOSEN)


@cache
def _keep_graph() -> None:
    """The graph of one manifest is the same for every build; dbt would link it anew for each."""
    from dbt.task.build import BuildTask

    link = BuildTask.compile_manifest
    kept: dict[str, Any] = {}

    def compile_manifest(task: Any) -> None:
        if kept.get("manifest") is not task.manifest:
            link(task)
            kept.update(manifest=task.manifest, graph=task.graph)
        task.graph = kept["graph"]

    BuildTask.compile_manifest = compile_manifest  # type: ignore[method-assign,assignment]


def _invoke(settings: Settings, arguments: Sequence[str], years: Sequence[int], manifest: Any) -> Any:
    from dbt.cli.main import dbtRunner

    _keep_graph()
    with _environment(dbt_environment(settings, years)):
        outcome = dbtRunner(manifest=manifest).invoke(["--log-level", "none", "--no-use-colors", *arguments])
        _close_database()
    if outcome.exception is not None:
        raise FengchaoError(
            f"dbt {' '.join(arguments)} could not run: {describe(outcome.exception, settings.home)}"
        ) from outcome.exception
    return outcome.result


def _close_database() -> None:
    """The adapter keeps its connection for the next command; others could not open the file."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    environment = DuckDBConnectionManager._ENV
    if environment is not None:
        environment.close()
        DuckDBConnectionManager._ENV = None
