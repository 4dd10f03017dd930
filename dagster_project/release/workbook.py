"""`fengchao.xlsx`: the release for readers who work in spreadsheets. Same release, same bytes.

Text is always written as text, so that nothing in a name or a note becomes a formula or a link.
"""

from __future__ import annotations

import datetime
import decimal
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from dagster_project.errors import FengchaoError
from dagster_project.release.dictionary import COLUMNS, dictionary_rows, label_zh, unit_of
from dagster_project.release.workbook_charts import add_charts
from dagster_project.release.workbook_sheets import (
    DISCLOSED,
    HEADINGS,
    METHOD,
    SHEETS,
    SYNTHETIC,
    VIEWS,
    Sheet,
)

HEADER_ROW = 3  # zero-based; above it title, notice and note
_HIDDEN = {"small_group": "隐去·小样本", "complementary": "隐去·防推算"}
_CHECKED = 400  # rows that decide the width of a column
_INK, _HONEY, _SOFT, _LINE, _PAPER = "#211C14", "#85560A", "#625A4B", "#D9D0BC", "#F6E3B8"
_FONT = "Microsoft YaHei"
_PAGE = 380  # characters of a row that one page still shows readably
_SENTENCE = 68  # width of a column of sentences, in characters


class Book:
    """The open workbook with its formats; every sheet is made by one of its methods."""

    def __init__(self, path: Path, release: dict[str, Any]) -> None:
        self.release = release
        self.book = xlsxwriter.Workbook(
            str(path),
            {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
        )
        day = datetime.date.fromisoformat(release["release_date"])
        self.book.set_properties(
            {
                "title": f"Fengchao 蜂巢 {release['release_id']}",
                "subject": "Survey part SYNTHETIC 调查部分为合成数据",
                "author": "Fengchao",
                "created": datetime.datetime(day.year, day.month, day.day),  # noqa: DTZ001 - a day, no time
            }
        )
        self.book.set_size(2400, 1400)
        self._formats: dict[tuple[tuple[str, Any], ...], Format] = {}

    def style(self, **properties: Any) -> Format:
        """A format by its properties, made once."""
        wanted = {"font_name": _FONT, "font_size": 10, "font_color": _INK, "valign": "top"} | properties
        key = tuple(sorted(wanted.items()))
        if key not in self._formats:
            self._formats[key] = self.book.add_format(wanted)
        return self._formats[key]

    def sheet(self, name: str, title: str, notice: str, note: str = "", tab: str = _HONEY) -> Worksheet:
        """A new sheet with title, notice and print set-up."""
        sheet = self.book.add_worksheet(name)
        sheet.hide_gridlines(2)
        sheet.set_tab_color(tab)
        sheet.set_landscape()
        sheet.set_paper(8)  # A3
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(0.4, 0.4, 0.6, 0.6)
        sheet.set_footer(f"&L&8Fengchao 蜂巢 {self.release['release_id']}&C&8合成数据 SYNTHETIC&R&8&P / &N")
        sheet.set_default_row(17)
        sheet.set_row(0, 26)
        sheet.write_string(
            0, 0, title, self.style(bold=True, font_size=16, font_color=_HONEY, valign="vcenter")
        )
        sheet.write_string(1, 0, notice, self.style(bold=True, font_color="#A32F2A"))
        if note:
            sheet.write_string(2, 0, note, self.style(font_color=_SOFT))
        return sheet

    def table(
        self,
        sheet: Worksheet,
        columns: Sequence[tuple[str, str]],
        rows: Sequence[Sequence[Any]],
        frozen: int = 0,
        hidden: Callable[[Sequence[Any], int], str] = lambda row, position: "",
    ) -> None:
        """A table with frozen, filtered headings. columns: name and DuckDB type."""
        top = HEADER_ROW
        head = self.style(
            bold=True,
            text_wrap=True,
            bg_color=_PAPER,
            bottom=2,
            bottom_color=_HONEY,
            valign="vcenter",
            indent=1,
        )
        marker = self.style(italic=True, font_color="#8F8570", bottom=4, bottom_color=_LINE, valign="vcenter")
        line = self.style(bottom=4, bottom_color=_LINE)
        sheet.set_row(top, 44)
        total = 0.0
        for position, (name, kind) in enumerate(columns):
            heading = f"{HEADINGS.get(name) or label_zh(name)}\n{name}"
            sheet.write_string(top, position, heading, head)
            width = _width(heading, [row[position] for row in rows[:_CHECKED]])
            if hidden is not _never and any(hidden(row, position) for row in rows[:_CHECKED]):
                width = max(width, 13.0)
            sheet.set_column(position, position, width)
            total += width
            # A space on the side where the next column's text or number would touch.
            number_format = _number_format(name, kind)
            aside: dict[str, Any] = (
                {"indent": 1} if number_format == "General" else {"num_format": f"{number_format}_ "}
            )
            cell = self.style(bottom=4, bottom_color=_LINE, valign="vcenter", **aside)
            write = _writer(sheet, kind)
            for number, row in enumerate(rows, start=top + 1):
                value = row[position]
                if value is not None:
                    if write(number, position, value, cell):  # too long a text, or a row too many
                        raise FengchaoError(
                            f"{sheet.name}, row {number + 1}, column {name}: found what no cell of a workbook holds "
                            "(32,767 characters, 1,048,576 rows). Shorten it where it is made, or leave it out in "
                            "release/workbook_sheets.py."
                        )
                elif reason := hidden(row, position):
                    sheet.write_string(number, position, reason, marker)
        for number in range(top + 1, top + 1 + len(rows)):
            sheet.set_row(number, None, line)  # what is empty has its line as well
        sheet.freeze_panes(top + 1, frozen)
        sheet.autofilter(top, 0, top + max(len(rows), 1), len(columns) - 1)
        sheet.repeat_rows(top)
        sheet.fit_to_pages(1 + int(total // _PAGE), 0)
        if frozen:
            sheet.repeat_columns(0, frozen - 1)


def _writer(sheet: Worksheet, kind: str) -> Callable[[int, int, Any, Format], Any]:
    """How a column of a DuckDB type is written: numbers as numbers, days as days, all text as text."""
    if kind in ("INTEGER", "BIGINT", "DOUBLE"):
        return sheet.write_number
    if kind.startswith("DECIMAL"):
        return lambda row, column, value, cell: sheet.write_number(row, column, float(value), cell)
    if kind == "DATE":
        return sheet.write_datetime
    if kind == "BOOLEAN":
        return lambda row, column, value, cell: sheet.write_string(row, column, "是" if value else "否", cell)
    return sheet.write_string


def _never(row: Sequence[Any], position: int) -> str:
    return ""


def _display(value: Any) -> int:
    """Columns that a value takes on screen: a Chinese character takes two."""
    if isinstance(value, bool):
        return 2
    if isinstance(value, decimal.Decimal):
        return len(f"{value:,.0f}") + 1
    if isinstance(value, float):
        return len(f"{value:,.2f}") + 1
    if isinstance(value, datetime.date):
        return 11
    return max(
        (
            sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)
            for line in str(value).split("\n")
        ),
        default=0,
    )


def _width(heading: str, values: Sequence[Any]) -> float:
    """Width of a column in characters; longer texts are cut at the cell, so that all rows are one line high."""
    longest = max((_display(value) for value in values if value is not None), default=0)
    # The button of the filter stands in the heading.
    return float(min(max(longest, 6, *map(_display, heading.split("\n"))) + 3, 60))


def _number_format(name: str, kind: str) -> str:
    if kind == "DATE":
        return "yyyy-mm-dd"
    if kind.startswith("DECIMAL"):
        return "#,##0"
    if kind == "DOUBLE":
        return "#,##0" if unit_of(name, kind) == "persons" else "#,##0.00##" if name in _OPEN_UNIT else "0.00"
    # Years and numbers of order carry no thousands separator.
    return "#,##0" if unit_of(name, kind) == "count" else "0" if kind in ("INTEGER", "BIGINT") else "General"


# Columns whose rows have different units.
_OPEN_UNIT = ("chosen_value", "min_value", "max_value", "weight", "dimension_weight", "indicator_weight")


def build_workbook(
    con: duckdb.DuckDBPyConnection,
    out: Path,
    release: dict[str, Any],
    tables: dict[str, dict[str, Any]],
    sources: Sequence[dict[str, Any]],
    changes: Sequence[tuple[str, str]],
) -> Path:
    """Write the workbook of a release.

    con: the released database, read-only. release: release_id, release_date, git_commit, citation,
    framework_version. changes: pairs of Chinese and English lines on the release before.
    """
    con.execute(VIEWS)
    book = Book(out, release)
    _cover(book, tables)
    add_charts(book, con)
    _lines(book, "方法 Method", "方法 Method", METHOD, ("主题 Topic", "中文", "English"))
    for spec in SHEETS:
        _query_sheet(book, con, spec)
    change_rows = [(number, zh, en) for number, (zh, en) in enumerate(changes, start=1)]
    _lines(
        book,
        "变更 Changes",
        "与上一版本相比的变更 What moved against the release before",
        change_rows,
        ("#", "中文", "English"),
    )
    dictionary = book.sheet("字典 Dictionary", "数据字典 Dictionary of all released tables", SYNTHETIC)
    book.table(
        dictionary,
        [(name, "BIGINT" if name == "column_no" else "VARCHAR") for name in COLUMNS],
        dictionary_rows(tables),
        1,
    )
    keys = ("document_id", "title", "producer", "url", "published_date", "licence")
    sheet = book.sheet("来源 Sources", "披露数字的来源 Sources of the disclosed figures", DISCLOSED)
    book.table(sheet, [(key, "VARCHAR") for key in keys], [[s[key] for key in keys] for s in sources], 1)
    book.book.worksheets()[0].activate()
    book.book.close()
    return out


def _query_sheet(book: Book, con: duckdb.DuckDBPyConnection, spec: Sheet) -> None:
    result = con.execute(spec.query)
    columns = [(column[0], str(column[1])) for column in result.description or []]
    rows = result.fetchall()
    names = [name for name, _ in columns]
    hideable = {names.index(name) for name in spec.hidden}
    flag = names.index("suppressed") if "suppressed" in names else -1
    why = names.index("suppressed_reason") if "suppressed_reason" in names else -1

    def hidden(row: Sequence[Any], position: int) -> str:
        if position not in hideable or not row[flag]:
            return ""
        return _HIDDEN.get(row[why], f"隐去·{row[why]}") if why >= 0 else "隐去"

    sheet = book.sheet(spec.name, spec.title, spec.notice, spec.note)
    book.table(sheet, columns, rows, spec.frozen, hidden if hideable else _never)


def _lines(
    book: Book, name: str, title: str, rows: Sequence[Sequence[Any]], headings: tuple[str, str, str]
) -> None:
    """A sheet of sentences: a short first column, Chinese and English side by side."""
    sheet = book.sheet(name, title, SYNTHETIC, tab="#1D5A70")
    sheet.set_column(0, 0, 14)
    sheet.set_column(1, 2, _SENTENCE)
    head = book.style(bold=True, bg_color=_PAPER, bottom=2, bottom_color=_HONEY)
    for position, heading in enumerate(headings):
        sheet.write_string(HEADER_ROW, position, heading, head)
    first = book.style(bold=True, bottom=4, bottom_color=_LINE, align="left")
    text = book.style(text_wrap=True, bottom=4, bottom_color=_LINE)
    for number, row in enumerate(rows, start=HEADER_ROW + 1):
        lines = max(-(-_display(value) // (_SENTENCE - 4)) for value in row)
        sheet.set_row(number, 6 + 15 * lines)  # LibreOffice does not fit rows to wrapped text
        for position, value in enumerate(row):
            sheet.write_string(number, position, str(value), text if position else first)
    sheet.freeze_panes(HEADER_ROW + 1, 0)
    sheet.repeat_rows(HEADER_ROW)


def _cover(book: Book, tables: dict[str, dict[str, Any]]) -> None:
    release = book.release
    sheet = book.sheet("封面 Cover", "蜂巢 Fengchao", SYNTHETIC)
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 1, 96)
    label = book.style(bold=True, font_color=_SOFT)
    text = book.style(text_wrap=True)
    facts = (
        ("标题 Title", "中国银行业数字化转型问卷与金融科技投入 Digital transformation survey and fintech investment of China's banks"),
        ("版本 Release", release["release_id"]),
        ("日期 Date", release["release_date"]),
        ("框架版本 Framework", release["framework_version"]),
        ("代码 Code", release["git_commit"]),
        ("数据 Data", f"{len(tables)} 张表 tables, {sum(t['rows'] for t in tables.values()):,} 行 rows"),
        ("引用 Cite as", release["citation"]),
        ("许可 Licence", "代码与表结构 Apache-2.0；所引数字归其发布者。 Code and table layout Apache-2.0; quoted facts remain with their publishers."),
    )  # fmt: skip
    for row, (name, value) in enumerate(facts, start=3):
        sheet.write_string(row, 0, name, label)
        sheet.write_string(row, 1, value, text)
    start = 4 + len(facts)
    sheet.write_string(start, 0, "目录 Contents", book.style(bold=True, font_size=12, font_color=_HONEY))
    contents = [
        ("图表 Charts", "雷达图、分组柱、堆叠条、投入条 Radar, grouped bars, stacked bars, investment"),
        ("方法 Method", "得分、区间、可比性与隐去规则 Scores, intervals, comparability, disclosure control"),
        *((spec.name, spec.title) for spec in SHEETS),
        ("变更 Changes", "与上一版本相比 Against the release before"),
        ("字典 Dictionary", "每张表每一列的类型、单位与含义 Type, unit and meaning of every column"),
        ("来源 Sources", "披露数字的文献 Documents of the disclosed figures"),
    ]
    link = book.style(font_color="#1D5A70", underline=1)
    for row, (name, title) in enumerate(contents, start=start + 1):
        sheet.write_url(row, 0, f"internal:'{name}'!A1", link, name)
        sheet.write_string(row, 1, title, text)
