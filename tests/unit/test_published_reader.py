"""Reading the figures printed in the reports of the alliance."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from pathlib import Path

import pytest

from dagster_project.errors import InputError
from dagster_project.ingest.batch import to_arrow
from dagster_project.ingest.published import read_published
from dagster_project.ingest.sidecar import SUFFIX

RAW = Path(__file__).parents[2] / "data" / "raw"
BANK_ROWS = {"report-2020": (99, 97), "report-2023": (49, 49)}
HEADER = (
    "figure_id,document,line,table,bank,bank_type,year,metric,value,unit,qualifier,as_printed,as_of,"
    "source_stated,flags,scope"
)


def _write(raw: Path, *lines: str, name: str = "bank_figures.csv", header: str = HEADER) -> Path:
    path = raw / "published" / "report-2020" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    path.with_name(path.name + SUFFIX).write_text(
        "document_id: report-2020\nkind: report\ntitle: a test\nproducer: a test\ncitation: a test\n"
        "published_date: null\nreceived_date: 2026-11-21\nlicence: none\nsynthetic: false\n"
        f"sha256: {hashlib.sha256(path.read_bytes()).hexdigest()}\n",
        encoding="utf-8",
    )
    return path


def _row(number: int, value: str, unit: str, qualifier: str = "eq") -> str:
    return (
        f"report-2020-L1-b{number},report-2020,1,正文,甲银行,城商行,2020,数,{value},{unit},{qualifier},,,,,"
    )


@pytest.mark.parametrize("document", BANK_ROWS)
def test_real_files(document: str) -> None:
    batch = read_published(RAW, document)
    rows, landed = BANK_ROWS[document]
    assert batch.rows_in["published_bank_figure"] == rows
    assert len(batch.tables["published_bank_figure"]) == landed
    assert Counter(r.reason for r in batch.rejects if r.dataset == "published_bank_figure") == (
        {"unreadable_number": rows - landed} if rows > landed else {}
    )
    for table, content in batch.tables.items():
        assert to_arrow(table, content).num_rows == len(content)
        assert batch.rows_in[table] == len(content) + sum(r.dataset == table for r in batch.rejects)


def test_ranges_are_set_aside() -> None:
    found = {(r.source_row, r.found) for r in read_published(RAW, "report-2020").rejects}
    assert {item for item in found if "6-6.5" in item[1] or "1-2" in item[1]} == {
        (9, "'6-6.5', which holds more than one number"),
        (28, "'1-2', which holds more than one number"),
    }


def test_survey_figures_of_both_reports() -> None:
    """608 printed figures, each with its own id and a number."""
    rows = [row for document in BANK_ROWS for row in read_published(RAW, document).tables["published_figure"]]
    assert len(rows) == 608
    assert len({row["figure_id"] for row in rows}) == 608
    assert {row["unit"] for row in rows} == {"%", "score", "个百分点", "count"}
    assert all(row["value"] for row in rows)


def test_every_bank_figure_stands_in_one_place() -> None:
    """The two reports print 353 figures of banks: 148 stay here, 205 became disclosures."""
    keys: Counter[tuple[str, ...]] = Counter()
    for document in BANK_ROWS:
        with (RAW / "published" / document / "bank_figures.csv").open(encoding="utf-8", newline="") as handle:
            for row in csv.DictReader(handle):
                place = f"{row['table']} L{row['line']}"
                keys[(document, place, row["bank"], row["year"], row["metric"])] += 1
        published = sum(keys.values())
        for path in sorted((RAW / "disclosures").glob(f"*/{document}.csv")):
            with path.open(encoding="utf-8", newline="") as handle:
                for row in csv.DictReader(handle):
                    keys[
                        (
                            document,
                            row["place"],
                            row["bank_as_printed"],
                            row["fiscal_year"],
                            row["measure_as_printed"],
                        )
                    ] += 1
        assert sum(keys.values()) > published
    assert sum(keys.values()) == 353
    assert {key: count for key, count in keys.items() if count > 1} == {}


def test_names_and_dates_land_without_number(tmp_path: Path) -> None:
    _write(
        tmp_path,
        _row(1, "光大科技有限公司", "text"),
        _row(2, "2016-12", "year-month"),
        _row(3, "2.50", "percent"),
    )
    rows = read_published(tmp_path, "report-2020").tables["published_bank_figure"]
    assert [(row["value"], row["decimals"]) for row in rows] == [(None, None), (None, None), ("2.50", 2)]


@pytest.mark.parametrize(
    ("value", "unit", "qualifier", "found"),
    [
        ("很多", "家", "eq", "'很多', which is not one number"),
        ("", "亿元", "eq", "an empty value"),
        ("", "text", "eq", "an empty value"),
        ("3", "斤", "eq", "unit '斤'"),
        ("3", "家", "circa", "qualifier 'circa'"),
    ],
)
def test_unreadable_values_are_set_aside(
    tmp_path: Path, value: str, unit: str, qualifier: str, found: str
) -> None:
    _write(tmp_path, _row(1, "1", "家"), _row(2, value, unit, qualifier))
    batch = read_published(tmp_path, "report-2020")
    assert len(batch.tables["published_bank_figure"]) == 1
    (reject,) = batch.rejects
    assert (reject.reason, reject.source_row, reject.found) == ("unreadable_number", 3, found)


def test_broken_files_stop(tmp_path: Path) -> None:
    _write(tmp_path, _row(1, "1", "家"), _row(1, "2", "家"))
    with pytest.raises(InputError, match="row 3, column figure_id"):
        read_published(tmp_path, "report-2020")
    _write(tmp_path, _row(1, "1", "家").replace(",report-2020,", ",report-2023,"))
    with pytest.raises(InputError, match="document 'report-2023'"):
        read_published(tmp_path, "report-2020")
    _write(tmp_path, "x", header="figure_id")
    with pytest.raises(InputError, match="no column 'document'"):
        read_published(tmp_path, "report-2020")
    _write(tmp_path, _row(1, "1", "家"))
    _write(tmp_path, "x", name="more.csv", header="figure_id")
    with pytest.raises(InputError, match="a file of no known kind"):
        read_published(tmp_path, "report-2020")


def test_missing_folder_is_no_input(tmp_path: Path) -> None:
    batch = read_published(tmp_path, "report-2020")
    assert batch.inputs == {}
    assert batch.rows_in == {"published_figure": 0, "published_bank_figure": 0, "published_claim": 0}


def test_document_names(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="document 'annual'"):
        read_published(tmp_path, "annual")


CLAIMS = "claim_id,document,line,figure_or_table,wording,is_quote,kind,operands,bound"


def test_claims_land_with_their_words(tmp_path: Path) -> None:
    row = "c1,report-2020,7,正文,占比最高的两项,true,top,report-2020-L1-1 | report-2020-L1-2,2"
    _write(tmp_path, row, name="claims.csv", header=CLAIMS)
    (claim,) = read_published(tmp_path, "report-2020").tables["published_claim"]
    assert (claim["line"], claim["wording"], claim["is_quote"], claim["bound"]) == (
        7,
        "占比最高的两项",
        True,
        "2",
    )


@pytest.mark.parametrize(
    ("row", "place", "found"),
    [
        ("c1,report-2020,7,正文,高,maybe,top,a,2", "row 2, column is_quote", "'maybe'"),
        ("c1,report-2020,7,正文,,true,top,a,2", "row 2, column wording", "a blank cell"),
        ("c1,report-2020,7,正文,高,true,top,,2", "row 2, column operands", "a blank cell"),
        (",report-2020,7,正文,高,true,top,a,2", "row 2, column claim_id", "'' twice or blank"),
    ],
)
def test_broken_claims_say_where(tmp_path: Path, row: str, place: str, found: str) -> None:
    _write(tmp_path, row, name="claims.csv", header=CLAIMS)
    with pytest.raises(InputError) as error:
        read_published(tmp_path, "report-2020")
    assert (error.value.place, error.value.found) == (place, found)
