"""The data package of a release: every file with its hash, every table with its columns, every source."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.ingest.sidecar import sha256_of
from dagster_project.release.citation import TITLE
from dagster_project.release.dictionary import unit_of
from dagster_project.settings import ROOT, Settings

_FRICTIONLESS_TYPES = {
    "INTEGER": "integer", "BIGINT": "integer", "DOUBLE": "number", "BOOLEAN": "boolean",
    "VARCHAR": "string", "DATE": "date",
}  # fmt: skip


def git_commit() -> str:
    """Commit of the working copy; `unknown` outside a repository. A changed tree is marked `+changed`."""

    def git(*arguments: str) -> str:
        try:
            done = subprocess.run(
                ["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=True
            )
        except (OSError, subprocess.CalledProcessError):
            return ""
        return done.stdout.strip()

    commit = git("rev-parse", "HEAD")
    if not commit:
        return "unknown"
    return commit + ("+changed" if git("status", "--porcelain", "--untracked-files=no") else "")


def sources(settings: Settings, con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Documents the figures come from, one entry per document, ordered by id."""
    rows = con.sql(
        """
        select document_id, min(title), min(producer), min(url), min(published_date), min(reliability), min(licence)
        from staging.stg_disclosure__source
        group by document_id
        order by document_id
        """
    ).fetchall()
    keys = ("document_id", "title", "producer", "url", "published_date", "reliability", "licence")
    return [dict(zip(keys, row, strict=True)) for row in rows]


def column_schema(
    con: duckdb.DuckDBPyConnection, relation: str, descriptions: dict[str, str]
) -> list[dict[str, str]]:
    """Name, Frictionless type, type in the database, unit and description of every column of a relation."""
    fields = []
    for name, kind, *_ in con.sql(f"describe {relation}").fetchall():
        kind = str(kind)
        entry = {
            "name": name,
            "type": "number" if kind.startswith("DECIMAL") else _FRICTIONLESS_TYPES.get(kind, "any"),
            "data_type": kind,
            "unit": unit_of(name, kind),
        }
        if descriptions.get(name):
            entry["description"] = descriptions[name]
        fields.append(entry)
    return fields


_FILES = {
    "fengchao.duckdb": "All tables with their comments, as a DuckDB database.",
    "fengchao.xlsx": "Workbook: framework, headline results, investment, quality, dictionary, charts.",
    "report.html": "Report, one self-contained page.",
    "dictionary.csv": "Every column of every table: type, unit, meaning.",
    "dictionary.html": "The dictionary as one self-contained page.",
    "dbt_docs.html": "The models with their SQL and dependencies, as one self-contained page.",
    "lineage.html": "For every column of a mart the columns it is made of, down to what was landed.",
    "CITATION.cff": "How to cite this release.",
    "CHANGES.md": "What moved against the release before.",
}


def _source(entry: dict[str, Any]) -> dict[str, str]:
    """A document as a Frictionless source; what is empty is left out."""
    named = {"title": entry["title"], "path": entry["url"], "name": entry["document_id"]}
    also = {key: entry[key] for key in ("producer", "published_date", "reliability", "licence")}
    return {key: str(value) for key, value in (named | also).items() if value}


def write_datapackage(
    folder: Path,
    release: dict[str, Any],
    tables: dict[str, dict[str, Any]],
    source_list: list[dict[str, Any]],
) -> Path:
    """`datapackage.json` (Frictionless Data Package) over all files in `folder`.

    release: id, date, git commit, code fingerprint, framework version, hashes of the inputs, checks.
    tables: description, key and fields.
    """
    resources = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.name != "datapackage.json"):
        relative = path.relative_to(folder).as_posix()
        entry: dict[str, Any] = {
            "name": relative.replace("/", "_").replace(".", "_").lower(),
            "path": relative,
            "format": path.suffix.lstrip("."),
            "bytes": path.stat().st_size,
            "hash": f"sha256:{sha256_of(path)}",
        }
        table = tables.get(path.stem) if path.parent.name in ("csv", "parquet") else None
        entry["description"] = table["description"] if table else _FILES.get(path.name, "")
        if table and path.parent.name == "csv":  # a Parquet file carries its own schema
            entry["schema"] = {"fields": table["fields"], "missingValues": [""]}
            if table["key"]:
                entry["schema"]["primaryKey"] = table["key"]
            # Excel takes a CSV for UTF-8 only with its byte order mark, which belongs to no cell.
            entry |= {"profile": "tabular-data-resource", "mediatype": "text/csv", "encoding": "utf-8-sig"}
        resources.append(entry)
    content = {
        "profile": "data-package",
        "name": "fengchao",
        "title": TITLE,
        "id": release["release_id"],
        "version": release["release_date"],
        "description": "Survey answers and scores in this release are SYNTHETIC: respondent-level answers were "
        "never published. Disclosed figures are quoted from public documents.",
        "licenses": [
            {
                "name": "Apache-2.0",
                "path": "https://www.apache.org/licenses/LICENSE-2.0",
                "title": "Code and table layout; quoted facts remain with their publishers",
            }
        ],
        "keywords": ["banks", "China", "fintech", "synthetic survey"],
        "fengchao": {
            key: release[key]
            for key in (
                "citation",
                "git_commit",
                "code_fingerprint",
                "framework_version",
                "checks",
                "input_sha256",
            )
        },
        "sources": [_source(entry) for entry in source_list],
        "resources": resources,
    }
    path = folder / "datapackage.json"
    path.write_text(
        json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8"
    )
    return path


def verify_release(folder: Path) -> list[str]:
    """Problems of a release folder against its data package: missing or changed files. Empty if whole."""
    package = folder / "datapackage.json"
    if not package.exists():
        return [f"{package}: missing"]
    problems = []
    for resource in json.loads(package.read_text(encoding="utf-8"))["resources"]:
        path = folder / resource["path"]
        if not path.exists():
            problems.append(f"{path}: missing")
        elif f"sha256:{sha256_of(path)}" != resource["hash"]:
            problems.append(f"{path}: content differs from its sha256")
    return problems
