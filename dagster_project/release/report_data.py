"""What the report shows, read from the public marts into one plain, ordered structure.

Only the columns named here enter the page. Tables travel as `{"columns": [...], "rows": [[...]]}`.
"""

from __future__ import annotations

import decimal
from typing import Any

import duckdb

from dagster_project.errors import FengchaoError

# Columns that must be there, per mart; a trailing `?` marks one that is shown when it is there.
COLUMNS: dict[str, list[str]] = {
    "framework_dimension": ["dimension", "dimension_no", "label_zh", "label_en"],
    "framework_bank_type": ["bank_type", "bank_type_no", "label_zh", "label_en"],
    "mart_dimension_score": [
        "wave", "population_kind", "population_value", "dimension", "n", "score", "suppressed",
        "is_synthetic",
    ],
    "mart_fintech_investment": [
        "bank_id", "fiscal_year", "name_zh", "name_en", "bank_type", "investment_cny",
        "share_of_revenue_pct", "share_of_revenue_recomputed_pct", "growth_pct", "growth_recomputed_pct",
        "tech_staff", "tech_staff_share_pct", "scope", "status", "source_id", "n_sources",
        "investment_qualifier?", "share_qualifier?", "investment_as_printed?",
    ],
    "mart_fintech_investment_group": [
        "bank_type", "fiscal_year", "n_banks", "investment_cny", "pooled_share_pct", "mean_share_pct",
        "matched_growth_pct", "mean_growth_pct",
    ],
    "mart_reconciliation": [
        "figure_id", "document_id", "line", "place", "wave", "population_value", "printed", "computed",
        "difference", "within_rounding", "reason", "qualifier?", "question_as_printed?",
        "option_as_printed?", "printed_text?",
    ],
}  # fmt: skip

# A total order for each table: the page must not depend on the order in which rows are stored.
_ORDER = {
    "framework_dimension": "dimension_no",
    "framework_bank_type": "bank_type_no",
    "mart_dimension_score": "wave, population_kind, population_value, dimension",
    "mart_fintech_investment": "fiscal_year desc, investment_cny desc nulls last, bank_id",
    "mart_fintech_investment_group": "bank_type, fiscal_year",
    "mart_reconciliation": "document_id, line, figure_id",
}
_WHERE = {"mart_dimension_score": "scenario = 'headline'"}
_ALSO_READ = {
    "mart_dimension_score": ["scenario"],
    "mart_answer_share": ["wave", "suppressed"],
    "dim_item": ["item_id"],
}

SCORED_DIMENSIONS = ("strategy", "organisation", "technology", "data", "application", "ecosystem")


def _require(con: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
    """Columns per table of schema `main`; raises FengchaoError naming everything that is missing."""
    found: dict[str, set[str]] = {}
    for table, column in con.execute(
        "select table_name, column_name from information_schema.columns where table_schema = 'main'"
    ).fetchall():
        found.setdefault(table, set()).add(column)
    missing = []
    for table in sorted({*COLUMNS, *_ALSO_READ}):
        if table not in found:
            missing.append(table)
            continue
        needed = [c for c in COLUMNS.get(table, []) if not c.endswith("?")] + _ALSO_READ.get(table, [])
        missing += [f"{table}.{column}" for column in needed if column not in found[table]]
    if missing:
        raise FengchaoError(
            f"The report cannot be built: the database lacks {', '.join(missing)} in schema main. "
            "Build the marts first (`fengchao run`), and give the report the database of a release."
        )
    return found


def _plain(value: Any) -> Any:
    """A JSON value. Floats keep nine decimals: the order in which a sum runs may change the last bits."""
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            return None
        return int(value) if value.is_integer() else round(value, 9)
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return str(value)


def _table(con: duckdb.DuckDBPyConnection, name: str, found: set[str]) -> dict[str, Any]:
    columns, parts = [], []
    for column in COLUMNS[name]:
        plain_name = column.rstrip("?")
        columns.append(plain_name)
        parts.append(plain_name if plain_name in found else f"null as {plain_name}")
    where = f" where {_WHERE[name]}" if name in _WHERE else ""
    rows = con.execute(f"select {', '.join(parts)} from {name}{where} order by {_ORDER[name]}").fetchall()
    return {"columns": columns, "rows": [[_plain(value) for value in row] for row in rows]}


def _records(table: dict[str, Any]) -> list[dict[str, Any]]:
    return [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]


def _overview(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """The few numbers on top of the page, each a plain count or sum over one mart."""

    def one(sql: str) -> tuple[Any, ...]:
        row = con.execute(sql).fetchone()
        return tuple(_plain(value) for value in row) if row else ()

    answers = one("select count(*), count(*) filter (where suppressed) from mart_answer_share")
    investment = one(
        "select count(distinct bank_id), min(fiscal_year), max(fiscal_year), "
        "count(*) filter (where status = 'conflict'), count(*) from mart_fintech_investment"
    )
    reconciled = one(
        "select count(*), count(*) filter (where within_rounding), "
        "count(*) filter (where computed is not null) from mart_reconciliation"
    )
    latest = one(
        "select max(fiscal_year), cast(sum(investment_cny) as decimal(38, 2)), sum(n_banks) "
        "from mart_fintech_investment_group where n_banks > 0 and fiscal_year = "
        "(select max(fiscal_year) from mart_fintech_investment_group where investment_cny is not null)"
    )
    return {
        "items": one("select count(distinct item_id) from dim_item")[0],
        "shares": answers[0],
        "shares_suppressed": answers[1],
        "banks": investment[0],
        "first_year": investment[1],
        "last_year": investment[2],
        "conflicts": investment[3],
        "bank_years": investment[4],
        "figures": reconciled[0],
        "figures_equal": reconciled[1],
        "figures_computed": reconciled[2],
        "latest_year": latest[0],
        "latest_sum_cny": latest[1],
        "latest_banks": latest[2],
    }


def read_report_data(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Read everything the page shows. Units are those of the marts (`_cny` yuan, `_pct` 0-100).

    Raises FengchaoError when a mart or a column is missing.
    """
    found = _require(con)
    tables = {name: _table(con, name, found[name]) for name in COLUMNS}
    scores = _records(tables["mart_dimension_score"])
    waves = sorted({row["wave"] for row in scores})
    return {
        "dimensions": [
            row for row in _records(tables["framework_dimension"]) if row["dimension"] in SCORED_DIMENSIONS
        ],
        "bank_types": _records(tables["framework_bank_type"]),
        "waves": [
            {
                "wave": wave,
                "n": max(
                    (r["n"] or 0 for r in scores if r["wave"] == wave and r["population_kind"] == "all"),
                    default=0,
                ),
                "synthetic": any(r["is_synthetic"] for r in scores if r["wave"] == wave),
            }
            for wave in waves
        ],
        "overview": _overview(con),
        "scores": tables["mart_dimension_score"],
        "investment": tables["mart_fintech_investment"],
        "groups": tables["mart_fintech_investment_group"],
        "reconciliation": tables["mart_reconciliation"],
    }
