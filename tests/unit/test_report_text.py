"""Text of PDFs in reading order, and what cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagster_project.errors import InputError
from dagster_project.ingest.reports.text import Page, Text, read_pages
from tests.report_maker import Report, make


def _lines(page: Page) -> list[str]:
    return [
        part.plain if isinstance(part, Text) else " | ".join(cell.plain for cell in part)
        for part in page.parts
    ]


def _read(tmp_path: Path, *pages) -> list[Page]:  # type: ignore[no-untyped-def]
    return list(read_pages(make(tmp_path / "r.pdf", *pages)))


LEFT = "左栏第一段讲述银行的战略与组织，全年科技投入达到２８.３６亿元，" * 3
RIGHT = "右栏讲述人才与生态，科技人员五千余人，覆盖研发测试运维各条线，" * 3


@pytest.mark.parametrize("shift", [0.0, 7.0])
def test_two_columns_are_read_one_after_the_other(tmp_path: Path, shift: float) -> None:
    """Also where the lines of the columns stand at different heights, below a title over both."""

    def page(report: Report) -> None:
        report.write(50, 80, "云岭虚构银行年度报告第三章信息科技与数字化转型情况说明及未来展望内容概述", 14)
        report.paragraph(50, 120, LEFT, 22)
        report.paragraph(320, 120 + shift, RIGHT, 22)

    (read,) = _read(tmp_path, page)
    text = "".join(_lines(read)[1:])
    assert text == (LEFT + RIGHT).translate(str.maketrans("２８３６，", "2836,"))


def test_tables_are_read_row_by_row(tmp_path: Path) -> None:
    def page(report: Report) -> None:
        report.write(50, 100, "科技投入情况")
        report.table(
            120,
            [["项目", "2024年", "2023年"], ["科技投入", "2,836", "2,510"], ["营业收入", "55,600", "53,000"]],
            [50, 300, 420],
        )

    (read,) = _read(tmp_path, page)
    assert _lines(read) == [
        "科技投入情况",
        "项目 | 2024年 | 2023年",
        "科技投入 | 2,836 | 2,510",
        "营业收入 | 55,600 | 53,000",
    ]


def test_numbers_broken_across_lines_are_joined_and_english_words_are_not(tmp_path: Path) -> None:
    chinese, english = _read(
        tmp_path,
        lambda r: r.write(50, 100, "全年金融科技与信息科技方面的投入合计为1,0").write(50, 116, "08亿元。"),
        lambda r: r.write(50, 100, "The Bank invested in technology in the course of 2024").write(
            50, 116, "27.2 billion yuan."
        ),
    )
    assert _lines(chinese) == ["全年金融科技与信息科技方面的投入合计为1,008亿元。"]
    assert _lines(english) == ["The Bank invested in technology in the course of 2024 27.2 billion yuan."]


def test_printed_text_and_boxes_stay_beside_the_normalised_text(tmp_path: Path) -> None:
    (read,) = _read(tmp_path, lambda report: report.write(100, 200, "投入２８.３６亿元"))
    (text,) = read.parts
    assert isinstance(text, Text)
    assert (text.plain, text.slice(2, 7)) == ("投入28.36亿元", "２８.３６")
    box = text.box(2, 7)
    assert box[0] == pytest.approx(120, abs=1) and 185 < box[1] < 205 < box[3] + 10
    assert box[2] == pytest.approx(162.8, abs=1)


def test_raised_marks_of_footnotes_do_not_join_the_number(tmp_path: Path) -> None:
    def page(report: Report) -> None:
        report.write(50, 100, "科技投入28.36").write(118, 96, "1", 5.5).write(124, 100, "亿元②，增长5%")

    (read,) = _read(tmp_path, page)
    assert _lines(read) == ["科技投入28.36亿元,增长5%"]


def test_indented_paragraphs_stay_apart(tmp_path: Path) -> None:
    def page(report: Report) -> None:
        report.write(70, 100, "第一段的文字一直写到这一行的末尾并且正好写满").write(
            50, 116, "第二行也写满到右边的边缘没有留下任何空白处了。"
        )
        report.write(70, 132, "5.3亿元是另一段的开头。")

    (read,) = _read(tmp_path, page)
    assert len(read.parts) == 2


def test_scanned_and_blank_pages(tmp_path: Path) -> None:
    pages = _read(tmp_path, lambda r: r.write(50, 100, "正文"), lambda r: r.box(), lambda r: None)
    assert [bool(page.parts) for page in pages] == [True, False, False]
    assert "needs text recognition" in pages[1].problem
    assert pages[2].problem == ""


def test_text_on_its_side_is_said_and_not_read(tmp_path: Path) -> None:
    def page(report: Report) -> None:
        report.canvas.rotate(90)
        report.canvas.setFont("NotoSansSC", 10)
        report.canvas.drawString(100, -300, "科技投入28.36亿元")

    (read,) = _read(tmp_path, page)
    assert (read.parts, read.problem) == ([], "text that stands on its side")


def test_files_that_are_no_whole_pdf(tmp_path: Path) -> None:
    good = make(tmp_path / "good.pdf", lambda r: r.write(50, 100, "正文" * 20))
    cut = tmp_path / "cut.pdf"
    cut.write_bytes(good.read_bytes()[:-400])
    other = tmp_path / "other.pdf"
    other.write_bytes(b"<html>not found</html>")
    empty = tmp_path / "empty.pdf"
    empty.write_bytes(b"")
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7\nnothing of use\n%%EOF")
    locked = make(tmp_path / "locked.pdf", lambda r: r.write(50, 100, "正文"), password="secret")
    for path, found in (
        (cut, "without its end"), (other, "no PDF"), (empty, "no PDF"), (broken, "cannot be opened"),
        (locked, "locked by a password"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=found) as caught:
            list(read_pages(path))
        assert str(path) in str(caught.value)
