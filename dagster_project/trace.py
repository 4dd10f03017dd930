"""The path of one number: from the mart back to the line of the raw file, and what else was printed.

Reads the current release, which is what people quote from; the build file is never opened.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
from rapidfuzz import fuzz, process

from dagster_project.errors import FengchaoError
from dagster_project.ingest.reference import load_directory
from dagster_project.release.keep import current_release
from dagster_project.settings import Settings
from dagster_project.warehouse.records import records

if TYPE_CHECKING:
    from rich.console import Console

Row = dict[str, Any]


@dataclass(frozen=True)
class Trace:
    """One fact. chosen: its row of mart_bank_measure, None where every figure was left out.
    figures: its rows of mart_disclosure_value, the chosen first. checks: of these figures.
    rule: description of the rule that decided, "" where there was nothing to decide.
    """

    measure: Row
    chosen: Row | None
    figures: list[Row]
    checks: list[Row]
    rule: str


def trace(settings: Settings, bank: str, year: int, measure: str) -> list[Trace]:
    """The facts (one per period) of a bank or group of banks, a fiscal year and a measure.

    bank: any name of the alias table, or a bank_id. measure: code or label of the registry.
    Raises FengchaoError for an unknown bank (with the nearest names), an unknown measure, a year
    without a figure (with the years that have one), and before the first release.
    """
    release = current_release(settings)
    if release is None:
        raise FengchaoError("There is no release yet. Run `fengchao run` first.")
    with duckdb.connect(str(release / "fengchao.duckdb"), read_only=True) as con:
        described = _measure(con, measure)
        kind, entity = _entity(settings, con, bank, year)
        key = [kind, entity, year, described["measure"]]
        where = "entity_kind = ? and entity_id = ? and fiscal_year = ? and measure = ?"
        figures = records(
            con,
            f"select * from mart_disclosure_value where {where} order by period, choice_no nulls last, figure_id",
            key,
        )
        if not figures:
            raise FengchaoError(_no_figure(con, bank, year, described, kind, entity))
        chosen = {
            row["period"]: row for row in records(con, f"select * from mart_bank_measure where {where}", key)
        }
        checks = records(
            con, f"select * from mart_disclosure_check where {where} order by rule, figure_id", key
        )
        rules = {row["rule_id"]: row["description_en"] for row in records(con, "select * from choice_rule")}
    traces = []
    for period in sorted({row["period"] for row in figures}, key=lambda p: (p != "full_year", p)):
        best = chosen.get(period)
        traces.append(
            Trace(
                described,
                best,
                [row for row in figures if row["period"] == period],
                [row for row in checks if row["period"] == period],
                rules.get(best["decided_by"], "") if best else "",
            )
        )
    return traces


def _measure(con: duckdb.DuckDBPyConnection, text: str) -> Row:
    known: dict[str, Row] = {}
    for row in records(con, "select * from measure order by measure"):
        known |= {row["measure"]: row, row["label_zh"]: row, row["label_en"].casefold(): row}
    found = known.get(text) or known.get(text.casefold())
    if found is None:
        near = [
            name for name, _, _ in process.extract(text.casefold(), list(known), scorer=fuzz.ratio, limit=3)
        ]
        raise FengchaoError(
            f"No measure {text!r}. Nearest: {', '.join(near)}; all: "
            f"{', '.join(sorted({row['measure'] for row in known.values()}))}."
        )
    return found


def _entity(settings: Settings, con: duckdb.DuckDBPyConnection, name: str, year: int) -> tuple[str, str]:
    if con.execute("select 1 from dim_bank where bank_id = ?", [name]).fetchone():
        return "bank", name
    directory, _ = load_directory(settings.raw)
    found = directory.resolve(name, f"{year}-12-31")
    if found is None:
        near = ", ".join(directory.nearest(name)) or "none is similar"
        raise FengchaoError(f"No bank or group {name!r}. Nearest names: {near} (they may be other banks).")
    return found


def _no_figure(
    con: duckdb.DuckDBPyConnection, bank: str, year: int, measure: Row, kind: str, entity: str
) -> str:
    have = con.execute(
        "select distinct fiscal_year from mart_disclosure_value "
        "where entity_kind = ? and entity_id = ? and measure = ? order by 1",
        [kind, entity, measure["measure"]],
    ).fetchall()
    years = ", ".join(str(row[0]) for row in have)
    hint = f"It has one for {years}." if years else "It has none for any year."
    return f"{bank} ({entity}) has no printed figure of {measure['measure']} for {year}. {hint}"


def print_trace(console: Console, traces: list[Trace], raw: Path) -> None:
    """Print the traces for people. raw: the raw folder, to show whole paths."""
    from rich.markup import escape
    from rich.table import Table

    for one in traces:
        first = one.figures[0]
        console.print(
            f"\n[bold]{escape(str(first['name_zh']))} ({first['entity_id']}) {first['fiscal_year']} "
            f"{one.measure['label_zh']}[/bold] {one.measure['measure']}, {first['period']}"
        )
        lines = [("value", "none: every printed figure was left out of the choice")]
        if one.chosen:
            lines = _chosen_lines(one, first, raw)
        for label, text in lines:
            console.print(f"  {label:<9} {escape(text)}", highlight=False, soft_wrap=True)
        for check in one.checks:
            state = "[green]holds[/green]" if check["passes"] else "[red]does not hold[/red]"
            head = f"{check['rule']} of {_printed(check)} [{check['source_id']}]:"
            console.print(f"  check     {escape(head)} {state}", highlight=False, soft_wrap=True)
            console.print(f"            {escape(_check_text(check))}", highlight=False, soft_wrap=True)
        table = Table("printed", "value", "source", "published", "reliability", "scope", "what became of it")
        for row in one.figures:
            scope = " ".join(filter(None, (row["scope_code"], row["content_code"], row["scope_as_printed"])))
            table.add_row(
                escape(_printed(row)), _number(row), row["source_id"], row["source_published"] or "undated",
                row["reliability"], escape(scope), _fate(row),
            )  # fmt: skip
        console.print(table)


def _chosen_lines(one: Trace, first: Row, raw: Path) -> list[tuple[str, str]]:
    chosen = one.chosen
    assert chosen is not None
    decided = f"{chosen['decided_by']}: {one.rule}" if one.rule else "there is no other figure"
    peers = f"; percentile {chosen['peer_percentile']:.0f} of {chosen['n_peers']} peers" if (
        chosen["peer_percentile"] is not None) else ""  # fmt: skip
    return [
        ("value", f"{_number(first)} {chosen['unit']}{peers}"),
        ("status", f"{chosen['status']} ({chosen['n_figures']} figures of {chosen['n_sources']} documents)"),
        ("decided", decided),
        ("printed", f"{_printed(first)}  ({first['measure_as_printed']}; {first['entity_as_printed']})"),
        ("parsed", _parsed(first)),
        *([("corrected", first["correction"])] if first["correction"] else []),
        ("source", f"[{first['source_id']}] {first['source_title']}, {first['source_producer'] or 'no publisher'}, "
                   f"{first['source_published'] or 'undated'}, {first['reliability']}"),
        ("where", f"{first['source_place'] or 'no page given'}; {first['source_url'] or 'no address'}"),
        ("raw", f"{raw / first['raw_file']}, row {first['raw_line']}"),
    ]  # fmt: skip


def _parsed(row: Row) -> str:
    if row["value"] is None:
        return "a name or date, kept as printed"
    unclear = "; the percent sign may mean points" if row["unit_ambiguous"] else ""
    return f"{_number(row)} {row['unit']}, {row['qualifier']}, half unit {row['half_unit']:,.10g}{unclear}"


def _printed(row: Row) -> str:
    return f"{row['value_as_printed']} {row['unit_as_printed']}".strip()


def _number(row: Row) -> str:
    if row["value"] is None:
        return row["printed_name_or_date"] or "-"
    return f"{row['value']:,.2f}".rstrip("0").rstrip(".")


def _check_text(check: Row) -> str:
    compared = f"computed {check['computed']:,.10g}" if check["computed"] is not None else ""
    if check["tolerance"] is not None:
        compared += f", difference {check['difference']:,.6g}, allowed {check['tolerance']:,.6g}"
    reason = "" if check["passes"] else f" - {check['explanation']}"
    return f"{compared} ({check['parts']}){reason}".strip()


def _fate(row: Row) -> str:
    if row["excluded_reason"]:
        return f"left out: {row['excluded_reason']}"
    if row["is_chosen"]:
        return "chosen"
    return f"{'agrees' if row['agrees_with_chosen'] else 'contradicts'}; behind by {row['lost_by_rule']}"
