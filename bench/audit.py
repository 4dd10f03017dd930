"""Precision and recall of the audit of printed figures on generated reports with known errors.

    python bench/audit.py [REPORTS]

Each report is made from real counts of made-up respondents (n 20..200, shares printed with 0, 1 or 2
decimals, single and multiple choice, some questions asked of a part only, some pies bent to sum to 100,
scores by type, a year before) and then gets some errors of each kind. An error is planted only where
print gives it away at all: a wrong share is no count of any n that the right ones allow, a wrong total
lies outside its range, and so on, worked out here by enumeration and not by the rules under test.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from dagster_project.audit.claims import Claim
from dagster_project.audit.figures import ALL, Items, build_figures
from dagster_project.audit.findings import RULES
from dagster_project.audit.run import audit

BOUND = 0.95
SEED = 20260101
YEAR = 2090
# Mark of a share that is bent or wrong: it says nothing of n.
NOT_PLAIN = "not-plain"
TYPES = ("甲类", "乙类", "丙类")
DIMENSIONS = ("战略", "组织", "技术")


def rounded(share: float, decimals: int) -> str:
    """Half away from zero, as print does."""
    scaled = int(abs(share) * 10**decimals + 0.5 + 1e-9)
    return f"{'-' if share < 0 and scaled else ''}{scaled / 10**decimals:.{decimals}f}"


def possible(text: str, n: int) -> list[int]:
    """Counts of n that print as `text` (rounded either way at the half)."""
    decimals = len(text.partition(".")[2])
    near = int(float(text) * n / 100)
    reach = 0.5 * 10.0**-decimals + 1e-9
    return [
        k for k in range(max(near - 2, 0), min(near + 4, n + 1)) if abs(100 * k / n - float(text)) <= reach
    ]


@dataclass
class Report:
    """Rows as they land, claims, and the planted errors as (rule, ids of which one must be named)."""

    decimals: int
    rows: list[dict[str, Any]] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    planted: list[tuple[str, frozenset[str]]] = field(default_factory=list)

    def add(
        self, question: str, option: str, text: str, *, year: int = YEAR, population: str = "全部",
        unit: str = "%", place: str = "图", words: str = "", qualifier: str = "eq", flags: str = "",
        dimension: str = "",
    ) -> dict[str, Any]:  # fmt: skip
        number = len(self.rows) + 1
        row = {
            "figure_id": f"report-{YEAR}-L{number}-1", "document_id": f"report-{YEAR}", "document_year": YEAR,
            "line": number, "place": place, "survey_year": year, "dimension_as_printed": dimension,
            "indicator_as_printed": "得分", "question_as_printed": question,
            "population_as_printed": population, "option_as_printed": option, "value_as_printed": text,
            "unit": unit, "value": text, "decimals": len(text.partition(".")[2]), "qualifier": qualifier,
            "printed_text": words, "flags": flags,
        }  # fmt: skip
        self.rows.append(row)
        return row

    def share(self, k: int, n: int, question: str, option: str, **more: Any) -> dict[str, Any]:
        return self.add(question, option, rounded(100 * k / n, self.decimals), **more)

    def change(self, row: dict[str, Any], text: str) -> None:
        row |= {"value": text, "value_as_printed": text, "decimals": len(text.partition(".")[2])}

    def plant(self, rule: str, *rows: dict[str, Any]) -> None:
        self.planted.append((rule, frozenset(row["figure_id"] for row in rows)))


def split(rng: random.Random, n: int, parts: int) -> list[int]:
    """Counts of n over `parts` options, none empty where n allows it."""
    cuts = sorted(rng.sample(range(1, n), min(parts, n) - 1))
    return [b - a for a, b in zip([0, *cuts], [*cuts, n], strict=True)]


def bent(texts: list[str], decimals: int) -> list[str]:
    """A pie whose largest share takes what is missing to 100, if that is one unit of the last digit."""
    unit = 10.0**-decimals
    gap = round(100 - sum(map(float, texts)), decimals)
    if decimals == 0 or abs(abs(gap) - unit) > 1e-9:
        return texts
    largest = max(range(len(texts)), key=lambda i: float(texts[i]))
    return [f"{float(t) + gap:.{decimals}f}" if i == largest else t for i, t in enumerate(texts)]


def make_report(rng: random.Random) -> Report:
    """One generated report."""
    report = Report(rng.choice((0, 1, 2, 2)))
    n, before = rng.randint(20, 200), rng.randint(20, 200)
    sizes = [
        max(2, round(n * share))
        for share in rng.choice(((0.6, 0.25, 0.1), (0.5, 0.3, 0.2), (0.4, 0.3, 0.25)))
    ]
    sizes[0] = max(2, sizes[0] - max(0, sum(sizes) - n))
    wrong = {rule for rule in RULES if rng.random() < 0.35}
    shares_now = many_choices(report, rng, n, YEAR)
    shares_before = many_choices(report, rng, before, YEAR - 1)
    singles(report, rng, n, "options_not_100" in wrong)
    subset_question(report, rng, n)
    scores(report, rng, n, sizes, "total_outside_parts" in wrong)
    allowed = [consistent(report, year) for year in (YEAR, YEAR - 1)]
    # Whole percents are counts of every n from 100 on, and say little; else twice the true n is far enough.
    reach = 50 if report.decimals == 0 else 2
    ns, ms = [m for m in allowed[0] if m <= reach * n], [m for m in allowed[1] if m <= reach * before]
    assert n in ns and before in ms, "the right shares allow the right n"
    changes(report, rng, (n, before), (ns, ms), "change_not_counts" in wrong, "change_in_percent" in wrong)
    if "share_not_a_count" in wrong:
        wrong_share(report, rng, shares_now, ns)
    twice(report, rng, shares_before, before, "printed_twice" in wrong)
    comparisons(report, rng, "claim_contradicted" in wrong)
    return report


def consistent(report: Report, year: int) -> list[int]:
    """Every n that gives all shares of the year, questions of a part of the sample left out."""
    texts = {
        row["value"] for row in report.rows
        if row["survey_year"] == year and row["unit"] == "%" and row["population_as_printed"] == "全部"
        and "部分" not in row["question_as_printed"] and row["qualifier"] == "eq" and NOT_PLAIN not in row["flags"]
    }  # fmt: skip
    return [n for n in range(2, 1001) if all(possible(text, n) for text in texts)]


def many_choices(report: Report, rng: random.Random, n: int, year: int) -> list[dict[str, Any]]:
    rows = []
    for number in range(3):
        for option in "ABCDE":
            rows.append(report.share(rng.randint(1, n - 1), n, f"多{number}(多选)", option, year=year))
    return rows


def singles(report: Report, rng: random.Random, n: int, wrong: bool) -> None:
    victim = rng.randrange(4) if wrong else -1
    for number in range(4):
        counts = split(rng, n, rng.randint(3, 5))
        plain = [rounded(100 * k / n, report.decimals) for k in counts]
        texts = bent(plain, report.decimals) if rng.random() < 0.3 and number != victim else plain
        rows = [
            report.add(
                f"单{number}(单选)", f"选项{i}", text, place=f"图{number}",
                flags="all-options" if text == unbent else f"all-options {NOT_PLAIN}",
            )
            for i, (text, unbent) in enumerate(zip(texts, plain, strict=True))
        ]  # fmt: skip
        if number == victim:
            slack = len(rows) * 0.5 * 10.0**-report.decimals
            choices = [
                k for k in range(n + 1)
                if abs(float(rounded(100 * k / n, report.decimals)) + sum(map(float, texts[1:])) - 100) > slack + 0.5
            ]  # fmt: skip
            report.change(rows[0], rounded(100 * rng.choice(choices) / n, report.decimals))
            rows[0]["flags"] += f" {NOT_PLAIN}"
            report.plant("options_not_100", *rows)
    # One with options left out: less than 100 is no error.
    counts = split(rng, n, 5)
    for i, k in enumerate(counts[:3]):
        report.share(k, n, "单残(单选)", f"选项{i}")


def subset_question(report: Report, rng: random.Random, n: int) -> None:
    """A question that only a part of the sample was asked."""
    if rng.random() < 0.3:
        part = rng.randint(max(10, n // 2), n - 1)
        for i, k in enumerate(split(rng, part, 4)):
            report.share(k, part, "部分(单选)", f"选项{i}", flags="all-options")


def scores(report: Report, rng: random.Random, n: int, sizes: list[int], wrong: bool) -> None:
    """Scores by type and in total; the composition is printed, in part, or not at all."""
    mode = rng.choice(("printed", "part", "none"))
    rest = n - sum(sizes)
    shown = {"printed": 3, "part": 2, "none": 0}[mode]
    for name, size in list(zip(TYPES, sizes, strict=True))[:shown]:
        report.share(size, n, "样本构成(单选)", name)
    victim = rng.choice(DIMENSIONS) if wrong else ""
    for dimension in DIMENSIONS:
        values = [
            [min(max(rng.gauss(rng.uniform(30, 70), 15), 0), 100) for _ in range(m)] for m in (*sizes, rest)
        ]
        means = [sum(v) / len(v) if v else 0.0 for v in values]
        total = sum(map(sum, values)) / n
        for name, mean in zip(TYPES, means, strict=False):
            report.add("得分", "", rounded(mean, 2), population=name, unit="score", dimension=dimension)
        row = report.add("得分", "", rounded(total, 2), unit="score", dimension=dimension)
        if dimension == victim:
            low, high = total_bounds(mode, n, sizes, rest, means, report.decimals)
            outside = [v for v in (low - rng.uniform(1, 8), high + rng.uniform(1, 8)) if 0 < v < 100]
            if outside:
                report.change(row, rounded(rng.choice(outside), 2))
                report.plant("total_outside_parts", row)


def total_bounds(
    mode: str, n: int, sizes: list[int], rest: int, means: list[float], decimals: int
) -> tuple[float, float]:
    """Lowest and highest total a reader has to allow, by trying the corners of what is not printed."""
    if mode == "none":
        named = min(means[:3]), max(means[:3])
        return 0.9 * named[0], 0.9 * named[1] + 10
    loose = 3 * 0.5 * 10.0**-decimals
    if mode == "printed":
        fixed = sum(m * mean for m, mean in zip(sizes, means, strict=False)) / n
        return fixed - loose, fixed + 100 * rest / n + loose
    fixed = (sizes[0] * means[0] + sizes[1] * means[1]) / n
    return fixed - loose, fixed + 100 * (n - sizes[0] - sizes[1]) / n + loose


def changes(
    report: Report, rng: random.Random, sizes: tuple[int, int], allowed: tuple[list[int], list[int]],
    wrong: bool, wrong_unit: bool,
) -> None:  # fmt: skip
    n, before = sizes
    made = []
    for number in range(5):
        k, j = rng.randint(1, n - 1), rng.randint(1, before - 1)
        difference = 100 * k / n - 100 * j / before
        text = rounded(difference, report.decimals)
        verb = "上升" if difference >= 0 else "下降"
        row = report.add(
            "变(多选)", f"事{number}:较去年变化" if number % 2 else f"事{number}较去年变化", text, unit="个百分点",
            words=f"{verb}了{text.lstrip('-')}个百分点",
        )  # fmt: skip
        ends = []
        for year, count, size, chance in ((YEAR, k, n, 0.7), (YEAR - 1, j, before, 0.4)):
            if rng.random() < chance:
                ends.append((year, report.share(count, size, "变(多选)", f"事{number}", year=year)["value"]))
        made.append((row, dict(ends)))
    if wrong_unit:
        row = rng.choice(made)[0]
        row["printed_text"] = row["printed_text"].replace("个百分点", "%")
        report.plant("change_in_percent", row)
    # Whole percents of two unknown samples differ by anything.
    if wrong and report.decimals:
        row, ends = rng.choice(made)
        for _ in range(60):
            text = rounded(float(row["value"]) + rng.uniform(-9, 9), report.decimals)
            if not any(gives(text, a, b, ends) for a in allowed[0] for b in allowed[1]):
                report.change(row, text)
                report.plant("change_not_counts", row)
                break


def gives(text: str, n: int, before: int, ends: dict[int, str]) -> bool:
    """Whether counts of n and `before` print as the change `text`, by trying them all."""
    decimals = len(text.partition(".")[2])
    reach = 0.5 * 10.0**-decimals + 1e-9
    ks = possible(ends[YEAR], n) if YEAR in ends else range(n + 1)
    js = possible(ends[YEAR - 1], before) if YEAR - 1 in ends else range(before + 1)
    # Rounded twice, a difference may be another unit off.
    return any(abs(100 * k / n - 100 * j / before - float(text)) <= 2 * reach for k in ks for j in js)


def wrong_share(report: Report, rng: random.Random, rows: list[dict[str, Any]], ns: list[int]) -> None:
    row = rng.choice(rows)
    for _ in range(60):
        text = rounded(rng.uniform(1, 99), report.decimals)
        if not any(possible(text, n) for n in ns):
            report.change(row, text)
            report.plant("share_not_a_count", row)
            return


def twice(report: Report, rng: random.Random, rows: list[dict[str, Any]], n: int, wrong: bool) -> None:
    """Figures printed again: the same digits, whole percents, or words; one of them another count."""
    again = rng.sample(rows, 4)
    victim = rng.randrange(3) if wrong else -1
    for number, row in enumerate(again):
        share = float(row["value"])
        decimals = (report.decimals, 0, 0, 0)[number]
        text = rounded(share, decimals)
        if number == victim:
            reach = 0.5 * 10.0**-decimals + 0.5 * 10.0**-report.decimals
            texts = [rounded(100 * k / n, decimals) for k in range(n + 1)]
            text = rng.choice([t for t in texts if abs(float(t) - share) > reach + 1e-6])
        words, qualifier = ("约" + text + "%", "approx") if number == 3 else ("", "eq")
        other = report.add(
            row["question_as_printed"], row["option_as_printed"], text, year=YEAR - 1, place="正文",
            words=words, qualifier=qualifier, flags=NOT_PLAIN if number == victim else "",
        )  # fmt: skip
        if number == victim:
            report.plant("printed_twice", row, other)


def comparisons(report: Report, rng: random.Random, wrong: bool) -> None:
    """True and false claims about scores of one dimension."""
    rows = [row for row in report.rows if row["unit"] == "score" and row["population_as_printed"] != "全部"]
    for number in range(5):
        chosen = sorted(rng.sample(rows, 3), key=lambda row: -float(row["value"]))
        values = [float(row["value"]) for row in chosen]
        false = wrong and number == 0
        if min(a - b for a, b in pairwise(values)) < 0.02:
            continue
        kind = rng.choice(("greater", "highest", "lowest", "increase", "at_least", "majority"))
        order = chosen if (kind in ("greater", "highest")) != false else chosen[::-1]
        bound = None
        if kind == "at_least":
            bound = str(round(values[2] + 2) if false else int(values[2]))
        if kind == "majority" and (values[2] > 50) == false:
            continue
        claim = Claim(
            f"report-{YEAR}-c{number}", f"report-{YEAR}", YEAR, number + 1, "正文", "句", kind,
            tuple(row["figure_id"] for row in order), bound, "bench",
        )  # fmt: skip
        report.claims.append(claim)
        if false:
            report.planted.append(("claim_contradicted", frozenset([claim.claim_id])))


@dataclass
class Tally:
    """found: planted errors named; missed; right and false: findings about a planted error or none."""

    found: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    false: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def precision(self, rule: str | None = None) -> float:
        right, wrong = self._sum(self.found, rule), self._sum(self.false, rule)
        return right / (right + wrong) if right + wrong else 1.0

    def recall(self, rule: str | None = None) -> float:
        right, missed = self._sum(self.found, rule), self._sum(self.missed, rule)
        return right / (right + missed) if right + missed else 1.0

    @staticmethod
    def _sum(counter: Counter[str], rule: str | None) -> int:
        return counter.total() if rule is None else counter[rule]


def run(reports: int, seed: int = SEED) -> Tally:
    """Audit `reports` generated reports; each is made from `seed` and its number alone."""
    tally = Tally()
    for number in range(reports):
        report = make_report(random.Random(seed * 100_003 + number))
        figures = build_figures(report.rows, {}, Items({}), {"全部": ALL})
        findings, _ = audit(figures, report.claims)
        named = {(finding.rule, finding.figure_id) for finding in findings}
        used = set()
        for rule, ids in report.planted:
            hits = {(rule, figure) for figure in ids} & named
            used |= hits
            (tally.found if hits else tally.missed)[rule] += 1
            if not hits:
                tally.examples.append(f"{number}: missed {rule} {sorted(ids)[0]}")
        for rule, figure in named - used:
            tally.false[rule] += 1
            tally.examples.append(f"{number}: false {rule} {figure}")
    return tally


def main() -> None:
    reports = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    tally = run(reports)
    print(f"{reports} generated reports, seed {SEED}")
    print(f"{'rule':<22}{'planted':>8}{'found':>8}{'false':>8}{'precision':>11}{'recall':>8}")
    for rule in (*RULES, None):
        found, missed, false = (tally._sum(c, rule) for c in (tally.found, tally.missed, tally.false))
        print(
            f"{rule or 'all':<22}{found + missed:>8}{found:>8}{false:>8}"
            f"{tally.precision(rule):>11.3f}{tally.recall(rule):>8.3f}"
        )
    if "-v" in sys.argv:
        print("\n".join(tally.examples))
    weak = [rule for rule in RULES if min(tally.precision(rule), tally.recall(rule)) < BOUND]
    if weak:
        sys.exit(f"below {BOUND}: {', '.join(weak)}")


if __name__ == "__main__":
    main()
