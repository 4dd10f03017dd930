"""Reading figures of banks: the real files with exact counts, and each kind of bad input."""

from __future__ import annotations

import csv
import hashlib
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest
import yaml

from dagster_project.errors import InputError
from dagster_project.ingest.batch import Batch, to_arrow
from dagster_project.ingest.disclosures import COLUMNS, read_disclosures
from dagster_project.ingest.measures import load_measures
from dagster_project.ingest.sidecar import SUFFIX

RAW = Path(__file__).parents[2] / "data" / "raw"
# fiscal year: (rows, landed, documents, reasons of what is set aside)
EXPECTED = {
    2018: (22, 22, 3, {}),
    2019: (182, 179, 7, {"wrong_fiscal_year": 2, "unit_not_fitting": 1}),
    2020: (84, 84, 15, {}),
    2021: (103, 103, 14, {}),
    2022: (125, 125, 17, {}),
    2023: (92, 91, 14, {"wrong_fiscal_year": 1}),
}
GOOD = {
    "bank_as_printed": "工行",
    "fiscal_year": "2021",
    "measure_as_printed": "科技投入",
    "measure": "tech_investment",
    "value_as_printed": "259.87",
    "unit_as_printed": "亿元",
    "comparison": "eq",
    "scope_as_printed": "",
    "place": "第3页",
}


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    shutil.copytree(RAW / "reference", tmp_path / "reference")
    return tmp_path


def _write(
    raw: Path, *rows: dict[str, str], name: str = "X1.csv", document: str = "X1", drop: str = ""
) -> Path:
    path = raw / "disclosures" / "2021" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, [c for c in COLUMNS if c != drop], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    _sign(path, document)
    return path


def _sign(path: Path, document: str = "X1") -> None:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_name(path.name + SUFFIX).write_text(
        f"document_id: {document}\nkind: press\ntitle: a test\nproducer: a test\ncitation: a test\n"
        f"published_date: null\nreceived_date: 2026-11-21\nlicence: none\nsynthetic: false\n"
        f"sha256: {digest}\n",
        encoding="utf-8",
    )


@pytest.mark.parametrize("year", EXPECTED)
def test_real_files(year: int) -> None:
    batch = read_disclosures(RAW, year)
    rows, landed, documents, reasons = EXPECTED[year]
    assert batch.rows_in == {"disclosure_figure": rows, "disclosure_source": documents}
    assert len(batch.tables["disclosure_figure"]) == landed
    assert Counter(reject.reason for reject in batch.rejects) == reasons
    assert rows == landed + len(batch.rejects)
    ids = [row["figure_id"] for row in batch.tables["disclosure_figure"]]
    assert len(set(ids)) == len(ids)
    # With the alias table and the corrections.
    assert len(batch.inputs) == documents + 2
    for table, content in batch.tables.items():
        arrow = to_arrow(table, content)
        assert arrow.num_rows == len(content)


def test_staff_in_yuan_is_set_aside() -> None:
    (reject,) = [r for r in read_disclosures(RAW, 2019).rejects if r.reason == "unit_not_fitting"]
    assert (reject.source_file, reject.source_row) == ("disclosures/2019/S057.csv", 8)
    assert reject.found == "unit '万元' for tech_staff, which needs persons"


def _figures(batch: Batch, **wanted: str) -> list[dict]:
    return [
        row
        for row in batch.tables["disclosure_figure"]
        if all(row[column] == value for column, value in wanted.items())
    ]


def test_table_of_2020_report_as_printed() -> None:
    batch = read_disclosures(RAW, 2019)
    staff = _figures(batch, entity_id="pab", measure="tech_staff", document_id="report-2020")
    assert [(r["value_as_printed"], r["value"], r["unit"], r["scope_as_printed"]) for r in staff] == [
        ("0.75（含外包）", "0.75", "万人", "含外包")
    ]
    silent = _figures(batch, entity_id="spdb", measure="tech_investment_growth")
    assert [(r["not_disclosed"], r["value"], r["place"]) for r in silent] == [(True, None, "表1-1 L436")]
    profit = _figures(batch, entity_id="bank_of_jiangsu", measure="tech_investment_share_of_profit")
    assert [r["value"] for r in profit] == ["4.71"]
    assert not _figures(batch, entity_id="bank_of_jiangsu", measure="tech_investment_share_of_revenue")


def test_state_owned_total_of_2023() -> None:
    totals = _figures(read_disclosures(RAW, 2023), entity_id="state_owned_6", measure="tech_investment")
    assert {(row["value"], row["unit"]) for row in totals} == {("1228.22", "亿元")}


def test_missing_folder_is_no_input(raw: Path) -> None:
    batch = read_disclosures(raw, 2021)
    assert batch.inputs == {}
    assert batch.tables == {"disclosure_figure": [], "disclosure_source": []}


@pytest.mark.parametrize(
    ("change", "reason", "found", "remedy"),
    [
        ({"bank_as_printed": "工商银航"}, "unknown_bank", "bank '工商银航'", "工商银行"),
        ({"bank_as_printed": ""}, "unknown_bank", "bank ''", "none is similar"),
        ({"value_as_printed": "约六七十"}, "unreadable_number", "'约六七十'", "one number"),
        ({"value_as_printed": ""}, "unreadable_number", "an empty value", "one number"),
        ({"unit_as_printed": "吨"}, "unreadable_number", "unit '吨'", "Correct the unit"),
        ({"unit_as_printed": "%"}, "unit_not_fitting", "unit '%' for tech_investment", "Look the figure up"),
        ({"unit_as_printed": ""}, "unit_not_fitting", "unit ''", "Look the figure up"),
        (
            {"fiscal_year": "2020"},
            "wrong_fiscal_year",
            "fiscal year '2020' in the folder of 2021",
            "Move the row",
        ),
        ({"measure": "it_spend"}, "unknown_measure", "measure 'it_spend'", "measure.csv"),
        ({"comparison": "ca"}, "unknown_comparison", "comparison 'ca'", "approx"),
        (
            {
                "measure": "fintech_subsidiary_registered",
                "value_as_printed": "去年",
                "unit_as_printed": "date",
            },
            "unreadable_number",
            "'去年' for a date",
            "2020-01",
        ),
    ],
)
def test_bad_rows_are_set_aside(raw: Path, change: dict, reason: str, found: str, remedy: str) -> None:
    _write(raw, GOOD, GOOD | change)
    batch = read_disclosures(raw, 2021)
    assert [row["figure_id"] for row in batch.tables["disclosure_figure"]] == ["X1-2021-2"]
    (reject,) = batch.rejects
    assert (reject.reason, reject.source_file, reject.source_row) == (reason, "disclosures/2021/X1.csv", 3)
    assert found in reject.found
    assert remedy in reject.remedy
    assert reject.raw == GOOD | change


def test_measure_other_lands(raw: Path) -> None:
    _write(raw, GOOD | {"measure": "other", "value_as_printed": "0.25", "unit_as_printed": "个百分点"})
    assert [row["measure"] for row in read_disclosures(raw, 2021).tables["disclosure_figure"]] == ["other"]


@pytest.mark.parametrize(
    ("measure", "words", "unit", "landed"),
    [
        # The wording alone makes points of a percent sign.
        ("tech_investment_share_growth", "占比提高（百分点）", "%", ("个百分点", False)),
        ("tech_investment_share_of_profit_change", "up, percentage points", "%", ("个百分点", False)),
        ("tech_investment_share_growth", "占比增速", "%", ("%", True)),
        ("tech_investment_share_of_profit_change", "占比上升", "%", ("%", True)),
        ("tech_investment_share_of_profit_change", "占比上升", "个百分点", ("个百分点", False)),
        # A growth is no change of a share: its percent sign is a percent sign.
        ("tech_investment_growth", "增速", "%", ("%", False)),
    ],
)
def test_percent_sign_on_a_change_of_a_share(
    raw: Path, measure: str, words: str, unit: str, landed: tuple[str, bool]
) -> None:
    row = GOOD | {
        "measure": measure,
        "measure_as_printed": words,
        "value_as_printed": "3",
        "unit_as_printed": unit,
    }
    _write(raw, row)
    (figure,) = read_disclosures(raw, 2021).tables["disclosure_figure"]
    assert (figure["unit"], figure["unit_ambiguous"]) == landed
    assert figure["unit_as_printed"] == unit


def _correct(raw: Path, **changes: str) -> None:
    entry = {
        "document_id": "X1", "fiscal_year": "2021", "row": "2", "column": "unit_as_printed", "expects": "亿元",
        "becomes": "万元", "reason": "read on page 3 of the report", "author": "a reader", "date": "2026-11-21",
    } | changes  # fmt: skip
    path = raw / "disclosures" / "corrections.yaml"
    path.write_text(yaml.safe_dump([entry], allow_unicode=True), encoding="utf-8")
    _sign(path, "corrections")


def test_a_correction_counts_and_the_print_stays(raw: Path) -> None:
    _write(raw, GOOD, GOOD | {"bank_as_printed": "建行"})
    _correct(raw)
    batch = read_disclosures(raw, 2021)
    first, second = batch.tables["disclosure_figure"]
    assert (first["unit_as_printed"], first["unit"], first["value"]) == ("亿元", "万元", "259.87")
    assert "'亿元' read as '万元' (a reader, 2026-11-21: read on page 3" in first["correction"]
    assert (second["unit"], second["correction"]) == ("亿元", None)
    assert "disclosures/corrections.yaml" in batch.inputs


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"expects": "元"}, "entry 1: found unit_as_printed '亿元' in X1 2021, row 2, where it expects '元'"),
        ({"row": "9"}, "entry 1: found no row 9 of document X1 in fiscal year 2021"),
        ({"document_id": "X2"}, "entry 1: found no row 2 of document X2"),
        ({"reason": "typo"}, "entry 1: found 'typo' is too short"),
        ({"column": "fiscal_year"}, "entry 1: found 'fiscal_year' is not one of"),
    ],
)
def test_a_correction_that_does_not_fit_stops_the_year(
    raw: Path, changes: dict[str, str], message: str
) -> None:
    _write(raw, GOOD)
    _correct(raw, **changes)
    with pytest.raises(InputError, match=re.escape(message)):
        read_disclosures(raw, 2021)


def test_a_correction_of_another_year_waits(raw: Path) -> None:
    _write(raw, GOOD)
    _correct(raw, fiscal_year="2022")
    assert read_disclosures(raw, 2021).tables["disclosure_figure"][0]["correction"] is None


def test_real_ambiguous_units() -> None:
    figures = read_disclosures(RAW, 2021).tables["disclosure_figure"]
    ambiguous = {row["entity_id"] for row in figures if row["unit_ambiguous"]}
    assert ambiguous == {"bank_of_nanjing", "bank_of_changsha", "bank_of_chongqing"}


def test_printed_words_come_before_the_column(raw: Path) -> None:
    _write(
        raw, GOOD | {"value_as_printed": "超2亿元", "comparison": "approx"}, GOOD | {"comparison": "approx"}
    )
    rows = read_disclosures(raw, 2021).tables["disclosure_figure"]
    assert [row["qualifier"] for row in rows] == ["gt", "approx"]


def test_broken_files_stop_the_year(raw: Path) -> None:
    path = _write(raw, GOOD, drop="measure")
    with pytest.raises(InputError, match="no column 'measure'"):
        read_disclosures(raw, 2021)

    path.write_bytes(b"\xff\xfe\x00broken")
    _sign(path)
    with pytest.raises(InputError, match="NUL byte at byte 2"):
        read_disclosures(raw, 2021)

    _write(raw, GOOD)
    path.write_text(path.read_text(encoding="utf-8").replace("259.87", "295.87"), encoding="utf-8")
    with pytest.raises(InputError, match="A raw file never changes"):
        read_disclosures(raw, 2021)

    _write(raw, GOOD)
    path.with_name(path.name + SUFFIX).unlink()
    with pytest.raises(InputError, match="no sidecar beside it"):
        read_disclosures(raw, 2021)


def test_other_kinds_of_files_are_not_passed_over(raw: Path) -> None:
    _write(raw, GOOD)
    (raw / "disclosures" / "2021" / "X2.xls").write_bytes(b"x")
    with pytest.raises(InputError, match=r"a \.xls file"):
        read_disclosures(raw, 2021)


def test_one_file_per_document(raw: Path) -> None:
    _write(raw, GOOD)
    _write(raw, GOOD, name="X1b.csv")
    with pytest.raises(InputError, match="document X1, which X1"):
        read_disclosures(raw, 2021)


def test_measures_and_units_are_consistent() -> None:
    measures = load_measures()
    canonical = set(measures.units.values())
    for measure, kind in measures.kinds.items():
        assert kind in canonical or measure == "other"
