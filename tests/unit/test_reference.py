"""Reference tables: the real files, each kind of defect with its place, and names that change hands."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path

import pytest

from dagster_project.errors import InputError
from dagster_project.ingest.disclosures import COLUMNS, read_disclosures
from dagster_project.ingest.reference import read_reference
from dagster_project.ingest.sidecar import sidecar_path

RAW = Path(__file__).parents[2] / "data" / "raw"


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    shutil.copytree(RAW / "reference", tmp_path / "reference")
    return tmp_path


def _rewrite(raw: Path, table: str, text: str) -> None:
    path = raw / "reference" / f"{table}.csv"
    path.write_text(text, encoding="utf-8")
    side = sidecar_path(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    side.write_text(re.sub("sha256: .*", f"sha256: {digest}", side.read_text("utf-8")), encoding="utf-8")


def _text(raw: Path, table: str) -> str:
    return (raw / "reference" / f"{table}.csv").read_text(encoding="utf-8")


def _append(raw: Path, table: str, *lines: str) -> None:
    _rewrite(raw, table, _text(raw, table) + "".join(f"{line}\n" for line in lines))


def _stops(raw: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_reference(raw)
    return str(caught.value)


def test_counts() -> None:
    batch = read_reference(RAW)
    assert batch.rows_in == {
        "bank": 72, "bank_alias": 343, "bank_event": 5, "population": 80, "province": 31,
    }  # fmt: skip
    assert {table: len(rows) for table, rows in batch.tables.items()} == batch.rows_in


def test_every_bank_has_its_legal_name_and_alias_kinds_mean_what_they_say() -> None:
    tables = read_reference(RAW).tables
    legal = {row["entity_id"]: row["alias"] for row in tables["bank_alias"] if row["kind"] == "legal_name"}
    assert legal == {row["bank_id"]: row["name_zh"] for row in tables["bank"]}
    kinds = {row["alias"]: row["kind"] for row in tables["bank_alias"]}
    assert kinds["渝农商行"] == kinds["无锡银行"] == "stock_name"
    assert kinds["威海市商业银行"] == "former_name"
    assert kinds["Bank of Suzhou"] == "english_name"
    assert kinds["CPSB"] == kinds["六大行"] == "as_printed"


def test_events_of_zhongyuan_bank() -> None:
    events = [
        row for row in read_reference(RAW).tables["bank_event"] if row["bank_id_to"] == "zhongyuan_bank"
    ]
    assert [(row["event_type"], row["event_date"], row["bank_id_from"]) for row in events] == [
        ("new_merge", "2014-12", None),
        ("absorb", "2022", "bank_of_luoyang"),
        ("absorb", "2022", "bank_of_pingdingshan"),
        ("absorb", "2022", "jiaozuo_zhonglyu_bank"),
    ]


@pytest.mark.parametrize(
    ("table", "old", "new", "message"),
    [
        ("bank", ",joint_stock,", ",jointstock,", "column bank_type: found 'jointstock'"),
        ("bank", ",beijing,", ",peking,", "column province: found 'peking'"),
        ("bank", ",2022-12-31,", ",2022-02-30,", "column valid_to: found '2022-02-30'"),
        (
            "bank",
            ",招商银行,",
            ",招商,",
            "column short_name_zh: found '招商', which bank_alias.csv does not give",
        ),
        ("bank_alias", ",bank,icbc,", ",bank,icbk,", "column entity_id: found bank 'icbk'"),
        ("bank_alias", ",legal_name,", ",full_name,", "column kind: found 'full_name'"),
        ("bank_alias", "legal_name,,,", "legal_name,20200101,,", "column valid_from: found '20200101'"),
        (
            "bank_alias",
            "legal_name,,,",
            "legal_name,2020-01-02,2020-01-01,",
            "column valid_to: found 2020-01-01, before valid_from 2020-01-02",
        ),
        ("population", ",17164,", ",ca. 17164,", "column institutions: found 'ca. 17164'"),
        ("population", "2006-12-31,", "end of 2006,", "column as_of_date: found 'end of 2006'"),
        ("bank_event", ",2014-12,", ",2014-13,", "row 2, column event_date: found '2014-13'"),
        ("bank_event", ",2014-12,", ",2014年12月,", "row 2, column event_date: found '2014年12月'"),
        (
            "bank_event",
            ",absorb,2022,",
            ",absorb,2021,",
            "row 4, column event_date: found '2022' where row 3",
        ),
        ("bank_event", ",new_merge,", ",merger,", "row 2, column event_type: found 'merger'"),
        ("bank_event", ",bank_of_luoyang,", ",luoyang,", "row 3, column bank_id_from: found bank 'luoyang'"),
        ("bank_event", ",bank_of_luoyang,", ",,", "row 3, column bank_id_from: found a blank cell"),
        (
            "bank_event",
            ",rename,",
            ",absorb,",
            "row 6, column bank_id_to: found 'suning_bank'. A rename keeps",
        ),
        (
            "bank_event",
            ",rename,",
            ",close,",
            "row 6, column bank_id_to: found 'suning_bank'. Nothing follows",
        ),
    ],
)
def test_a_broken_cell_stops(raw: Path, table: str, old: str, new: str, message: str) -> None:
    text = _text(raw, table)
    assert old in text
    _rewrite(raw, table, text.replace(old, new, 1))
    error = _stops(raw)
    assert f"{table}.csv, row " in error
    assert message in error


@pytest.mark.parametrize(
    ("table", "line", "message"),
    [
        (
            "bank_alias",
            "工 行,bank,ccb,as_printed,,,",
            "row 345, column alias: found '工 行' means both icbc and ccb",
        ),
        ("bank_alias", "工行,bank,icbc,as_printed,2020-01-01,,", "row 345, column alias: found '工行' twice"),
        ("bank_alias", "工行,bank,icbc,as_printed,,,", "row 345: found '工行 ' for the second time"),
        ("bank_event", "x,close,2022,icbc,,,", "row 7, column citation: found a blank cell"),
        ("bank_event", "x,split,2022,icbc,,S1,", "row 7, column bank_id_to: found a blank cell"),
    ],
)
def test_a_row_too_much_stops(raw: Path, table: str, line: str, message: str) -> None:
    _append(raw, table, line)
    assert message in _stops(raw)


def _bank(
    bank_id: str, name: str, valid_from: str, valid_to: str = "", kind: str = "rural_commercial"
) -> str:
    return f"{bank_id},{name}股份有限公司,{name},,{kind},henan,false,,,{valid_from},{valid_to},"


def _names(bank_id: str, name: str, valid_from: str = "", valid_to: str = "") -> list[str]:
    return [
        f"{name}股份有限公司,bank,{bank_id},legal_name,{valid_from},{valid_to},",
        f"{name},bank,{bank_id},short_name,{valid_from},{valid_to},",
    ]


def test_type_with_dates(raw: Path) -> None:
    _append(raw, "bank_alias", *_names("a", "甲子银行"))
    rural = _bank("a", "甲子银行", "2005-01-01", "2019-12-31")
    good = _text(raw, "bank") + rural + "\n"
    _rewrite(raw, "bank", good + _bank("a", "甲子银行", "2020-01-01", kind="city_commercial") + "\n")
    types = [
        (r["bank_type"], r["valid_to"]) for r in read_reference(raw).tables["bank"] if r["bank_id"] == "a"
    ]
    assert types == [("rural_commercial", "2019-12-31"), ("city_commercial", None)]
    _rewrite(raw, "bank", good + _bank("a", "甲子银行", "2019-06-01", kind="city_commercial") + "\n")
    assert "row 75, column valid_from: found 2019-06-01, when row 74 of a still holds" in _stops(raw)


@pytest.mark.parametrize(
    ("date", "stops"), [("2004", True), ("2004-12", True), ("2005", False), ("2005-01", False)]
)
def test_an_event_before_the_bank(raw: Path, date: str, stops: bool) -> None:
    """The bank is there from 2005-01-20: an event known to the month or year may still fall after it."""
    _append(raw, "bank", _bank("a", "甲子银行", "2005-01-20"))
    _append(raw, "bank_alias", *_names("a", "甲子银行"))
    _append(raw, "bank_event", f"x,rename,{date},a,a,a test,")
    if stops:
        assert (
            f"row 7, column event_date: found {date}, before a was there (valid_from 2005-01-20)"
            in _stops(raw)
        )
    else:
        assert len(read_reference(raw).tables["bank_event"]) == 6


def test_a_name_that_changes_hands_follows_the_end_of_the_fiscal_year(raw: Path) -> None:
    """Bank a is called 甲子银行 until 2021-06-29 and 甲丑银行 since; bank b takes the old name in 2022."""
    _append(raw, "bank", _bank("a", "甲丑银行", ""), _bank("b", "甲子银行", "2022-03-01"))
    _append(
        raw,
        "bank_alias",
        *_names("a", "甲子银行", "", "2021-06-29"),
        *_names("a", "甲丑银行", "2021-06-30"),
        *_names("b", "甲子银行", "2022-03-01"),
    )
    _append(raw, "bank_event", "x,rename,2021-06-30,a,a,a test,")
    assert len(read_reference(raw).tables["bank"]) == 74
    found = {}
    for year in (2020, 2021, 2022):
        path = raw / "disclosures" / str(year) / "X1.csv"
        path.parent.mkdir(parents=True)
        cells = "{name},{year},科技投入,tech_investment,1.5,亿元,eq,,第3页"
        rows = [cells.format(name=name, year=year) for name in ("甲子银行", "甲丑银行")]
        path.write_text("\n".join([",".join(COLUMNS), *rows]) + "\n", encoding="utf-8")
        text = sidecar_path(raw / "reference" / "bank.csv").read_text("utf-8")
        text = re.sub("sha256: .*", f"sha256: {hashlib.sha256(path.read_bytes()).hexdigest()}", text)
        text = re.sub("kind: .*", "kind: press", re.sub("document_id: .*", "document_id: X1", text))
        sidecar_path(path).write_text(text, encoding="utf-8")
        batch = read_disclosures(raw, year)
        found[year] = {
            row["entity_as_printed"]: row["entity_id"] for row in batch.tables["disclosure_figure"]
        }
        found[year] |= {reject.raw["bank_as_printed"]: reject.reason for reject in batch.rejects}
    assert found == {
        2020: {"甲子银行": "a", "甲丑银行": "unknown_bank"},
        2021: {"甲子银行": "unknown_bank", "甲丑银行": "a"},
        2022: {"甲子银行": "b", "甲丑银行": "a"},
    }
