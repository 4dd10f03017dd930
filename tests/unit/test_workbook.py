"""Workbooks as people lay them out, through a mapping; banks and figures are made up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from dagster_project.errors import InputError
from dagster_project.ingest.batch import Batch
from dagster_project.ingest.disclosures import read_disclosures
from dagster_project.ingest.sidecar import sidecar_path
from tests.report_maker import raw_with_made_up_banks, sign

WIDE = """
ignored_sheets: [说明]
tables:
  - sheet: 投入
    header_row: 3
    end: {before: 注}
    fixed: {fiscal_year: 2024, scope: 集团口径}
    columns:
      A: {header: 银行, holds: bank}
      B: {header: 部门, holds: ignored}
      C: {header: 科技投入（亿元）, measure: tech_investment, measure_as_printed: 科技投入, unit: 亿元}
      D: {header: 占营业收入比重, measure: tech_investment_share_of_revenue, unit: '%'}
"""
LONG = """
  - sheet: 人员
    document_id: W2
    header_row: 2
    end: blank_row
    measures: {科技人员: tech_staff, 科技人员占比: tech_staff_share}
    columns:
      B: {header: 银行, holds: bank}
      C: {header: 指标, holds: measure}
      D: {header: 数值, holds: value}
      E: {header: 单位, holds: unit}
      F: {header: 年度, holds: fiscal_year}
"""
SECOND = (
    "documents:\n  - {document_id: W2, kind: press, title: 虚构样本二, producer: the tests, citation: made up, "
    "published_date: null, reliability: press}\n"
)


def _wide(sheet: Worksheet) -> None:
    sheet.title = "投入"
    sheet["A1"] = "虚构样本：各行科技投入"
    for column, header in zip("ABCD", ("银行", "部门", "科技投入\n（亿元）", "占营业收入比重"), strict=True):
        sheet[f"{column}3"] = header
    rows = [
        ("云岭银行", "总行", 28.3, 0.051),
        (None, "子公司", "超2亿元", None),
        (None, "未合并", 3.5, 0.01),
        (None, None, None, None),
        ("海州银行", "总行", "=C4*2", 0.0333),
        ("海州银行", "重述", 12.345678, "3.30%"),
        ("城市商业银行", None, None, None),
    ]
    for number, row in enumerate(rows, 4):
        for column, value in zip("ABCD", row, strict=True):
            sheet[f"{column}{number}"] = value
        sheet[f"D{number}"].number_format = "0.00%"
    sheet["C4"].number_format = "0.00"
    sheet.merge_cells("A4:A5")
    sheet.merge_cells("A10:D10")
    sheet["A12"] = "注：虚构数据"
    sheet["C13"] = 999


def _workbook(
    raw: Path, change: Callable[[Workbook], object] = lambda book: None, mapping: str = WIDE + LONG
) -> Path:
    book = Workbook()
    _wide(book.active)
    staff = book.create_sheet("人员")
    for number, row in enumerate(
        [("银行", "指标", "数值", "单位", "年度"), ("云岭银行", "科技人员", 5600, "人", 2024), ("海州银行", "科技人员占比", 9.5, "%", 2024),
         ("海州银行", "党员人数", 12, "人", 2024), ("云岭银行", "科技人员", 5180, "人", 2023)], 2,
    ):  # fmt: skip
        for column, value in zip("BCDEF", row, strict=True):
            staff[f"{column}{number}"] = value
    book.create_sheet("说明")["A1"] = "虚构"
    change(book)
    path = raw / "disclosures" / "2024" / "figures.xlsx"
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    path.with_name("figures.xlsx.mapping.yaml").write_text(mapping, encoding="utf-8")
    sign(path, "W1", bank="")
    with sidecar_path(path).open("a", encoding="utf-8") as handle:
        handle.write(SECOND if "W2" in mapping else "")
    return path


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    return raw_with_made_up_banks(tmp_path)


def _by_place(batch: Batch) -> dict[str, tuple[str, str, str]]:
    return {
        row["place"]: (row["entity_id"], row["value_as_printed"], row["unit"])
        for row in batch.tables["disclosure_figure"]
    }


def test_a_workbook_of_two_documents_lands_and_nothing_is_lost(raw: Path) -> None:
    _workbook(raw)
    batch = read_disclosures(raw, 2024)
    assert _by_place(batch) == {
        "投入!C4": ("made_up_1", "28.30", "亿元"),
        "投入!D4": ("made_up_1", "5.10%", "%"),
        "投入!C5": ("made_up_1", "超2亿元", "亿元"),
        "投入!D8": ("made_up_2", "3.33%", "%"),
        "投入!D9": ("made_up_2", "3.30%", "%"),
        "人员!D3": ("made_up_1", "5600", "人"),
        "人员!D4": ("made_up_2", "9.5", "%"),
    }
    reasons = Counter(reject.reason for reject in batch.rejects)
    assert reasons == {
        "blank_bank": 2,  # C6, D6: blank and not merged with the cell above
        "blank_cell": 1,  # D5
        "blank_row": 5,  # 投入 2, 7, 11 and 人员 1; the row below the last is none
        "formula_cell": 1,  # C8
        "display_unknown": 1,  # C9: computed, six decimals
        "merged_value": 2,  # C10, D10: a heading over the whole row
        "beside_table": 3,  # the title, the note, and the number below it
        "unknown_measure": 1,
        "wrong_fiscal_year": 1,
    } | {"blank_row": reasons["blank_row"]}
    assert reasons["blank_row"] == 4
    assert batch.rows_in["disclosure_figure"] == 7 + sum(reasons.values())
    sources = {row["document_id"]: row for row in batch.tables["disclosure_source"]}
    assert sorted(sources) == ["W1", "W2"]
    assert (sources["W2"]["reliability"], sources["W2"]["title"]) == ("press", "虚构样本二")
    assert {
        row["document_id"] for row in batch.tables["disclosure_figure"] if row["measure"] == "tech_staff"
    } == {"W2"}
    ids = [row["figure_id"] for row in batch.tables["disclosure_figure"]]
    assert len(set(ids)) == len(ids) and "W1-2024-1.C4" in ids
    assert {
        row["scope_as_printed"] for row in batch.tables["disclosure_figure"] if row["document_id"] == "W1"
    } == {"集团口径"}
    assert set(batch.inputs) >= {
        "disclosures/2024/figures.xlsx",
        "disclosures/2024/figures.xlsx.mapping.yaml",
    }


def _put(cell: str, value: object) -> Callable[[Workbook], None]:
    def change(book: Workbook) -> None:
        book["投入"][cell] = value

    return change


@pytest.mark.parametrize(
    ("old", "new", "place", "found"),
    [
        ("sheet: 投入", "sheet: 投资", "tables.0.sheet", "sheet '投资', which figures.xlsx does not have"),
        ("header_row: 3", "header_row: three", "tables.0.header_row", "'three' does not match"),
        ("header_row: 3", "header_row: 4", "cell A4", "header '云岭银行' where the mapping says '银行'"),
        ("header: 部门", "header: 单位", "cell B3", "header '部门' where the mapping says '单位'"),
        ("      B: {header: 部门, holds: ignored}\n", "", "cell B3", "a column '部门' that the mapping does not name"),
        ("holds: bank}\n      B:", "holds: banks}\n      B:", "tables.0.columns.A", "not"),
        ("A: {header: 银行, holds: bank}", "A: {header: 银行, holds: ignored}", "tables.0.columns", "no column that holds the bank"),
        ("fixed: {fiscal_year: 2024, ", "fixed: {", "tables.0.columns", "no fiscal year"),
        ("before: 注", "before: 附注", "sheet 投入", "no cell below the header that begins with '附注'"),
        ("ignored_sheets: [说明]", "ignored_sheets: []", "sheet 说明", "1 rows with content that the mapping does not name"),
        ("ignored_sheets: [说明]", "ignored_sheets: [其他]", "ignored_sheets", "'其他', which is not there"),
        ("document_id: W2", "document_id: W3", "tables.1.document_id", "'W3', which the sidecar does not describe"),
        ("holds: value", "holds: scope", "tables.1.columns", "neither or both"),
        ("tables:", "tabels:", "top level", "'tabels' was unexpected"),
        ("  - sheet: 人员", "  - sheet: 投入", "cell B2", "header '' where"),
        ("[说明]", "[说明", "", "unreadable YAML"),
    ],
)  # fmt: skip
def test_a_mapping_that_does_not_fit_is_one_clear_error(
    raw: Path, old: str, new: str, place: str, found: str
) -> None:
    assert old in WIDE + LONG
    _workbook(raw, mapping=(WIDE + LONG).replace(old, new, 1))
    if "W2" not in (WIDE + LONG).replace(old, new, 1):
        side = raw / "disclosures" / "2024" / "figures.xlsx.meta.yaml"
        side.write_text(side.read_text(encoding="utf-8") + SECOND, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_disclosures(raw, 2024)
    assert place in caught.value.place
    assert found in caught.value.found


def test_two_tables_may_not_hold_one_row(raw: Path) -> None:
    _workbook(raw, mapping=(WIDE + WIDE.split("tables:\n")[1]).replace("[说明]", "[说明, 人员]"))
    with pytest.raises(InputError, match="row 3 of sheet 投入, which another table holds already"):
        read_disclosures(raw, 2024)


def test_a_described_document_without_a_table_is_an_error(raw: Path) -> None:
    path = _workbook(raw, mapping=WIDE.replace("[说明]", "[说明, 人员]"))
    with sidecar_path(path).open("a", encoding="utf-8") as handle:
        handle.write(SECOND)
    with pytest.raises(InputError, match="no table of document 'W2'"):
        read_disclosures(raw, 2024)


def test_a_bank_is_filled_down_only_where_the_sheet_merges(raw: Path) -> None:
    _workbook(raw, lambda book: book["投入"].merge_cells("A8:A9") or _put("A9", None))
    assert _by_place(read_disclosures(raw, 2024))["投入!D9"] == ("made_up_2", "3.30%", "%")
    _workbook(raw, lambda book: book["投入"].unmerge_cells("A4:A5"))
    assert "投入!C5" not in _by_place(read_disclosures(raw, 2024))


def test_a_column_of_another_year_is_set_aside(raw: Path) -> None:
    _workbook(raw, mapping=(WIDE + LONG).replace("unit: '%'}", "unit: '%', fiscal_year: 2023}"))
    reasons = Counter(reject.reason for reject in read_disclosures(raw, 2024).rejects)
    assert reasons["wrong_fiscal_year"] == 1 + 3


def test_workbook_and_mapping_need_each_other(raw: Path) -> None:
    path = _workbook(raw)
    mapping = path.with_name("figures.xlsx.mapping.yaml")
    kept = mapping.read_text(encoding="utf-8")
    mapping.unlink()
    with pytest.raises(InputError, match=r"no mapping beside it\. Write figures\.xlsx\.mapping\.yaml"):
        read_disclosures(raw, 2024)
    mapping.write_text(kept, encoding="utf-8")
    path.unlink()
    sidecar_path(path).unlink()
    with pytest.raises(InputError, match=r"no figures\.xlsx beside it"):
        read_disclosures(raw, 2024)


@pytest.mark.parametrize("damage", ["cut", "text", "other_zip"])
def test_a_broken_workbook_is_one_clear_error(raw: Path, damage: str) -> None:
    path = _workbook(raw)
    if damage == "other_zip":
        import zipfile

        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.txt", "nothing of a workbook")
    else:
        path.write_bytes(path.read_bytes()[:-200] if damage == "cut" else b"plain text")
    sign(path, "W1", bank="")
    with pytest.raises(InputError, match="a workbook that cannot be opened"):
        read_disclosures(raw, 2024)
