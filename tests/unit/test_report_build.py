"""Building the report: stable bytes, safe embedding, clear errors. No browser."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from pathlib import Path

import duckdb
import pytest
from fontTools.ttLib import TTFont

from dagster_project.errors import FengchaoError
from dagster_project.release.report import build_report, render_report
from dagster_project.release.report_font import subset_for
from tests.report_fixture import build_database, release_meta


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return build_database(tmp_path / "release.duckdb", figures=12)


def page_of(database: Path, meta: dict | None = None) -> str:
    with duckdb.connect(str(database), read_only=True) as con:
        return render_report(con, meta or release_meta()).html


def payload_of(html: str) -> dict:
    found = re.search(r'<script type="application/json" id="fengchao-data">(.*?)</script>', html, re.S)
    assert found
    return json.loads(found[1])


def test_same_input_gives_same_bytes(database, tmp_path):
    subset_for.cache_clear()
    with duckdb.connect(str(database), read_only=True) as con:
        first = build_report(con, tmp_path / "a" / "report.html", release_meta()).read_bytes()
        subset_for.cache_clear()
        second = build_report(con, tmp_path / "b.html", release_meta()).read_bytes()
    assert first == second


def test_row_order_in_the_database_does_not_matter(database, tmp_path):
    before = page_of(database)
    with duckdb.connect(str(database)) as con:
        for table in ("mart_dimension_score", "mart_fintech_investment", "mart_reconciliation"):
            con.execute(f"create or replace table {table} as select * from {table} order by random()")
    assert page_of(database) == before


def test_markup_in_data_cannot_leave_its_block(database):
    attack = "</script><script>alert(1)</script><!--"
    with duckdb.connect(str(database)) as con:
        con.execute("update mart_fintech_investment set name_zh = ? where fiscal_year = 2023", [attack])
    meta = release_meta()
    meta["release_id"] = attack
    meta["sources"][0]["title"] = attack
    html = page_of(database, meta)
    assert attack not in html
    assert html.count("<script") == 4
    names = {row[2] for row in payload_of(html)["investment"]["rows"]}
    assert attack in names, "the text itself arrives whole"


def test_policy_allows_exactly_the_inlined_blocks(database):
    html = page_of(database)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)[1].replace("&#39;", "'")
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "http" not in policy
    blocks = re.findall(r"<script>(.*?)</script>", html, re.S) + re.findall(
        r"<style>(.*?)</style>", html, re.S
    )
    assert len(blocks) == 4
    for block in blocks:
        digest = base64.b64encode(hashlib.sha256(block.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert not re.search(r"<[^>]+\sstyle=", html.split("<body>")[1].split("<script")[0])


def test_payload_holds_what_the_marts_hold(database):
    payload = payload_of(page_of(database))
    with duckdb.connect(str(database), read_only=True) as con:
        for key, mart in (
            ("investment", "mart_fintech_investment"),
            ("reconciliation", "mart_reconciliation"),
        ):
            assert len(payload[key]["rows"]) == con.execute(f"select count(*) from {mart}").fetchone()[0]
    assert [d["dimension"] for d in payload["dimensions"]] == [
        "strategy", "organisation", "technology", "data", "application", "ecosystem",
    ]  # fmt: skip
    assert payload["waves"] == [
        {"wave": 2020, "n": 74, "synthetic": True},
        {"wave": 2023, "n": 80, "synthetic": False},
    ]


def test_every_character_of_the_page_is_in_the_font(database):
    with duckdb.connect(str(database), read_only=True) as con:
        report = render_report(con, release_meta())
    assert report.missing_characters == ()
    font = base64.b64decode(re.search(r"data:font/woff2;base64,([A-Za-z0-9+/=]+)", report.html)[1])
    assert len(font) == report.font_bytes
    covered = set(TTFont(io.BytesIO(font)).getBestCmap())
    text = json.dumps(payload_of(report.html), ensure_ascii=False)
    assert {c for c in text if c.isprintable() and ord(c) not in covered} == set()


def test_unknown_characters_are_listed(database):
    meta = release_meta()
    meta["sources"][0]["title"] = "𰻝面银行"
    with duckdb.connect(str(database), read_only=True) as con:
        assert render_report(con, meta).missing_characters == ("𰻝",)


def test_missing_marts_and_columns_are_named(database):
    with duckdb.connect(str(database)) as con:
        con.execute("drop table mart_reconciliation")
        con.execute("alter table mart_fintech_investment drop column scope")
    with pytest.raises(
        FengchaoError, match=r"lacks mart_fintech_investment\.scope, mart_reconciliation in schema"
    ):
        page_of(database)


def test_missing_meta_is_named(database):
    meta = release_meta()
    del meta["sources"]
    with pytest.raises(FengchaoError, match="meta lacks sources"):
        page_of(database, meta)


def test_empty_marts_still_give_a_page(database):
    with duckdb.connect(str(database)) as con:
        for table in ("mart_dimension_score", "mart_fintech_investment", "mart_fintech_investment_group",
                      "mart_reconciliation", "mart_answer_share"):  # fmt: skip
            con.execute(f"delete from {table}")
    html = page_of(database)
    assert payload_of(html)["waves"] == []
    assert 'id="synthetic"' not in html
