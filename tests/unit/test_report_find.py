"""Statements found in reports: each trap is one sentence or table, and what may not be found counts as much."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagster_project.ingest.measures import load_measures
from dagster_project.ingest.reports.find import Candidate, Dropped, Finder
from dagster_project.ingest.reports.text import Char, Page, Text, read_pages
from dagster_project.ingest.reports.wordings import load_wordings
from tests.report_maker import Report, make

AMOUNT, SHARE, PROFIT, GROWTH = (
    "tech_investment", "tech_investment_share_of_revenue", "tech_investment_share_of_profit", "tech_investment_growth",
)  # fmt: skip
STAFF, STAFF_SHARE, STAFF_GROWTH = "tech_staff", "tech_staff_share", "tech_staff_growth"


def _finder() -> Finder:
    return Finder(2024, load_wordings(), load_measures())


def _found(sentence: str) -> list[Candidate | Dropped]:
    text = Text()
    for at, char in enumerate(sentence):
        if char == " ":
            text.space()
        else:
            text.add(Char(char, 10.0 * at, 100, 10.0 * at + 10, 110))
    return list(_finder().page(Page(1, [text])))


def _values(found: list[Candidate | Dropped]) -> list[tuple[str, str, int]]:
    return [(c.measure, str(c.parsed.value), c.year) for c in found if isinstance(c, Candidate)]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        (
            "报告期内，本行科技投入28.36亿元，占营业收入的5.10%，同比增长12.99%。",
            [(AMOUNT, "28.36", 2024), (SHARE, "5.10", 2024), (GROWTH, "12.99", 2024)],
        ),
        # Share of profit is another measure; a share of costs is none.
        ("金融科技投入占归母净利润的4.71%。", [(PROFIT, "4.71", 2024)]),
        ("信息科技投入占业务及管理费的比重为9.8%。", []),
        # Growth of revenue beside investment.
        ("营业收入同比增长5.2%，科技投入同比增长12%。", [(GROWTH, "12", 2024)]),
        ("科技投入28.36亿元，营业收入同比增长5.2%，净利润增长3.1%。", [(AMOUNT, "28.36", 2024)]),
        ("营业收入556亿元，其中金融科技投入28.36亿元。", [(AMOUNT, "28.36", 2024)]),
        # The previous year's figure in the same sentence.
        (
            "科技投入28.36亿元（上年：25.10亿元），增长12.99%。",
            [(AMOUNT, "28.36", 2024), (AMOUNT, "25.10", 2023), (GROWTH, "12.99", 2024)],
        ),
        (
            "2023年信息科技投入25.10亿元，2024年信息科技投入28.36亿元。",
            [(AMOUNT, "25.10", 2023), (AMOUNT, "28.36", 2024)],
        ),
        ("科技投入较上年增加3.26亿元，增幅12.99%。", [(GROWTH, "12.99", 2024)]),
        ("科技投入同比下降3.2%。", [(GROWTH, "-3.2", 2024)]),
        # A change in percentage points is no share and no growth.
        ("科技投入占营业收入比重较上年提升0.5个百分点。", []),
        ("科技投入占比5.1%，较上年提高0.5个百分点。", [(SHARE, "5.1", 2024)]),
        # Full-width digits, traditional characters, English.
        ("科技投入２８．３６亿元，佔營業收入５．１％。", [(AMOUNT, "28.36", 2024), (SHARE, "5.1", 2024)]),
        (
            "Technology investment was RMB28.36 billion, 5.1% of operating revenue, an increase of 12.99%.",
            [(AMOUNT, "28.36", 2024), (SHARE, "5.1", 2024), (GROWTH, "12.99", 2024)],
        ),
        (
            "Operating revenue increased by 5.2% and fintech investment increased by 12%.",
            [(GROWTH, "12", 2024)],
        ),
        # Staff among all staff.
        (
            "全行员工5.2万人，其中科技人员5,600人，占全行员工的10.77%，较上年末增长8.1%。",
            [(STAFF, "5600", 2024), (STAFF_SHARE, "10.77", 2024), (STAFF_GROWTH, "8.1", 2024)],
        ),
        ("科技人员中硕士占比45%。", []),
        # A part of the investment is not the investment; a number may look like a year.
        ("科技投入28.36亿元，其中基础设施5.2亿元，用于创新3亿元。", [(AMOUNT, "28.36", 2024)]),
        ("科技投入2024万元。", [(AMOUNT, "2024", 2024)]),
        # Other things with technology in their names.
        ("科技型企业贷款余额1,200亿元，增长20%。", []),
        ("科技金融贷款余额1,200亿元，增长20%。", []),
        ("科技投入三年复合增长率15%。", []),
        ("科技投入支持项目120个，完成率98%。", []),
        ("手机银行用户3,500万人。", []),
    ],
)
def test_sentences(sentence: str, expected: list[tuple[str, str, int]]) -> None:
    assert _values(_found(sentence)) == expected


def test_printed_words_position_and_scope_of_a_candidate() -> None:
    (found,) = _found("本集团科技投入约２８.３６亿元。")
    assert isinstance(found, Candidate)
    assert (found.value_as_printed, found.unit_as_printed, found.parsed.qualifier) == (
        "约２８.３６亿元",
        "亿元",
        "approx",
    )
    assert (found.wording, found.scope, found.page) == ("科技投入", "本集团", 1)
    assert found.value_box == (80, 100, 150, 110)
    assert found.sentence_box == (0, 100, 160, 110)


@pytest.mark.parametrize(
    ("sentence", "doubt"),
    [
        ("科技投入占比5.1%。", "no denominator is named"),
        (
            "科技投入占营业收入5.1%，同比增长3%。",
            "growth stands after a share: it may be the growth of the share",
        ),
        ("科技投入较2020年增长50%。", "compared with another year than the one before"),
        ("2025年计划科技投入30亿元。", "a plan or a rule"),
        (
            "2023年和2024年科技投入分别为25.1亿元和28.36亿元。",
            "several numbers answer to several words (分别)",
        ),
        ("上半年科技投入12亿元。", "not the whole year"),
        ("科技投入28.36亿元、25.10亿元。", "another amount stands before it"),
        ("近三年累计科技投入75亿元。", "a sum over several years"),
    ],
)
def test_doubts_lower_the_confidence(sentence: str, doubt: str) -> None:
    sure = [c.confidence for c in _found("科技投入28.36亿元。") if isinstance(c, Candidate)]
    doubtful = [c for c in _found(sentence) if isinstance(c, Candidate) and doubt in c.doubts]
    assert doubtful and all(c.confidence < sure[0] for c in doubtful)


def test_ranges_are_set_aside_with_what_they_print() -> None:
    found = _found("科技投入占营业收入的3%-5%，科技投入20至30亿元。")
    assert [(d.reason, d.found) for d in found if isinstance(d, Dropped)] == [
        ("range", "the range '3%-5%'"),
        ("range", "the range '20至30亿元'"),
    ]
    assert _values(found) == []


def test_a_sentence_without_punctuation_at_its_end_and_an_empty_one() -> None:
    assert _values(_found("科技投入28.36亿元")) == [(AMOUNT, "28.36", 2024)]
    assert _found("。。") == []


def _pdf(tmp_path: Path, *pages) -> list[Candidate | Dropped]:  # type: ignore[no-untyped-def]
    finder = _finder()
    return [entry for page in read_pages(make(tmp_path / "r.pdf", *pages)) for entry in finder.page(page)]


def test_table_with_the_unit_in_the_caption_and_a_year_over_each_column(tmp_path: Path) -> None:
    def page(report: Report) -> None:
        report.write(50, 100, "信息科技投入情况").right(520, 118, "单位：人民币百万元")
        report.table(
            140,
            [
                ["项目", "2024年", "2023年", "增减(%)"],
                ["科技投入", "2,836", "2,510", "12.99"],
                ["营业收入", "55,600", "53,000", "4.91"],
                ["科技投入占营业收入比重(%)", "5.10", "4.74", "0.36"],
                ["科技人员(人)", "5,600", "5,180", "8.11"],
                ["科技人员占比(%)", "10.77", "9.96", "0.81"],
            ],
            [50, 300, 400, 520],
        )

    found = _pdf(tmp_path, page)
    assert _values(found) == [
        (AMOUNT, "2836", 2024), (AMOUNT, "2510", 2023), (GROWTH, "12.99", 2024),
        (SHARE, "5.10", 2024), (SHARE, "4.74", 2023),
        (STAFF, "5600", 2024), (STAFF, "5180", 2023), (STAFF_GROWTH, "8.11", 2024),
        (STAFF_SHARE, "10.77", 2024), (STAFF_SHARE, "9.96", 2023),
    ]  # fmt: skip
    first = found[0]
    assert isinstance(first, Candidate)
    assert (first.value_as_printed, first.unit_as_printed) == ("2,836", "百万元")
    assert first.sentence == "科技投入 | 2,836 | 2,510 | 12.99"


def test_table_columns_of_group_and_parent_bank(tmp_path: Path) -> None:
    def page(report: Report) -> None:
        report.write(50, 100, "（人民币亿元）")
        report.table(120, [["2024年", "本集团", "母公司"], ["科技投入", "28.36", "27.90"]], [50, 300, 420])

    found = [c for c in _pdf(tmp_path, page) if isinstance(c, Candidate)]
    assert [(c.scope, str(c.parsed.value), c.unit_as_printed) for c in found] == [
        ("本集团", "28.36", "亿元"),
        ("母公司", "27.90", "亿元"),
    ]
    assert all("no year over the column" in c.doubts for c in found)


def test_a_statement_inside_a_row_of_cells_is_read_as_a_sentence(tmp_path: Path) -> None:
    def page(report: Report) -> None:
        report.write(50, 100, "科技投入28.36亿元").write(250, 100, "科技人员5,600人").write(450, 100, "12")

    assert _values(_pdf(tmp_path, page)) == [(AMOUNT, "28.36", 2024), (STAFF, "5600", 2024)]


def test_table_without_a_unit_is_set_aside(tmp_path: Path) -> None:
    """Also below a short sentence that names a unit: it is no caption."""
    rows = [["项目", "2024年"], ["科技投入", "2,836"]]
    (found,) = _pdf(tmp_path, lambda r: r.write(50, 90, "营业收入556亿元").table(120, rows, [50, 300]))
    assert isinstance(found, Dropped) and found.reason == "no_unit"


def test_number_joined_across_lines_is_found_and_doubted(tmp_path: Path) -> None:
    def page(report: Report) -> None:
        report.write(50, 100, "本行全年在金融科技方面持续加大资源保障，金融科技投入1,0").write(
            50, 116, "08亿元。"
        )

    (found,) = _pdf(tmp_path, page)
    assert isinstance(found, Candidate)
    assert str(found.parsed.value) == "1008"
    assert "the number was joined across a line break" in found.doubts


def test_footnotes_are_found_with_a_doubt_and_their_marks_are_not_digits(tmp_path: Path) -> None:
    def page(report: Report) -> None:
        report.paragraph(50, 100, "正文的字号较大，讲述战略与组织，没有我们要找的数字，" * 6, 40)
        report.write(50, 300, "科技投入28.36").write(118, 296, "1", 5.5).write(124, 300, "亿元。")
        report.write(50, 780, "注1：2023年科技投入已重述为25.20亿元。", 7)

    found = _pdf(tmp_path, page)
    assert _values(found) == [(AMOUNT, "28.36", 2024), (AMOUNT, "25.20", 2023)]
    assert isinstance(found[1], Candidate) and "small type: a footnote" in found[1].doubts
