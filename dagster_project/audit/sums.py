"""Rule options_not_100: shares of a single choice that exceed 100, or miss it where all are printed."""

from __future__ import annotations

from collections.abc import Sequence

from dagster_project.audit.blocks import SLACK, Bases
from dagster_project.audit.figures import Figure
from dagster_project.audit.findings import Finding, about

RULE = "options_not_100"


def find(figures: Sequence[Figure], bases: Bases) -> list[Finding]:
    """One finding per question and population: in the place where the sum is wrong, else over all places."""
    questions: dict[tuple[object, ...], list[Figure]] = {}
    for figure in figures:
        single = figure.choice == "single" and len(figure.options) == 1 and not figure.complement
        if figure.kind == "share" and figure.exact and single:
            questions.setdefault((*figure.block, figure.item), []).append(figure)
    findings = []
    for printed in questions.values():
        places: dict[str, list[Figure]] = {}
        for figure in printed:
            places.setdefault(figure.place, []).append(figure)
        wrong = [found for group in places.values() if (found := _check(_first_of_each(group), bases))]
        if not wrong and (found := _check(_first_of_each(printed), bases)):
            wrong = [found]
        findings += wrong
    return findings


def _first_of_each(figures: Sequence[Figure]) -> list[Figure]:
    """One figure per option: the one with the most digits, then the first."""
    chosen: dict[frozenset[str], Figure] = {}
    for figure in figures:
        if figure.options not in chosen or figure.decimals > chosen[figure.options].decimals:
            chosen[figure.options] = figure
    return list(chosen.values())


def _check(group: list[Figure], bases: Bases) -> Finding | None:
    total = sum(f.value for f in group)
    tolerance = sum(f.half for f in group) + SLACK
    complete = bool(group[0].scale) and {o for f in group for o in f.options} >= group[0].scale
    over, under = total > 100 + tolerance, complete and total < 100 - tolerance
    if not (over or under):
        return None
    decimals = max(f.decimals for f in group)
    parts = " + ".join(f"{f.value:.{f.decimals}f}" for f in group)
    gap = 100 - total
    expected = " / ".join(
        f"{f.value:.{f.decimals}f} → {f.value + gap:.{decimals}f}" for f in group if 0 <= f.value + gap <= 100
    )
    return about(
        group[0],
        RULE,
        "impossible",
        expected,
        f"单选题各选项之和 {parts} = {total:.{decimals}f}，{'超过' if over else '不足'} 100（四舍五入允许 ±{tolerance:.3f}）；"
        f"至少一项有误。若只有一项有误：{expected or '无单项修改可成立'}。",
        f"The options of a single choice add up to {parts} = {total:.{decimals}f}, {'over' if over else 'short of'} "
        f"100 (rounding allows ±{tolerance:.3f}); at least one is wrong. If it is one: {expected or 'no single change does'}.",
        others=group[1:],
        n=bases.of(group[0]).n,
        candidates=bases.of(group[0]).candidates,
    )
