"""Plain pages beside the report: one self-contained HTML file with its style and font, no script."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from dagster_project.release.report_font import subset_for

_TEMPLATES = Path(__file__).parent / "templates"


def render_page(template: str, title: str, **values: Any) -> str:
    """Render a template that extends `page.html.j2`. Same values, same bytes.

    The policy allows the one style block by its hash, the embedded font and nothing else.
    """
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    body = environment.get_template(template).render(**values)
    css = (_TEMPLATES / "page.css").read_text(encoding="utf-8")
    font = base64.b64encode(subset_for(frozenset(body + title + css)).woff2).decode()
    style = css.replace("@@FONT_URL@@", f"data:font/woff2;base64,{font}")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; font-src data:; base-uri 'none'; form-action 'none'"
    return environment.get_template("page.html.j2").render(
        title=title, policy=policy, style=Markup(style), body=Markup(body)
    )
