"""Reading questionnaire exports: every kind of cell, and every way a file can be wrong."""

from __future__ import annotations

import csv
import functools
import io
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_project.errors import InputError
from dagster_project.ingest import codebook
from dagster_project.ingest.batch import Batch, to_arrow
from dagster_project.ingest.codebook import Item, Option, normalise_label, read_codebook
from dagster_project.ingest.questionnaires import read_questionnaires
from dagster_project.ingest.responses import respondent_token
from dagster_project.ingest.sidecar import sha256_of, sidecar_path
from dagster_project.ingest.wjx import (
    Answer,
    BadCell,
    decode_cell,
    parse_date,
    parse_duration,
    split_multi,
)

SECRET = b"a key"
WAVE = 2023
EXPORT = "100001_按文本_示例问卷_3_3.csv"

OPTIONS = """option_set,option_id,option_no,label_zh,label_en,points,is_exclusive,valid_from_wave,valid_to_wave
bank_type,city_commercial,1,城市商业银行,City,,false,2020,
bank_type,rural_commercial,2,农村商业银行,Rural,,false,2020,
maturity,immature,1,较不成熟,Immature,25,false,2020,
maturity,fair,2,一般,Fair,50,false,2020,
maturity,mature,3,较成熟,Mature,75,false,2020,
tech,cloud,1,云计算,Cloud,10,false,2020,
tech,big_data,2,大数据,Big data,10,false,2020,
tech,ai,3,人工智能,AI,10,false,2020,
tech,other,4,其他,Other,10,false,2020,
tech,none,5,以上均无,None,0,true,2020,
tech,grid,6,网格计算,Grid,10,false,2018,2020
"""
CODEBOOK = """column_no,question_no,question_id,row_id,item_id,item_type,option_set,eligible_rule,dimension,indicator,header,label_zh,label_en,change_type,comparable,inferred,note
6,1,sample.bank_name,,sample.bank_name,meta,,,sample,,1、贵行全称,贵行全称,Name,new,false,false,
7,2,sample.bank_type,,sample.bank_type,single,bank_type,,sample,,2、贵行类型,贵行类型,Type,new,false,false,
8,3,tech,,tech,multi,tech,,technology,tech_use,3、已投产的技术,已投产的技术,Technologies,same,true,false,
9,4,ability,planning,ability.planning,matrix,maturity,,strategy,planning,4、能力—战略规划,战略规划,Planning,same,true,false,
10,5,staff,,staff,number,,,organisation,,5、科技人员数,科技人员数,Staff,same,true,true,
11,6,subsidiary,,subsidiary,text,,,organisation,,6、子公司名称,子公司名称,Subsidiary,same,true,false,
"""
HEADER = [
    "序号", "提交答卷时间", "所用时间", "来源", "来自IP", "1、贵行全称", "2、贵行类型", "3、已投产的技术",
    "4、能力—战略规划", "5、科技人员数", "6、子公司名称", "总分",
]  # fmt: skip
ROWS = [
    ["1", "2023/9/4 10:21:35", "412秒", "微信", "203.0.113.7(浙江-杭州)", "示例甲银行", "城市商业银行",
     "云计算┋大数据┋其他〖隐私计算┋联邦学习〗", "较成熟", "1,200", "(跳过)", "61"],
    ["2", "2023/9/4 11:02:09", "655秒", "链接", "198.51.100.9(河南-郑州)", "示例乙农商行", "农村商业银行",
     "(空)", "一般", "(空)", "示例科技有限公司", "48"],
    ["3", "2023/9/6 8:00:00", "39秒", "链接", "198.51.100.9(河南-郑州)", "示例丙银行", "城市商业银行",
     "人工智能", "较不成熟", "80", "（跳过）", "80"],
]  # fmt: skip


def _seal(path: Path, **more: str) -> None:
    fields = {
        "document_id": "Q1", "kind": "questionnaire", "title": "a test", "producer": "a test",
        "citation": "a test", "published_date": "null", "received_date": "2026-11-21", "licence": "none",
        "sha256": sha256_of(path), "synthetic": "true", "synthetic_method": "written by hand", **more,
    }  # fmt: skip
    sidecar_path(path).write_text("".join(f"{k}: {v}\n" for k, v in fields.items()), encoding="utf-8")


def _csv(rows: list[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue()


class Raw:
    """A raw folder with one wave, which a test then breaks."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "questionnaires" / str(WAVE)
        self.folder.mkdir(parents=True)
        self.export = self.folder / EXPORT
        self.codebook()
        self.write([HEADER, *ROWS])

    def codebook(self, change: Callable[[str], str] = lambda text: text) -> None:
        path = self.folder / "codebook.csv"
        path.write_text(change(CODEBOOK), encoding="utf-8")
        _seal(path, kind="codebook")

    def write(self, rows: list[list[str]], encoding: str = "utf-8-sig", **sidecar: str) -> None:
        self.bytes(_csv(rows).encode(encoding), **sidecar)

    def bytes(self, content: bytes, **sidecar: str) -> None:
        self.export.write_bytes(content)
        _seal(self.export, **sidecar)

    def read(self, secret: bytes = SECRET) -> Batch:
        batch = read_questionnaires(self.root, WAVE, secret)
        batch.check_conservation(["questionnaire_response", "codebook_item"])
        # Rows are easier to compare than spools and columns.
        batch.tables = {name: to_arrow(name, rows).to_pylist() for name, rows in batch.tables.items()}
        return batch

    def error(self) -> InputError:
        with pytest.raises(InputError) as caught:
            self.read()
        assert caught.value.remedy
        return caught.value


def _row(number: int, **cells: str) -> list[str]:
    """Row `number` of ROWS (from 1) with some cells replaced, named by their header without the number."""
    row = list(ROWS[number - 1])
    for name, cell in cells.items():
        row[next(i for i, head in enumerate(HEADER) if head.endswith(name))] = cell
    return row


def _answers(batch: Batch, item: str, response: str = f"{WAVE}-1") -> list[tuple[Any, ...]]:
    return [
        (row["option_id"], row["value_num"], row["value_text"], row["missing_code"])
        for row in batch.tables["questionnaire_answer"]
        if (row["item_id"], row["response_id"]) == (item, response)
    ]


@pytest.fixture(autouse=True)
def option_sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Options of this file, so that a reviewed change of the framework breaks no reader test."""
    path = tmp_path / "framework_option.csv"
    path.write_text(OPTIONS, encoding="utf-8")
    monkeypatch.setattr(codebook, "option_sets", functools.partial(codebook.option_sets, path=path))


@pytest.fixture
def raw(tmp_path: Path) -> Raw:
    return Raw(tmp_path / "raw")


def _item(item_type: str, *labels: str) -> Item:
    options = {normalise_label(label): Option(f"o{no}", label, False) for no, label in enumerate(labels, 1)}
    return Item(1, 2, {"item_id": "q", "item_type": item_type, "option_set": "s", "row_id": ""}, options)


# -- one cell ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["single", "multi", "matrix", "scale", "number", "text", "meta"])
@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("(跳过)", "skipped_by_logic"),
        ("（跳过）", "skipped_by_logic"),
        (" (跳过) ", "skipped_by_logic"),
        ("-3", "skipped_by_logic"),
        ("(空)", "blank"),
        ("（空）", "blank"),
        ("-2", "blank"),
        ("", "blank"),
        ("　", "blank"),
    ],
)
def test_missing_answers(kind: str, cell: str, code: str) -> None:
    assert decode_cell(_item(kind, "是", "否"), cell) == [Answer(missing_code=code)]


@pytest.mark.parametrize("kind", ["single", "matrix", "scale"])
@pytest.mark.parametrize("cell", ["AI,大数据", "ＡＩ，大数据", "ai、 大数据 ", "AI ；大数据"])
def test_single_choice_in_any_width(kind: str, cell: str) -> None:
    assert decode_cell(_item(kind, "无", "AI、大数据"), cell) == [Answer(option_id="o2")]


@pytest.mark.parametrize(
    ("cell", "typed"),
    [
        ("其他〖政策银行〗", "政策银行"),
        ("其他〖甲┋乙〗", "甲┋乙"),
        ("其他〖〗", ""),
        ("其他〖甲〖乙〗〗", "甲〖乙〗"),
    ],
)
def test_single_choice_with_typed_text(cell: str, typed: str) -> None:
    assert decode_cell(_item("single", "城商行", "其他"), cell) == [Answer(option_id="o2", value_text=typed)]


@pytest.mark.parametrize("cell", ["是┋否", "是〖一〗┋否", "是〖一〗┋否〖二〗", "是┋否〖甲┋乙〗"])
def test_two_answers_to_a_single_choice(cell: str) -> None:
    bad = decode_cell(_item("single", "是", "否"), cell)
    assert isinstance(bad, BadCell)
    assert (bad.reason, bad.found) == ("two_answers_to_a_single_choice", repr(cell))


@pytest.mark.parametrize(
    ("cell", "number"),
    [("80", 80.0), ("1,200", 1200.0), ("１２．５", 12.5), (" 7 ", 7.0), ("0", 0.0), ("-5", -5.0)],
)
def test_number(cell: str, number: float) -> None:
    assert decode_cell(_item("number"), cell) == [Answer(value_num=number)]


@pytest.mark.parametrize("cell", ["约80", "80人", "1.2.3", "nan", "inf", "-Infinity", "八十"])
def test_not_a_number(cell: str) -> None:
    bad = decode_cell(_item("number"), cell)
    assert isinstance(bad, BadCell)
    assert (bad.reason, bad.found) == ("not_a_number", repr(cell))


def test_text_is_kept_as_typed() -> None:
    assert decode_cell(_item("text"), " 甲〖乙〗┋（丙） ") == [Answer(value_text="甲〖乙〗┋（丙）")]


def test_multi_choice_answers_every_option() -> None:
    item = _item("multi", "云计算", "大数据", "其他")
    assert decode_cell(item, "云计算┋其他〖隐私计算┋联邦学习〗") == [
        Answer("o1", 1.0, None),
        Answer("o2", 0.0, None),
        Answer("o3", 1.0, "隐私计算┋联邦学习"),
    ]
    assert decode_cell(item, "大数据") == [Answer("o1", 0.0), Answer("o2", 1.0), Answer("o3", 0.0)]


@pytest.mark.parametrize(
    ("cell", "parts"),
    [
        ("a┋b", ["a", "b"]),
        (" a ┋ b ", ["a", "b"]),
        ("a┋┋b┋", ["a", "b"]),
        ("c〖x┋y〗┋b", ["c〖x┋y〗", "b"]),
        ("c〖x〖y┋z〗〗┋b", ["c〖x〖y┋z〗〗", "b"]),
        ("c〖x〗y〗┋b", ["c〖x〗y〗", "b"]),
        ("", []),
    ],
)
def test_split_multi(cell: str, parts: list[str]) -> None:
    assert split_multi(cell) == parts


def test_text_with_an_open_bracket_is_rejected_and_not_guessed() -> None:
    bad = decode_cell(_item("multi", "云计算", "其他"), "其他〖甲〖乙〗┋云计算")
    assert isinstance(bad, BadCell)
    assert bad.reason == "unknown_option"


@pytest.mark.parametrize("kind", ["single", "multi"])
def test_unknown_option_names_the_nearest_label(kind: str) -> None:
    bad = decode_cell(_item(kind, "云计算平台", "大数据平台"), "云计算平合")
    assert isinstance(bad, BadCell)
    assert (bad.reason, bad.found) == ("unknown_option", "the option label '云计算平合'")
    assert "option set 's' in framework_option.csv" in bad.remedy
    assert bad.remedy.endswith("Nearest known label: '云计算平台'.")
    far = decode_cell(_item(kind, "云计算平台"), "xyz")
    assert isinstance(far, BadCell)
    assert "Nearest" not in far.remedy


LABELS = ("云计算", "大数据", "人工智能", "区块链", "以上均无", "其他")


@given(
    chosen=st.lists(st.sampled_from(LABELS), unique=True, min_size=1),
    typed=st.text().filter(lambda text: "〖" not in text and "〗" not in text),
    pad=st.sampled_from(["", " ", "　"]),
)
def test_multi_choice_round_trip(chosen: list[str], typed: str, pad: str) -> None:
    """What a set of ticks writes into a cell is the set of ticks that is read, in any order of ticks."""
    cell = "┋".join(pad + (f"{label}〖{typed}〗" if label == "其他" else label) + pad for label in chosen)
    decoded = decode_cell(_item("multi", *LABELS), cell)
    assert isinstance(decoded, list)
    assert [answer.option_id for answer in decoded] == [f"o{no}" for no in range(1, len(LABELS) + 1)]
    ticked = {LABELS[no] for no, answer in enumerate(decoded) if answer.value_num == 1.0}
    assert ticked == set(chosen)
    assert {answer.value_num for answer in decoded} <= {0.0, 1.0}
    expected = unicodedata.normalize("NFC", typed) if "其他" in chosen else None
    assert decoded[-1].value_text == expected


@given(cell=st.text(alphabet=st.sampled_from("是否〖〗┋()（）空跳过-23 a\n") | st.characters(codec="utf-8")))
def test_decoding_never_raises(cell: str) -> None:
    for kind in ("single", "multi", "matrix", "number", "text"):
        decoded = decode_cell(_item(kind, "是", "否"), cell)
        assert isinstance(decoded, BadCell) or decoded


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2023/9/4 10:21:35", "2023-09-04"),
        ("2023-12-31", "2023-12-31"),
        ("2023.1.2", "2023-01-02"),
        ("", None),
    ],
)
def test_parse_date(text: str, day: str | None) -> None:
    assert parse_date(text) == day


@pytest.mark.parametrize(("text", "seconds"), [("412秒", 412), ("39", 39), ("1分2秒", None), ("", None)])
def test_parse_duration(text: str, seconds: int | None) -> None:
    assert parse_duration(text) == seconds


# -- one file ------------------------------------------------------------------------------------------


def test_good_file(raw: Raw) -> None:
    batch = raw.read()
    assert batch.rejects == []
    assert batch.rows_in["questionnaire_response"] == 3
    assert set(batch.inputs) == {f"questionnaires/2023/{EXPORT}", "questionnaires/2023/codebook.csv"}
    first = batch.tables["questionnaire_response"][0]
    assert first == {
        "wave": 2023, "response_id": "2023-1", "respondent_token": respondent_token("示例甲银行", SECRET),
        "bank_type": "city_commercial", "province": None, "submitted_date": "2023-09-04",
        "duration_seconds": 412, "is_counted": True, "duplicate_of": None, "quality_flags": "",
        "is_synthetic": True,
        "source_file": f"questionnaires/2023/{EXPORT}", "source_row": 2,
    }  # fmt: skip
    assert _answers(batch, "tech") == [
        ("cloud", 1.0, None, "answered"),
        ("big_data", 1.0, None, "answered"),
        ("ai", 0.0, None, "answered"),
        ("other", 1.0, "隐私计算┋联邦学习", "answered"),
        ("none", 0.0, None, "answered"),
    ]
    assert _answers(batch, "tech", "2023-2") == [(None, None, None, "blank")]
    assert _answers(batch, "ability.planning") == [("mature", None, None, "answered")]
    assert _answers(batch, "staff") == [(None, 1200.0, None, "answered")]
    assert _answers(batch, "subsidiary") == [(None, None, None, "skipped_by_logic")]
    assert _answers(batch, "subsidiary", "2023-2") == [(None, None, "示例科技有限公司", "answered")]
    assert _answers(batch, "subsidiary", "2023-3") == [(None, None, None, "skipped_by_logic")]
    planning = next(
        row for row in batch.tables["questionnaire_answer"] if row["item_id"] == "ability.planning"
    )
    assert (planning["row_id"], planning["source_row"], planning["source_column"]) == ("planning", 2, 9)


def test_nothing_that_names_a_bank_or_a_person_is_landed(raw: Raw) -> None:
    landed = str(raw.read().tables)
    for private in ("示例甲银行", "示例乙农商行", "203.0.113.7", "10:21:35"):
        assert private not in landed


def test_codebook_is_landed(raw: Raw) -> None:
    rows = raw.read().tables["codebook_item"]
    assert [row["item_id"] for row in rows] == [
        "sample.bank_name", "sample.bank_type", "tech", "ability.planning", "staff", "subsidiary",
    ]  # fmt: skip
    staff = rows[4]
    assert (staff["question_no"], staff["comparable"], staff["inferred"], staff["source_row"]) == (
        5,
        True,
        True,
        6,
    )


def test_no_folder_is_no_input(tmp_path: Path) -> None:
    assert read_questionnaires(tmp_path, WAVE, SECRET).inputs == {}


@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "gb18030"])
def test_encoding_makes_no_difference(raw: Raw, encoding: str) -> None:
    expected = raw.read().tables
    raw.write([HEADER, *ROWS], encoding=encoding)
    assert raw.read().tables == expected


def test_moved_rows_keep_their_answers(raw: Raw) -> None:
    """Empty lines are counted, so that source_row is the row a spreadsheet shows."""
    raw.bytes(("\ufeff" + _csv([HEADER]) + "\r\n" + _csv(ROWS)).encode())
    assert [row["source_row"] for row in raw.read().tables["questionnaire_response"]] == [3, 4, 5]


def test_unknown_option_becomes_invalid_and_is_set_aside(raw: Raw) -> None:
    raw.write([HEADER, _row(1, 已投产的技术="云计算┋大数椐"), *ROWS[1:]])
    batch = raw.read()
    assert _answers(batch, "tech") == [(None, None, None, "invalid")]
    assert len(batch.tables["questionnaire_response"]) == 3
    (reject,) = batch.rejects
    assert (reject.reason, reject.source_row, reject.source_column, reject.whole_row) == (
        "unknown_option", 2, "8 (3、已投产的技术)", False,
    )  # fmt: skip
    assert reject.raw == {"cell": "云计算┋大数椐"}
    assert "'大数据'" in reject.remedy


def test_option_of_another_wave_is_unknown(raw: Raw) -> None:
    raw.write([HEADER, _row(1, 已投产的技术="网格计算"), *ROWS[1:]])
    assert [reject.reason for reject in raw.read().rejects] == ["unknown_option"]


def test_ragged_row_is_set_aside_whole(raw: Raw) -> None:
    raw.write([HEADER, ROWS[0][:-2], ROWS[1], [*ROWS[2], "more"]])
    batch = raw.read()
    assert [(r.reason, r.source_row, r.whole_row) for r in batch.rejects] == [
        ("ragged_row", 2, True),
        ("ragged_row", 4, True),
    ]
    assert batch.rejects[0].found == "10 cells where the header has 12"
    assert [row["response_id"] for row in batch.tables["questionnaire_response"]] == ["2023-2"]


def test_row_that_ends_before_its_number_is_set_aside(raw: Raw) -> None:
    moved = [[*row[1:], row[0]] for row in (HEADER, *ROWS)]
    raw.codebook(lambda text: _shift_columns(text, -1))
    raw.write([moved[0], moved[1], moved[2][:3], moved[3]])
    batch = raw.read()
    assert [(r.reason, r.source_row) for r in batch.rejects] == [("ragged_row", 3)]
    assert [row["response_id"] for row in batch.tables["questionnaire_response"]] == ["2023-1", "2023-3"]


def test_answer_number_twice(raw: Raw) -> None:
    raw.write([HEADER, *ROWS, _row(2, 科技人员数="99")])
    batch = raw.read()
    (reject,) = batch.rejects
    assert (reject.reason, reject.source_row, reject.whole_row) == ("duplicate_response_number", 5, True)
    assert reject.found == "序号 2, which row 3 has as well"
    assert len(batch.tables["questionnaire_response"]) == 3
    assert _answers(batch, "staff", "2023-2") == [(None, None, None, "blank")]


def test_answer_without_a_number(raw: Raw) -> None:
    raw.write([HEADER, ["", *ROWS[0][1:]], *ROWS[1:]])
    assert [reject.reason for reject in raw.read().rejects] == ["no_response_number"]


def test_number_of_answers_must_be_the_one_received(raw: Raw) -> None:
    raw.write([HEADER, *ROWS], respondents="3")
    assert len(raw.read().tables["questionnaire_response"]) == 3
    raw.write([HEADER, *ROWS], respondents="74")
    assert raw.error().found == "3 answers where the sidecar says 74"
    raw.write([HEADER, *ROWS[:2], ROWS[2][:3]], respondents="3")
    assert len(raw.read().rejects) == 1, "a row set aside was received"


# -- the bank behind an answer --------------------------------------------------------------------------


def test_token_depends_on_the_bank_and_the_key_only() -> None:
    token = respondent_token("示例甲银行", SECRET)
    assert token == "7ffd7f552f0cc8e76305", "a token that changes with the release joins no waves"
    assert token == respondent_token(" 示例　甲 银行", SECRET)
    assert respondent_token("ＡＢ银行", SECRET) == respondent_token("AB银行", SECRET)
    assert token != respondent_token("示例甲银行", b"another key")
    assert token != respondent_token("示例乙银行", SECRET)
    assert "示例" not in token


def test_token_joins_waves(raw: Raw, tmp_path: Path) -> None:
    first = raw.read().tables["questionnaire_response"]
    raw.write([HEADER, ["9", *ROWS[0][1:]], ROWS[1]])
    second = raw.read().tables["questionnaire_response"]
    assert second[0]["respondent_token"] == first[0]["respondent_token"]
    other_key = raw.read(secret=b"another key").tables["questionnaire_response"]
    assert other_key[0]["respondent_token"] != second[0]["respondent_token"]


@pytest.mark.parametrize("cell", ["", "(空)", "（空）", "(跳过)"])
def test_answers_without_a_name_are_not_one_bank(raw: Raw, cell: str) -> None:
    raw.write([HEADER, *(_row(number, 贵行全称=cell) for number in (1, 2, 3))])
    tokens = {row["respondent_token"] for row in raw.read().tables["questionnaire_response"]}
    assert len(tokens) == 3
    assert respondent_token(cell, SECRET) not in tokens


# -- files that cannot be read as a whole ----------------------------------------------------------------


def _shift_columns(text: str, by: int) -> str:
    first, *lines = text.splitlines()
    moved = [f"{int(line.split(',')[0]) + by},{line.split(',', 1)[1]}" for line in lines]
    return "\n".join([first, *moved]) + "\n"


def test_header_differs_from_the_codebook(raw: Raw) -> None:
    header = [name.replace("4、能力—战略规划", "4、能力—组织保障") for name in HEADER]
    raw.write([header, *ROWS])
    error = raw.error()
    assert str(error.file).endswith(EXPORT)
    assert error.place == "column 9"
    assert error.found == "the header '4、能力—组织保障' where the codebook expects '4、能力—战略规划'"


def test_header_in_another_width_is_the_same(raw: Raw) -> None:
    raw.write([[name.replace("、", "．").replace("．", "、 ") for name in HEADER], *ROWS])
    assert len(raw.read().tables["questionnaire_response"]) == 3


def test_columns_moved(raw: Raw) -> None:
    raw.write(
        [[row[0], *row[2:3], *row[1:2], *row[3:7], row[8], row[7], *row[9:]] for row in (HEADER, *ROWS)]
    )
    error = raw.error()
    assert (error.place, "column_no" in error.remedy) == ("column 8", True)


def test_column_that_the_codebook_does_not_know(raw: Raw) -> None:
    raw.write(
        [[*row, extra] for row, extra in zip((HEADER, *ROWS), ("7、新题", "甲", "乙", "丙"), strict=True)]
    )
    error = raw.error()
    assert (error.place, error.found) == (
        "column 13",
        "the header '7、新题', which the codebook does not know",
    )


def test_column_that_the_export_does_not_have(raw: Raw) -> None:
    raw.write([row[:10] for row in (HEADER, *ROWS)])
    error = raw.error()
    assert error.place == "column 11"
    assert error.found == "no such column (the file has 10) for item subsidiary"


def test_export_that_is_not_by_text(raw: Raw) -> None:
    raw.write([["编号", *HEADER[1:]], *ROWS])
    assert raw.error().found == "no column 序号"


def test_no_codebook(raw: Raw) -> None:
    (raw.folder / "codebook.csv").unlink()
    assert raw.error().found == "no codebook.csv"


def test_two_exports(raw: Raw) -> None:
    second = raw.folder / "100001_按文本_示例问卷_4_4.csv"
    second.write_bytes(raw.export.read_bytes())
    _seal(second)
    error = raw.error()
    assert error.found.startswith("2 exports of one wave (")
    assert EXPORT in error.found
    assert second.name in error.found


def test_no_export(raw: Raw) -> None:
    raw.export.unlink()
    assert raw.error().found == "0 exports of one wave (none)"


def test_file_of_another_kind(raw: Raw) -> None:
    other = raw.export.with_suffix(".docx")
    raw.export.rename(other)
    _seal(other)
    error = raw.error()
    assert (error.found, ".xlsx" in error.remedy) == ("a .docx", True)


def test_no_sidecar(raw: Raw) -> None:
    sidecar_path(raw.export).unlink()
    assert raw.error().found == "no sidecar beside it"


def test_file_changed_after_it_was_received(raw: Raw) -> None:
    raw.export.write_text(_csv([HEADER, *ROWS[:2]]), encoding="utf-8-sig")
    assert raw.error().found.startswith("sha256 ")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "an empty file"),
        (b"\xef\xbb\xbf\r\n \r\n", "an empty file"),
        (_csv([HEADER]).encode(), "a header and no answers"),
        (_csv([HEADER, *ROWS]).encode("utf-16"), "a NUL byte"),
        (_csv([HEADER, *ROWS]).encode() + b'"open', "broken CSV"),
        (_csv([HEADER, *ROWS]).encode() + "示".encode()[:2], "bytes that"),
    ],
)
def test_unreadable_file(raw: Raw, content: bytes, found: str) -> None:
    raw.bytes(content)
    assert raw.error().found.startswith(found)


@pytest.mark.parametrize(
    ("old", "new", "place", "found"),
    [
        ("8,3,tech", "x,3,tech", "row 4, column_no", "'x'"),
        ("8,3,tech", "7,3,tech", "row 4, column_no", "'7', which row 3 has as well"),
        ("ability.planning", "tech", "row 5, item_id", "'tech', which row 4 has as well"),
        ("tech,multi,", "tech,many,", "row 4, item_type", "'many'"),
        ("multi,tech,", "multi,techs,", "row 4, option_set", "'techs', which has no options for wave 2023"),
    ],
)
def test_broken_codebook(raw: Raw, old: str, new: str, place: str, found: str) -> None:
    raw.codebook(lambda text: text.replace(old, new, 1))
    error = raw.error()
    assert str(error.file).endswith("codebook.csv")
    assert (error.place, error.found) == (place, found)


def test_codebook_columns_come_in_any_order(raw: Raw) -> None:
    raw.codebook(lambda text: "\n".join([text.splitlines()[0], *reversed(text.splitlines()[1:])]) + "\n")
    items = read_codebook(raw.folder / "codebook.csv", WAVE)
    assert [item.column_no for item in items] == [6, 7, 8, 9, 10, 11]
    assert items[0].row_number == 7
