"""Every export of the same answers decodes to the same long table."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dagster_project.errors import InputError
from dagster_project.ingest import sheets
from dagster_project.ingest.codebook import normalise_label
from dagster_project.ingest.files import csv_stream
from dagster_project.settings import ROOT
from tests.writers import BLANK, SKIPPED, Home, Question, Survey, to_csv, write_sav, write_xlsx

FIXTURES = ROOT / "tests" / "fixtures" / "questionnaires"

SURVEY = Survey(
    [
        Question(3, "在用的技术", "multi", ("云计算", "大数据（含湖仓）", "人工智能", "其他")),
        Question(4, "下列能力的水平", "matrix", ("低", "中", "高"), ("规划", "组织", "数据")),
        Question(5, "有无子公司", "single", ("有", "无")),
        Question(6, "重视的方面", "ranking", ("成本", "效率", "风险")),
        Question(7, "科技人员数", "number"),
        Question(8, "建议", "text"),
    ],
    [
        {
            "q3": frozenset({0, 1, 3}),
            "q4.r0": 2,
            "q4.r1": 1,
            "q4.r2": 0,
            "q5": 0,
            "q6": (2, 0, 1),
            "q7": 120,
            "q8": "多交流",
        },
        {
            "q3": BLANK,
            "q4.r0": 1,
            "q4.r1": 1,
            "q4.r2": BLANK,
            "q5": 1,
            "q6": (1,),
            "q7": BLANK,
            "q8": SKIPPED,
        },
        {"q3": SKIPPED, "q4.r0": 2, "q4.r1": 2, "q4.r2": 2, "q5": BLANK, "q6": BLANK, "q7": 0, "q8": BLANK},
    ],
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path, SURVEY)


@pytest.fixture
def expected(home: Home) -> list[tuple[Any, ...]]:
    home.csv(SURVEY.wjx_text())
    rows = home.answers()
    assert len(rows) == 3 * (1 + 3 + 1 + 2) + (4 + 1 + 1) + (3 + 1 + 1)
    return rows


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
@pytest.mark.parametrize("old", [False, True])
def test_text_and_sequence_agree(home: Home, expected: list[Any], encoding: str, old: bool) -> None:
    home.csv(SURVEY.wjx_sequence(old), encoding=encoding)
    assert home.answers() == expected


@pytest.mark.parametrize("rows", [SURVEY.wjx_text(), SURVEY.wjx_sequence()], ids=["text", "sequence"])
@pytest.mark.parametrize("numbers", [False, True])
def test_workbook(home: Home, expected: list[Any], rows: list[list[str]], numbers: bool) -> None:
    path = home.bytes(b"-", "1_按文本_a_3_3.xlsx")
    write_xlsx(rows, path, numbers)
    home.bytes(path.read_bytes(), path.name)
    assert home.answers() == expected


def test_old_workbook(home: Home) -> None:
    """A .xls of the same shape; made with xlwt 1.3.0, which is not needed to read it."""
    home.bytes((FIXTURES / "sequence.xls").read_bytes(), "800_800_2.xls")
    rows = home.answers()
    home.csv(SURVEY.wjx_sequence())
    assert rows == home.answers()


def test_by_score(home: Home, expected: list[Any]) -> None:
    home.csv(SURVEY.wjx_score(), "1_按分数_a_3_3.csv")
    assert home.answers() == expected
    home.csv(SURVEY.wjx_score(), "1.csv", export_kind="score")
    assert home.answers() == expected


def _without_skips(rows: list[Any]) -> list[Any]:
    return [tuple("blank" if value == "skipped_by_logic" else value for value in row) for row in rows]


@pytest.mark.parametrize("platform", ["tencent", "qualtrics"])
def test_platforms_that_know_no_skipped_question(home: Home, expected: list[Any], platform: str) -> None:
    home.csv(getattr(SURVEY, platform)())
    assert home.answers() == _without_skips(expected)
    home.csv(getattr(SURVEY, platform)(), platform=platform)
    assert home.answers() == _without_skips(expected)


def test_plain(home: Home, expected: list[Any]) -> None:
    home.csv(SURVEY.plain())
    assert home.answers() == expected


@pytest.mark.parametrize("by_label", [False, True])
def test_sav(home: Home, expected: list[Any], by_label: bool) -> None:
    path = home.bytes(b"-", "1.sav")
    write_sav(SURVEY.wjx_sequence(), path, SURVEY, by_label)
    home.bytes(path.read_bytes(), "1.sav")
    assert home.answers() == expected


def test_meta_columns_stand_anywhere(home: Home, expected: list[Any]) -> None:
    rows = [
        [*row[1:7], extra, *row[7:10], row[0], *row[10:], "61"]
        for row, extra in zip(SURVEY.wjx_sequence(), ("用户ID", "", "", ""), strict=True)
    ]
    rows[0][-1] = "总分"
    home.csv(rows)
    assert home.answers() == expected


def test_headers_repeat(home: Home) -> None:
    """Two questions with one wording are told apart by their place."""
    survey = Survey(
        [Question(3, "满意吗", "single", ("是", "否")), Question(4, "满意吗", "single", ("是", "否"))],
        [{"q3": 0, "q4": 1}],
    )
    other = Home(home.root / "twice", survey)
    codebook = survey.codebook().replace("4、满意吗", "满意吗").replace("3、满意吗", "满意吗")
    other.codebook.write_text(codebook, encoding="utf-8")
    from tests.writers import seal

    seal(other.codebook)
    rows = survey.wjx_text()
    rows[0][-2:] = ["满意吗", "满意吗"]
    other.csv(rows)
    assert [row[5] for row in other.answers() if row[3] in ("q3", "q4")] == ["o1", "o2"]


def test_full_width_marks_and_typed_text(home: Home, expected: list[Any]) -> None:
    rows = SURVEY.wjx_text()
    rows[1][8] = rows[1][8].replace("其他", "其他〖隐私┋计算〗")
    rows[2][8], rows[3][8] = "（空）", "（跳过）"
    home.csv(rows)
    with_text = home.answers()
    assert [row[:-1] for row in with_text] == [row[:-1] for row in expected]
    assert [row[-1] for row in with_text if row[5] == "o4"] == ["隐私┋计算"]


@pytest.mark.parametrize("shape", ["按序号", "按序号_旧版", "按文本", "按文本.gbk"])
def test_files_of_the_shape_the_platform_writes(tmp_path: Path, shape: str) -> None:
    survey = Survey(
        [
            Question(3, "已上线的系统", "multi", ("核心系统", "数据仓库", "智能客服", "其他")),
            Question(
                4,
                "下列工作的进展",
                "matrix",
                ("未开始", "规划", "实施", "完成", "推广"),
                ("顶层规划", "人员配置", "数据标准"),
            ),
            Question(5, "有无专门部门", "single", ("有", "无")),
            Question(6, "部门名称", "text", rule="q5=o1"),
        ],
        [],
    )
    home = Home(tmp_path, survey)
    reference = (FIXTURES / "200002_按文本_3_3.csv").read_bytes()
    home.bytes(reference, "200002_按文本_3_3.csv")
    wanted = home.answers(typed=False)
    path = FIXTURES / f"200002_{shape.replace('.gbk', '')}_3_3{'.gbk' if 'gbk' in shape else ''}.csv"
    home.bytes(path.read_bytes(), path.name)
    assert home.answers(typed=False) == wanted
    assert len(wanted) == 3 * (1 + 3 + 1 + 1) + (4 + 1 + 4)


# -- any questionnaire -----------------------------------------------------------------------------------

LABEL = st.text(st.sampled_from("银行数据云计算平台甲乙丙丁（）()/AI5%"), min_size=1, max_size=8).map(
    lambda text: f"项{text}"
)
LABELS = st.lists(LABEL, min_size=2, max_size=5, unique_by=normalise_label).map(tuple)
STEM = st.text(st.sampled_from("请选择贵行目前所处的阶段和水平"), min_size=2, max_size=10)


@st.composite
def surveys(draw: st.DrawFn) -> Survey:
    questions = []
    for number in range(3, 3 + draw(st.integers(1, 5))):
        kind = draw(st.sampled_from(["single", "multi", "matrix", "ranking", "number", "text"]))
        options = draw(LABELS) if kind in ("single", "multi", "matrix", "ranking") else ()
        rows = draw(LABELS) if kind == "matrix" else ()
        questions.append(Question(number, draw(STEM), kind, options, rows))
    answers = []
    for _ in range(draw(st.integers(1, 4))):
        answer = {}
        for q in questions:
            places = st.integers(0, max(0, len(q.options) - 1))
            value = {
                "single": places,
                "matrix": places,
                "multi": st.frozensets(places, min_size=1),
                "ranking": st.lists(places, min_size=1, unique=True).map(tuple),
                "number": st.integers(0, 10**6),
                "text": STEM,
            }[q.kind]
            for item in q.items:
                answer[item] = draw(st.one_of(value, value, st.sampled_from([BLANK, SKIPPED])))
        answers.append(answer)
    return Survey(questions, answers)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(survey=surveys())
def test_every_writer_and_reader_agree(survey: Survey) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder), survey)
        home.csv(survey.wjx_text(), export_kind="text")
        expected = home.answers()
        for rows in (survey.wjx_sequence(), survey.wjx_sequence(old=True)):
            home.csv(rows, export_kind="sequence")
            assert home.answers() == expected
        home.csv(survey.plain())
        assert home.answers() == expected
        for rows in (survey.tencent(), survey.qualtrics()):
            home.csv(rows)
            assert home.answers() == _without_skips(expected)
        path = home.bytes(b"-", "1.xlsx")
        write_xlsx(survey.wjx_sequence(), path)
        home.bytes(path.read_bytes(), "1.xlsx", export_kind="sequence")
        assert home.answers() == expected
        path = home.bytes(b"-", "1.sav")
        write_sav(survey.wjx_sequence(), path, survey, by_label=True)
        home.bytes(path.read_bytes(), "1.sav")
        assert home.answers() == expected


def test_chunks_do_not_change_the_table(
    home: Home, expected: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_stream, "CSV_BLOCK", 1_000)
    monkeypatch.setattr(sheets, "CHUNK_ROWS", 1)
    home.bytes(to_csv(SURVEY.wjx_text()).encode())
    assert home.answers() == expected


def test_unknown_platform(home: Home) -> None:
    home.csv([["a", "b"], ["1", "2"]])
    with pytest.raises(InputError, match="no known platform"):
        home.read()
