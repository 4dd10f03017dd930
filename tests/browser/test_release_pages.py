"""Dictionary and lineage in a browser: on a phone, in the dark, with the embedded font, without a request."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dagster_project.release.dictionary import write_dictionary
from dagster_project.release.lineage import write_lineage

pytestmark = pytest.mark.browser
LONG = "a_column_whose_name_is_longer_than_a_phone_is_wide_0123456789"
TABLES: dict[str, dict[str, Any]] = {
    "mart_x": {
        "description": "Grain: one made-up <row>.", "rows": 1234, "key": ["wave", LONG],
        "fields": [
            {"name": "wave", "data_type": "INTEGER", "unit": "year", "description": "Made-up & short."},
            {"name": LONG, "data_type": "VARCHAR", "unit": "", "description": "Made-up. " * 20},
        ],
    }
}  # fmt: skip
EDGES = {f"marts.mart_x.{column}": [f"landing.t.{column}"] for column in ("wave", LONG)}


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("name", ["dictionary.html", "lineage.html"])
def test_a_page_fits_and_stands_alone(
    open_page: Callable[..., Any], tmp_path: Path, name: str, width: int
) -> None:
    write_dictionary(tmp_path, TABLES, {"release_id": "2023-01-01-abc"})
    write_lineage(tmp_path, TABLES, EDGES)
    watched = open_page((tmp_path / name).as_uri(), width=width, color_scheme="dark")
    page = watched.page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert (
        page.evaluate("document.fonts.load('16px \"Fengchao Sans\"', '数据').then(fonts => fonts.length)")
        == 1
    )
    assert LONG in page.inner_text("#mart_x ~ table")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(27, 24, 19)"
    assert (watched.problems, watched.requests) == ([], [])
