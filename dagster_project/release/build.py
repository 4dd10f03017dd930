"""A release: a new folder, complete and verified, then one atomic switch of `current`."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.errors import FengchaoError
from dagster_project.files import sync
from dagster_project.ingest.sidecar import raw_files, read_sidecar, sha256_of
from dagster_project.ingest.status import broken_loads
from dagster_project.quality.data_docs import last_results
from dagster_project.release.beside import written_beside
from dagster_project.release.changes import change_lines, write_changes
from dagster_project.release.citation import citation, write_citation
from dagster_project.release.dbt_docs import write_dbt_docs
from dagster_project.release.dictionary import keys_of, write_dictionary
from dagster_project.release.gate import check_tables
from dagster_project.release.keep import current_release, made, releases, switch_to
from dagster_project.release.package import (
    column_schema,
    git_commit,
    sources,
    verify_release,
    write_datapackage,
)
from dagster_project.settings import ROOT, Settings
from dagster_project.warehouse.lock import attach_warehouse, warehouse_lock
from dagster_project.warehouse.unfinished import refuse_unfinished

# Small tables of the framework that a reader of the marts needs for labels.
FRAMEWORK_TABLES = (
    "framework_dimension",
    "framework_indicator",
    "framework_item",
    "framework_option",
    "framework_scenario",
    "framework_threshold",
    "framework_grade",
    "framework_bank_type",
    "measure",
    "choice_rule",
)


@dataclass(frozen=True)
class Release:
    """A finished release. `is_new` is False where the same content had been released before."""

    release_id: str
    folder: Path
    is_new: bool
    n_tables: int
    n_rows: int


def public_marts(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Models that opted in to the release (dbt access `public`), by name, with their descriptions."""
    marts = {}
    for node in manifest["nodes"].values():
        if node["resource_type"] == "model" and node.get("access") == "public":
            marts[node["name"]] = {
                "schema": node["schema"],
                "description": node["description"],
                "columns": {name: column["description"] for name, column in node["columns"].items()},
                # What of the mart is released, where that is not all of it.
                "query": node["config"]["meta"].get("release_query", "select * from {relation}"),
            }
    return dict(sorted(marts.items()))


def build_release(
    settings: Settings, manifest: dict[str, Any], release_date: str | None = None, run_id: str = "manual"
) -> Release:
    """Export the public marts, check them and switch `current` to them.

    release_date: ISO day given by the run; by default the day the newest raw file was received, so
    that the clock is never read. run_id: under which the results of the checks are kept. Raises
    FengchaoError while an input or a check is broken: the last release then stays what readers see.
    """
    _refuse_if_broken(settings)
    inputs, newest = _inputs(settings)
    date = release_date or newest
    settings.releases.mkdir(parents=True, exist_ok=True)
    # Under the lock nobody else builds: what earlier, killed runs left behind can go.
    with warehouse_lock(settings):
        refuse_unfinished(settings)
        for left in settings.releases.glob(".building-*"):
            shutil.rmtree(left, ignore_errors=True)
        building = settings.releases / f".building-{os.getpid()}"
        building.mkdir()
        try:
            return _build(settings, manifest, building, date, inputs, run_id)
        finally:
            shutil.rmtree(building, ignore_errors=True)


def _build(
    settings: Settings,
    manifest: dict[str, Any],
    building: Path,
    date: str,
    inputs: dict[str, str],
    run_id: str,
) -> Release:
    tables, source_list = _export(settings, manifest, building)
    write_dbt_docs(building, manifest, tables, settings.home)
    release_id = f"{date}-{_content_hash(building, tables, source_list, inputs)[:12]}"
    folder = settings.releases / release_id
    if folder.exists() and not verify_release(folder):
        check_tables(settings, building, run_id)
        switch_to(settings, release_id)
        made(settings, release_id)
        return _describe(folder, release_id, tables, is_new=False)
    release = {
        "release_id": release_id,
        "release_date": date,
        "citation": citation(release_id, date),
        "framework_version": _framework_version(building),
        "git_commit": git_commit(),
        "code_fingerprint": _code_fingerprint(),
        "input_sha256": inputs,
    }
    changes = change_lines(_previous(settings, release_id), building, release)
    workbook = {"release": release, "sources": source_list, "changes": changes}
    with written_beside(building, tables, workbook, settings):
        check_tables(settings, building, run_id)
        release["checks"] = check_counts(settings)
        _report(settings, building, release)
        write_changes(building, release, changes)
        write_citation(building, release)
        write_dictionary(building, tables, release)
    write_datapackage(building, release, tables, source_list)
    for path in [*building.rglob("*"), building]:
        sync(path)
    if folder.exists():  # damaged: move it away in one step, so that `current` is never half a release
        folder.rename(building.with_name(f"{building.name}-damaged"))
    building.replace(folder)
    switch_to(settings, release_id)
    made(settings, release_id)
    return _describe(folder, release_id, tables, is_new=True)


def _previous(settings: Settings, release_id: str) -> Path | None:
    """What readers saw until now: the current release; if that is the one being made again, the newest other."""
    current = current_release(settings)
    if current is not None and current.name != release_id:
        return current
    others = [path for path in releases(settings) if path.name != release_id]
    return others[-1] if others else None


def check_counts(settings: Settings) -> dict[str, int]:
    """Suites and expectations of the last run of every check, from the pages of the data docs."""
    counts = {"suites": 0, "suites_failed": 0, "expectations": 0, "expectations_failed": 0, "looks": 0}
    for entry in last_results(settings):
        counts["suites"] += 1
        counts["suites_failed"] += 1 if entry["stops"] else 0
        counts["expectations"] += entry["n_expectations"]
        counts["expectations_failed"] += entry["stops"]
        counts["looks"] += entry["looks"]
    return counts


def _refuse_if_broken(settings: Settings) -> None:
    broken = broken_loads(settings)
    if broken:
        first = broken[0]
        raise FengchaoError(
            f"No release: {len(broken)} input(s) are broken, the first is {first['source']} {first['year'] or ''}: "
            f"{first['message']} Correct the raw file and load that year again; the last release stays."
        )
    failed = [
        f"{entry['suite']} ({entry['partition']})"
        for entry in last_results(settings)
        # A release that failed its own checks was never seen, and the next one is checked anew.
        if entry["stops"] and not entry["suite"].startswith("release__")
    ]
    if failed:
        raise FengchaoError(
            f"No release: blocking checks failed: {', '.join(failed)}. Open {settings.data_docs / 'index.html'} for "
            "the rows, correct them and load again; the last release stays."
        )


def _inputs(settings: Settings) -> tuple[dict[str, str], str]:
    """sha256 of every raw file, and the newest day one was received."""
    hashes, received = {}, []
    for path in raw_files(settings.raw):
        side = read_sidecar(path)
        hashes[path.relative_to(settings.raw).as_posix()] = side["sha256"]
        received.append(side["received_date"])
    if not received:
        raise FengchaoError(f"No release: {settings.raw} holds no files.")
    return hashes, max(received)


def _export(
    settings: Settings, manifest: dict[str, Any], folder: Path
) -> tuple[dict[str, dict[str, Any]], list[dict[str, Any]]]:
    marts, keys = public_marts(manifest), keys_of(manifest)
    (folder / "parquet").mkdir()
    (folder / "csv").mkdir()
    tables: dict[str, dict[str, Any]] = {}
    with duckdb.connect() as con:
        con.execute("set threads = 1")  # one thread writes row groups in one order
        # The oldest storage version is read by every DuckDB since 1.0.
        con.execute(f"attach '{folder / 'fengchao.duckdb'}' as release (storage_version 'v1.0.0')")
        attach_warehouse(con, settings)
        con.execute("begin")  # each comment alone would wait for the disk
        wanted = {name: mart["schema"] for name, mart in marts.items()}
        wanted |= dict.fromkeys(FRAMEWORK_TABLES, "framework")
        for name, schema in sorted(wanted.items()):
            mart = marts.get(name) or _seed(manifest, name)
            relation = f'"{schema}"."{name}"'
            order = ", ".join(f'"{column[0]}"' for column in con.sql(f"describe {relation}").fetchall())
            query = f"({mart['query'].format(relation=relation)} order by {order})"
            table = f'release.main."{name}"'
            con.execute(f"create table {table} as {query}")
            _comment(con, table, mart)
            con.execute(
                f"copy {table} to '{folder / 'parquet' / name}.parquet' (format parquet, compression zstd)"
            )
            csv_path = folder / "csv" / f"{name}.csv"
            con.execute(f"copy {table} to '{csv_path}' (format csv, header)")
            # Spreadsheets take a CSV for UTF-8 only with a byte order mark.
            csv_path.write_bytes(b"\xef\xbb\xbf" + csv_path.read_bytes())
            count = con.sql(f"select count(*) from {table}").fetchone()
            tables[name] = {
                "description": mart["description"],
                "rows": int(count[0]) if count else 0,
                "key": keys.get(name, []),
                "fields": column_schema(con, relation, mart["columns"]),
            }
        source_list = sources(settings, con)
        con.execute("commit")
        con.execute("detach release")
    return tables, source_list


def _seed(manifest: dict[str, Any], name: str) -> dict[str, Any]:
    node = manifest["nodes"].get(f"seed.fengchao.{name}", {})
    return {
        "description": node.get("description", ""),
        "columns": {key: value["description"] for key, value in node.get("columns", {}).items()},
        "query": "select * from {relation}",
    }


def _comment(con: duckdb.DuckDBPyConnection, table: str, mart: dict[str, Any]) -> None:
    def quoted(text: str) -> str:
        return "'" + text.replace("'", "''") + "'"

    if mart["description"]:
        con.execute(f"comment on table {table} is {quoted(mart['description'])}")
    for column, description in mart["columns"].items():
        if description:
            con.execute(f'comment on column {table}."{column}" is {quoted(description)}')


def _report(settings: Settings, folder: Path, release: dict[str, Any]) -> None:
    from dagster_project.release.documents import documents
    from dagster_project.release.report import build_report

    meta = {key: release[key] for key in ("release_id", "release_date", "git_commit", "citation")}
    with duckdb.connect(str(folder / "fengchao.duckdb"), read_only=True) as con:
        build_report(con, folder / "report.html", {**meta, "sources": documents(settings.raw)})


def _framework_version(folder: Path) -> str:
    """Hash of the released framework tables: dimensions, indicators, items, points, weights, scenarios."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("csv/framework_*.csv")):
        digest.update(f"{path.name} {sha256_of(path)}\n".encode())
    return digest.hexdigest()[:12]


def _content_hash(
    folder: Path,
    tables: dict[str, dict[str, Any]],
    source_list: Sequence[dict[str, Any]],
    inputs: dict[str, str],
) -> str:
    """Hash over tables and their descriptions, the dbt project, sources, inputs and the code that renders them.

    The DuckDB file repeats the tables and is left out: its bytes are not promised to be the same.
    """
    digest = hashlib.sha256(_code_fingerprint().encode())
    digest.update(json.dumps([tables, source_list, inputs], ensure_ascii=False, sort_keys=True).encode())
    for path in sorted(
        [*folder.glob("parquet/*.parquet"), *folder.glob("csv/*.csv"), folder / "dbt_docs.html"]
    ):
        digest.update(f"{path.relative_to(folder)} {sha256_of(path)}\n".encode())
    return digest.hexdigest()


def _code_fingerprint() -> str:
    digest = hashlib.sha256()
    package = ROOT / "dagster_project" / "release"
    for path in sorted(p for p in package.rglob("*") if p.is_file() and p.suffix != ".pyc"):
        digest.update(f"{path.relative_to(package)} {sha256_of(path)}\n".encode())
    return digest.hexdigest()


def _describe(folder: Path, release_id: str, tables: dict[str, dict[str, Any]], is_new: bool) -> Release:
    return Release(release_id, folder, is_new, len(tables), sum(table["rows"] for table in tables.values()))
