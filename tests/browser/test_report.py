"""The report as a reader meets it: opened from disk in Chromium, compared with the database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Page

from dagster_project.release.report import build_report
from tests.report_fixture import build_database, release_meta

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_database(tmp_path_factory.mktemp("report") / "release.duckdb")


@pytest.fixture(scope="module")
def report_url(database: Path) -> str:
    with duckdb.connect(str(database), read_only=True) as con:
        return build_report(con, database.parent / "report.html", release_meta()).as_uri()


@pytest.fixture
def report(report_url: str, open_page: Callable):
    """The drawn page; afterwards it must have logged nothing and asked for nothing."""

    def open_(**kwargs):
        watched = open_page(report_url, **kwargs)
        watched.page.wait_for_selector("html[data-ready=true]")
        opened.append(watched)
        return watched.page

    opened: list = []
    yield open_
    for watched in opened:
        assert watched.problems == []
        assert watched.requests == []


def rows_of(page: Page, selector: str) -> list[list[str]]:
    return page.eval_on_selector_all(
        f"{selector} tbody tr", "rows => rows.map(r => [...r.cells].map(c => c.textContent.trim()))"
    )


def cells_of(page: Page, table: str, column: str) -> list[str]:
    return page.eval_on_selector_all(
        f"#{table}-table .tabulator-row .tabulator-cell[tabulator-field={column}]",
        "cells => cells.map(c => c.textContent.trim())",
    )


def scores(database: Path, wave: int) -> list[tuple]:
    with duckdb.connect(str(database), read_only=True) as con:
        return con.execute(
            "select score, n from mart_dimension_score where wave = ? and population_kind = 'all' "
            "order by dimension_no",
            [wave],
        ).fetchall()


def test_every_chart_has_drawn(report):
    page = report()
    for chart, least in (("radar", 20), ("bars", 15)):
        assert page.locator(f"#{chart} svg").count() == 1
        assert page.locator(f"#{chart} svg path").count() >= least
    assert page.locator("#hive svg polygon").count() == 6 * 3 + 1


def test_scores_equal_the_mart_and_follow_the_wave(report, database):
    page = report()
    for wave in (2023, 2020):
        page.select_option("#radar-wave", str(wave))
        page.select_option("#hive-wave", str(wave))
        shown = rows_of(page, "#radar-table")
        expected = scores(database, wave)
        assert [row[1] for row in shown] == [f"{score:.1f}" for score, _ in expected]
        assert [row[1:] for row in rows_of(page, "#hive-table")] == [
            [f"{s:.1f}", str(n)] for s, n in expected
        ]
    bars = rows_of(page, "#bars-table")
    assert [row[1] for row in bars] == [f"{score:.1f}" for score, _ in scores(database, 2020)]
    assert [row[2] for row in bars] == [f"{score:.1f}" for score, _ in scores(database, 2023)]


def test_bars_follow_the_population_and_withheld_scores_stay_hidden(report):
    page = report()
    before = rows_of(page, "#bars-table")
    page.select_option("#bars-population", "private")
    assert rows_of(page, "#bars-table") != before
    page.select_option("#bars-population", "other")
    assert {cell for row in rows_of(page, "#bars-table") for cell in row[1:]} == {"未公布"}


def test_radar_takes_three_types_and_no_withheld_one(report):
    page = report()
    boxes = page.locator("#radar-types input")
    assert page.locator("#radar-types input:checked").count() == 3
    assert page.locator("#radar-types input[value=other]").is_disabled()
    page.locator("#radar-types input[value=private]").uncheck()
    assert page.locator("#radar-types input:checked").count() == 2
    assert boxes.count() == 4


def test_investment_equals_the_mart(report, database):
    page = report()
    with duckdb.connect(str(database), read_only=True) as con:
        expected = con.execute(
            "select name_zh, cast(fiscal_year as varchar), investment_cny / 1e8, status "
            "from mart_fintech_investment order by fiscal_year desc, investment_cny desc nulls last limit 15"
        ).fetchall()
    assert cells_of(page, "investment", "name_zh") == [row[0] for row in expected]
    assert cells_of(page, "investment", "fiscal_year") == [row[1] for row in expected]
    amounts = [text.lstrip(">\u00a0") for text in cells_of(page, "investment", "investment_cny")]
    assert amounts == ["—" if row[2] is None else f"{row[2]:,.2f}" for row in expected]
    words = {"single": "单一来源", "agreed": "一致", "conflict": "冲突"}
    for shown, row in zip(cells_of(page, "investment", "status"), expected, strict=True):
        assert shown.startswith(words[row[3]])


def test_investment_filters_search_and_keyboard_sort(report, database):
    page = report()
    with duckdb.connect(str(database), read_only=True) as con:
        count = con.execute(
            "select count(*) from mart_fintech_investment "
            "where fiscal_year = 2022 and bank_type = 'city_commercial'"
        ).fetchone()[0]
        lowest = con.execute("select min(investment_cny) / 1e8 from mart_fintech_investment").fetchone()[0]
    page.select_option("#investment-year", "2022")
    page.select_option("#investment-type", "city_commercial")
    assert cells_of(page, "investment", "fiscal_year") == ["2022"] * count
    assert page.locator("#investment-count").text_content() == f"显示 {count} 行，共 60 行"
    page.fill("#investment-search", "yunting")
    assert cells_of(page, "investment", "name_zh") == ["云汀银行"]
    page.click("#investment-reset")
    assert len(cells_of(page, "investment", "name_zh")) == 15
    head = page.locator("#investment-table .tabulator-col[tabulator-field=investment_cny]")
    head.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(
        "#investment-table .tabulator-col[tabulator-field=investment_cny][aria-sort=ascending]"
    )
    assert cells_of(page, "investment", "investment_cny")[0].lstrip(">\u00a0") == f"{lowest:,.2f}"


def test_group_table_equals_the_mart(report, database):
    page = report()
    with duckdb.connect(str(database), read_only=True) as con:
        amount, banks = con.execute(
            "select investment_cny / 1e8, n_banks from mart_fintech_investment_group "
            "where bank_type = 'state_owned' and fiscal_year = 2023"
        ).fetchone()
    assert rows_of(page, "#groups-table")[0][-1] == f"{amount:,.2f} ({banks})"
    page.select_option("#groups-measure", "matched_growth_pct")
    assert rows_of(page, "#groups-table")[0][-1].startswith("11.25")


def test_reconciliation_counts_equal_the_mart(report, database):
    page = report()
    with duckdb.connect(str(database), read_only=True) as con:
        equal, differs, rest = con.execute(
            "select count(*) filter (where within_rounding), "
            "count(*) filter (where not within_rounding), count(*) filter (where computed is null) "
            "from mart_reconciliation"
        ).fetchone()
    assert page.locator("#reconciliation-summary b").all_text_contents() == [
        str(equal),
        str(differs),
        str(rest),
    ]
    assert sum(int(row[2]) for row in rows_of(page, "#reasons-table")) == differs + rest
    page.select_option("#figures-result", "differs")
    assert page.locator("#figures-count").text_content() == f"显示 {differs} 行，共 120 行"


def test_language_switch_changes_everything_and_keeps_choices(report):
    page = report()
    page.select_option("#radar-wave", "2020")
    page.select_option("#investment-year", "2021")
    page.click("#language")
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator("#h-overview").inner_text() == "Overview"
    assert rows_of(page, "#radar-table")[0][0] == "Strategy"
    assert page.input_value("#radar-wave") == "2020"
    page.wait_for_selector("#investment-table .tabulator-col-title:has-text('Bank')")
    assert set(cells_of(page, "investment", "fiscal_year")) == {"2021"}
    visible = page.evaluate(
        "[...document.querySelectorAll('main p, main h2, main h3, main label, main summary, #nav a')]"
        ".map(e => e.innerText).filter(t => /[\\u4e00-\\u9fff]/.test(t))"
    )
    assert visible == []


def test_synthetic_banner_names_the_wave(report):
    banner = report().locator("#synthetic")
    assert banner.is_visible()
    assert "2020" in banner.inner_text()
    assert "2023" in banner.inner_text().split("非合成波次")[1]


def test_theme_follows_the_system_and_the_switch(report):
    page = report(color_scheme="dark")
    background = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(background)
    assert page.locator("#theme").get_attribute("aria-pressed") == "true"
    page.click("#theme")
    assert page.evaluate(background) != dark
    page.click("#language")
    assert page.locator("#theme").get_attribute("aria-pressed") == "false"


@pytest.mark.parametrize("width", [360, 820, 1600])
def test_page_fits_its_width(report, width):
    page = report(width=width)
    for _ in ("zh", "en"):
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.click("#language")


def test_source_link_opens_the_list(report):
    page = report()
    page.select_option("#investment-year", "2023")
    page.locator("#investment-table a[href='#source-S001']").first.click()
    page.wait_for_function("document.activeElement.id === 'source-S001'")
    assert page.locator("#source-S001 a").get_attribute("rel") == "noopener noreferrer"
    assert page.locator("#source-S003 a").count() == 0, "only http(s) addresses become links"


def test_embedded_font_can_draw_the_page(report):
    page = report()
    loaded = page.evaluate(
        "document.fonts.load('16px \"Fengchao Sans\"', '蜂巢').then(fonts => fonts.length)"
    )
    assert loaded == 1


def test_print_shows_whole_tables_and_restores_the_screen(report):
    page = report(color_scheme="dark")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#investment .print-only tbody tr").count() == 60
    assert page.locator("html").get_attribute("data-theme") == "light"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(".print-only").count() == 0
    assert page.locator("html").get_attribute("data-theme") is None
