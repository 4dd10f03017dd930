"""The pictures on the pages of the main marts."""

from __future__ import annotations

import base64
import io
import re
import warnings
from pathlib import Path

import duckdb
import pytest
from PIL import Image

from dagster_project.settings import Settings
from dagster_project.warehouse.plots import plot

DIMENSIONS = {"strategy": "战略", "organisation": "组织", "technology": "技术"}


@pytest.fixture
def con(tmp_path: Path) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.sql("create schema marts; create schema framework")
    con.sql(
        "create table framework.framework_dimension"
        "(dimension text, label_zh text, valid_from_wave int, valid_to_wave int)"
    )
    con.sql(
        "create table marts.mart_dimension_score(wave int, population_kind text, scenario text, dimension text, "
        "dimension_no int, score double, is_synthetic boolean)"
    )
    con.sql(
        "create table marts.mart_fintech_investment"
        "(bank_id text, name_zh text, fiscal_year int, investment_cny decimal(20,2))"
    )
    for number, (dimension, label) in enumerate(DIMENSIONS.items(), 1):
        con.execute("insert into framework.framework_dimension values (?, ?, 2020, null)", [dimension, label])
        con.execute(
            "insert into marts.mart_dimension_score values (2023, 'all', 'headline', ?, ?, ?, true)",
            [dimension, number, 40.0 + number],
        )
    con.sql("insert into marts.mart_fintech_investment values ('icbc', '工商银行', 2023, 27246000000)")
    con.sql("insert into marts.mart_fintech_investment values ('x', '鄞州银行', 2023, null)")
    return con


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, raw=tmp_path)


@pytest.mark.parametrize("table", ["mart_dimension_score", "mart_fintech_investment"])
def test_the_same_rows_give_the_same_picture_with_every_sign(
    settings: Settings, con: duckdb.DuckDBPyConnection, table: str
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # matplotlib warns of a sign that the font lacks
        first, again = (plot(settings, con, table, 2023) for _ in range(2))
    assert first is not None and first == again
    encoded = re.fullmatch(r"!\[plot\]\(data:image/png;base64,([A-Za-z0-9+/=]+)\)", first)
    assert encoded
    picture = Image.open(io.BytesIO(base64.b64decode(encoded[1]))).convert("RGB")
    assert min(picture.size) > 50
    assert len(picture.getcolors(1_000_000) or []) > 8, "the page is not empty"
    assert len(first) < 30_000, "it stands in the event log of every run"

    column, value = ("score", 90) if table == "mart_dimension_score" else ("investment_cny", 1e9)
    con.execute(f"update marts.{table} set {column} = {value}")
    assert plot(settings, con, table, 2023) != first


def test_no_rows_no_picture(settings: Settings, con: duckdb.DuckDBPyConnection) -> None:
    assert plot(settings, con, "mart_dimension_score", 2019) is None
    assert plot(settings, con, "mart_fintech_investment", 2019) is None
    assert plot(settings, con, "dim_bank", 2023) is None
