"""The charts of the workbook, native and with their numbers beside them on the same sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb

from dagster_project.release.workbook_sheets import SYNTHETIC

if TYPE_CHECKING:
    from dagster_project.release.workbook import Book

NAME = "图表 Charts"
# More than three profiles cover each other.
MAX_PROFILES = 3
# The question most readers ask for: asked in every wave, one answer per bank.
QUESTION = "fintech_investment_share"
_BANKS = 15
_DATA_COLUMN = 20  # the numbers stand right of the charts
_PALETTE = ("#B06C00", "#1F5F97", "#2C6B45", "#A1343C", "#6B5B95", "#625A4B")
_WAVES = ("#F3D58F", "#E0AA4E", "#C4851C", "#85560A", "#5A3A06", "#3A2504")
_TEXT: dict[str, Any] = {"name": "Microsoft YaHei", "size": 9, "color": "#211C14"}
_SIZE = {"width": 640, "height": 400}

_PROFILES = """
with latest as (
    select * from mart_dimension_score
    where scenario = 'headline' and wave = (select max(wave) from mart_dimension_score)
        and population_kind = 'bank_type' and score is not null
),
chosen as (
    select population_value, bank_type_no, label_zh
    from (select distinct population_value from latest) inner join framework_bank_type on population_value = bank_type
    order by bank_type_no limit $limit
)
select dimension_name, chosen.label_zh, score, wave
from latest inner join chosen using (population_value) inner join dimension_name using (dimension)
order by latest.dimension_no, bank_type_no
"""
_INDEX = """
select label_zh, cast(wave as varchar), index
from mart_index inner join framework_bank_type on population_value = bank_type
where scenario = 'headline' and population_kind = 'bank_type'
order by bank_type_no, wave
"""
_ANSWERS = """
select cast(wave as varchar), option_name, share_pct
from mart_answer_share inner join dim_item as item using (wave, item_id)
inner join option_name using (wave, option_set, option_id)
where item_id = $item and population_kind = 'all'
    -- Other options in earlier waves would not stand in one row of colours.
    and item.option_set = (select arg_max(option_set, wave) from dim_item where item_id = $item)
order by wave, option_no
"""
# Bars run upwards from the axis: the largest stands last.
_INVESTMENT = """
select name_zh, '亿元', amount
from (
    select name_zh, bank_id, cast(investment_cny / 1e8 as double) as amount
    from mart_fintech_investment
    where fiscal_year = (select max(fiscal_year) from mart_fintech_investment where investment_cny is not null)
        and investment_cny is not null
    order by amount desc, bank_id limit $limit
)
order by amount, bank_id desc
"""


def add_charts(book: Book, con: duckdb.DuckDBPyConnection) -> None:
    """One sheet with four charts. Scores stand on axes from 0 to 100; a hidden value is a gap."""
    note = "空缺＝隐去（见“方法”）；图中数字在右侧表格。 A gap is a hidden value; the numbers stand right of the charts."
    sheet = book.sheet(NAME, "图表 Charts", SYNTHETIC, note)
    wave = con.execute("select max(wave) from mart_dimension_score").fetchone()[0]  # type: ignore[index]
    year = con.execute(
        "select max(fiscal_year) from mart_fintech_investment where investment_cny is not null"
    ).fetchone()[0]  # type: ignore[index]
    question = con.execute(
        "select arg_max(label_zh, wave) from dim_item where item_id = ?", [QUESTION]
    ).fetchone()[0]  # type: ignore[index]
    blocks: tuple[tuple[str, str, str, str, dict[str, Any], tuple[str, ...]], ...] = (
        ("radar", "", f"{wave} 六维画像（合成） Profile by type, synthetic", _PROFILES, {"limit": MAX_PROFILES}, _PALETTE),
        ("column", "", "各类银行指数（合成） Index by type and wave, synthetic", _INDEX, {}, _WAVES),
        ("bar", "stacked", f"{question or QUESTION}（%，合成 synthetic）", _ANSWERS, {"item": QUESTION}, _WAVES),
        ("bar", "", f"{year} 披露科技投入（亿元） Disclosed investment, CNY 100 million", _INVESTMENT, {"limit": _BANKS}, _PALETTE),
    )  # fmt: skip
    row = 3
    for position, (kind, subtype, title, query, values, colours) in enumerate(blocks):
        rows = [line[:3] for line in con.execute(query, values).fetchall()]
        first, categories, series = _write_block(book, sheet, row, title, rows)
        if not rows:
            continue
        options = {"type": kind, "subtype": subtype} if subtype else {"type": kind}
        if kind == "radar":
            options["subtype"] = "with_markers"
        chart = book.book.add_chart(options)
        for number in range(len(series)):
            column = _DATA_COLUMN + 1 + number
            colour = colours[number % len(colours)]
            filling: dict[str, Any] = {"fill": {"color": colour}, "border": {"color": "#FFFFFF"}, "gap": 60}
            if kind == "radar":
                dot = {"type": "circle", "size": 5, "fill": {"color": colour}, "border": {"color": colour}}
                filling = {"line": {"color": colour, "width": 2.25}, "marker": dot}
            chart.add_series(
                {
                    "name": [sheet.name, first, column],
                    "categories": [sheet.name, first + 1, _DATA_COLUMN, first + len(categories), _DATA_COLUMN],
                    "values": [sheet.name, first + 1, column, first + len(categories), column],
                    **filling,
                }
            )  # fmt: skip
        _axes(chart, kind, subtype, title, n_series=len(series))
        chart.set_size(_SIZE)
        sheet.insert_chart(3 + (position // 2) * 22, (position % 2) * 10, chart, {"object_position": 2})
        row = first + len(categories) + 3
    sheet.print_area(0, 0, 47, _DATA_COLUMN - 1)


def _axes(chart: Any, kind: str, subtype: str, title: str, n_series: int) -> None:
    chart.set_title({"name": title, "name_font": {**_TEXT, "size": 12, "bold": True}, "overlay": False})
    legend: dict[str, Any] = {"position": "bottom", "font": _TEXT} if n_series > 1 else {"none": True}
    chart.set_legend(legend)
    grid = {"visible": True, "line": {"color": "#D9D0BC", "width": 0.75}}
    scale: dict[str, Any] = {"num_font": _TEXT, "major_gridlines": grid, "num_format": "0"}
    if kind == "radar" or kind == "column" or subtype == "stacked":
        scale |= {"min": 0, "max": 100, "major_unit": 20}
    # XlsxWriter calls the horizontal axis x, also where it carries the values.
    categories, numbers = (chart.set_y_axis, chart.set_x_axis) if kind == "bar" else (chart.set_x_axis, chart.set_y_axis)  # fmt: skip
    categories({"num_font": _TEXT})
    numbers(scale)


def _write_block(
    book: Book, sheet: Any, row: int, title: str, rows: list[tuple[Any, ...]]
) -> tuple[int, list[str], list[str]]:
    """Write (category, series, value) rows as a grid; returns its heading row, categories and series."""
    categories = list(dict.fromkeys(str(line[0]) for line in rows))
    series = list(dict.fromkeys(str(line[1]) for line in rows))
    head = book.style(bold=True, bg_color="#F6E3B8")
    sheet.set_column(_DATA_COLUMN, _DATA_COLUMN, 26)
    sheet.set_column(_DATA_COLUMN + 1, _DATA_COLUMN + 8, 14)
    sheet.write_string(row, _DATA_COLUMN, title, book.style(bold=True))
    first = row + 1
    for position, text in enumerate(["", *series]):
        sheet.write_string(first, _DATA_COLUMN + position, text, head)
    for number, text in enumerate(categories, start=1):
        sheet.write_string(first + number, _DATA_COLUMN, text, book.style())
    for category, name, value in rows:
        if value is not None:
            place = first + 1 + categories.index(str(category)), _DATA_COLUMN + 1 + series.index(str(name))
            sheet.write_number(*place, value, book.style(num_format="#,##0.00"))
    return first, categories, series
