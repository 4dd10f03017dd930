"""A small database with the tables of a release, for the report's tests. Every bank and number is made up.

Columns and types come from the contracts in `dbt/models/marts`, names and labels from the seeds: the
fixture cannot drift from what the page meets. What a row does not say is NULL.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import yaml

DBT = Path(__file__).parents[1] / "dbt"
WAVE_SIZES = {
    2020: {"city_commercial": 40, "rural_commercial": 24, "private": 8, "other": 2},
    2023: {"city_commercial": 38, "rural_commercial": 31, "private": 9, "other": 2},
}
SEEDS = (
    "framework_bank_type", "framework_dimension", "framework_indicator", "framework_option",
    "measure", "choice_rule",
)  # fmt: skip
INDICATORS = {"strategy": "top_level_planning", "data": "data_governance"}
_BANKS = {
    "state_owned": [("虚构第一大行", "Fictional First Bank"), ("虚构第二大行", "Fictional Second Bank")],
    "joint_stock": [("蓝湖银行", "Blue Lake Bank"), ("青岭银行", "Green Ridge Bank")],
    "city_commercial": [("云汀银行", "Yunting Bank"), ("松陵银行", "Songling Bank"), ("北坞银行", "Beiwu Bank")],
    "rural_commercial": [("稻香农商行", "Rice Field Rural Bank"), ("石桥农商行", None)],
    "private": [("蜂蜜网银", "Honey Online Bank")],
}  # fmt: skip
Row = dict[str, Any]


def contracts() -> dict[str, dict[str, Any]]:
    """The public marts by name, as their contracts describe them."""
    found = {}
    for path in sorted((DBT / "models" / "marts").rglob("_marts_*.yml")):
        for model in yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)["models"]:
            found[model["name"]] = model
    return found


def _populations() -> Iterator[tuple[int, str, str, int]]:
    for wave, sizes in WAVE_SIZES.items():
        yield wave, "all", "all", sum(sizes.values())
        for bank_type, n in sizes.items():
            yield wave, "bank_type", bank_type, n


def _score(rng: random.Random, wave: int, kind: str, value: str, n: int, column: str) -> Row:
    row: Row = {
        "wave": wave, "population_kind": kind, "population_value": value, "scenario": "headline", "n": n,
        "suppressed": n < 5, "suppressed_reason": "small_group" if n < 5 else None,
        "is_synthetic": wave == 2020, "comparable": wave == 2023,
        "comparable_reason": None if wave == 2023 else "no_previous_wave",
    }  # fmt: skip
    if n >= 5:
        score = round(rng.uniform(28, 62) + (9 if wave == 2023 else 0), 9)
        row |= {column: score, "ci_low": score - 3.25, "ci_high": score + 3.25}
        if wave == 2023:
            change = round(rng.uniform(-6, 12), 9)
            row |= {"change": change, "change_ci_low": change - 4, "change_ci_high": change + 4}
            row |= {"matched_change": change / 2, "matched_change_ci_low": change / 2 - 3,
                    "matched_change_ci_high": change / 2 + 3, "n_matched": n - 1}  # fmt: skip
    return row


def _scores(rng: random.Random, dimensions: list[str]) -> dict[str, list[Row]]:
    tables: dict[str, list[Row]] = {"mart_index": [], "mart_dimension_score": [], "mart_indicator_score": [],
                                    "mart_robustness": []}  # fmt: skip
    for wave, kind, value, n in _populations():
        tables["mart_index"].append(_score(rng, wave, kind, value, n, "index") | {"grade": 3})
        for number, dimension in enumerate(dimensions, start=1):
            part = {"dimension": dimension, "dimension_no": number}
            score = _score(rng, wave, kind, value, n, "score") | part
            tables["mart_dimension_score"].append(score)
            band: Row = {
                key: score[key] for key in ("wave", "population_kind", "population_value", "n")
            } | part
            if not score["suppressed"]:
                band |= {"score_low": score["score"] - 2, "score_median": score["score"],
                         "score_high": score["score"] + 2, "main_driver": "aggregation",
                         "main_driver_total": 0.7}  # fmt: skip
                if kind == "bank_type":
                    band |= {"rank": 1, "rank_low": 1.0, "rank_high": 2.0}
            tables["mart_robustness"].append(
                band | {"n_draws": 2000, "suppressed": score["suppressed"], "is_synthetic": wave == 2020}
            )
            if dimension in INDICATORS:
                indicator = _score(rng, wave, kind, value, n, "score") | {"dimension": dimension}
                tables["mart_indicator_score"].append(
                    indicator | {"indicator": INDICATORS[dimension], "indicator_no": 1}
                )
    return tables


def _answers() -> dict[str, list[Row]]:
    """One single choice and one multiple choice, in both waves."""
    items = [("q.a", "single", "maturity_4", "虚构题项", "Made-up item", 1),
             ("q.b", "multi", "business_strategy_2023", "虚构多选题", "Made-up choices", 2)]  # fmt: skip
    options = {"maturity_4": ["not_established", "initial", "mature"],
               "business_strategy_2023": ["retail_small", "inclusive"]}  # fmt: skip
    tables: dict[str, list[Row]] = {"dim_item": [], "mart_answer_share": []}
    for wave in WAVE_SIZES:
        for item_id, item_type, option_set, zh, en, number in items:
            tables["dim_item"].append({
                "wave": wave, "item_id": item_id, "question_id": item_id, "question_no": number, "label_zh": zh,
                "label_en": en, "dimension": "data", "indicator": INDICATORS["data"], "item_type": item_type,
                "option_set": option_set, "comparable": item_type == "single" and wave == 2023,
                "change_type": "same" if item_type == "single" else "options", "is_inferred": False,
            })  # fmt: skip
            for _, kind, value, n in (p for p in _populations() if p[0] == wave):
                for i, option in enumerate(options[option_set], start=1):
                    row: Row = {
                        "wave": wave, "population_kind": kind, "population_value": value, "item_id": item_id,
                        "option_id": option, "option_no": i, "n_eligible": n, "comparable": item_type == "single",
                        "suppressed": n < 5, "suppressed_reason": "small_group" if n < 5 else None,
                        "is_synthetic": wave == 2020,
                    }  # fmt: skip
                    if n >= 5:
                        chosen = [n // 4, n // 2, n - n // 4 - n // 2][i - 1]
                        share = 100 * chosen / n
                        row |= {"n_chosen": chosen, "share_pct": share, "ci_low_pct": max(0.0, share - 9),
                                "ci_high_pct": min(100.0, share + 9)}  # fmt: skip
                        if wave == 2023:
                            row |= {"change_pp": 2.5 * i, "change_ci_low_pp": -3.0, "change_ci_high_pp": 9.0}
                    tables["mart_answer_share"].append(row)
    return tables


def _investment(rng: random.Random) -> list[Row]:
    size = {"state_owned": 220, "joint_stock": 90, "city_commercial": 14, "rural_commercial": 4, "private": 6}
    rows: list[Row] = []
    for bank_type, banks in _BANKS.items():
        for position, (name_zh, name_en) in enumerate(banks):
            amount = round(size[bank_type] * rng.uniform(0.6, 1.1), 2)
            previous = None
            for year in range(2018, 2024):
                printed = rng.random() > 0.1
                share = round(rng.uniform(1.5, 4.5), 2)
                growth = None if previous is None else round(100 * (amount / previous - 1), 2)
                status = rng.choice(["single", "single", "agreed", "conflict"])
                off = 0.4 if status == "conflict" else 0.0
                recomputed = growth if growth is None or not printed else growth + rng.choice([0, 0.004, 1.3])
                rows.append({
                    "bank_id": f"{bank_type}_{position}", "fiscal_year": year, "name_zh": name_zh,
                    "name_en": name_en, "bank_type": bank_type,
                    "investment_cny": round(amount * 1e8, 2) if printed else None,
                    "investment_qualifier": "gt" if rng.random() > 0.9 else "eq",
                    "share_of_revenue_pct": share,
                    "share_of_revenue_recomputed_pct": share + off if printed else None,
                    "growth_pct": growth, "growth_recomputed_pct": recomputed,
                    "tech_staff": rng.randint(90, 9000) if rng.random() > 0.4 else None,
                    "tech_staff_share_pct": round(rng.uniform(1, 9), 2) if rng.random() > 0.5 else None,
                    "scope": rng.choice(["金融科技投入", "信息科技投入", "数字化转型投入，含人员费用"]),
                    "status": status, "decided_by": "reliability",
                    "source_id": rng.choice(["S001", "S002", "S003", "annual-report"]),
                    "n_sources": 1 if status == "single" else 2,
                    "investment_peer_percentile": 75.0 if printed else None, "n_peers_investment": 5,
                })  # fmt: skip
                previous, amount = amount, round(amount * rng.uniform(0.97, 1.3), 2)
    return rows


def _conflicts(investment: list[Row]) -> list[Row]:
    return [
        {"entity_kind": "bank", "entity_id": row["bank_id"], "name_zh": row["name_zh"],
         "fiscal_year": row["fiscal_year"], "measure": "tech_investment", "period": "full_year",
         "decided_by": "reliability", "printed_values": "1.5 亿元 [S001, chosen] | 2 亿元 [S002, contradicts]"}
        for row in investment if row["status"] == "conflict"
    ]  # fmt: skip


def _groups(investment: list[Row]) -> list[Row]:
    groups: list[Row] = []
    for bank_type in _BANKS:
        for year in range(2018, 2024):
            amounts = [
                row["investment_cny"]
                for row in investment
                if (row["bank_type"], row["fiscal_year"]) == (bank_type, year) and row["investment_cny"]
            ]
            if amounts:
                groups.append({
                    "bank_type": bank_type, "fiscal_year": year, "n_banks": len(amounts),
                    "investment_cny": sum(amounts), "pooled_share_pct": 3.1, "mean_share_pct": 2.9,
                    "n_banks_share": len(amounts), "matched_growth_pct": 11.25, "n_banks_matched": 1,
                    "mean_growth_pct": 10.5, "n_banks_growth": 1, "n_population": 12, "coverage_pct": 33.3,
                    "population_basis": "printed",
                })  # fmt: skip
    return groups


def _bands() -> list[Row]:
    return [
        {"bank_type": bank_type, "wave": 2023, "fiscal_year": 2022, "band": f"b{i}", "band_no": i,
         "label_zh": f"第 {i} 档", "label_en": f"Band {i}", "survey_n_eligible": 80, "survey_n_chosen": 40,
         "survey_share_pct": 50.0, "survey_suppressed": False, "disclosed_n_banks": 4,
         "disclosed_n_in_band": i, "disclosed_share_pct": 25.0 * i}
        for bank_type in ("all", "private") for i in (1, 2)
    ]  # fmt: skip


def _figures(rng: random.Random, count: int) -> list[Row]:
    reasons = ["other_survey", "no_count_gives_printed_share", "scoring_points_and_weights_not_printed"]
    rows: list[Row] = []
    for number in range(1, count + 1):
        printed = round(rng.uniform(2, 95), 2)
        outcome = rng.choices(["equal", "differs", "none"], [7, 1, 2])[0]
        computed = {"equal": printed + 0.003, "differs": printed + 2.5, "none": None}[outcome]
        document = rng.choice(["made-up-report-a", "made-up-report-b"])
        population = rng.choice(["all", "all", "private"])
        rows.append({
            "figure_id": f"{document}-L{number + 100}-1", "document_id": document, "line": number + 100,
            "place": "图 1-1", "wave": rng.choice([2020, 2023]), "population_value": population,
            "population_kind": "all" if population == "all" else "bank_type", "statistic": "share",
            "item_id": "q.a", "option_ids": "initial|mature" if number % 3 else "mature",
            "question_as_printed": rng.choice(["虚构的题目一", "虚构的题目二：数据治理"]),
            "option_as_printed": rng.choice(["很少", "较多", "非常多"]), "printed": printed,
            "qualifier": "eq", "computed": computed,
            "difference": None if computed is None else round(computed - printed, 9),
            "within_rounding": None if outcome == "none" else outcome == "equal",
            "reason": None if outcome == "equal" else rng.choice(reasons),
        })  # fmt: skip
    return rows


def _findings() -> list[Row]:
    return [
        {"finding_id": f"f{i}", "document_id": f"made-up-report-{'ab'[i % 2]}", "line": 10 + i, "place": "图 2-2",
         "rule": rule, "severity": severity, "wave": 2023, "question_as_printed": "虚构的题目",
         "printed_text": f"{30 + i}.5%", "expected": f"{30 + i}.4%", "explanation_zh": f"虚构的解释{i}",
         "explanation_en": f"Made-up explanation {i}"}
        for i, (rule, severity) in enumerate(
            [("options_not_100", "impossible"), ("claim_contradicted", "wording"), ("change_in_percent", "unit")]
        )
    ]  # fmt: skip


def _checks() -> list[Row]:
    return [
        {"stage": stage, "dataset": f"made_up_{stage}", "partition": "all", "expectation_no": i,
         "expectation": "expect_table_row_count_to_be_between", "severity": severity, "success": success,
         "n_checked": 10, "n_failed": 0 if success else 2, "reason": "Made-up reason.", "is_latest": True}
        for stage in ("raw", "marts")
        for i, (severity, success) in enumerate([("stop", True), ("stop", True), ("look", stage == "raw")])
    ]  # fmt: skip


def _create(con: duckdb.DuckDBPyConnection, contract: dict[str, Any], rows: list[Row]) -> None:
    name, columns = contract["name"], contract["columns"]
    typed = ", ".join(f"{column['name']} {column['data_type']}" for column in columns)
    con.execute(f"create table {name} ({typed})")
    unknown = {key for row in rows for key in row} - {column["name"] for column in columns}
    assert not unknown, f"{name} has no column {unknown}"
    if rows:
        names = [column["name"] for column in columns]
        con.register("given", pa.Table.from_pydict({key: [row.get(key) for row in rows] for key in names}))
        con.execute(f"insert into {name} select * from given")
        con.unregister("given")
    for target, text in [
        (f"table {name}", contract["description"]),
        *((f"column {name}.{column['name']}", column["description"]) for column in columns),
    ]:
        quoted = text.replace("'", "''")
        con.execute(f"comment on {target} is '{quoted}'")


def build_database(path: Path, *, seed: int = 7, figures: int = 120) -> Path:
    """Write the tables to a new DuckDB file. The same seed gives the same rows."""
    rng = random.Random(seed)
    with duckdb.connect(str(path)) as con:
        con.begin()
        for name in SEEDS:
            found = next((DBT / "seeds").rglob(f"{name}.csv"))
            con.execute(f"create table {name} as from read_csv('{found}', header = true)")
        dimensions = [
            str(row[0])
            for row in con.execute(
                "select dimension from framework_dimension order by dimension_no"
            ).fetchall()
        ]
        investment = _investment(rng)
        contents = {
            **_scores(rng, dimensions),
            **_answers(),
            "mart_fintech_investment": investment,
            "mart_fintech_investment_group": _groups(investment),
            "mart_disclosure_conflict": _conflicts(investment),
            "mart_investment_band": _bands(),
            "mart_reconciliation": _figures(rng, figures),
            "mart_published_audit": _findings(),
            "mart_quality_result": _checks(),
            "mart_coherence": [{"wave": wave, "level": "index", "key": "index", "alpha": 0.9, "n_weak": 1}
                               for wave in WAVE_SIZES],
        }  # fmt: skip
        for name, contract in contracts().items():
            _create(con, contract, contents.get(name, []))
        con.commit()
    return path


def release_meta() -> dict[str, Any]:
    """Facts about a release, as the release stage hands them over."""
    return {
        "release_id": "2026-11-21-made-up-0a1b2c3d",
        "release_date": "2026-11-21",
        "git_commit": "0123456789abcdef0123456789abcdef01234567",
        "citation": "Made-up citation.",
        "sources": [
            dict(zip(("document_id", "title", "producer", "url", "published_date", "licence"), source, strict=True))
            for source in (
                ("S001", "虚构的新闻稿", "虚构报社", "https://example.org/a?b=1&c=2", "2024-05-25", "facts quoted"),
                ("S002", "虚构的研究报告", None, "https://example.org/b", None, "facts quoted"),
                ("S003", "", "虚构机构", "javascript:alert(1)", "2023-04-01", None),
                ("made-up-report-a", "虚构报告甲", "虚构联盟", "", "2020-12-01", "Apache-2.0"),
            )
        ],
    }  # fmt: skip
