"""`dbt_docs.html`: dbt's own documentation page with the project in it. Same project, same bytes.

dbt writes times and run ids into what `dbt docs generate --static` embeds, and its page can call home;
so the page is filled here, from the manifest without what changes by itself, under a policy that
allows no request. The catalog lists the released tables, so no database is asked.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dagster_project.errors import FengchaoError

_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src data:; font-src data:; connect-src 'none'; base-uri 'none'; form-action 'none'"
)
# What differs between two parses of the same project.
_VOLATILE = {
    "created_at", "generated_at", "invocation_id", "invocation_started_at", "run_started_at", "user_id",
    "env", "root_path", "compiled_path", "build_path", "compiled_code", "compiled",
}  # fmt: skip
# What the page reads; unit tests stand in the repository.
_PARTS = (
    "nodes",
    "sources",
    "docs",
    "exposures",
    "metrics",
    "parent_map",
    "child_map",
    "semantic_models",
    "saved_queries",
)


def write_dbt_docs(
    folder: Path, manifest: dict[str, Any], tables: dict[str, dict[str, Any]], home: Path
) -> Path:
    """Write `dbt_docs.html`. tables: the released ones, whose column types are shown; home: left out of all paths.

    Raises FengchaoError where dbt's page is not the one this was written for.
    """
    from dbt.task.docs import DOCS_INDEX_FILE_PATH

    page = Path(DOCS_INDEX_FILE_PATH).read_text(encoding="utf-8")
    metadata = {key: manifest["metadata"][key] for key in ("dbt_version", "project_name", "adapter_type")}
    content = {part: manifest.get(part, {}) for part in _PARTS} | {"metadata": metadata}
    for part in ("parent_map", "child_map"):  # a partial parse lists them in another order
        content[part] = {key: sorted(names) for key, names in content[part].items()}
    content["macros"] = {k: v for k, v in manifest["macros"].items() if v["package_name"] == "fengchao"}
    filled = {
        '"MANIFEST.JSON INLINE DATA"': _stable(content).replace(str(home), "FENGCHAO_HOME"),
        '"CATALOG.JSON INLINE DATA"': _stable(_catalog(manifest, tables)),
        '<meta charset="utf-8">': f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        # Files the page has not got, and the address it would report to.
        '<link rel="shortcut icon" href="${require(\'./assets/favicons/favicon.ico\')}"/>': "",
        "https://fuzzed.getdbt.com/": "",
    }
    for marker, text in filled.items():
        if marker not in page:
            raise FengchaoError(
                f"{DOCS_INDEX_FILE_PATH}: found no {marker!r}. Adapt release/dbt_docs.py to this dbt."
            )
        page = page.replace(marker, text)
    path = folder / "dbt_docs.html"
    path.write_text(page, encoding="utf-8", newline="\n")
    return path


def _without_volatile(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_volatile(item) for key, item in value.items() if key not in _VOLATILE}
    return [_without_volatile(item) for item in value] if isinstance(value, list) else value


def _stable(value: Any) -> str:
    """JSON in one order that no text in it can end early."""
    text = json.dumps(_without_volatile(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def _catalog(manifest: dict[str, Any], tables: dict[str, dict[str, Any]]) -> dict[str, Any]:
    nodes = {}
    for unique_id, node in manifest["nodes"].items():
        table = tables.get(node["name"]) if node["resource_type"] in ("model", "seed") else None
        if table:
            nodes[unique_id] = {
                "unique_id": unique_id,
                "metadata": {"type": "TABLE", "schema": node["schema"], "name": node["name"], "comment": None, "owner": None},
                "columns": {
                    field["name"]: {"type": field["data_type"], "index": number, "name": field["name"], "comment": None}
                    for number, field in enumerate(table["fields"], start=1)
                },
                "stats": {},
            }  # fmt: skip
    return {"metadata": {}, "nodes": nodes, "sources": {}, "errors": None}
