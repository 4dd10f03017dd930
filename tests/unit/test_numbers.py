"""The parser of printed numbers: what it reads, and that it refuses everything else."""

from __future__ import annotations

import csv
import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_project.ingest import numbers
from dagster_project.ingest.measures import load_measures
from dagster_project.ingest.numbers import NumberError, normalise_unit, parse_number

RAW = Path(__file__).parents[2] / "data" / "raw"


@pytest.mark.parametrize(
    ("text", "hint", "value", "unit", "qualifier", "decimals"),
    [
        ("1,008亿元", "", "1008", "亿元", "eq", 0),
        ("1008", "亿元", "1008", "亿元", "eq", 0),
        ("３．７２％", "", "3.72", "%", "eq", 2),
        ("2.50", "percent", "2.50", "%", "eq", 2),
        ("-17bp", "bp", "-17", "bp", "eq", 0),
        ("25", "基点", "25", "bp", "eq", 0),
        ("−0.30", "%", "-0.30", "%", "eq", 2),
        ("超2亿元", "亿元", "2", "亿元", "gt", 0),
        ("逾50亿元", "", "50", "亿元", "gt", 0),
        ("超过了2%", "", "2", "%", "gt", 0),
        ("已突破8万人", "万人", "8", "万人", "gt", 0),
        ("近5,000亿元", "", "5000", "亿元", "approx", 0),
        ("平均接近30%", "%", "30", "%", "approx", 0),
        ("约50亿元左右", "", "50", "亿元", "approx", 0),
        ("不足10%", "", "10", "%", "lt", 0),
        ("3%以上", "", "3", "%", "ge", 0),
        ("不超过10%", "", "10", "%", "le", 0),
        ("80余款", "款", "80", "款", "ge", 0),
        ("100多亿元", "", "100", "亿元", "ge", 0),
        ("达400人", "人", "400", "人", "eq", 0),
        ("20亿", "亿元", "20", "亿元", "eq", 0),
        ("3.5万", "人", "3.5", "万人", "eq", 1),
        ("人民币5亿", "", "5", "亿元", "eq", 0),
        ("23.8 billion yuan", "", "23.8", "billion yuan", "eq", 1),
        ("about RMB 23.8bn", "", "23.8", "billion yuan", "approx", 1),
        ("more than 5%", "", "5", "%", "gt", 0),
        ("7.51", "trillion yuan", "7.51", "trillion yuan", "eq", 2),
        ("三成", "", "30", "%", "eq", -1),
        ("不足一成", "", "10", "%", "lt", -1),
        ("近三分之一", "", "33.33", "%", "approx", 0),
        ("百分之二十五", "", "25", "%", "eq", 0),
        ("1.2万亿元", "", "1.2", "万亿元", "eq", 1),
        ("5千元", "", "5", "千元", "eq", 0),
        ("3.2 trillion yuan", "", "3.2", "trillion yuan", "eq", 1),
        ("RMB 1.5 million", "", "1.5", "million yuan", "eq", 1),
        ("100万元人民币", "", "100", "万元", "eq", 0),
        ("逾１，００８亿元", "", "1008", "亿元", "gt", 0),
        ("五成以上", "", "50", "%", "ge", -1),
        ("超三成", "", "30", "%", "gt", -1),
        ("2.3 percentage points", "", "2.3", "个百分点", "eq", 1),
        # The year belongs to the words in front, not to the number.
        ("较2021年下降17bp", "bp", "-17", "bp", "eq", 0),
        ("较前一年上升超3个百分点", "百分点", "3", "个百分点", "gt", 0),
        # A fall by more than 3 is a change below -3.
        ("下降超3个百分点", "", "-3", "个百分点", "lt", 0),
    ],
)
def test_printed_forms(text: str, hint: str, value: str, unit: str, qualifier: str, decimals: int) -> None:
    parsed = parse_number(text, hint)
    assert (str(parsed.value), parsed.unit, parsed.qualifier, parsed.decimals) == (
        value,
        unit,
        qualifier,
        decimals,
    )


def test_brackets_are_scope() -> None:
    parsed = parse_number("0.75 （不含IT子公司）", "万人")
    assert (parsed.value, parsed.scope) == (Decimal("0.75"), "不含IT子公司")


def test_not_disclosed_is_not_zero() -> None:
    parsed = parse_number("未披露2018年数据", "%")
    assert parsed.value is None
    assert parsed.not_disclosed
    assert parsed.scope == "未披露2018年数据"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "an empty value"),
        ("   ", "an empty value"),
        ("—", "not one number"),
        ("(3.5)", "no number"),
        ("3.5（含外包", "bracket without its pair"),
        ("1 008", "more than one number"),
        ("1,00", "not one number"),
        ("1.2.3", "not one number"),
        (".5", "not one number"),
        ("5.", "not one number"),
        ("1e5", "more than one number"),
        ("6-6.5", "more than one number"),
        ("40%~60%", "more than one number"),
        ("12亿3000万", "more than one number"),
        ("12①", "sign '①'"),
        ("5²", "sign '²'"),
        ("٣", "not one number"),
        ("NaN", "not one number"),
        ("百亿元", "not one number"),
        ("从零到百万的突破", "not one number"),
        ("七八成", "not one number"),
        ("约5以上", "two different bounds"),
        ("下降-3%", "fall by a negative number"),
        ("5 dollars", "unit 'dollars'"),
        ("2019年", "unit '年'"),
        ("9" * 15, "more than 14 digits"),
        ("0.1234567", "or 6 decimals"),
    ],
)
def test_refused(text: str, found: str) -> None:
    with pytest.raises(NumberError) as caught:
        parse_number(text)
    assert found in caught.value.found
    assert caught.value.remedy


def test_two_units_that_differ_are_refused() -> None:
    with pytest.raises(NumberError, match="'亿元' in '2亿元' where the column says '万元'"):
        parse_number("2亿元", "万元")


_amounts = st.decimals(min_value=-(10**12), max_value=10**12, places=2, allow_nan=False, allow_infinity=False)


@given(_amounts, st.sampled_from(["亿元", "万元", "%", "个百分点", "bp", "万人", "billion yuan"]))
def test_formatted_numbers_come_back(amount: Decimal, unit: str) -> None:
    for text in (f"{amount}", f"{amount:,}", f"{amount}{unit}", f"{amount:,} {unit}"):
        parsed = parse_number(text, unit)
        assert (parsed.value, parsed.unit, parsed.decimals, parsed.qualifier) == (amount, unit, 2, "eq")


_BOUNDS = {
    "": "eq",
    "约": "approx",
    "近": "approx",
    "超": "gt",
    "逾": "gt",
    "不足": "lt",
    "不低于": "ge",
    "不超过": "le",
}
_BEHIND = {"": "eq", "以上": "ge", "以下": "le", "左右": "approx"}


@given(
    st.decimals(min_value=0, max_value=10**8, places=1, allow_nan=False, allow_infinity=False),
    st.sampled_from(sorted(_BOUNDS)),
    st.sampled_from(sorted(_BEHIND)),
    st.sampled_from(["亿元", "万元", "%", "个百分点", "万人", "人", "bp"]),
)
def test_words_before_and_behind_give_the_bound(amount: Decimal, before: str, behind: str, unit: str) -> None:
    text = f"{before}{amount}{unit}{behind}"
    if before and behind and _BOUNDS[before] != _BEHIND[behind]:
        with pytest.raises(NumberError, match="two different bounds"):
            parse_number(text)
        return
    parsed = parse_number(text)
    bound = _BOUNDS[before] if before else _BEHIND[behind]
    assert (parsed.value, parsed.unit, parsed.qualifier) == (amount, unit, bound)


_WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


@given(_amounts, st.sampled_from(["", "约", "超", "不足"]), st.sampled_from(["亿元", "%", "万人"]))
def test_full_width_equals_half_width(amount: Decimal, word: str, unit: str) -> None:
    text = f"{word}{abs(amount):,}{unit}"
    assert parse_number(text.translate(_WIDE)) == parse_number(text)


@given(st.text(alphabet=st.characters(exclude_categories=["Nd", "Nl", "No"]), max_size=20))
def test_text_without_digits_is_no_number(text: str) -> None:
    if re.search("[一二两三四五六七八九十]", text) or text.strip().casefold() == "not disclosed":
        return
    try:
        parsed = parse_number(text)
    except NumberError:
        return
    assert parsed.not_disclosed


@given(st.text(alphabet="0123456789,.-+%亿万元约超 ~e()", max_size=12))
def test_what_is_read_stands_in_the_text(text: str) -> None:
    """Nothing is computed: the digits of the value are the digits of the text, in order."""
    try:
        parsed = parse_number(text)
    except NumberError:
        return
    outside = re.sub(r"\([^()]*\)", "", text)
    assert re.sub(r"[^0-9.]", "", outside) == str(abs(parsed.value)) or parsed.value == Decimal(
        re.sub(r"[^0-9.]", "", outside)
    ) * (-1 if "-" in outside else 1)


def test_every_unit_of_the_parser_has_a_factor() -> None:
    units = load_measures().units
    text_units = {unit for unit, (kind, _) in units.items() if kind in ("text", "date")}
    assert set(units) - text_units == numbers.UNITS
    assert all(normalise_unit(unit) == unit for unit in numbers.UNITS)


def test_every_disclosed_value_parses() -> None:
    """Names and dates of subsidiaries apart, which are not numbers."""
    seen = 0
    for path in sorted((RAW / "disclosures").rglob("*.csv")):
        with path.open(encoding="utf-8", newline="") as handle:
            for row in csv.DictReader(handle):
                if row["unit_as_printed"] in ("text", "date", "year-month"):
                    continue
                parsed = parse_number(row["value_as_printed"], row["unit_as_printed"])
                assert parsed.not_disclosed is ("未披露" in row["value_as_printed"])
                seen += 1
    assert seen == 595


def test_every_published_value_parses_or_is_a_range() -> None:
    """Two ranges are printed, which are no single number; they are set aside at landing."""
    refused, seen = [], 0
    files = [path for path in (RAW / "published").glob("*/*.csv") if path.name != "claims.csv"]
    for path in sorted(files):
        with path.open(encoding="utf-8", newline="") as handle:
            for row in csv.DictReader(handle):
                if row["unit"] in ("text", "date", "year-month"):
                    continue
                seen += 1
                try:
                    parse_number(row["value"], row["unit"])
                except NumberError:
                    refused.append(row["value"])
    assert (refused, seen) == (["6-6.5", "1-2"], 750)
