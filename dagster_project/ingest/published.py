"""What the yearly reports of the alliance print: figures of its survey, figures of banks, comparisons in words."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from dagster_project.errors import InputError
from dagster_project.ingest.batch import Batch, Reject
from dagster_project.ingest.csvfile import read_csv_rows
from dagster_project.ingest.numbers import QUALIFIERS, NumberError, parse_number
from dagster_project.ingest.sidecar import raw_files, read_sidecar

# Columns of the raw files by the landed column they fill.
_SURVEY = {
    "document_id": "document",
    "figure_id": "figure_id",
    "place": "figure_or_table",
    "dimension_as_printed": "dimension",
    "indicator_as_printed": "indicator",
    "question_as_printed": "question",
    "population_as_printed": "population",
    "option_as_printed": "option",
    "value_as_printed": "value",
    "unit_as_printed": "unit",
    "printed_text": "as_printed",
    "flags": "flags",
    "scope_as_printed": "scope",
}
_BANK = {
    "document_id": "document",
    "figure_id": "figure_id",
    "place": "table",
    "entity_as_printed": "bank",
    "bank_type_as_printed": "bank_type",
    "year_as_printed": "year",
    "measure_as_printed": "metric",
    "value_as_printed": "value",
    "unit_as_printed": "unit",
    "printed_text": "as_printed",
    "as_of": "as_of",
    "source_stated": "source_stated",
    "scope_as_printed": "scope",
}
_CLAIM = {
    "document_id": "document",
    "claim_id": "claim_id",
    "place": "figure_or_table",
    "wording": "wording",
    "kind": "kind",
    "operands": "operands",
    "bound": "bound",
}
FILES = {
    "survey_figures.csv": ("published_figure", _SURVEY, ("line", "qualifier", "survey_year")),
    "bank_figures.csv": ("published_bank_figure", _BANK, ("line", "qualifier", "flags")),
    "claims.csv": ("published_claim", _CLAIM, ("line", "is_quote")),
}
_TEXT_UNITS = ("text", "date", "year-month")


def read_published(raw_dir: Path, document: str) -> Batch:
    """Tables published_figure, published_bank_figure and published_claim from `published/<document>/`.

    Rows whose value is not one number are set aside as unreadable_number; names and dates (unit
    text, date, year-month) land without a number. A missing folder gives an empty batch.
    Raises InputError where a file cannot be read as a whole, belongs to another document, or is not
    one of the known ones.
    """
    year = re.fullmatch(r"report-(\d{4})", document)
    if not year:
        raise InputError(
            raw_dir / "published" / document, "", f"document {document!r}", "Name it report-<year>."
        )
    batch = Batch()
    for table, _, _ in FILES.values():
        batch.rows_in[table], batch.tables[table] = 0, []
    for path in raw_files(raw_dir / "published" / document):
        if path.name not in FILES:
            raise InputError(
                path, "", "a file of no known kind", f"Known are {', '.join(FILES)}; move it away."
            )
        _read_file(path, raw_dir, document, int(year[1]), batch)
    batch.check_conservation([table for table, _, _ in FILES.values()])
    return batch


def _read_file(path: Path, raw_dir: Path, document: str, year: int, batch: Batch) -> None:
    table, columns, more = FILES[path.name]
    sidecar = read_sidecar(path)
    source = path.relative_to(raw_dir).as_posix()
    batch.inputs[source] = sidecar["sha256"]
    rows = read_csv_rows(path, (*columns.values(), *more))
    batch.count(table, source, len(rows))
    seen: set[str] = set()
    for number, cells in rows:
        place = f"row {number}"
        if not cells["document"] == document == sidecar["document_id"]:
            raise InputError(
                path,
                f"{place}, column document",
                f"document {cells['document']!r} (sidecar {sidecar['document_id']!r}) among {document}",
                "Put the file into the folder of its document.",
            )
        key = "claim_id" if columns is _CLAIM else "figure_id"
        if cells[key] in seen or not cells[key]:
            raise InputError(
                path, f"{place}, column {key}", f"{cells[key]!r} twice or blank", "Give each row its own id."
            )
        seen.add(cells[key])
        try:
            row = _claim(cells, path, place) if columns is _CLAIM else _figure(cells, columns)
        except NumberError as error:
            batch.rejects.append(
                Reject(table, source, number, "unreadable_number", error.found, error.remedy, "value", cells)
            )
            continue
        row |= {"document_year": year, "source_file": source, "source_row": number}
        batch.tables[table].append(row)


def _figure(cells: dict[str, str], columns: dict[str, str]) -> dict[str, Any]:
    row: dict[str, Any] = {name: cells[column] or None for name, column in columns.items()}
    row["line"] = _integer(cells["line"], "line")
    if columns is _SURVEY:
        row["survey_year"] = _integer(cells["survey_year"], "survey_year")
    qualifier = cells["qualifier"].strip() or "eq"
    if qualifier not in QUALIFIERS:
        raise NumberError(f"qualifier {qualifier!r}", f"Use one of {', '.join(QUALIFIERS)}.")
    if cells["unit"].strip() in _TEXT_UNITS:
        if not cells["value"].strip():
            raise NumberError("an empty value", "Write the name or date that is printed.")
        return _with(row, columns, None, cells["unit"].strip(), None, qualifier)
    parsed = parse_number(cells["value"], cells["unit"])
    if parsed.not_disclosed:
        return _with(row, columns, None, parsed.unit, None, "eq")
    if parsed.qualifier != "eq":
        qualifier = parsed.qualifier
    return _with(row, columns, str(parsed.value), parsed.unit, parsed.decimals, qualifier)


def _claim(cells: dict[str, str], path: Path, place: str) -> dict[str, Any]:
    row: dict[str, Any] = {name: cells[column].strip() or None for name, column in _CLAIM.items()}
    for column in ("wording", "kind", "operands"):
        if row[column] is None:
            raise InputError(path, f"{place}, column {column}", "a blank cell", "Write what the words claim.")
    if cells["is_quote"] not in ("true", "false"):
        raise InputError(
            path,
            f"{place}, column is_quote",
            repr(cells["is_quote"]),
            "Write true for a quotation, else false.",
        )
    return row | {"line": _integer(cells["line"], "line"), "is_quote": cells["is_quote"] == "true"}


def _with(
    row: dict[str, Any],
    columns: dict[str, str],
    value: str | None,
    unit: str,
    decimals: int | None,
    qualifier: str,
) -> dict[str, Any]:
    row |= {"value": value, "decimals": decimals, "qualifier": qualifier}
    if columns is _SURVEY:
        row["unit"] = unit
    return row


def _integer(text: str, column: str) -> int | None:
    if not text.strip():
        return None
    if not re.fullmatch(r"[0-9]{1,6}", text.strip()):
        raise NumberError(f"{column} {text!r}", "Write a whole number, or leave it blank.")
    return int(text)
