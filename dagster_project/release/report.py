"""The report: one HTML file that opens from disk, with everything in it.

Charts (ECharts), tables (Tabulator), a font and all tables of the release are inlined. The
Content-Security-Policy allows exactly the inlined script and style blocks, by hash, and no request of any kind.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from dagster_project.errors import FengchaoError
from dagster_project.release.dictionary import label_zh, unit_of
from dagster_project.release.report_data import ReportData, read_report_data
from dagster_project.release.report_font import subset_for

_HERE = Path(__file__).parent
_TEMPLATES = _HERE / "templates"
_VENDOR = _HERE / "vendor"
_META_KEYS = ("release_id", "release_date", "git_commit", "citation", "sources")
SECTIONS = (
    "overview", "dimensions", "questions", "investment", "print", "reconciliation", "method", "data", "sources",
)  # fmt: skip


@dataclass(frozen=True)
class Report:
    """The page and what went into it. `missing_characters` are left to the reader's own fonts."""

    html: str
    font_bytes: int
    missing_characters: tuple[str, ...]


@cache
def _vendored(name: str) -> str:
    return (_VENDOR / name).read_text(encoding="utf-8").replace("\r\n", "\n").strip()


def _joined(folder: str, suffix: str) -> str:
    """The files of a template folder in the order of their names."""
    return "\n".join(p.read_text(encoding="utf-8") for p in sorted((_TEMPLATES / folder).glob(f"*{suffix}")))


def read_strings() -> dict[str, dict[str, dict[str, str]]]:
    """Texts in both languages: `static` stand in the markup only, `page` also go to the scripts."""
    strings: dict[str, dict[str, dict[str, str]]] = {"static": {}, "page": {}}
    for path in sorted((_TEMPLATES / "strings").glob("*.json")):
        for use, texts in json.loads(path.read_text(encoding="utf-8")).items():
            twice = strings[use].keys() & texts.keys()
            if twice:
                raise FengchaoError(
                    f"{path}: {', '.join(sorted(twice))} stands in another file too. Keep one."
                )
            strings[use] |= texts
    return strings


def _json_for_html(value: Any) -> str:
    """JSON that no text in it can end early: `<`, `>` and `&` travel as escapes."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for sign, escaped in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
        text = text.replace(sign, escaped)
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _csp_hash(block: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(block.encode()).digest()).decode() + "'"


def _style_sheet() -> str:
    """The style sheet; the dark colours stand once and serve both the system's wish and the switch."""
    text = _joined("css", ".css")
    marker = ':root[data-theme="dark"] {'
    dark = text[text.index(marker) + len(marker) : text.index("}", text.index(marker))]
    by_system = "@media (prefers-color-scheme: dark) {\n:root:not([data-theme]) {" + dark + "}\n}"
    return text.replace("@@DARK@@", by_system)


def _source(entry: dict[str, Any]) -> dict[str, str]:
    """A source for the page; only http(s) addresses become links."""
    url = str(entry.get("url") or "")
    is_link = urlsplit(url).scheme in ("http", "https")
    texts = ("title", "producer", "kind", "published_date", "licence", "citation")
    return {
        "document_id": str(entry["document_id"]),
        **{key: str(entry.get(key) or "") for key in texts},
        "synthetic": "true" if entry.get("synthetic") else "",
        "url": url if is_link else "",
        "place": "" if is_link else url,
    }


def _environment(strings: dict[str, dict[str, dict[str, str]]]) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip

    def both(key: str, **values: Any) -> Markup:
        """A phrase in both languages; the style sheet shows the chosen one."""
        pair = strings["page"].get(key) or strings["static"][key]
        filled = {
            name: Markup("<bdi>{}</bdi>").format(v) if isinstance(v, str) else v for name, v in values.items()
        }
        zh, en = (Markup.escape(pair[code]).format(**filled) for code in ("zh", "en"))
        return Markup('<span class="zh" lang="zh-CN">{}</span><span class="en" lang="en">{}</span>').format(
            zh, en
        )

    environment.globals["t"] = both
    environment.filters["thousands"] = lambda value: "—" if value is None else f"{value:,}"
    environment.filters["yi"] = lambda value: "—" if value is None else f"{value / 1e8:,.2f}"
    return environment


def _payload(data: ReportData, meta: dict[str, Any], strings: dict[str, Any], sources: list[Any]) -> Any:
    """What the scripts get; the tables in it are deflated, their dictionary is not."""
    return {
        "release_id": meta["release_id"],
        "waves": data.waves,
        "reads": data.reads,
        "source_ids": [source["document_id"] for source in sources],
        "strings": strings["page"],
        "dictionary": {
            table.name: {
                "description": table.description,
                "types": table.types,
                "labels": [label_zh(column) for column in table.columns],
                "units": [unit_of(*pair) for pair in zip(table.columns, table.types, strict=True)],
                "descriptions": table.descriptions,
            }
            for table in data.tables.values()
        },
        "tables": {name: table.packed() for name, table in data.tables.items()},
    }


def render_report(con: duckdb.DuckDBPyConnection, meta: dict[str, Any]) -> Report:
    """Render the page from the tables in schema `main` of `con` and the facts in `meta`.

    `meta` holds release_id, release_date, git_commit, citation (a sentence) and sources (sidecars of the raw files: document_id,
    kind, title, producer, citation, url, published_date, licence, synthetic). The clock is never read: the
    same input gives the same text. Raises FengchaoError when a mart or a key of `meta` is missing.
    """
    absent = [key for key in _META_KEYS if key not in meta]
    if absent:
        raise FengchaoError(f"The report cannot be built: meta lacks {', '.join(absent)}.")
    data = read_report_data(con)
    strings = read_strings()
    sources = sorted((_source(entry) for entry in meta["sources"]), key=lambda s: s["document_id"])
    payload = _payload(data, meta, strings, sources)
    environment = _environment(strings)
    body = environment.get_template("report.html.j2").render(
        sections=SECTIONS,
        meta=meta,
        sources=sources,
        overview=data.overview,
        waves=data.waves,
        synthetic_waves=[w["wave"] for w in data.waves if w["synthetic"]],
        real_waves=[w["wave"] for w in data.waves if not w["synthetic"]],
    )

    application = _joined("js", ".js")
    scripts = [_vendored("libraries.min.js"), f'"use strict";\n(() => {{\n{application}\n}})();']
    style_text = _style_sheet()
    shown = body + json.dumps([strings, payload["dictionary"]], ensure_ascii=False) + application + style_text
    font = subset_for(frozenset(shown) | data.characters())
    font_url = "data:font/woff2;base64," + base64.b64encode(font.woff2).decode()
    style = f"{_vendored('tabulator.min.css')}\n{style_text}".replace("@@FONT_URL@@", font_url)

    # Both libraries set styles through the DOM (element.style), which a policy by hash permits; only
    # style attributes in markup would need 'unsafe-inline', and the page has none.
    policy = "; ".join(
        [
            "default-src 'none'",
            "script-src " + " ".join(map(_csp_hash, scripts)),
            "style-src " + _csp_hash(style),
            "img-src data:",
            "font-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
    html = environment.get_template("shell.html.j2").render(
        policy=policy,
        title=strings["static"]["page_title"],
        body=Markup(body),
        style=Markup(style),
        scripts=[Markup(script) for script in scripts],
        data_json=Markup(_json_for_html(payload)),
    )
    return Report(html, len(font.woff2), font.missing)


def build_report(con: duckdb.DuckDBPyConnection, out: Path, meta: dict[str, Any]) -> Path:
    """Write the report to `out` and return it. See `render_report` for the inputs and errors."""
    report = render_report(con, meta)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(report.html, encoding="utf-8", newline="\n")
    return out
