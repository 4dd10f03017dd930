"""Printed figures in the release: what is chosen, what contradicts it, what the checks find, and trace."""

from __future__ import annotations

import csv
import re
import subprocess
from pathlib import Path

import duckdb
import pytest

from dagster_project.ingest.disclosures import COLUMNS
from dagster_project.ingest.sidecar import sha256_of, sidecar_path
from tests.integration.conftest import Home, new_home

pytestmark = pytest.mark.integration

Loaded = tuple[Home, subprocess.CompletedProcess[str]]


def _open(home: Home) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(home.home / "releases" / "current" / "fengchao.duckdb"), read_only=True)


@pytest.fixture(scope="module")
def marts(loaded: Loaded) -> duckdb.DuckDBPyConnection:
    return _open(loaded[0])


def test_simple_and_pooled_growth_of_table_1_1(marts: duckdb.DuckDBPyConnection) -> None:
    row = marts.sql(
        """
        select round(avg(growth_pct), 2),
               round(100 * (sum(investment_cny) / sum(investment_cny / (1 + growth_pct / 100)) - 1), 2)
        from mart_fintech_investment
        where fiscal_year = 2019 and bank_type in ('state_owned', 'joint_stock') and growth_pct is not null
        """
    ).fetchone()
    assert row == (29.84, 27.41)


def test_a_share_of_profit_is_no_share_of_revenue(marts: duckdb.DuckDBPyConnection) -> None:
    measures = marts.sql(
        "select measure, value from mart_bank_measure where entity_id = 'bank_of_jiangsu' and fiscal_year = 2019 "
        "and measure like 'tech_investment_share%' order by measure"
    ).fetchall()
    assert measures == [
        ("tech_investment_share_of_profit", 4.71),
        ("tech_investment_share_of_profit_change", 3.0),
    ]
    shown = marts.sql(
        "select share_of_revenue_pct from mart_fintech_investment where bank_id = 'bank_of_jiangsu'"
    ).fetchall()
    assert shown == [(None,)]


@pytest.mark.parametrize(
    ("bank", "year", "measure", "values", "sources"),
    [
        ("cmb", 2018, "tech_investment", {65e8, 48e8}, {"S058", "S098"}),
        ("cmb", 2021, "tech_investment", {132.91e8, 132.9e8, 131.91e8}, {"S015", "S049", "S050", "S051"}),
        ("ccb", 2021, "tech_investment_growth", {2.86, 6.63}, {"S048", "S049"}),
    ],
)
def test_known_conflicts_stand_with_every_source(
    marts: duckdb.DuckDBPyConnection,
    bank: str,
    year: int,
    measure: str,
    values: set[float],
    sources: set[str],
) -> None:
    fact = [bank, year, measure]
    where = "entity_id = ? and fiscal_year = ? and measure = ?"
    row = marts.execute(
        f"select source_ids, n_figures, printed_values, chosen_value from mart_disclosure_conflict where {where}",
        fact,
    ).fetchone()
    assert row is not None
    assert set(row[0].split(" | ")) == sources
    assert len(row[2].split(" | ")) == row[1] and "contradicts" in row[2]
    printed = marts.execute(f"select value from mart_disclosure_value where {where}", fact).fetchall()
    assert {value for (value,) in printed} == values
    shown = marts.execute(
        f"select value, strict_value, status from mart_bank_measure where {where}", fact
    ).fetchone()
    assert shown == (row[3], None, "conflict")


def test_the_checks_find_what_is_wrong_and_explain_it(marts: duckdb.DuckDBPyConnection) -> None:
    found = dict(
        marts.sql(
            "select source_id, passes from mart_disclosure_check "
            "where rule = 'growth_of_investment' and entity_id = 'ccb' and fiscal_year = 2021"
        ).fetchall()
    )
    assert found == {"S048": False, "S049": True}
    computed = marts.sql(
        "select distinct round(computed, 2) from mart_disclosure_check "
        "where rule = 'growth_of_investment' and entity_id = 'ccb' and fiscal_year = 2021"
    ).fetchall()
    assert computed == [(6.64,)]
    total = marts.sql(
        "select printed, computed, passes from mart_disclosure_check "
        "where rule = 'group_total' and entity_id = 'state_owned_and_joint_stock'"
    ).fetchall()
    assert total == [(1008e8, 1005.17e8, False)]
    sums = marts.sql(
        "select distinct fiscal_year, difference from mart_disclosure_check "
        "where rule = 'group_total' and entity_id in ('state_owned_6', 'listed_25') and printed = computed order by 1"
    ).fetchall()
    assert sums == [(2019, 0), (2021, 0), (2022, 0), (2023, 0)]
    assert marts.sql(
        "select count(*) from mart_disclosure_check where explanation like 'not explained%'"
    ).fetchall() == [(0,)]


def test_no_figure_is_lost_between_landing_and_mart(loaded: Loaded, marts: duckdb.DuckDBPyConnection) -> None:
    landed = duckdb.sql(
        f"select count(*) from read_parquet('{loaded[0].home}/landing/disclosure_figure/**/*.parquet')"
    ).fetchone()
    assert marts.sql("select count(*) from mart_disclosure_value").fetchone() == landed == (604,)


def test_point_in_time_figures_do_not_compete_with_the_year(marts: duckdb.DuckDBPyConnection) -> None:
    periods = marts.sql(
        "select distinct period from mart_disclosure_value where scope_as_printed like '%2023-06-30%'"
    ).fetchall()
    assert periods == [("2023-06-30",)]


@pytest.mark.parametrize("name", ["建设银行", "建設銀行", "China Construction Bank", "ccb"])
def test_trace_finds_a_bank_by_any_of_its_names(loaded: Loaded, name: str) -> None:
    done = loaded[0].fengchao("trace", name, "2021", "tech_investment_growth")
    assert done.returncode == 0, done.stderr
    for text in ("6.63 %", "2.86 %", "S049", "S048", "later_publication", "disclosures/2021/S049.csv, row 5",
                 "growth_of_investment of 2.86 % [S048]: does not hold", "contradicts"):  # fmt: skip
        assert text in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("招商", "2021"), "No bank or group '招商'. Nearest names: 招商银行"),
        (("招商银行", "2017"), "It has one for 2018, 2019, 2020, 2021, 2022, 2023."),
        (("招商银行", "2021", "占营收"), "No measure '占营收'. Nearest:"),
    ],
)
def test_trace_says_what_is_there_instead(loaded: Loaded, arguments: tuple[str, ...], message: str) -> None:
    done = loaded[0].fengchao("trace", *arguments)
    assert done.returncode == 1
    assert message in done.stderr


def _add_bank(home: Home, bank_id: str, name: str) -> None:
    for table, row in (
        ("bank", {"bank_id": bank_id, "name_zh": name, "short_name_zh": name, "bank_type": "private",
                  "is_listed": "false", "note": "made up for a test"}),
        ("bank_alias", {"alias": name, "entity_kind": "bank", "entity_id": bank_id, "kind": "short_name", "note": "made up"}),
    ):  # fmt: skip
        path = home.raw / "reference" / f"{table}.csv"
        with path.open(encoding="utf-8-sig", newline="") as handle:
            columns = next(csv.reader(handle))
        with path.open("a", encoding="utf-8", newline="") as handle:
            csv.DictWriter(handle, columns, restval="", lineterminator="\n").writerow(row)
        home.edit(f"reference/{table}.csv", lambda content: content)


def _add_document(home: Home, year: int, document: str, rows: list[tuple[str, str, str, str, str]]) -> None:
    folder = home.raw / "disclosures" / str(year)
    folder.mkdir(exist_ok=True)
    path = folder / f"{document}.csv"
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, COLUMNS, restval="")
        writer.writeheader()
        for bank, wording, measure, value, unit in rows:
            writer.writerow(
                {"bank_as_printed": bank, "fiscal_year": year, "measure_as_printed": wording, "measure": measure,
                 "value_as_printed": value, "unit_as_printed": unit}
            )  # fmt: skip
    sidecar_path(path).write_text(
        f"document_id: {document}\nkind: press\ntitle: made up for a test\nproducer: a test\ncitation: made up\n"
        f"published_date: {year + 1}-04\nreceived_date: 2026-11-21\nlicence: none\nsynthetic: true\nsynthetic_method: typed into the test\n"
        f"reliability: press\nsha256: {sha256_of(path)}\n",
        encoding="utf-8",
    )


def test_a_new_fiscal_year_is_files_and_no_code(tmp_path: Path) -> None:
    """2024 with made-up figures of a made-up bank, beside its 2023."""
    home = new_home(tmp_path)
    name = "蜂巢虚构银行"
    _add_bank(home, "made_up_bank", name)
    _add_document(home, 2023, "MADEUP1", [(name, "科技投入", "tech_investment", "2.00", "亿元")])
    _add_document(
        home,
        2024,
        "MADEUP1",
        [
            (name, "科技投入", "tech_investment", "2.50", "亿元"),
            (name, "营业收入", "operating_revenue", "50.00", "亿元"),
            (name, "科技投入占营业收入", "tech_investment_share_of_revenue", "5.00", "%"),
            (name, "同比增长", "tech_investment_growth", "25.0", "%"),
        ],
    )
    _add_document(
        home, 2024, "MADEUP2", [(name, "technology investment", "tech_investment", "300", "million yuan")]
    )
    done = home.fengchao("run", "--years", "2023,2024")
    assert done.returncode == 0, done.stdout + done.stderr
    with _open(home) as con:
        row = con.sql(
            "select investment_cny, investment_strict_cny, share_of_revenue_pct, growth_recomputed_pct, status, n_sources "
            "from mart_fintech_investment where bank_id = 'made_up_bank' and fiscal_year = 2024"
        ).fetchone()
        assert row == (250_000_000, None, 5.0, 25.0, "conflict", 2)
        checks = con.sql(
            "select rule, passes from mart_disclosure_check where entity_id = 'made_up_bank' and fiscal_year = 2024 "
            "and rule in ('share_of_revenue', 'growth_of_investment') order by rule"
        ).fetchall()
        assert checks == [("growth_of_investment", True), ("share_of_revenue", True)]
    traced = home.fengchao("trace", name, "2024")
    assert re.search(r"2\.50 亿元.*document_id", traced.stdout, re.S), traced.stdout + traced.stderr
