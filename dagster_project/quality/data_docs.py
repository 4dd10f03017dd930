"""Data Docs: one page per suite and partition, rendered by Great Expectations, readable from disk.

Only the page of the validated partition is written, so a run costs one page and not the whole site.
The renderer's links to style sheets and scripts on other hosts are replaced by one vendored sheet.
"""

from __future__ import annotations

import html
import json
import re
import shutil
from functools import cache
from pathlib import Path
from typing import Any

from dagster_project.files import write_whole
from dagster_project.quality.validate import SuiteOutcome
from dagster_project.settings import Settings

_VENDOR = Path(__file__).parent / "vendor"
# Links and pictures that are on other hosts or missing here, scripts (all need libraries from other
# hosts) and the newsletter footer.
_REMOVED = re.compile(
    r"<link\b[^>]*>|<script.*?</script>|<img[^>]+src=\"https?:[^>]*>|<footer>.*?</footer>|<title></title>"
    r"|url\(\s*['\"]?https?:[^)]*\)",
    re.IGNORECASE | re.DOTALL,
)
_STYLES = ("bootstrap.min.css", "data_docs.css")


def page_path(settings: Settings, suite: str, partition: str) -> Path:
    return settings.data_docs / "validations" / f"{suite}__{partition}.html"


@cache
def _view() -> Any:
    """One view for all pages: a new one would compile its templates anew."""
    from great_expectations.render.view import DefaultJinjaPageView

    return DefaultJinjaPageView()


def write_page(settings: Settings, outcome: SuiteOutcome) -> Path:
    """Render the outcome; returns the page's path."""
    page = page_path(settings, outcome.suite, outcome.partition)
    for name in _STYLES:
        style = settings.data_docs / "static" / name
        style.parent.mkdir(parents=True, exist_ok=True)
        if not style.exists() or style.stat().st_size != (_VENDOR / name).stat().st_size:
            shutil.copyfile(_VENDOR / name, style)
    rendered = _plain_page(outcome) if outcome.raw is None else _rendered(outcome.raw)
    text = _REMOVED.sub("", str(rendered))
    links = "".join(f'<link rel="stylesheet" href="../static/{name}">\n' for name in _STYLES)
    text = text.replace("</head>", f"{links}</head>", 1)
    text = text.replace(
        "<title>Data documentation compiled by Great Expectations</title>",
        f"<title>{outcome.suite} {outcome.partition}</title>",
    )
    text = text.replace('href="../../../../index.html"', 'href="../index.html"')
    text = re.sub(
        r'<a href="\.\./\.\./\.\./\.\./expectations/[^"]*"\s*>(.*?)</a>', r"\1", text, flags=re.DOTALL
    )
    text = text.replace("Data asset: None", f"Partition: {outcome.partition}").replace(
        "/ __none__", f"/ {outcome.partition}"
    )
    write_whole(page, text)
    write_whole(
        page.with_suffix(".json"),
        json.dumps(
            {
                "suite": outcome.suite,
                "partition": outcome.partition,
                "n_expectations": outcome.n_expectations,
                "n_rows": outcome.n_rows,
                "stops": len(outcome.stops),
                "looks": len(outcome.looks),
            },
            sort_keys=True,
        ),
    )
    return page


def _rendered(raw: Any) -> str:
    from great_expectations.render.renderer import ValidationResultsPageRenderer

    return str(_view().render(ValidationResultsPageRenderer().render(raw)))


def _plain_page(outcome: SuiteOutcome) -> str:
    """The page of a check that is not Great Expectations': what it found, in words."""
    rows = "".join(
        f"<tr><td>{html.escape(r.expectation)}</td><td>{'passed' if r.success else 'failed'}</td>"
        f"<td>{html.escape(r.observed)}</td><td>{html.escape(r.reason)}</td></tr>"
        for r in outcome.results
    )
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        f"<title>{html.escape(outcome.suite)} {html.escape(outcome.partition)}</title></head>"
        f"<body class='container py-4'><p><a href='../index.html'>All checks</a></p>"
        f"<h1 class='h3'>{html.escape(outcome.suite)}, {html.escape(outcome.partition)}</h1>"
        "<table class='table table-sm'><thead><tr><th>Check</th><th>Result</th><th>Found</th><th>Why</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></body></html>\n"
    )


def last_results(settings: Settings) -> list[dict[str, Any]]:
    """The last result of every suite on every partition, by page name: counts of rows, stops and looks."""
    pages = sorted((settings.data_docs / "validations").glob("*.json"))
    return [{"page": page.stem, **json.loads(page.read_text(encoding="utf-8"))} for page in pages]


def write_index(settings: Settings) -> None:
    """The list of the last results of all suites, with links to their pages."""
    rows = []
    for entry in last_results(settings):
        state = "failed" if entry["stops"] else ("look" if entry["looks"] else "passed")
        badge = {"failed": "danger", "look": "warning", "passed": "success"}[state]
        link = html.escape(f"validations/{entry['page']}.html")
        rows.append(
            f'<tr><td><a href="{link}">{html.escape(entry["suite"])}</a></td>'
            f"<td>{html.escape(entry['partition'])}</td><td class='text-right'>{entry['n_rows']}</td>"
            f"<td class='text-right'>{entry['n_expectations']}</td>"
            f'<td><span class="badge badge-{badge}">{state}</span></td></tr>'
        )
    write_whole(
        settings.data_docs / "index.html",
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        "<title>Fengchao data docs</title><link rel='stylesheet' href='static/bootstrap.min.css'></head>"
        "<body class='container py-4'><h1 class='h3'>Fengchao: checks by suite and partition</h1>"
        "<p class='text-muted'>The last result of each suite on each partition.</p>"
        "<table class='table table-sm'><thead><tr><th>Suite</th><th>Partition</th>"
        "<th class='text-right'>Rows</th><th class='text-right'>Expectations</th><th>Result</th></tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></body></html>\n",
    )
