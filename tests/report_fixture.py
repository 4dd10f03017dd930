"""A small database with the public marts, for the report's tests. Every bank and number is made up."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import duckdb

DIMENSIONS = [
    ("strategy", "战略", "Strategy"),
    ("organisation", "组织", "Organisation"),
    ("technology", "技术", "Technology"),
    ("data", "数据", "Data"),
    ("application", "应用", "Application"),
    ("ecosystem", "生态", "Ecosystem"),
    ("environment", "外部环境", "Environment"),
]
BANK_TYPES = [
    ("state_owned", "国有大行", "State-owned banks"),
    ("joint_stock", "股份行", "Joint-stock banks"),
    ("city_commercial", "城商行", "City commercial banks"),
    ("rural_commercial", "农商行", "Rural commercial banks"),
    ("private", "民营银行", "Private banks"),
    ("other", "其他", "Other"),
]
WAVE_SIZES = {
    2020: {"city_commercial": 40, "rural_commercial": 24, "private": 8, "other": 2},
    2023: {"city_commercial": 38, "rural_commercial": 31, "private": 9, "other": 2},
}
_BANK_NAMES = {
    "state_owned": [("虚构第一大行", "Fictional First Bank"), ("虚构第二大行", "Fictional Second Bank")],
    "joint_stock": [("蓝湖银行", "Blue Lake Bank"), ("青岭银行", "Green Ridge Bank")],
    "city_commercial": [
        ("云汀银行", "Yunting Bank"),
        ("松陵银行", "Songling Bank"),
        ("北坞银行", "Beiwu Bank"),
    ],
    "rural_commercial": [("稻香农商行", "Rice Field Rural Bank"), ("石桥农商行", None)],
    "private": [("蜂蜜网银", "Honey Online Bank")],
}
SCHEMA = {
    "framework_dimension": "dimension varchar, dimension_no integer, label_zh varchar, label_en varchar",
    "framework_bank_type": "bank_type varchar, bank_type_no integer, label_zh varchar, label_en varchar",
    "dim_item": "item_id varchar, wave integer, question_id varchar, row_id varchar, dimension varchar, "
    "indicator varchar, label_zh varchar, label_en varchar, item_type varchar, option_set varchar",
    "mart_dimension_score": "wave integer, population_kind varchar, population_value varchar, "
    "dimension varchar, dimension_no integer, scenario varchar, n integer, score double, "
    "suppressed boolean, is_synthetic boolean",
    "mart_answer_share": "wave integer, population_kind varchar, population_value varchar, item_id varchar, "
    "option_id varchar, option_no integer, n_eligible integer, n_chosen integer, share_pct double, "
    "suppressed boolean, is_synthetic boolean",
    "mart_fintech_investment": "bank_id varchar, fiscal_year integer, name_zh varchar, name_en varchar, "
    "bank_type varchar, investment_cny decimal(20, 2), share_of_revenue_pct double, "
    "share_of_revenue_recomputed_pct double, growth_pct double, growth_recomputed_pct double, "
    "tech_staff double, tech_staff_share_pct double, scope varchar, status varchar, source_id varchar, "
    "n_sources integer, investment_qualifier varchar",
    "mart_fintech_investment_group": "bank_type varchar, fiscal_year integer, n_banks integer, "
    "investment_cny decimal(20, 2), pooled_share_pct double, mean_share_pct double, "
    "matched_growth_pct double, mean_growth_pct double",
    "mart_reconciliation": "figure_id varchar, document_id varchar, line integer, place varchar, "
    "wave integer, population_value varchar, printed double, computed double, difference double, "
    "within_rounding boolean, reason varchar, qualifier varchar, question_as_printed varchar, "
    "option_as_printed varchar",
}


def _scores(rng: random.Random) -> list[tuple[Any, ...]]:
    rows = []
    for wave, sizes in WAVE_SIZES.items():
        populations = [("all", "all", sum(sizes.values())), *(("bank_type", c, n) for c, n in sizes.items())]
        for kind, value, n in populations:
            for number, (dimension, _, _) in enumerate(DIMENSIONS[:6], start=1):
                low = n < 5
                score = None if low else round(rng.uniform(28, 62) + (9 if wave == 2023 else 0), 9)
                rows.append((wave, kind, value, dimension, number, "headline", n, score, low, wave == 2020))
    return rows


def _investment(rng: random.Random) -> list[tuple[Any, ...]]:
    size = {"state_owned": 220, "joint_stock": 90, "city_commercial": 14, "rural_commercial": 4, "private": 6}
    rows = []
    for bank_type, banks in _BANK_NAMES.items():
        for position, (name_zh, name_en) in enumerate(banks):
            amount = round(size[bank_type] * rng.uniform(0.6, 1.1), 2)
            previous = None
            for year in range(2018, 2024):
                printed = rng.random() > 0.1
                share = round(rng.uniform(1.5, 4.5), 2)
                growth = None if previous is None else round(100 * (amount / previous - 1), 2)
                status = rng.choice(["single", "single", "agreed", "conflict"])
                off = 0.4 if status == "conflict" else 0.0
                rows.append((
                    f"{bank_type}_{position}", year, name_zh, name_en, bank_type,
                    round(amount * 1e8, 2) if printed else None,
                    share, share + off if printed else None,
                    growth, growth if growth is None or not printed else growth + rng.choice([0, 0.004, 1.3]),
                    rng.randint(90, 9000) if rng.random() > 0.4 else None,
                    round(rng.uniform(1, 9), 2) if rng.random() > 0.5 else None,
                    rng.choice(["金融科技投入", "信息科技投入", "数字化转型投入，含人员费用"]), status,
                    rng.choice(["S001", "S002", "S003", "annual-report"]), 1 if status == "single" else 2,
                    "gt" if rng.random() > 0.9 else "eq",
                ))  # fmt: skip
                previous, amount = amount, round(amount * rng.uniform(0.97, 1.3), 2)
    return rows


def _figures(rng: random.Random, count: int) -> list[tuple[Any, ...]]:
    reasons = ["other_survey", "no_count_gives_printed_share", "scoring_points_and_weights_not_printed"]
    rows = []
    for number in range(1, count + 1):
        printed = round(rng.uniform(2, 95), 2)
        outcome = rng.choices(["equal", "differs", "none"], [7, 1, 2])[0]
        computed = {"equal": printed + 0.003, "differs": printed + 2.5, "none": None}[outcome]
        document = rng.choice(["made-up-report-a", "made-up-report-b"])
        rows.append((
            f"{document}-L{number + 100}-1", document, number + 100, "图 1-1", rng.choice([2020, 2023]),
            rng.choice(["all", "all", "private"]), printed, computed,
            None if computed is None else round(computed - printed, 9),
            None if outcome == "none" else outcome == "equal",
            None if outcome == "equal" else rng.choice(reasons), "eq",
            rng.choice(["虚构的题目一", "虚构的题目二：数据治理"]), rng.choice(["很少", "较多", "非常多"]),
        ))  # fmt: skip
    return rows


def build_database(path: Path, *, seed: int = 7, figures: int = 120) -> Path:
    """Write the marts to a new DuckDB file. The same seed gives the same rows."""
    rng = random.Random(seed)
    investment = _investment(rng)
    groups = []
    for bank_type in _BANK_NAMES:
        for year in range(2018, 2024):
            rows = [r for r in investment if r[4] == bank_type and r[1] == year and r[5] is not None]
            if rows:
                groups.append((bank_type, year, len(rows), sum(r[5] for r in rows), 3.1, 2.9, 11.25, 10.5))
    contents = {
        "framework_dimension": [(c, i, zh, en) for i, (c, zh, en) in enumerate(DIMENSIONS, 1)],
        "framework_bank_type": [(c, i, zh, en) for i, (c, zh, en) in enumerate(BANK_TYPES, 1)],
        "dim_item": [
            ("q.a", 2020, "q", "a", "data", "governance", "虚构题项", "Made-up item", "matrix", "s3")
        ],
        "mart_dimension_score": _scores(rng),
        "mart_answer_share": [
            (2020, "all", "all", "q.a", f"o{i}", i, 74, 20 + i, 100 * (20 + i) / 74, False, True)
            for i in (1, 2, 3)
        ],
        "mart_fintech_investment": investment,
        "mart_fintech_investment_group": groups,
        "mart_reconciliation": _figures(rng, figures),
    }
    with duckdb.connect(str(path)) as con:
        for table, columns in SCHEMA.items():
            con.execute(f"create table {table} ({columns})")
            marks = ", ".join("?" * len(contents[table][0]))
            con.executemany(f"insert into {table} values ({marks})", contents[table])
    return path


def release_meta() -> dict[str, Any]:
    """Facts about a release, as the release stage hands them over."""
    return {
        "release_id": "2026-11-21-made-up-0a1b2c3d",
        "release_date": "2026-11-21",
        "git_commit": "0123456789abcdef0123456789abcdef01234567",
        "counts": {"mart_dimension_score": 60, "mart_fintech_investment": 60, "mart_reconciliation": 120},
        "checks": {"passed": 143, "failed": 0},
        "sources": [
            dict(zip(("document_id", "title", "producer", "url", "published_date"), source, strict=True))
            for source in (
                ("S001", "虚构的新闻稿", "虚构报社", "https://example.org/a?b=1&c=2", "2024-05-25"),
                ("S002", "虚构的研究报告", None, "https://example.org/b", None),
                ("S003", "", "虚构机构", "javascript:alert(1)", "2023-04-01"),
                ("made-up-report-a", "虚构报告甲", "虚构联盟", "", "2020-12-01"),
            )
        ],
    }
