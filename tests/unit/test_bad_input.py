"""What is wrong with a file is said in one message, and nothing of it is lost."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from dagster_project.errors import FengchaoError, InputError
from dagster_project.ingest import files
from dagster_project.ingest.batch import Batch, Reject
from dagster_project.ingest.files import csv_stream
from dagster_project.ingest.injection import is_formula
from dagster_project.ingest.responses import FLAGS, respondent_token
from dagster_project.ingest.sidecar import sidecar_path
from tests.writers import BLANK, SECRET, SKIPPED, Home, Question, Survey, seal, to_csv, write_xlsx

SURVEY = Survey(
    [
        Question(3, "在用的技术", "multi", ("云计算", "大数据", "人工智能", "以上均无"), exclusive=3),
        Question(4, "下列能力的水平", "matrix", ("低", "中", "高"), ("规划", "组织", "数据", "安全")),
        Question(5, "有无子公司", "single", ("有", "无")),
        Question(6, "子公司名称", "text", rule="q5=o1"),
        Question(7, "子公司业务", "multi", ("贷款", "支付"), rule="q5=o1"),
    ],
    [
        {
            "q3": frozenset({0}),
            "q4.r0": 2,
            "q4.r1": 1,
            "q4.r2": 0,
            "q4.r3": 1,
            "q5": 0,
            "q6": "示例公司",
            "q7": frozenset({1}),
        },
        {
            "q3": frozenset({1}),
            "q4.r0": 0,
            "q4.r1": 1,
            "q4.r2": 1,
            "q4.r3": 1,
            "q5": 1,
            "q6": SKIPPED,
            "q7": SKIPPED,
        },
        {
            "q3": frozenset({3}),
            "q4.r0": 1,
            "q4.r1": 0,
            "q4.r2": 2,
            "q4.r3": 1,
            "q5": 1,
            "q6": SKIPPED,
            "q7": SKIPPED,
        },
    ],
)
TEXT, SEQUENCE = SURVEY.wjx_text(), SURVEY.wjx_sequence()
NAME, TECH, RULED = 6, 8, 14


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path, SURVEY)


def change(rows: list[list[str]], row: int, column: int, cell: str) -> list[list[str]]:
    """A copy with one cell changed; row 0 is the header."""
    return [
        [cell if (r, c) == (row, column) else old for c, old in enumerate(cells)]
        for r, cells in enumerate(rows)
    ]


def error(home: Home) -> InputError:
    with pytest.raises(InputError) as caught:
        home.read()
    assert caught.value.remedy and caught.value.found
    return caught.value


def response(batch: Batch, number: int) -> dict[str, Any]:
    return next(r for r in batch.tables["questionnaire_response"] if r["response_id"] == f"2023-{number}")  # type: ignore[index, union-attr]


def answers(batch: Batch, item: str, number: int = 1) -> list[tuple[Any, ...]]:
    return [
        (row["option_id"], row["value_num"], row["missing_code"])  # type: ignore[index]
        for row in batch.tables["questionnaire_answer"]  # type: ignore[union-attr]
        if (row["item_id"], row["response_id"]) == (item, f"2023-{number}")  # type: ignore[index]
    ]


def flags(batch: Batch, number: int) -> list[str]:
    return [flag for flag in response(batch, number)["quality_flags"].split("|") if flag]


def notice(batch: Batch) -> tuple[str, int, str]:
    """The one notice of a batch: reason, row, column; its message is checked for what it has to hold."""
    (found,) = batch.notices
    assert found.source_file.endswith(".csv") and found.found and found.remedy and not found.whole_row
    return found.reason, found.source_row, found.source_column


def test_good_survey_has_nothing_to_say(home: Home) -> None:
    for rows in (TEXT, SEQUENCE):
        home.csv(rows)
        batch = home.read()
        assert batch.rejects == batch.notices == []
        assert [flags(batch, number) for number in (1, 2, 3)] == [[], [], []]


# -- cells ---------------------------------------------------------------------------------------------

BAD_CELLS = [
    # kind of export, column, cell, reason, words of the message, item
    ("text", 8, "云计祘", "unknown_option", "'云计算'", "q3"),
    ("text", 13, "有┋无", "two_answers_to_a_single_choice", "Keep one", "q5"),
    ("text", 8, "云计算┋以上均无", "exclusive_option_with_others", "以上均无", "q3"),
    ("sequence", 16, "7", "option_number_out_of_range", "2 options", "q5"),
    ("sequence", 12, "9", "option_number_out_of_range", "3 options", "q4.r0"),
    ("sequence", 12, "高", "not_a_number", "export_kind", "q4.r0"),
    ("sequence", 8, "3", "option_number_out_of_range", "'云计算'", "q3"),
    ("sequence", 11, "1", "exclusive_option_with_others", "以上均无", "q3"),
    ("sequence", 9, "-3", "partly_skipped", "as a whole", "q3"),
]


@pytest.mark.parametrize(("kind", "column", "cell", "reason", "words", "item"), BAD_CELLS)
def test_bad_cell(home: Home, kind: str, column: int, cell: str, reason: str, words: str, item: str) -> None:
    rows = change(TEXT if kind == "text" else SEQUENCE, 1, column, cell)
    home.csv(rows, f"1_{'按文本' if kind == 'text' else '按序号'}.csv", export_kind=kind)
    batch = home.read()
    (reject,) = batch.rejects
    assert (reject.reason, reject.source_row, reject.whole_row) == (reason, 2, False)
    assert reject.source_file.endswith(".csv")
    assert words in f"{reject.found} {reject.remedy}"
    assert cell in reject.raw["cell"]
    assert answers(batch, item) == [(None, None, "invalid")]
    assert len(batch.tables["questionnaire_response"]) == 3
    number, _, header = reject.source_column.partition(" ")
    assert header == f"({rows[0][int(number) - 1]})"


@pytest.mark.parametrize("kind", ["text", "sequence"])
def test_answer_to_a_skipped_question(home: Home, kind: str) -> None:
    rows = TEXT if kind == "text" else SEQUENCE
    ruled = len(rows[0]) - (2 if kind == "text" else 3)
    home.csv(change(rows, 2, ruled, "另一公司"))
    batch = home.read()
    (reject,) = batch.rejects
    assert (reject.reason, reject.source_row, reject.raw) == (
        "answer_to_a_skipped_question",
        3,
        {"cell": "另一公司"},
    )
    assert "q5" in reject.found
    assert answers(batch, "q6", 2) == [(None, None, "invalid")]
    assert "另一公司" not in str(batch.tables)


def test_answer_to_a_skipped_multiple_choice_leaves_one_row(home: Home) -> None:
    home.csv(change(TEXT, 2, len(TEXT[0]) - 1, "贷款┋支付"))
    batch = home.read()
    assert [r.reason for r in batch.rejects] == ["answer_to_a_skipped_question"]
    assert answers(batch, "q7", 2) == [(None, None, "invalid")]


def test_blank_of_somebody_who_was_not_asked_is_skipped(home: Home) -> None:
    home.csv(change(TEXT, 2, RULED, "(空)"))
    batch = home.read()
    assert (batch.rejects, answers(batch, "q6", 2)) == ([], [(None, None, "skipped_by_logic")])


def test_skip_that_no_rule_explains_is_flagged(home: Home) -> None:
    home.csv(change(TEXT, 1, RULED, "(跳过)"))
    batch = home.read()
    assert (batch.rejects, flags(batch, 1)) == ([], ["skip_conflict"])


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ("q5", "'q5'"),
        ("q9=o1", "'q9', which is no other item"),
        ("q6=o1", "'q6', which is no other item"),
        ("q5=o7", "'o7', which is no option of q5"),
    ],
)
def test_rule_that_cannot_be_read(home: Home, rule: str, found: str) -> None:
    text = home.codebook.read_text(encoding="utf-8").replace("text,,q5=o1", f"text,,{rule}")
    home.codebook.write_text(text, encoding="utf-8")
    seal(home.codebook)
    home.csv(TEXT)
    caught = error(home)
    assert (caught.file, caught.found) == (home.codebook, found)
    assert caught.place.endswith("eligible_rule")


RANKED = Survey(
    [Question(3, "重视的方面", "ranking", ("成本", "效率", "风险"))], [{"q3": (2, 0, 1)}, {"q3": (1,)}]
)


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        (change(RANKED.wjx_text(), 1, 8, "风险→成本→风险"), "'风险' at two ranks"),
        (change(RANKED.wjx_sequence(), 1, 8, "1"), "one rank given to two options"),
    ],
    ids=["text", "sequence"],
)
def test_ranked_twice(tmp_path: Path, rows: list[list[str]], found: str) -> None:
    """By sequence: risk has rank 1 already."""
    home = Home(tmp_path, RANKED)
    home.csv(rows)
    batch = home.read()
    (reject,) = batch.rejects
    assert (reject.reason, reject.source_row, reject.found) == ("ranked_twice", 2, found)
    assert reject.source_column.startswith("9 (3、") and reject.remedy == "Keep one rank per option."
    assert answers(batch, "q3") == [(None, None, "invalid")]
    assert answers(batch, "q3", 2) == [("o2", 1.0, "answered")]


def test_far_too_many_bad_cells_stop_the_wave(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from dagster_project.ingest import decode

    monkeypatch.setattr(decode, "MAX_SET_ASIDE", 3)
    rows = [TEXT[0], *[[*row[:8], "甲", *row[9:]] for row in TEXT[1:]], [*TEXT[1][:8], "乙", *TEXT[1][9:]]]
    rows[-1][0] = "4"
    home.csv(rows)
    assert "cells that cannot be read (" in error(home).found


# -- respondents ---------------------------------------------------------------------------------------


def test_required_question_left_blank_is_flagged_and_kept(home: Home) -> None:
    home.csv(change(TEXT, 1, TECH, "(空)"))
    batch = home.read()
    assert (batch.rejects, flags(batch, 1)) == ([], ["required_blank"])
    assert answers(batch, "q3") == [(None, None, "blank")]
    assert notice(batch) == ("required_blank", 2, "9 (3、在用的技术)")


def test_blanks_of_a_column_are_one_notice(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many, and in however many chunks; a question that nobody had to answer is no omission."""
    monkeypatch.setattr(csv_stream, "CSV_BLOCK", 400)
    home.csv([TEXT[0], *[[*row[:TECH], "(空)", *row[TECH + 1 :]] for row in TEXT[1:]]])
    batch = home.read()
    assert notice(batch) == ("required_blank", 2, "9 (3、在用的技术)")
    assert batch.notices[0].found == "no answer to a required question, in 3 answers, this row the first"


def test_one_date_of_another_year_is_flagged(home: Home) -> None:
    home.csv(change(TEXT, 1, 1, "2022/12/30 9:00:00"))
    batch = home.read()
    assert flags(batch, 1) == ["wrong_year"]
    assert response(batch, 1)["submitted_date"] == "2022-12-30"
    assert notice(batch) == ("wrong_year", 2, "2 (提交答卷时间)")


def test_most_dates_of_another_year_stop_the_wave(home: Home) -> None:
    home.csv([TEXT[0], *[[row[0], "2022/9/1 9:00:00", *row[2:]] for row in TEXT[1:]]])
    caught = error(home)
    assert caught.found == (
        "3 of 3 answers submitted outside the fieldwork 2023-01-01 to 2023-12-31, most of them in 2022"
    )
    assert "fieldwork_start" in caught.remedy


def test_fieldwork_may_reach_into_the_next_year(home: Home) -> None:
    """Most answers came in January; one came after the end."""
    days = ["2023/12/20 9:00:00", "2024/1/8 9:00:00", "2024/2/1 0:00:01"]
    rows = [TEXT[0], *[[row[0], day, *row[2:]] for row, day in zip(TEXT[1:], days, strict=True)]]
    home.csv(rows)
    assert "2 of 3 answers submitted outside the fieldwork" in error(home).found
    home.csv(rows, fieldwork_start="2023-12-01", fieldwork_end="2024-01-31")
    batch = home.read()
    assert [flags(batch, number) for number in (1, 2, 3)] == [[], [], ["wrong_year"]]
    assert notice(batch) == ("wrong_year", 4, "2 (提交答卷时间)")


@pytest.mark.parametrize(
    ("start", "end", "place", "found"),
    [
        ("2023-12-01", "2023-11-30", "fieldwork_end", "2023-11-30, before the start 2023-12-01"),
        ("2023-02-30", "2023-11-30", "fieldwork_start", "'2023-02-30', which is no day"),
    ],
)
def test_fieldwork_that_cannot_be(home: Home, start: str, end: str, place: str, found: str) -> None:
    path = home.csv(TEXT, fieldwork_start=start, fieldwork_end=end)
    caught = error(home)
    assert (caught.file, caught.place, caught.found) == (sidecar_path(path), place, found)


@pytest.mark.parametrize(
    ("seconds", "expected"), [("14秒", []), ("13秒", ["too_fast"]), ("1", ["too_fast"]), ("", [])]
)
def test_too_fast(home: Home, seconds: str, expected: list[str]) -> None:
    """Seven items were asked, two seconds each: bank type, technologies, four rows, subsidiary."""
    home.csv(change(TEXT, 2, 2, seconds))
    assert flags(home.read(), 2) == expected


def test_straight_lining_and_all_same(home: Home) -> None:
    rows = TEXT
    for column in (9, 10, 11, 12):
        rows = change(rows, 1, column, "低")
    rows = change(rows, 1, 13, "有")
    home.csv(rows)
    assert flags(home.read(), 1) == ["all_same", "straight_lining"]
    home.csv(change(rows, 1, 13, "无"))
    assert "straight_lining" in flags(home.read(), 1)


@pytest.mark.parametrize("cell", ["=cmd|' /C calc'!A0", "+SUM(A1)", "-2+3+cmd|' /C calc'!A0", "@SUM(A1)"])
def test_formula_in_a_text_is_kept_and_flagged(home: Home, cell: str) -> None:
    home.csv(change(TEXT, 1, RULED, cell))
    batch = home.read()
    texts = [r["value_text"] for r in batch.tables["questionnaire_answer"] if r["item_id"] == "q6"]  # type: ignore[index, union-attr]
    assert texts[0] == cell
    assert flags(batch, 1) == ["csv_injection"]
    assert notice(batch) == ("csv_injection", 2, "15 (6、子公司名称)")


@pytest.mark.parametrize("cell", ["-", "-5", "+86 755 8888", "甲=乙", "无", ""])
def test_ordinary_text_is_no_formula(cell: str) -> None:
    assert not is_formula(cell)


def test_bank_name_with_control_characters(home: Home) -> None:
    home.csv(change(TEXT, 1, NAME, "示例\u200b银行\t0\x07"))
    batch = home.read()
    assert flags(batch, 1) == ["bank_name_cleaned"]
    assert notice(batch) == ("bank_name_cleaned", 2, "7 (1、贵行全称)")
    assert response(batch, 1)["respondent_token"] == respondent_token("示例银行0", SECRET)


def _twice(home: Home, first: dict[int, str], second: dict[int, str], header: str | None = None) -> Batch:
    rows = [list(TEXT[0]), *[list(TEXT[1]) for _ in range(2)], list(TEXT[2])]
    for number, row in enumerate(rows[1:], 1):
        row[0] = str(number)
    for row, cells in ((rows[1], first), (rows[2], second)):
        for column, cell in cells.items():
            if column < len(row):
                row[column] = cell
    if header is not None:
        for row, cell in zip(rows, (header, first[99], second[99], ""), strict=True):
            row.append(cell)
    home.csv(rows)
    return home.read()


@pytest.mark.parametrize(
    ("first", "second", "header", "winner"),
    [
        ({}, {TECH: "(空)"}, None, 1),
        ({TECH: "(空)"}, {}, None, 2),
        ({TECH: "(空)", 99: "是"}, {99: "否"}, "授权填报人", 2),
        ({99: "是"}, {99: "否"}, "授权填报人", 1),
        ({1: "2023/9/4 10:21:35"}, {1: "2023/9/4 9:21:35"}, None, 1),
        ({1: "2023/9/4 10:21:35"}, {1: "2023/10/4 9:21:35"}, None, 2),
        ({}, {}, None, 2),
    ],
    ids=[
        "complete",
        "complete-later",
        "complete-first",
        "authorised",
        "latest-hour",
        "latest-month",
        "last-row",
    ],
)
def test_two_answers_of_one_bank(
    home: Home, first: dict[int, str], second: dict[int, str], header: str | None, winner: int
) -> None:
    batch = _twice(home, first, second, header)
    loser = 3 - winner
    assert [response(batch, number)["is_counted"] for number in (winner, loser, 3)] == [True, False, True]
    assert response(batch, loser)["duplicate_of"] == f"2023-{winner}"
    assert response(batch, winner)["duplicate_of"] is None
    (reject,) = batch.rejects
    assert (reject.reason, reject.source_row, reject.whole_row) == ("duplicate_bank", loser + 1, False)
    assert len(answers(batch, "q5", loser)) == 1, "kept"


def test_flags_are_listed_in_order() -> None:
    assert list(FLAGS) == sorted(FLAGS)


# -- whole files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "found"), [("utf-16", "a NUL byte"), ("big5", "bytes that"), ("shift_jis", "bytes that")]
)
def test_wrong_encoding(home: Home, encoding: str, found: str) -> None:
    path = home.bytes(to_csv(TEXT).encode(encoding, "replace"))
    caught = error(home)
    assert (caught.file, caught.found.startswith(found)) == (path, True), caught
    assert caught.place.startswith("byte ") and "UTF-8" in caught.remedy


def test_wrong_encoding_far_into_a_large_file(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_stream, "PROVED_WHOLE", 100)
    content = to_csv(TEXT).encode()
    path = home.bytes(content)
    assert len(home.read().tables["questionnaire_response"]) == 3
    path = home.bytes(to_csv(TEXT).encode("gb18030"))
    assert len(home.read().tables["questionnaire_response"]) == 3
    for broken in (b"\xff\xfe", b"\0"):
        home.bytes(content + broken + content)
        caught = error(home)
        assert caught.place.startswith("byte ")
    assert path.exists()


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9, 0.999])
def test_truncated_workbook(home: Home, keep: float) -> None:
    path = home.bytes(b"-", "1.xlsx")
    write_xlsx(TEXT, path)
    content = path.read_bytes()
    home.bytes(content[: int(len(content) * keep)], "1.xlsx")
    assert "cannot be opened" in error(home).found


@pytest.mark.parametrize("name", ["1.xlsx", "1.xls", "1.sav"])
def test_file_that_is_not_what_its_name_says(home: Home, name: str) -> None:
    home.bytes(b"<html><table></table></html>" * 100, name)
    assert "cannot be opened" in error(home).found


def test_zip_bomb(home: Home) -> None:
    path = home.bytes(b"-", "1.xlsx")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * (80 << 20))
    home.bytes(path.read_bytes(), "1.xlsx")
    caught = error(home)
    assert "unpacks to 83,886,080" in caught.found


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".xls", ".sav"])
def test_file_over_the_limit(home: Home, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    monkeypatch.setitem(files.KINDS, suffix, (files.KINDS[suffix][0], 100))
    path = home.bytes(b"-" * 101, f"1{suffix}")
    caught = error(home)
    assert (caught.file, caught.found) == (path, "101 bytes, above the limit of 100")


def _workbook(home: Home, edit: Any) -> None:
    path = home.bytes(b"-", "1.xlsx")
    write_xlsx(TEXT, path)
    book = openpyxl.load_workbook(path)
    edit(book.active)
    book.save(path)
    home.bytes(path.read_bytes(), "1.xlsx")


def test_formula_cell(home: Home) -> None:
    def edit(sheet: Any) -> None:
        sheet["J3"] = '=IF(A3=1,"高","低")'

    _workbook(home, edit)
    caught = error(home)
    assert (caught.place, caught.found) == ("cell J3", "a formula")


def test_merged_header_cells(home: Home) -> None:
    _workbook(home, lambda sheet: sheet.merge_cells("J1:L1"))
    caught = error(home)
    assert (caught.place, caught.found) == ("cells J1:L1", "merged header cells (1 in the sheet)")


def test_workbook_row_with_a_cell_beside_the_table_is_set_aside(home: Home) -> None:
    def edit(sheet: Any) -> None:
        sheet.cell(3, len(TEXT[0]) + 2).value = "旁注"

    _workbook(home, edit)
    batch = home.read()
    assert [(r.reason, r.source_row, r.whole_row) for r in batch.rejects] == [("ragged_row", 3, True)]
    assert len(batch.tables["questionnaire_response"]) == 2


def test_empty_workbook(home: Home) -> None:
    path = home.bytes(b"-", "1.xlsx")
    openpyxl.Workbook().save(path)
    home.bytes(path.read_bytes(), "1.xlsx")
    assert error(home).found == "an empty file"


def test_ten_thousand_columns(home: Home) -> None:
    home.csv([[f"列{no}" for no in range(10_000)], ["1"] * 10_000])
    assert error(home).found == "10,000 columns, above the limit of 5,000"


def test_header_of_ten_kilobytes(home: Home) -> None:
    home.csv(change(TEXT, 0, 9, "x" * 10_240))
    caught = error(home)
    assert (caught.place, caught.found.startswith("a header of 10,240 bytes")) == ("row 1, column 10", True)


def test_missing_column(home: Home) -> None:
    home.csv([[*row[:13], *row[14:]] for row in TEXT])
    caught = error(home)
    assert (caught.place, caught.found) == (
        "column 14",
        "no column for item q5 ('5、有无子公司') before '6、子公司名称'",
    )


def test_column_the_codebook_does_not_know(home: Home) -> None:
    rows = [[*row[:9], extra, *row[9:]] for row, extra in zip(TEXT, ("9、新题", "", "", ""), strict=True)]
    home.csv(rows)
    caught = error(home)
    assert (caught.place, caught.found) == (
        "column 10",
        "the header '9、新题', which the codebook does not know",
    )


def test_option_column_the_codebook_does_not_know(home: Home) -> None:
    home.csv(change(SEQUENCE, 0, 9, "3、(大数椐)"))
    caught = error(home)
    assert caught.place == "column 10"
    assert "'大数据'" in caught.remedy


@pytest.mark.parametrize("column", ["eligible_rule", "header"])
def test_codebook_without_a_column(home: Home, column: str) -> None:
    text = home.codebook.read_text(encoding="utf-8")
    home.codebook.write_text(text.replace(f",{column},", ",other,", 1), encoding="utf-8")
    seal(home.codebook)
    home.csv(TEXT)
    caught = error(home)
    assert (caught.file, caught.place) == (home.codebook, "row 1")
    assert caught.found.startswith(f"no column '{column}' (columns there: column_no, ")
    assert caught.remedy == "Add the column, or correct its name."


def test_two_files_of_one_wave(home: Home) -> None:
    path = home.csv(TEXT)
    second = path.with_name("2.csv")
    second.write_bytes(path.read_bytes())
    seal(second)
    assert error(home).found == "2 exports of one wave (1_export.csv, 2.csv)"


def test_ragged_and_empty_rows_keep_the_numbers_of_the_others(home: Home) -> None:
    lines = to_csv(TEXT).split("\r\n")
    home.bytes(
        "\r\n".join(
            [lines[0], "", lines[1], "4,5", ",,," + "," * (len(TEXT[0]) - 4), lines[2], lines[3]]
        ).encode()
    )
    batch = home.read()
    assert [(r.reason, r.source_row, r.raw) for r in batch.rejects] == [
        ("ragged_row", 4, {"cells": ["4", "5"]})
    ]
    assert [r["source_row"] for r in batch.tables["questionnaire_response"]] == [3, 6, 7]  # type: ignore[index, union-attr]


def test_quotation_mark_that_is_never_closed(home: Home) -> None:
    home.csv(change(TEXT, 1, RULED, "x"))
    home.bytes(to_csv(TEXT).encode() + b'4,"open,a\r\n')
    assert error(home).found.startswith("broken CSV")


def test_stray_mark_does_not_hide_one_that_is_never_closed(home: Home) -> None:
    """Two marks, an even number, and yet the last text would swallow what is below it."""
    lines = to_csv(change(TEXT, 1, RULED, '示"例')).replace('"示""例"', '示"例').split("\r\n")
    home.bytes("\r\n".join([*lines[:2], '4,"open', *lines[2:]]).encode())
    caught = error(home)
    assert (caught.place, caught.found.startswith("broken CSV")) == ("row 3", True)


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_rows_in_are_rows_landed_and_rows_set_aside_in_each_file(home: Home, suffix: str) -> None:
    rows = [*TEXT, [*TEXT[1], "", "beside"], ["", *TEXT[1][1:]], TEXT[2]]
    path = home.bytes(to_csv(rows).encode(), "1.csv")
    if suffix == "xlsx":
        write_xlsx(rows, path := path.with_suffix(".xlsx"))
        home.bytes(path.read_bytes(), "1.xlsx")
    batch = home.read()
    source = f"questionnaires/2023/1.{suffix}"
    assert batch.rows_by_file["questionnaire_response", source] == len(rows) - 1
    aside = [reject.reason for reject in batch.rejects if reject.whole_row]
    assert sorted(aside) == ["duplicate_response_number", "no_response_number", "ragged_row"]
    assert len(batch.tables["questionnaire_response"]) == len(rows) - 1 - len(aside)


def test_a_row_lost_in_one_file_is_not_made_up_for_by_another() -> None:
    batch = Batch(tables={"t": [{"source_file": name} for name in ("a", "b", "b")]})
    batch.count("t", "a", 2)
    batch.count("t", "b", 1)
    with pytest.raises(FengchaoError, match="t, a: 2 rows read, but 1 landed and 0 set aside"):
        batch.check_conservation(["t"])
    batch.rejects.append(Reject("t", "a", 2, "x", "x", "x"))
    with pytest.raises(FengchaoError, match="t, b: 1 rows read, but 2 landed"):
        batch.check_conservation(["t"])


def test_everything_blank_is_still_a_respondent(home: Home) -> None:
    row = ["9", *[""] * (len(TEXT[0]) - 1)]
    home.csv([*TEXT, row])
    batch = home.read()
    assert answers(batch, "q5", 9) == [(None, None, BLANK)]
    assert flags(batch, 9) == ["required_blank"]
