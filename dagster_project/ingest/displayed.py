"""What a spreadsheet shows for a cell: numbers are stored longer than they are printed."""

from __future__ import annotations

import datetime as dt
import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from dagster_project.errors import FengchaoError

# More decimals in a cell without a number format are a result of computing, not print.
MAX_GENERAL_DECIMALS = 4
_MARKS = re.compile(r"\[[^\]]*\]|_.|\*.")
_LITERAL = re.compile(r"\"([^\"]*)\"|\\(.)")
_NUMBER = re.compile(
    r"(?P<before>[^#0.,%?E]*)(?P<whole>[#0,]*[#0])(?:\.(?P<places>[0#]*))?(?P<percent>%?)(?P<after>[^#0.,%?]*)"
)


class NotDisplayed(FengchaoError):
    """A cell whose displayed text is not known: what was found and what to do."""

    def __init__(self, found: str, remedy: str) -> None:
        self.found = found
        self.remedy = remedy
        super().__init__(f"{found}. {remedy}")


def displayed(value: Any, number_format: str) -> str:
    """The text that a spreadsheet shows for a cell.

    Texts stay as they are. Numbers follow their format: decimals (rounded half away from zero, as
    spreadsheets do), thousands separators, percent, words in quotation marks around the number. Without
    a format (`General`) the stored number counts, and its last zeros are unknown. A negative number gets
    a minus sign, whatever the format has in its place (brackets, red). Dates are written ISO, as precise
    as their format.
    Raises NotDisplayed for formats that are not read: fractions, exponents, scaling by thousands, conditions.
    """
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float | dt.date | dt.time | dt.timedelta):
        return str(value)
    if isinstance(value, dt.date):
        return _date(value, number_format)
    if not isinstance(value, int | float):
        raise NotDisplayed(f"a time of day ({value})", "Write the figure as a number or a text.")
    # 15 digits is what a spreadsheet keeps: 0.1 + 0.2 is 0.3 there.
    number = Decimal(f"{value:.15g}")
    if number_format in ("General", "@"):
        return _general(number)
    sections = number_format.split(";")
    wanted = 1 if number < 0 else 2 if number == 0 else 0
    return _formatted(number, sections[wanted if wanted < len(sections) else 0], number_format)


def _general(number: Decimal) -> str:
    text = f"{number.normalize():f}"
    places = len(text.partition(".")[2])
    if places > MAX_GENERAL_DECIMALS:
        raise NotDisplayed(
            f"{text}, a number of {places} decimals without a number format",
            "It was computed, not printed: look the figure up and write it as printed.",
        )
    return text


def _formatted(number: Decimal, section: str, whole_format: str) -> str:
    literals: list[str] = []

    def keep(match: re.Match[str]) -> str:
        literals.append(match[1] if match[1] is not None else match[2])
        return chr(0xE000 + len(literals) - 1)

    match = _NUMBER.fullmatch(_LITERAL.sub(keep, _MARKS.sub("", section)))
    if not match or re.search(r"[<>=]", whole_format):
        raise NotDisplayed(
            f"the number format {whole_format!r}",
            "Give the cell an ordinary number format (0.00, #,##0.00, 0.00%) or write the figure as text.",
        )
    places = match["places"] or ""
    shown = abs(number) * (100 if match["percent"] else 1)
    shown = shown.quantize(Decimal(1).scaleb(-len(places)), ROUND_HALF_UP)
    text = f"{shown:,f}" if "," in match["whole"] else f"{shown:f}"
    for _ in range(len(places) - len(places.rstrip("#"))):
        text = text.removesuffix("0")
    text = text.removesuffix(".")

    def words(text: str) -> str:
        return "".join(literals[ord(c) - 0xE000] if c >= chr(0xE000) else c for c in text).strip("()-+ ")

    sign = "-" if number < 0 and shown else ""
    return words(match["before"]) + sign + text + match["percent"] + words(match["after"])


def _date(value: dt.date, number_format: str) -> str:
    plain = _LITERAL.sub("", _MARKS.sub("", number_format)).lower()
    precise = "%Y-%m-%d" if "d" in plain else "%Y-%m" if "m" in plain else "%Y"
    return value.strftime(precise)
