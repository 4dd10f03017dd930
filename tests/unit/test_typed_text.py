"""Text typed beside an option, which 腾讯问卷 and Qualtrics put into a column of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dagster_project.errors import InputError
from tests.writers import Home, Question, Survey

SURVEY = Survey(
    [
        Question(3, "在用的技术", "multi", ("云计算", "其他", "其他平台")),
        Question(4, "主要渠道", "single", ("线上", "其他")),
        Question(5, "用语填空", "text"),
    ],
    [{"q3": frozenset({0, 1}), "q4": 1, "q5": "甲"}, {"q3": frozenset({2}), "q4": 0, "q5": "乙"}],
)
EXPECTED = [
    ("1", "q3", "o1", 1.0, None),
    ("1", "q3", "o2", 1.0, "隐私计算"),
    ("1", "q3", "o3", 0.0, None),
    ("1", "q4", "o2", None, "线下网点"),
    ("1", "q5", None, None, "甲"),
    ("2", "q3", "o1", 0.0, None),
    ("2", "q3", "o2", 0.0, None),
    ("2", "q3", "o3", 1.0, None),
    ("2", "q4", "o1", None, None),
    ("2", "q5", None, None, "乙"),
]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path, SURVEY)


def answers(home: Home) -> list[tuple[Any, ...]]:
    batch = home.read()
    assert batch.rejects == []
    found = [
        (
            row["response_id"].removeprefix("2023-"),
            row["item_id"],
            row["option_id"],
            row["value_num"],
            row["value_text"],
        )
        for row in batch.tables["questionnaire_answer"]
        if row["item_id"].startswith("q")
    ]
    # Each chunk is landed item by item; here respondent by respondent, in the order of the items.
    return sorted(found, key=lambda row: row[0])


def insert(rows: list[list[str]], after: str, *columns: list[str]) -> list[list[str]]:
    """Columns behind the one whose first header is `after`."""
    at = rows[0].index(after) + 1
    added = zip(*columns, strict=True)
    return [[*row[:at], *cells, *row[at:]] for row, cells in zip(rows, added, strict=True)]


@pytest.mark.parametrize("mark", ["[选项填空]", "_填空", "（请注明）"])
def test_tencent(home: Home, mark: str) -> None:
    rows = insert(SURVEY.tencent(), "3.在用的技术:其他", [f"3.在用的技术:其他{mark}", "隐私计算", ""])
    rows = insert(rows, "4.主要渠道", [f"4.主要渠道:其他{mark}", "线下网点", ""])
    home.csv(rows)
    assert answers(home) == EXPECTED


def test_tencent_option_that_nobody_knows_is_no_typed_text(home: Home) -> None:
    home.csv(insert(SURVEY.tencent(), "3.在用的技术:云计算", ["3.在用的技术:大数据", "", ""]))
    with pytest.raises(InputError, match="no known option of item q3"):
        home.read()


def test_tencent_place_and_user_are_no_questions(home: Home) -> None:
    extra = ("地理位置国家和地区", "地理位置省", "地理位置市", "用户类型", "用户标识", "昵称", "自定义字段")
    home.csv(insert(SURVEY.tencent(), "答题时长", *([name, "私", "私"] for name in extra)))
    assert len(answers(home)) == len(EXPECTED)


def test_qualtrics_with_a_column_per_option(home: Home) -> None:
    rows = insert(
        SURVEY.qualtrics(),
        "Q3_2",
        [
            "Q3_2_TEXT",
            "在用的技术 - Selected Choice - 其他 - Text",
            '{"ImportId":"QID3_2_TEXT"}',
            "隐私计算",
            "",
        ],
    )
    rows = insert(
        rows, "Q4", ["Q4_2_TEXT", "主要渠道 - 其他 - Text", '{"ImportId":"QID4_2_TEXT"}', "线下网点", ""]
    )
    rows[1][rows[0].index("Q4")] = "主要渠道 - Selected Choice"
    home.csv(rows)
    assert answers(home) == EXPECTED


def test_qualtrics_with_all_options_in_one_column(home: Home) -> None:
    """The text belongs to the option its header names, not to the first one."""
    rows = SURVEY.qualtrics()
    first = rows[0].index("Q3_1")
    cells = ["Q3", "在用的技术 - Selected Choice", '{"ImportId":"QID3"}', "云计算,其他", "其他平台"]
    rows = [[*row[:first], cell, *row[first + 3 :]] for row, cell in zip(rows, cells, strict=True)]
    text = ["Q3_2_TEXT", "在用的技术 - 其他 - Text", '{"ImportId":"QID3_2_TEXT"}', "隐私计算", ""]
    rows = insert(rows, "Q3", text)
    rows = insert(
        rows, "Q4", ["Q4_2_TEXT", "主要渠道 - 其他 - Text", '{"ImportId":"QID4_2_TEXT"}', "线下网点", ""]
    )
    home.csv(rows)
    assert answers(home) == EXPECTED
    rows[1][first + 1] = "在用的技术 - 别的 - Text"
    home.csv(rows)
    with pytest.raises(InputError, match="which the codebook does not know"):
        home.read()
