"""A fiscal year nobody has seen is files and no code: a workbook with its mapping and a reviewed report."""

from __future__ import annotations

import csv
import re
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from openpyxl import Workbook

from dagster_project.ingest.load import load
from dagster_project.ingest.reports.review import COLUMNS, read_rows, review_path
from dagster_project.ingest.sources import REPORTS
from dagster_project.settings import load_settings
from tests.integration.conftest import Home
from tests.report_maker import make, raw_with_made_up_banks, sign

pytestmark = pytest.mark.integration

MAPPING = """
tables:
  - sheet: 投入
    header_row: 3
    end: {before: 注}
    fixed: {fiscal_year: 2024}
    columns:
      A: {header: 银行, holds: bank}
      B: {header: 科技投入（亿元）, measure: tech_investment, unit: 亿元}
      C: {header: 占营业收入（%）, measure: tech_investment_share_of_revenue, unit: '%'}
"""


def _files(raw: Path) -> Path:
    """A workbook of one bank and a report of another, both made up; returns the report."""
    book = Workbook()
    sheet = book.active
    sheet.title = "投入"
    for row in (
        ["虚构样本"],
        [],
        ["银行", "科技投入（亿元）", "占营业收入（%）"],
        ["海州银行", 3.33, 2.5],
        [],
        ["注：虚构"],
    ):
        sheet.append(row)
    folder = raw / "disclosures" / "2024"
    folder.mkdir(parents=True)
    book.save(folder / "made_up.xlsx")
    (folder / "made_up.xlsx.mapping.yaml").write_text(MAPPING, encoding="utf-8")
    sign(folder / "made_up.xlsx", "made-up-workbook", bank="")
    sentence = "科技投入28.36亿元，占营业收入的5.10%，科技投入同比增长12.99%。"
    return sign(make(folder / "reports" / "云岭.pdf", lambda r: r.write(50, 100, sentence)), "made-up-report")


def test_a_new_year_is_added_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = raw_with_made_up_banks(tmp_path / "raw")
    home = Home(tmp_path / "var", raw)
    report = _files(raw)
    monkeypatch.setenv("FENGCHAO_HOME", str(home.home))
    monkeypatch.setenv("FENGCHAO_RAW", str(raw))
    found = load(load_settings(), REPORTS, 2024, "run")
    assert found is not None and found.landed and found.rows == {"disclosure_candidate": 3}
    shown = home.fengchao("review", "--year", "2024")
    assert "3 wait." in shown.stdout and "28.36亿元" in shown.stdout, shown.stdout + shown.stderr

    rows = [cells for _, cells in read_rows(home.home / "review" / "2024" / review_path(report).name)]
    with review_path(report).open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, COLUMNS)
        writer.writeheader()
        for row in rows:
            decision = "no" if row["measure"] == "tech_investment_growth" else "yes"
            writer.writerow(row | {"accept": decision, "reviewer": "测试"})
    # No survey stands in this raw folder, so nothing can be released; the year itself is loaded and checked.
    done = home.fengchao("run", "--years", "2024")
    assert re.search(r"(?m)^2024 +ok ", done.stdout), done.stdout + done.stderr
    with duckdb.connect(str(load_settings().warehouse_db), read_only=True) as con:
        marts = con.execute(
            "select bank_id, investment_cny, share_of_revenue_pct, growth_pct "
            "from marts.mart_fintech_investment order by bank_id"
        ).fetchall()
    assert marts == [
        ("made_up_1", Decimal("2836000000.00"), 5.1, None),
        ("made_up_2", Decimal("333000000.00"), 2.5, None),
    ]
    assert "Nothing waits" in home.fengchao("review", "--year", "2024").stdout
    assert "not_accepted" in home.fengchao("aside", "--year", "2024").stdout
