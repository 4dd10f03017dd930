"""Numbers as Chinese and English documents print them.

`parse_number` reads one printed value. It keeps the printed number in the printed unit (the factor
to yuan or persons stands in `dbt/seeds/measures/unit.csv`) and never guesses: whatever is not
understood to the last character raises NumberError.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

from dagster_project.errors import FengchaoError

QUALIFIERS = ("eq", "approx", "gt", "ge", "lt", "le")
# What the warehouse holds exactly (decimal(20, 6)); no printed figure needs more.
MAX_DIGITS, MAX_DECIMALS = 14, 6


class NumberError(FengchaoError):
    """A text that is not one number; says what was found and what to do."""

    def __init__(self, found: str, remedy: str) -> None:
        self.found = found
        self.remedy = remedy
        super().__init__(f"{found}. {remedy}")


@dataclass(frozen=True)
class ParsedNumber:
    """One printed number.

    value: the number in `unit`, None where the document says that it does not disclose it.
    unit: normalised spelling (a key of unit.csv), blank where neither text nor hint has one.
    qualifier: one of QUALIFIERS, on the signed value.
    decimals: digits after the point (the tolerance is half a unit of the last one); -1 = tens.
    scope: what stood in brackets, or the words of a non-disclosure.
    """

    value: Decimal | None
    unit: str
    qualifier: str = "eq"
    decimals: int | None = None
    not_disclosed: bool = False
    scope: str = ""


_UNIT_SPELLINGS = {
    "percent": "%",
    "percentage points": "个百分点",
    "percentage point": "个百分点",
    "百分点": "个百分点",
    "pp": "个百分点",
    "基点": "bp",
    "个基点": "bp",
    "bps": "bp",
    "人民币": "元",
    "yuan": "元",
    "rmb": "元",
    "persons": "人",
    "people": "人",
}
_SCALES = ("万亿", "亿", "千万", "百万", "万", "千")
_BASES = (
    "元", "人", "名", "户", "家", "笔", "个", "款", "项", "类", "条", "次", "支", "种", "部", "期", "场",
    "级", "倍", "名次", "方面", "工作日", "天", "小时", "分钟", "件", "只", "股",
)  # fmt: skip
_ENGLISH_SCALES = {
    "trillion": "trillion",
    "billion": "billion",
    "bn": "billion",
    "million": "million",
    "mn": "million",
}
UNITS = {"%", "个百分点", "bp", "元", "score", "count", *_BASES, *_SCALES}
_COUNTED = ("人", "户", "家", "笔", "个", "名", "次", "股")
UNITS |= {scale + "元" for scale in _SCALES}
UNITS |= {scale + base for scale in _SCALES[1:] for base in _COUNTED}
UNITS |= {f"{scale} yuan" for scale in _ENGLISH_SCALES.values()}


def normalise_unit(text: str) -> str:
    """The one spelling of a unit (`percent` -> `%`, `RMB billion` -> `billion yuan`); "" for blank.

    Raises NumberError for a unit that is not known.
    """
    unit = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).strip().casefold()
    if not unit:
        return ""
    unit = _UNIT_SPELLINGS.get(unit, unit)
    english = re.fullmatch(
        r"(?:rmb|cny)?\s?(trillion|billion|bn|million|mn)\s?(?:yuan|rmb|cny)?|(?:yuan|rmb)\s(trillion|billion|million)",
        unit,
    )
    if english and ("yuan" in unit or "rmb" in unit or "cny" in unit):
        unit = _ENGLISH_SCALES[english[1] or english[2]] + " yuan"
    unit = re.sub(r"(?<=[万亿千])元?人民币$", "元", unit)
    if unit in UNITS:
        return unit
    raise NumberError(
        f"unit {text.strip()!r}", "Correct the unit, or teach it to ingest/numbers.py and unit.csv."
    )


_BEFORE = {
    "大约": "approx", "约为": "approx", "约": "approx", "接近": "approx", "将近": "approx", "近": "approx",
    "超过了": "gt", "超过": "gt", "超": "gt", "逾": "gt", "突破": "gt",
    "高于": "gt", "大于": "gt", "多于": "gt",
    "不足": "lt", "不到": "lt", "低于": "lt", "少于": "lt", "小于": "lt",
    "不低于": "ge", "不少于": "ge", "至少": "ge",
    "不超过": "le", "不高于": "le", "不多于": "le", "至多": "le",
    "about": "approx", "approximately": "approx", "around": "approx", "roughly": "approx", "nearly": "approx",
    "almost": "approx", "over": "gt", "more than": "gt", "exceeding": "gt", "above": "gt",
    "less than": "lt", "under": "lt", "below": "lt", "at least": "ge", "at most": "le", "up to": "le",
}  # fmt: skip
_AFTER = {"左右": "approx", "以上": "ge", "及以上": "ge", "以下": "le", "及以下": "le", "以内": "le"}
_ODD = {"余": "ge", "多": "ge"}
_RISE = ("上升", "上涨", "增长", "增加", "提高", "提升")
_FALL = ("下降", "下行", "下滑", "减少", "降低", "回落")
# Words that only introduce a number. A year in them is not the number.
_LEAD = re.compile(r"^(?:[较比](?:[0-9]{4}年末?|前一年|上一年|上年(?:末|同期)?)|同比|平均|已经?|达到?|为)")
_CURRENCY = re.compile(r"^(?:人民币|rmb|cny|¥)")
_MIRROR = {"gt": "lt", "lt": "gt", "ge": "le", "le": "ge"}
_DIGIT = {char: number for number, char in enumerate("零一二三四五六七八九")} | {"两": 2}

_NUMBER = r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?"
_BODY = re.compile(rf"(?P<sign>[+-]?)(?P<number>{_NUMBER})(?![0-9.,])(?P<rest>.*)")
_TENTHS = re.compile(r"(?P<digit>[一二两三四五六七八九1-9])成(?P<rest>.*)")
_FRACTION = re.compile(r"(?P<below>[二三四五六七八九十])分之(?P<above>[一二两三四五六七八九])(?P<rest>.*)")
_HUNDREDTHS = re.compile(r"百分之(?P<digits>[一二三四五六七八九十]{1,3}|[0-9]+(?:\.[0-9]+)?)(?P<rest>.*)")
_UNDISCLOSED = re.compile(r"^未(?:披露|公布|公开)[0-9一-鿿]*$|^not disclosed$", re.IGNORECASE)
_ADVICE = "Print one number with at most one unit, or set the row aside."


def parse_number(text: str, unit_hint: str = "") -> ParsedNumber:
    """Read one printed number.

    text: as printed, e.g. `1,008亿元`, `超2亿元`, `0.75（含外包）`, `-17bp`, `近三分之一`,
        `未披露2018年数据`.
    unit_hint: the unit of the column, used where the text has none; a text with another unit than
    the hint is refused.
    Raises NumberError where the text is not exactly one number.
    """
    plain, scope = _normalise(text)
    hint = normalise_unit(unit_hint)
    if _UNDISCLOSED.match(plain):
        return ParsedNumber(None, hint, not_disclosed=True, scope=text.strip())
    if not plain:
        raise NumberError(f"no number in {text!r}" if text.strip() else "an empty value", _ADVICE)
    rest, qualifier, direction, yuan = _leading_words(plain, text)
    value, decimals, unit_text, implied = _number(rest, text)
    if re.search(r"[0-9]", unit_text):
        raise NumberError(f"{text!r}, which holds more than one number", _ADVICE)
    unit_text, after = _trailing_words(unit_text)
    if yuan and not unit_text.endswith(("元", "yuan")):
        unit_text += " yuan" if unit_text in _ENGLISH_SCALES else "元"
    if qualifier and after and qualifier != after:
        raise NumberError(f"two different bounds in {text!r}", _ADVICE)
    qualifier = qualifier or after or "eq"
    if direction < 0:
        if value.is_signed():
            raise NumberError(f"a fall by a negative number in {text!r}", _ADVICE)
        value, qualifier = -value, _MIRROR.get(qualifier, qualifier)
    unit = _unit(unit_text, implied, hint, text)
    return ParsedNumber(value, unit, qualifier, decimals, scope=scope)


def _normalise(text: str) -> tuple[str, str]:
    """NFKC text without brackets and needless spaces, and the content of the brackets."""
    for char in text:
        # Superscripts, circled digits and fractions would become plain digits and change the number.
        if unicodedata.category(char) == "No":
            raise NumberError(
                f"the sign {char!r} in {text!r}", "Remove the footnote mark or write the number in digits."
            )
    scopes = re.findall(r"[（(]([^（）()]*)[）)]", text)
    plain = unicodedata.normalize("NFKC", text).replace("−", "-").strip().casefold()
    plain = re.sub(r"\([^()]*\)", "", plain)
    if "(" in plain or ")" in plain:
        raise NumberError(f"a bracket without its pair in {text!r}", "Close the bracket.")
    plain = re.sub(r"\s+", " ", plain).strip()
    # A space between two digits may hide a separator or two numbers: it stays, and is refused later.
    plain = re.sub(r"(?<![0-9a-z.,]) | (?![0-9a-z.,])", "", plain)
    return plain, "；".join(scope.strip() for scope in scopes if scope.strip())


def _leading_words(plain: str, text: str) -> tuple[str, str, int, bool]:
    """What follows the leading words; their qualifier; -1 after a word of falling; currency named."""
    qualifier, direction, yuan = "", 1, False
    moved = True
    while moved:
        moved = False
        for word in sorted(_BEFORE, key=len, reverse=True):
            if plain.startswith(word):
                if qualifier:
                    raise NumberError(f"two bounds in {text!r}", _ADVICE)
                qualifier, plain, moved = _BEFORE[word], plain[len(word) :].lstrip(), True
                break
        for words, sign in ((_RISE, 1), (_FALL, -1)):
            for word in words:
                if plain.startswith(word):
                    direction, plain, moved = sign, plain[len(word) :].removeprefix("了").lstrip(), True
        lead = _LEAD.match(plain)
        if lead and lead.end() < len(plain):
            plain, moved = plain[lead.end() :].lstrip(), True
        if not yuan and (currency := _CURRENCY.match(plain)):
            plain, moved, yuan = plain[currency.end() :].lstrip(), True, True
    return plain, qualifier, direction, yuan


def _number(rest: str, text: str) -> tuple[Decimal, int, str, str]:
    """Value, decimals, the text after the number, and the unit that words such as 成 imply."""
    if match := _HUNDREDTHS.fullmatch(rest):
        digits = match["digits"]
        number = digits if digits[0].isascii() else str(_small_chinese(digits, text))
        return Decimal(number), len(number.partition(".")[2]), match["rest"], "%"
    if match := _TENTHS.fullmatch(rest):
        digit = _DIGIT.get(match["digit"]) or int(match["digit"])
        return Decimal(digit * 10), -1, match["rest"], "%"
    if match := _FRACTION.fullmatch(rest):
        below = 10 if match["below"] == "十" else _DIGIT[match["below"]]
        share = Decimal(100 * _DIGIT[match["above"]]) / below
        return share.quantize(Decimal("0.01")), 0, match["rest"], "%"
    match = _BODY.fullmatch(rest)
    if not match:
        raise NumberError(f"{text!r}, which is not one number", _ADVICE)
    number = match["number"].replace(",", "")
    whole, _, places = number.partition(".")
    if len(whole) > MAX_DIGITS or len(places) > MAX_DECIMALS:
        raise NumberError(
            f"{text!r} with more than {MAX_DIGITS} digits or {MAX_DECIMALS} decimals", "Check the number."
        )
    sign = "-" if match["sign"] == "-" else ""
    return Decimal(sign + number), len(number.partition(".")[2]), match["rest"].strip(), ""


def _small_chinese(digits: str, text: str) -> int:
    """一 to 九十九 in characters."""
    match = re.fullmatch(r"(?:([二三四五六七八九])?(十))?([一二三四五六七八九])?", digits)
    if not match:
        raise NumberError(f"{text!r}, which is not one number", _ADVICE)
    tens = _DIGIT[match[1]] if match[1] else (1 if match[2] else 0)
    return tens * 10 + (_DIGIT[match[3]] if match[3] else 0)


def _trailing_words(rest: str) -> tuple[str, str]:
    """The unit text without the words of a bound around it, and the bound."""
    qualifier = ""
    for word in sorted(_AFTER, key=len, reverse=True):
        if rest.endswith(word):
            rest, qualifier = rest[: -len(word)], _AFTER[word]
            break
    for word, bound in _ODD.items():
        if rest.startswith(word):
            if qualifier:
                return rest, qualifier
            return rest[len(word) :], bound
        # 亿多元, 万余人: the word stands between scale and base.
        for scale in _SCALES:
            if rest.startswith(scale + word) and not qualifier:
                return scale + rest[len(scale + word) :], bound
    return rest, qualifier


def _unit(unit_text: str, implied: str, hint: str, text: str) -> str:
    if implied:
        if unit_text.strip():
            raise NumberError(f"{unit_text.strip()!r} after the number in {text!r}", _ADVICE)
        unit = implied
    else:
        unit = normalise_unit(unit_text)
    if not unit or unit == hint:
        return hint
    if not hint:
        return unit
    # A bare scale in the text takes its base from the column: `2亿` in 亿元, `3.5万` in 人.
    if unit in _SCALES and hint == unit + hint.removeprefix(unit):
        return hint
    if unit in _SCALES and hint in ("元", *_COUNTED):
        return unit + hint
    raise NumberError(
        f"unit {unit!r} in {text!r} where the column says {hint!r}",
        "Find out which one is printed, and correct the other.",
    )
