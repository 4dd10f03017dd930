"""Figures of banks as printed in annual reports, by regulators, in research notes and the press."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from dagster_project.errors import InputError
from dagster_project.ingest.banks import BankDirectory
from dagster_project.ingest.batch import Batch, Reject
from dagster_project.ingest.corrections import Corrections
from dagster_project.ingest.csvfile import read_csv_rows
from dagster_project.ingest.measures import TEXT_KINDS, Measures, load_measures
from dagster_project.ingest.numbers import QUALIFIERS, NumberError, ParsedNumber, parse_number
from dagster_project.ingest.printed import COLUMNS, TABLE, PrintedDocument, PrintedRow, describe
from dagster_project.ingest.reference import load_directory
from dagster_project.ingest.reports.review import FOLDER as REPORTS
from dagster_project.ingest.reports.review import NOT_IN_SENTENCE, read_review
from dagster_project.ingest.sidecar import check_beside, raw_files, read_sidecar, sha256_of
from dagster_project.ingest.workbook import mapping_path, read_workbook

_PRINTED = {
    "entity_as_printed": "bank_as_printed",
    "measure_as_printed": "measure_as_printed",
    "value_as_printed": "value_as_printed",
    "unit_as_printed": "unit_as_printed",
}
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


class _SetAside(Exception):
    """A row that cannot become a figure: reason, column, found, remedy."""


def read_disclosures(raw_dir: Path, fiscal_year: int) -> Batch:
    """Tables disclosure_figure and disclosure_source from `disclosures/<fiscal_year>/`.

    Files: CSV, workbooks with a mapping, and reports (PDF) with a review; what is read from a report is
    its review. A row lands with its printed words and the parsed number, or is set aside with a reason:
    unknown_bank, unreadable_number, unit_not_fitting, wrong_fiscal_year, unknown_measure,
    unknown_comparison, and those of the readers. A missing or empty folder gives an empty batch, and so
    does one that holds only reports of which nothing was accepted.
    Raises InputError where a file cannot be read as a whole (encoding, columns, sidecar, kind), or a
    correction does not find the text it expects.
    """
    batch = Batch(rows_in={TABLE: 0, "disclosure_source": 0}, tables={TABLE: [], "disclosure_source": []})
    folder = raw_dir / "disclosures" / str(fiscal_year)
    check_beside(folder)
    documents: dict[str, Path] = {}
    found = []
    for path in raw_files(folder):
        for document in _documents(path, raw_dir, fiscal_year, batch):
            name = document.described["document_id"]
            if name in documents:
                raise InputError(
                    path,
                    "",
                    f"document {name}, which {documents[name].name} holds already",
                    "Put the figures of one document and year into one file.",
                )
            documents[name] = path
            found.append((path, document))
    if not batch.inputs:
        return batch
    directory, reference = load_directory(raw_dir)
    batch.inputs = reference | batch.inputs
    measures = load_measures()
    corrections = Corrections(raw_dir, fiscal_year)
    batch.inputs |= corrections.inputs
    for path, document in found:
        source = path.relative_to(raw_dir).as_posix()
        _land(document, source, fiscal_year, directory, measures, corrections, batch)
    corrections.check_all_applied()
    batch.check_conservation((TABLE, "disclosure_source"))
    return batch


def _documents(path: Path, raw_dir: Path, fiscal_year: int, batch: Batch) -> list[PrintedDocument]:
    """The documents of a raw file; `batch.inputs` gets the files they were read from."""
    folder = raw_dir / "disclosures" / str(fiscal_year)
    suffix, in_reports = path.suffix.lower(), path.parent != folder
    wanted = (".pdf",) if in_reports else (".csv", ".xlsx")
    if suffix not in wanted or path.parent not in (folder, folder / REPORTS):
        raise InputError(
            path,
            "",
            f"a {path.suffix or 'nameless'} file",
            f"Lay the figures out as CSV or as .xlsx with a mapping in {folder.name}/, put reports as .pdf into "
            f"{folder.name}/{REPORTS}/, or move the file away.",
        )
    sidecar = read_sidecar(path)
    source = path.relative_to(raw_dir).as_posix()
    if suffix == ".pdf":
        document = read_review(path, sidecar, raw_dir)
        if document is None:
            return []
        # A review without an accepted row is no input: its year may have no other figures yet.
        if document.rows or any(reject.reason == NOT_IN_SENTENCE for reject in document.listed):
            batch.inputs |= {source: sidecar["sha256"], document.source: sha256_of(raw_dir / document.source)}
        return [document]
    batch.inputs[source] = sidecar["sha256"]
    if suffix == ".xlsx":
        mapping = mapping_path(path)
        documents = read_workbook(path, sidecar, source)
        batch.inputs[mapping.relative_to(raw_dir).as_posix()] = sha256_of(mapping)
        return documents
    rows = [PrintedRow(number, str(number), cells) for number, cells in read_csv_rows(path, COLUMNS)]
    return [PrintedDocument(describe(sidecar), source, rows)]


def _land(
    document: PrintedDocument,
    source: str,
    fiscal_year: int,
    directory: BankDirectory,
    measures: Measures,
    corrections: Corrections,
    batch: Batch,
) -> None:
    if document.rows:
        batch.count("disclosure_source", source, 1)
        batch.tables["disclosure_source"].append(
            {"fiscal_year": fiscal_year, "source_file": source} | document.described,
        )
    batch.count(TABLE, document.source, len(document.rows) + len(document.listed))
    batch.rejects.extend(document.listed)
    name = document.described["document_id"]
    for printed in document.rows:
        counted, correction = corrections.apply(name, printed.mark, printed.cells)
        try:
            row = _figure(counted, fiscal_year, directory, measures)
        except _SetAside as problem:
            reason, column, found, remedy = problem.args
            batch.rejects.append(
                Reject(TABLE, document.source, printed.number, reason, found, remedy, column, printed.cells)
            )
            continue
        # What is printed stays, whatever counts instead.
        row |= {landed: printed.cells[column] for landed, column in _PRINTED.items()}
        row |= {
            "correction": correction,
            "figure_id": f"{name}-{fiscal_year}-{printed.mark}",
            "document_id": name,
            "source_file": document.source,
            "source_row": printed.number,
        }
        batch.tables[TABLE].append(row)


def _figure(
    cells: dict[str, str], fiscal_year: int, directory: BankDirectory, measures: Measures
) -> dict[str, Any]:
    if cells["fiscal_year"].strip() != str(fiscal_year):
        raise _SetAside(
            "wrong_fiscal_year",
            "fiscal_year",
            f"fiscal year {cells['fiscal_year']!r} in the folder of {fiscal_year}",
            "Move the row to the folder of its year if that year is covered.",
        )
    measure = cells["measure"].strip()
    if measure not in measures.kinds:
        raise _SetAside(
            "unknown_measure",
            "measure",
            f"measure {measure!r}",
            "Use a measure of dbt/seeds/measures/measure.csv, or `other`.",
        )
    name = cells["bank_as_printed"]
    entity = directory.resolve(name, f"{fiscal_year}-12-31")
    if entity is None:
        near = ", ".join(directory.nearest(name)) or "none is similar"
        raise _SetAside(
            "unknown_bank",
            "bank_as_printed",
            f"bank {name!r}",
            f"Add the name to reference/bank_alias.csv (nearest known: {near}; they may be other banks).",
        )
    parsed = _value(cells, measure, measures)
    wording = f"{cells['measure_as_printed']} {cells['value_as_printed']}"
    unit, unit_ambiguous = measures.unit_of_change(measure, parsed.unit, wording)
    return {
        "fiscal_year": fiscal_year,
        "entity_kind": entity[0],
        "entity_id": entity[1],
        "measure": measure,
        "value": None if parsed.value is None else str(parsed.value),
        "unit": unit,
        "unit_ambiguous": unit_ambiguous,
        "decimals": parsed.decimals,
        "qualifier": parsed.qualifier,
        "not_disclosed": parsed.not_disclosed,
        "scope_as_printed": "；".join(filter(None, (parsed.scope, cells["scope_as_printed"].strip())))
        or None,
        "place": cells["place"].strip() or None,
    }


def _value(cells: dict[str, str], measure: str, measures: Measures) -> ParsedNumber:
    comparison = cells["comparison"].strip() or "eq"
    if comparison not in QUALIFIERS:
        raise _SetAside(
            "unknown_comparison",
            "comparison",
            f"comparison {comparison!r}",
            f"Use one of {', '.join(QUALIFIERS)}.",
        )
    text, unit = cells["value_as_printed"], cells["unit_as_printed"].strip()
    kind, canonical = measures.kinds[measure]
    if kind in TEXT_KINDS:
        return _text(text, unit, kind, measure, measures)
    try:
        parsed = parse_number(text, unit)
    except NumberError as error:
        raise _SetAside("unreadable_number", "value_as_printed", error.found, error.remedy) from error
    if not measures.fits(measure, parsed.unit):
        raise _SetAside(
            "unit_not_fitting",
            "unit_as_printed",
            f"unit {parsed.unit!r} for {measure}, which needs {canonical or 'a known unit'}",
            "Look the figure up in its source; correct the unit only in a correction that says who read it.",
        )
    # The words beside the number say more than the column; the column counts where they are silent.
    if parsed.qualifier == "eq" and not parsed.not_disclosed:
        parsed = ParsedNumber(parsed.value, parsed.unit, comparison, parsed.decimals, scope=parsed.scope)
    return parsed


def _text(text: str, unit: str, kind: str, measure: str, measures: Measures) -> ParsedNumber:
    """A name or a date: no number, but it has to be there."""
    if not measures.fits(measure, unit):
        raise _SetAside(
            "unit_not_fitting",
            "unit_as_printed",
            f"unit {unit!r} for {measure}, which is a {kind}",
            f"Write {kind}.",
        )
    if not text.strip() or (kind == "date" and not _DATE.fullmatch(text.strip())):
        raise _SetAside(
            "unreadable_number",
            "value_as_printed",
            f"{text!r} for a {kind}",
            "Write 2020, 2020-01 or 2020-01-31.",
        )
    return ParsedNumber(None, unit)
