"""Reads what the audit needs: landed Parquet and the seeds that say what a figure measures."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from dagster_project.audit.claims import Claim, Interval
from dagster_project.audit.figures import ALL, Figure, build_figures, build_items
from dagster_project.ingest.landing import landed_years, landing_path
from dagster_project.settings import DBT_DIR, Settings
from dagster_project.warehouse.variables import dbt_variables

TABLES = ("published_figure", "published_claim", "disclosure_figure", "codebook_item")


def read_landed(settings: Settings, table: str) -> list[dict[str, Any]]:
    """All years of a landed table, ascending."""
    rows: list[dict[str, Any]] = []
    for year in landed_years(settings, table):
        rows += pq.read_table(landing_path(settings, table, year), partitioning=None).to_pylist()
    return rows


def _seed(*path: str) -> list[dict[str, str]]:
    with Path(DBT_DIR, "seeds", *path).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def read_figures(settings: Settings) -> list[Figure]:
    """Every landed survey figure with a number, by the figure map where it knows it."""
    items = build_items(read_landed(settings, "codebook_item"), _seed("framework", "framework_option.csv"))
    populations = {row["label_zh"]: row["bank_type"] for row in _seed("framework", "framework_bank_type.csv")}
    mapped = {row["figure_id"]: row for row in _seed("published", "published_figure_map.csv")}
    return build_figures(
        read_landed(settings, "published_figure"), mapped, items, populations | {"全部": ALL}
    )


def read_claims(settings: Settings) -> list[Claim]:
    """Every landed claim."""
    return [
        Claim(
            claim_id=row["claim_id"],
            document_id=row["document_id"],
            document_year=row["document_year"],
            line=row["line"],
            place=row["place"] or "",
            wording=row["wording"],
            kind=row["kind"],
            operands=tuple(part.strip() for part in row["operands"].split("|")),
            bound=row["bound"],
            source=f"{row['source_file']}, row {row['source_row']}",
        )
        for row in read_landed(settings, "published_claim")
    ]


def read_amounts(settings: Settings, documents: set[str]) -> dict[str, Interval]:
    """Figures about banks that the documents print, as the interval of half a unit around them."""
    amounts = {}
    for row in read_landed(settings, "disclosure_figure"):
        if row["document_id"] in documents and row["value"] is not None:
            half = 0.5 * 10.0 ** -(row["decimals"] or 0)
            amounts[row["figure_id"]] = (float(row["value"]) - half, float(row["value"]) + half)
    return amounts


def words_tolerance() -> float:
    """Points that a number printed as words may be off: the variable that the reconciliation uses."""
    return float(dbt_variables()["words_tolerance_pp"])
