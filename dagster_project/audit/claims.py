"""Rule claim_contradicted: a rank or comparison in words that the printed numbers rule out.

A claim is a row of `claims.csv`: kind, operands and, for some kinds, a bound. Operands are separated by
`|`; an operand is a figure id, a number that only the sentence prints, or a sum of them written with
spaces: `a + b - c`, and `( … ) / 6` for a mean. Figures are intervals of half a unit around what is
printed (`words_tolerance` for words); a claim is contradicted only if no values within them make it true.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from dagster_project.audit.blocks import SLACK
from dagster_project.audit.findings import Finding
from dagster_project.errors import InputError

RULE = "claim_contradicted"
Interval = tuple[float, float]
_NUMBER = r"\d+(\.\d+)?"


# A figure of `disclosures/<year>/`: <document>-<year>-<row>.
_OF_YEAR = re.compile(r"[\w-]+?-(\d{4})-[^\s-]+(?=\s|$)")


@dataclass(frozen=True)
class Claim:
    """One comparison in words; `bound` is the number it names, with the digits it is printed with."""

    claim_id: str
    document_id: str
    document_year: int
    line: int
    place: str
    wording: str
    kind: str
    operands: tuple[str, ...]
    bound: str | None
    source: str


def _greater(x: list[Interval], _: Interval) -> list[int]:
    return [i for i in range(1, len(x)) if x[i - 1][1] <= x[i][0] + SLACK]


def _highest(x: list[Interval], _: Interval) -> list[int]:
    return [i for i in range(1, len(x)) if x[0][1] < x[i][0] - SLACK]


def _lowest(x: list[Interval], _: Interval) -> list[int]:
    return [i for i in range(1, len(x)) if x[0][0] > x[i][1] + SLACK]


def _top(x: list[Interval], bound: Interval) -> list[int]:
    count = round(sum(bound) / 2)
    last = min(high for _, high in x[:count])
    return [i for i in range(count, len(x)) if x[i][0] > last + SLACK]


def _sum(x: list[Interval], _: Interval) -> list[int]:
    return [0] if _apart(x[0], (sum(a for a, _ in x[1:]), sum(b for _, b in x[1:]))) else []


def _growth(x: list[Interval], _: Interval) -> list[int]:
    """Operands growth (percent), new, old."""
    rates = (100 * (x[1][0] / x[2][1] - 1), 100 * (x[1][1] / x[2][0] - 1))
    return [0] if _apart(x[0], rates) else []


def _points(x: list[Interval], _: Interval) -> list[int]:
    """Operands change, new share, old share."""
    return [0] if _apart(x[0], (x[1][0] - x[2][1], x[1][1] - x[2][0])) else []


def _apart(a: Interval, b: Interval) -> bool:
    return a[1] < b[0] - SLACK or a[0] > b[1] + SLACK


@dataclass(frozen=True)
class Kind:
    """failing(intervals, bound) gives the operands that contradict; texts name what is claimed."""

    failing: Callable[[list[Interval], Interval], list[int]]
    zh: str
    en: str
    needs_bound: bool = False
    severity: str = "wording"


KINDS = {
    "greater": Kind(_greater, "前者大于后者", "each is greater than the next"),
    "increase": Kind(
        lambda x, b: _greater(x[::-1], b) and [len(x) - 1], "逐期上升", "each is less than the next"
    ),
    "highest": Kind(_highest, "第一个最高", "the first is the highest"),
    "lowest": Kind(_lowest, "第一个最低", "the first is the lowest"),
    "top": Kind(_top, "前 {bound} 个排在最前", "the first {bound} rank above the others", True),
    "at_least": Kind(
        lambda x, b: [i for i, v in enumerate(x) if v[1] < b[0] - SLACK],
        "均不低于 {bound}",
        "none is below {bound}",
        True,
    ),
    "at_most": Kind(
        lambda x, b: [i for i, v in enumerate(x) if v[0] > b[1] + SLACK],
        "均不高于 {bound}",
        "none is above {bound}",
        True,
    ),
    "majority": Kind(lambda x, _: [i for i, v in enumerate(x) if v[1] <= 50], "均过半", "each is a majority"),
    "sum": Kind(_sum, "第一个是其余之和", "the first is the sum of the others", severity="inconsistent"),
    "growth": Kind(
        _growth, "增幅由后两数得出", "the growth follows from the two amounts", severity="inconsistent"
    ),
    "points": Kind(
        _points, "变化为两占比之差（百分点）", "the change is the difference of two shares", severity="unit"
    ),
}


def find(claims: Sequence[Claim], values: Mapping[str, Interval]) -> list[Finding]:
    """values: (lowest, highest) that each printed figure allows. Raises InputError for a broken claim."""
    findings = []
    for claim in claims:
        kind = KINDS.get(claim.kind)
        if kind is None:
            raise _broken(claim, f"kind {claim.kind!r}", f"Use one of {', '.join(KINDS)}.")
        if kind.needs_bound and not re.fullmatch(_NUMBER, claim.bound or ""):
            raise _broken(claim, "no bound", f"A claim of kind {claim.kind} needs one.")
        if _waits(claim, values):
            continue
        intervals = [evaluate(operand, claim, values) for operand in claim.operands]
        failing = kind.failing(intervals, _number(claim.bound or "0"))
        if failing:
            findings.append(_finding(claim, kind, intervals, failing))
    return findings


def _waits(claim: Claim, values: Mapping[str, Interval]) -> bool:
    """An operand is a figure of a fiscal year of which nothing has landed: the claim waits for that year."""
    landed = {match[1] for name in values if (match := _OF_YEAR.fullmatch(name))}
    wanted = {match[1] for operand in claim.operands for match in _OF_YEAR.finditer(operand)}
    return bool(wanted - landed)


def evaluate(operand: str, claim: Claim, values: Mapping[str, Interval]) -> Interval:
    """The interval of `a`, `a + b - c` or `( a + b ) / n`."""
    match = re.fullmatch(r"\(\s*(.+?)\s*\)\s*/\s*(\d+)", operand.strip())
    divisor = int(match[2]) if match else 1
    low = high = 0.0
    sign = 1
    for token in (match[1] if match else operand).split():
        if token in "+-":
            sign = 1 if token == "+" else -1
            continue
        if token in values:
            a, b = values[token]
        elif re.fullmatch(_NUMBER, token):
            a, b = _number(token)
        else:
            raise _broken(claim, f"operand {token!r}", "Name a figure id of the document, or write a number.")
        low, high = low + min(sign * a, sign * b), high + max(sign * a, sign * b)
    return low / divisor, high / divisor


def _number(text: str) -> Interval:
    half = 0.5 * 10.0 ** -len(text.partition(".")[2])
    return float(text) - half, float(text) + half


def _broken(claim: Claim, found: str, remedy: str) -> InputError:
    return InputError(claim.source, f"claim {claim.claim_id}", found, remedy)


def _middle(value: Interval) -> str:
    text = f"{(value[0] + value[1]) / 2:.4f}".rstrip("0")
    return text.rstrip(".")


def _finding(claim: Claim, kind: Kind, intervals: list[Interval], failing: list[int]) -> Finding:
    bound = claim.bound or ""
    shown = " | ".join(map(_middle, intervals))
    said_zh, said_en = kind.zh.format(bound=bound), kind.en.format(bound=bound)
    against = ", ".join(_middle(intervals[i]) for i in failing)
    return Finding(
        rule=RULE,
        severity=kind.severity,
        document_id=claim.document_id,
        document_year=claim.document_year,
        line=claim.line,
        place=claim.place,
        figure_id=claim.claim_id,
        printed_text=claim.wording,
        printed_value=None,
        expected=shown,
        explanation_zh=f"“{claim.wording}”意为{said_zh}；所印数字为 {shown}，与之矛盾的是 {against}。",
        explanation_en=f"The words claim that {said_en}; the printed numbers are {shown}, against it {against}.",
        others=tuple(
            token for operand in claim.operands for token in operand.split() if token.startswith("report")
        ),
    )
