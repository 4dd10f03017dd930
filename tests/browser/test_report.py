"""The report as a reader meets it: opened from disk in Chromium, compared with the database."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Page

from dagster_project.release.report import build_report
from tests.report_fixture import build_database, release_meta

pytestmark = pytest.mark.browser
AXE = Path(__file__).parents[1] / "fixtures" / "axe" / "axe.min.js"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_database(tmp_path_factory.mktemp("report") / "release.duckdb")


@pytest.fixture(scope="module")
def report_url(database: Path) -> str:
    with duckdb.connect(str(database), read_only=True) as con:
        return build_report(con, database.parent / "report.html", release_meta()).as_uri()


def opened(open_page: Callable, address: str, **kwargs: object):
    """The page once it is drawn, and a check to run at the end: nothing logged, nothing asked for."""
    watched = open_page(address, **kwargs)
    watched.page.wait_for_selector("html[data-ready=true]")
    return watched


def assert_quiet(watched) -> None:
    assert watched.problems == []
    assert watched.requests == []


@pytest.fixture
def report(report_url: str, open_page: Callable):
    """Opens a page of the test's own."""
    pages: list = []

    def open_(hash: str = "", **kwargs: object) -> Page:
        pages.append(opened(open_page, report_url + hash, **kwargs))
        return pages[-1].page

    yield open_
    for watched in pages:
        assert_quiet(watched)


@pytest.fixture(scope="module")
def page(report_url: str, open_module_page: Callable) -> Iterator[Page]:
    """One page for the tests that set every control they depend on."""
    watched = opened(open_module_page, report_url)
    yield watched.page
    assert_quiet(watched)


def rows_of(page: Page, selector: str) -> list[list[str]]:
    return page.eval_on_selector_all(
        f"{selector} tbody tr", "rows => rows.map(r => [...r.cells].map(c => c.textContent.trim()))"
    )


def reach(page: Page, table: str) -> None:
    """Tables that filter are built when the reader comes near them."""
    page.locator(f"#panel-{table}").scroll_into_view_if_needed()
    page.wait_for_selector(f"#{table}-table [role=rowgroup][aria-label]")


def cells_of(page: Page, table: str, column: str) -> list[str]:
    reach(page, table)
    return page.eval_on_selector_all(
        f"#{table}-table .tabulator-row .tabulator-cell[tabulator-field={column}]",
        "cells => cells.map(c => c.textContent.trim())",
    )


def query(database: Path, sql: str, *values: object) -> list[tuple]:
    with duckdb.connect(str(database), read_only=True) as con:
        return con.execute(sql, list(values)).fetchall()


def first_number(cells: list[str]) -> list[str]:
    """The value of a cell with one decimal, without the interval below it."""
    return [(re.match(r"[+-]?[\d,]+\.\d", cell) or [cell])[0] for cell in cells]


SCORES = (
    "select {0} from mart_dimension_score where wave = ? and population_kind = ? and population_value = ? "
    "and scenario = 'headline' order by dimension_no"
)


def scores(database: Path, wave: int, kind: str = "all", value: str = "all") -> list[str]:
    return [f"{row[0]:.1f}" for row in query(database, SCORES.format("score"), wave, kind, value)]


CHARTS = (
    "index",
    "change",
    "radar",
    "bars",
    "indicators",
    "bands",
    "answers",
    "trend",
    "scatter",
    "investment-bands",
)


def test_every_chart_has_drawn_and_has_a_table(page):
    for chart in CHARTS:
        assert page.locator(f"#{chart} svg").count() == 1, chart
        assert page.locator(f"#{chart} svg path").count() >= 8, chart
        assert len(rows_of(page, f"#{chart}-table")) >= 1, chart
        assert page.get_attribute(f"#{chart}", "aria-label"), chart
    assert page.locator("#hive svg polygon").count() == 6 * 3 + 1


def test_index_and_change_equal_the_mart(page, database):
    expected = query(
        database,
        "select printf('%.1f%.1f – %.1f', index, ci_low, ci_high) from mart_index "
        "where population_kind = 'all' and scenario = 'headline' order by wave",
    )
    shown = rows_of(page, "#index-table")[0][1:]
    assert [cell.split("n=")[0] for cell in shown] == [row[0] for row in expected]
    for population in ("all/all", "bank_type/city_commercial"):
        page.select_option("#change-population", population)
        changes = query(database, SCORES.format("change"), 2023, *population.split("/"))
        cells = [row[1] for row in rows_of(page, "#change-table")][1:]
        assert first_number(cells) == [f"{row[0]:+.1f}" for row in changes]


def test_scores_equal_the_mart_and_follow_the_wave(page, database):
    for wave in (2023, 2020):
        page.select_option("#radar-wave", str(wave))
        page.select_option("#hive-wave", str(wave))
        for table in ("#radar-table", "#hive-table"):
            assert first_number([row[1] for row in rows_of(page, table)]) == scores(database, wave)
    bars = rows_of(page, "#bars-table")
    assert first_number([row[1] for row in bars]) == scores(database, 2020)
    assert first_number([row[2] for row in bars]) == scores(database, 2023)


def test_bars_follow_the_population_and_say_why_scores_are_withheld(page, database):
    page.select_option("#bars-population", "bank_type/private")
    shown = [row[2] for row in rows_of(page, "#bars-table")]
    assert first_number(shown) == scores(database, 2023, "bank_type", "private")
    page.select_option("#bars-population", "bank_type/other")
    assert {cell for row in rows_of(page, "#bars-table") for cell in row[1:]} == {"未公布：家数过少"}
    assert page.locator("#bars-keys").inner_text().count("未公布：家数过少") == 2


def test_radar_takes_three_types_and_no_withheld_one(page):
    page.select_option("#radar-wave", "2023")
    boxes = page.locator("#radar-types input")
    assert page.locator("#radar-types input:checked").count() == 3
    assert page.locator("#radar-types input[value=other]").is_disabled()
    page.locator("#radar-types input[value=private]").uncheck()
    assert page.locator("#radar-types input:checked").count() == 2
    assert boxes.count() == 4


def test_indicators_and_bands_follow_their_controls(page, database):
    page.select_option("#indicators-wave", "2020")
    page.select_option("#indicators-dimension", "data")
    page.select_option("#indicators-population", "bank_type/private")
    expected = query(
        database,
        "select score from mart_indicator_score where wave = 2020 and dimension = 'data' "
        "and population_value in ('private', 'all') order by population_value desc",
    )
    (row,) = rows_of(page, "#indicators-table")
    assert first_number(row[2:4]) == [f"{value[0]:.1f}" for value in expected]
    page.select_option("#bands-population", "bank_type/private")
    low, high = query(
        database,
        "select score_low, score_high from mart_robustness where wave = 2023 and dimension_no = 1 "
        "and population_value = 'private'",
    )[0]
    assert rows_of(page, "#bands-table")[1][2] == f"{low:.1f} – {high:.1f}"


def test_answers_equal_the_mart_beside_print(page, database):
    page.select_option("#question-wave", "2020")
    page.select_option("#question-item", "q.a")
    shares = query(
        database,
        "select population_value, printf('%.1f', share_pct), n_chosen || ' / ' || n_eligible "
        "from mart_answer_share where wave = 2020 and item_id = 'q.a' and n_chosen is not null order by option_no",
    )
    shown = rows_of(page, "#answers-table")
    for column, population in ((1, "all"), (3, "rural_commercial")):
        wanted = [row[1:] for row in shares if row[0] == population]
        assert first_number([row[column] for row in shown]) == [share for share, _ in wanted]
        assert all(row[column].endswith(counts) for row, (_, counts) in zip(shown, wanted, strict=True))
    assert {row[5] for row in shown} == {"未公布：家数过少"}
    printed = query(database, "select count(*) from mart_reconciliation where wave = 2020")[0][0]
    assert len(rows_of(page, "#question-print-table")) == printed
    page.select_option("#question-wave", "2023")
    assert "可比" in page.inner_text("#question-meta")
    assert "Δ +2.5" in rows_of(page, "#answers-table")[0][1]
    page.click("#question-next")
    assert page.inner_text("#question-title") == "虚构多选题"
    assert "不可比：选项变了" in page.inner_text("#question-meta")


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


def test_conflicts_show_on_hover_and_focus(page):
    reach(page, "investment")
    page.select_option("#investment-status", "conflict")
    button = page.locator("#investment-table .has-tip").first
    tip = page.locator("#tip")
    assert tip.is_hidden()
    button.focus()
    assert "1.5 亿元 [S001, chosen]" in tip.inner_text()
    page.keyboard.press("Escape")
    assert tip.is_hidden()
    button.hover()
    assert "来源可靠性" in tip.inner_text(), "the rule that chose the value"


def test_group_table_equals_the_mart(page, database):
    amount, banks = query(
        database,
        "select investment_cny / 1e8, n_banks from mart_fintech_investment_group "
        "where bank_type = 'state_owned' and fiscal_year = 2023",
    )[0]
    row = next(row for row in rows_of(page, "#groups-table") if row[:2] == ["国有大行", "2023"])
    assert row[2:5] == [f"{amount:,.2f} ({banks})", f"3.10 ({banks})", f"2.90 ({banks})"]
    assert row[5].startswith("11.25")


def test_trend_and_scatter_follow_their_controls(page, database):
    page.select_option("#trend-bank", "private_0")
    page.select_option("#trend-measure", "share_of_revenue_pct")
    expected = query(
        database,
        "select printf('%.2f', share_of_revenue_pct) from mart_fintech_investment "
        "where bank_id = 'private_0' order by fiscal_year",
    )
    assert rows_of(page, "#trend-table")[0] == ["蜂蜜网银", *(row[0] for row in expected)]
    page.select_option("#scatter-year", "2019")
    count = query(
        database,
        "select count(*) from mart_fintech_investment where fiscal_year = 2019 "
        "and investment_cny is not null and share_of_revenue_pct is not null",
    )[0][0]
    assert len(rows_of(page, "#scatter-table")) == count


def test_findings_filter_and_explain(report):
    page = report()
    assert cells_of(page, "findings", "severity") == ["不可能", "单位", "措辞"]
    page.select_option("#findings-severity", "impossible")
    assert cells_of(page, "findings", "explanation") == ["虚构的解释0"]
    page.click("#language")
    page.wait_for_selector("#findings-table .tabulator-col-title:has-text('Explanation')")
    assert cells_of(page, "findings", "explanation") == ["Made-up explanation 0"]


def test_quality_counts_checks_by_stage(page):
    rows = {row[0]: row[1:5] for row in rows_of(page, "#quality-table")}
    assert rows == {"原始": ["2", "0", "1", "0"], "集市": ["2", "0", "1", "1"], "全部": ["4", "0", "2", "1"]}
    assert [row[0] for row in rows_of(page, "#looks-table")] == ["made_up_marts"]


def saved(page: Page, selector: str) -> bytes:
    with page.expect_download() as info:
        page.click(selector)
    return Path(info.value.path()).read_bytes()


def test_a_table_is_saved_with_the_bytes_of_the_release(page, database, tmp_path):
    tables = [row[0] for row in query(database, "select table_name from duckdb_tables() order by 1")]
    assert [row[0] for row in rows_of(page, "#tables-table")] == tables
    for name in ("mart_answer_share", "mart_reconciliation", "framework_option"):
        # As the release writes it: ordered by all columns, with a byte order mark.
        query(database, f"copy (from {name} order by all) to '{tmp_path / name}.csv' (format csv, header)")
        expected = b"\xef\xbb\xbf" + (tmp_path / f"{name}.csv").read_bytes()
        assert saved(page, f"[data-table={name}]") == expected


def test_shown_tables_are_saved_as_filtered(report, database):
    page = report()
    page.select_option("#investment-year", "2022")
    lines = saved(page, "#investment-csv").decode("utf-8-sig").splitlines()
    count = query(database, "select count(*) from mart_fintech_investment where fiscal_year = 2022")[0][0]
    assert lines[0].startswith("name_zh,fiscal_year,bank_type,investment_cny")
    assert len(lines) == count + 1
    page.click("#panel-hive summary")
    hive = saved(page, "#panel-hive >> css=.csv")
    assert hive.decode("utf-8-sig").splitlines()[0] == "维度,得分,样本数 n"


def test_dictionary_describes_every_column(page, database):
    count = query(database, "select count(*) from duckdb_columns() where not internal")[0][0]
    assert page.inner_text("#dictionary-count") == f"显示 {count} 行，共 {count} 行"
    page.select_option("#dictionary-name", "mart_index")
    page.fill("#dictionary-search", "ci_low")
    assert cells_of(page, "dictionary", "column") == [
        "change_ci_low",
        "ci_low",
        "matched_change_ci_low",
    ] or set(cells_of(page, "dictionary", "column")) == {"ci_low", "change_ci_low", "matched_change_ci_low"}


def test_a_link_opens_what_the_sender_saw(report, report_url):
    page = report()
    page.select_option("#question-wave", "2020")
    page.fill("#investment-search", "yunting")
    page.click("#language")
    address = page.url
    assert address.startswith(report_url + "#")
    other = report(hash="#" + address.split("#")[1].replace("overview", "investment"))
    assert other.locator("html").get_attribute("lang") == "en"
    assert other.input_value("#question-wave") == "2020"
    assert set(cells_of(other, "investment", "name_zh")) == {"Yunting Bank"}


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_nothing_serious_for_assistive_technology(report, scheme, width):
    page = report(color_scheme=scheme, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for table in ("investment", "findings", "figures", "dictionary"):
        reach(page, table)
    page.eval_on_selector_all("details", "nodes => nodes.forEach(node => { node.open = true; })")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
    serious = {
        (v["id"], node["target"][0], node.get("failureSummary", "")[:200])
        for v in found if v["impact"] in ("serious", "critical") for node in v["nodes"]
    }  # fmt: skip
    assert serious == set()


def test_reconciliation_counts_equal_the_mart(page, database):
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
    reach(page, "investment")
    page.wait_for_selector("#investment-table .tabulator-col-title:has-text('Bank')")
    assert set(cells_of(page, "investment", "fiscal_year")) == {"2021"}
    visible = page.evaluate(
        "[...document.querySelectorAll('main p, main h2, main h3, main label > span, main summary, #nav a')]"
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


def test_page_fits_every_width(report):
    page = report()
    for width in (360, 820, 1600):
        page.set_viewport_size({"width": width, "height": 900})
        for _ in ("zh", "en"):
            page.wait_for_function(f"document.documentElement.scrollWidth <= {width}", timeout=10_000)
            page.click("#language")


def test_source_link_opens_the_list(report):
    page = report()
    reach(page, "investment")
    page.select_option("#investment-year", "2023")
    page.locator("#investment-table a[href='#source-S001']").first.click()
    page.wait_for_function("document.activeElement.id === 'source-S001'")
    assert page.locator("#source-S001 a").get_attribute("rel") == "noopener noreferrer"
    assert page.locator("#source-S003 a").count() == 0, "only http(s) addresses become links"


def test_embedded_font_can_draw_the_page(page):
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
