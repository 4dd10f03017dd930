"""The audit of printed figures: the two real reports, generated ones, and what it must never flag."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench import audit as bench
from dagster_project.audit import changes, claims, duplicates, granularity, ranges, sums
from dagster_project.audit.assets import run_audit
from dagster_project.audit.blocks import Base, Bases, counts, half_up, infer, infer_bases
from dagster_project.audit.claims import Claim
from dagster_project.audit.figures import ALL, Figure, Items, build_figures
from dagster_project.audit.findings import RULES, Finding
from dagster_project.audit.inputs import TABLES, read_landed
from dagster_project.audit.page import KNOWN, render
from dagster_project.audit.tables import TABLE, table_path
from dagster_project.errors import InputError
from dagster_project.ingest.batch import to_arrow
from dagster_project.ingest.disclosures import read_disclosures
from dagster_project.ingest.landing import landing_path, write_parquet
from dagster_project.ingest.published import read_published
from dagster_project.settings import ROOT, Settings

EXPECTED = ROOT / "tests" / "fixtures" / "audit" / "expected_findings.csv"


def figure(value: str, number: int = 1, **more: Any) -> Figure:
    """A share of all respondents printed as `value`, with what the test is about changed."""
    fields = {
        "figure_id": f"report-2023-L{number}-1", "document_id": "report-2023", "document_year": 2023,
        "line": number, "place": "图1", "year": 2023, "kind": "share", "item": "q", "question": "q",
        "options": frozenset([f"o{number}"]), "population": ALL, "value": float(value),
        "decimals": len(value.partition(".")[2]), "qualifier": "eq", "printed_text": value,
    }  # fmt: skip
    return Figure(**{**fields, **more})


def of_80(*ks: int, first: int = 100) -> list[Figure]:
    """Shares of 80 respondents that let n be inferred."""
    return [
        figure(f"{100 * k / 80:.2f}", first + i, item="other", question="other") for i, k in enumerate(ks)
    ]


# ---- the two real reports ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The real raw files as landing would write them, without its checks, and the audit of them."""
    home = Settings(home=tmp_path_factory.mktemp("audit"), raw=ROOT / "data" / "raw")
    for year in range(2018, 2024):
        batches = [read_disclosures(home.raw, year)]
        if year in (2020, 2023):
            batches.append(read_published(home.raw, f"report-{year}"))
        for batch in batches:
            for table in set(TABLES) & set(batch.tables):
                write_parquet(to_arrow(table, batch.tables[table]), landing_path(home, table, year))
    for wave in (2020, 2021, 2022, 2023):
        path = home.raw / "questionnaires" / str(wave) / "codebook.csv"
        with path.open(encoding="utf-8", newline="") as handle:
            rows = [
                {"wave": wave} | {name: row[name] for name in ("item_id", "item_type", "option_set")}
                for row in csv.DictReader(handle)
            ]
        write_parquet(to_arrow("codebook_item", rows), landing_path(home, "codebook_item", wave))
    run_audit(home)
    return home


def _read_findings(home: Settings) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    rows: list[dict[str, Any]] = []
    for year in (2020, 2023):
        rows += pq.read_table(table_path(home, year), partitioning=None).to_pylist()
    return rows


def test_the_reports_give_the_reviewed_findings_and_no_other(landed: Settings) -> None:
    with EXPECTED.open(encoding="utf-8", newline="") as handle:
        expected = {
            (r["document_id"], int(r["line"]), r["rule"], r["figure_id"], r["severity"])
            for r in csv.DictReader(handle)
        }
    found = {
        (r["document_id"], r["line"], r["rule"], r["figure_id"], r["severity"])
        for r in _read_findings(landed)
    }
    assert found - expected == set()
    assert expected - found == set()


def test_the_total_of_2023_is_found_with_its_range(landed: Settings) -> None:
    """49 x 71.04 + 22 x 58.55 + 7 x 60.68 = 5193.82 of 80 banks, 2 unnamed: 64.92 to 67.42."""
    row = next(r for r in _read_findings(landed) if r["figure_id"] == "report-2023-L453-2")
    assert (row["rule"], row["severity"], row["printed_value"]) == (
        "total_outside_parts",
        "impossible",
        61.81,
    )
    low, high = map(float, row["expected"].split(".."))
    assert (low, high) == (pytest.approx(5193.82 / 80, abs=0.011), pytest.approx(5393.82 / 80, abs=0.011))
    assert "抄" in row["explanation_zh"] and "copy" in row["explanation_en"]


def test_every_finding_names_its_place_and_says_why(landed: Settings) -> None:
    for row in _read_findings(landed):
        assert row["line"] > 0 and row["printed_text"] and row["expected"] and row["place"]
        assert any("\u4e00" <= char <= "\u9fff" for char in row["explanation_zh"])
        assert not any("\u4e00" <= c <= "\u9fff" for c in row["explanation_en"].replace("表2-1", "")) or row["rule"] in (
            "change_in_percent", "total_outside_parts",
        )  # fmt: skip


def test_writing_again_gives_the_same_bytes_and_old_years_go(landed: Settings) -> None:
    before = {year: table_path(landed, year).read_bytes() for year in (2020, 2023)}
    stale = landed.analysis / TABLE / "year=2019"
    stale.mkdir()
    run_audit(landed)
    assert before == {year: table_path(landed, year).read_bytes() for year in (2020, 2023)}
    assert not stale.exists()


def test_the_page_of_findings_is_current(landed: Settings) -> None:
    page = (ROOT / "docs" / "print_audit.md").read_text(encoding="utf-8")
    assert page == render(landed), "run: python -m dagster_project.audit > docs/print_audit.md"


def test_each_known_error_is_found_or_says_why_not(landed: Settings) -> None:
    found = {row["finding_id"] for row in _read_findings(landed)}
    with KNOWN.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    named = {name for row in rows for name in row["finding_ids"].split("|") if name}
    assert named == found
    assert [row["error"] for row in rows if not (row["finding_ids"] or row["remark"])] == []


def test_claims_point_to_landed_figures_and_each_kind_is_used_or_known(landed: Settings) -> None:
    rows = read_landed(landed, "published_claim")
    assert {row["kind"] for row in rows} <= set(claims.KINDS)
    known = json.loads((ROOT / "expectations" / "raw__published_claim.json").read_text(encoding="utf-8"))
    kinds = next(e for e in known["expectations"] if e["kwargs"].get("column") == "kind")
    assert kinds["kwargs"]["value_set"] == list(claims.KINDS)


# ---- generated reports ------------------------------------------------------------------------------


def test_precision_and_recall_on_generated_reports() -> None:
    tally = bench.run(60, seed=7)
    weak = {
        rule: (tally.precision(rule), tally.recall(rule))
        for rule in RULES
        if min(tally.precision(rule), tally.recall(rule)) < bench.BOUND
    }
    assert weak == {}, tally.examples
    assert all(tally.found[rule] >= 8 for rule in RULES), "each rule is exercised"


def test_generated_reports_without_errors_stay_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "RULES", ())
    tally = bench.run(40, seed=11)
    assert tally.found.total() + tally.missed.total() == 0
    assert tally.examples == []


# ---- shares of real counts are never flagged --------------------------------------------------------

_slow = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _real(ks: Iterable[int], n: int, decimals: int, year: int, question: str, start: int) -> list[Figure]:
    return [
        figure(
            f"{half_up(100 * k / n, decimals):.{decimals}f}", start + i, year=year, item=question,
            question=question, options=frozenset([str(i)]), choice="multiple",
        )
        for i, k in enumerate(ks)
    ]  # fmt: skip


@_slow
@given(st.data(), st.integers(5, 300), st.integers(0, 2))
def test_real_shares_are_counts(data: st.DataObject, n: int, decimals: int) -> None:
    ks = data.draw(st.lists(st.integers(0, n), min_size=1, max_size=30))
    figures = _real(ks, n, decimals, 2023, "q", 1)
    assert granularity.find(figures, infer_bases(figures)) == []


@_slow
@given(st.data(), st.integers(5, 300), st.integers(0, 2))
def test_real_distributions_sum_to_100(data: st.DataObject, n: int, decimals: int) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, n), min_size=1, max_size=6)))
    ks = [b - a for a, b in zip([0, *cuts], [*cuts, n], strict=True)]
    figures = [
        Figure(**{**f.__dict__, "choice": "single", "scale": frozenset(map(str, range(len(ks))))})
        for f in _real(ks, n, decimals, 2023, "q", 1)
    ]
    assert sums.find(figures, infer_bases(figures)) == []
    assert granularity.find(figures, infer_bases(figures)) == []


@_slow
@given(st.data(), st.integers(20, 200), st.integers(20, 200), st.integers(0, 2), st.booleans())
def test_real_changes_are_differences_of_counts(
    data: st.DataObject, n: int, before: int, decimals: int, from_print: bool
) -> None:
    ks = data.draw(st.lists(st.integers(0, n), min_size=4, max_size=12))
    js = data.draw(st.lists(st.integers(0, before), min_size=len(ks), max_size=len(ks)))
    now, then = _real(ks, n, decimals, 2023, "q", 1), _real(js, before, decimals, 2022, "q", 100)
    differences = [
        a.value - b.value if from_print else 100 * k / n - 100 * j / before
        for a, b, k, j in zip(now, then, ks, js, strict=True)
    ]
    moved = [
        figure(
            f"{half_up(d, decimals):.{decimals}f}", 200 + i, kind="change", options=frozenset([str(i)]), choice="multiple"
        )
        for i, d in enumerate(differences)
    ]  # fmt: skip
    figures = [*now, *then, *moved]
    assert changes.find(figures, infer_bases(figures)) == []


# ---- one rule at a time -----------------------------------------------------------------------------


def _only(findings: list[Finding]) -> Finding:
    assert len(findings) == 1, findings
    return findings[0]


def test_the_base_is_inferred_in_spite_of_an_error() -> None:
    base = infer([*of_80(65, 60, 47, 41, 37, 33), figure("94.45", 1)])
    assert base.n == 80 and base.known
    assert infer([figure("50", 1), figure("25.00", 2)]).known is False, "two shares say nothing"
    assert counts(94.45, 0.005, 22) == range(0) or not list(counts(94.45, 0.005, 22))


def test_a_share_that_is_no_count() -> None:
    figures = [*of_80(65, 60, 47, 41, 37, 33), figure("94.45", 1)]
    found = _only(granularity.find(figures, infer_bases(figures)))
    assert (found.figure_id, found.severity, found.n) == ("report-2023-L1-1", "impossible", 80)
    assert found.expected == "93.75 (75/80) / 95.00 (76/80)"


def test_a_pie_bent_to_100_is_no_finding() -> None:
    """5, 49 and 20 of 74 print as 6.76, 66.22 and 27.03, together 100.01; 6.75 was printed."""
    others = [figure(f"{100 * k / 74:.2f}", 50 + k, item="x", question="x") for k in (3, 11, 19, 31, 52)]
    pie = [figure(v, i, options=frozenset([v])) for i, v in enumerate(("6.75", "66.22", "27.03"), 1)]
    assert granularity.find([*others, *pie], infer_bases([*others, *pie])) == []
    found = granularity.find([*others, pie[0]], infer_bases([*others, pie[0]]))
    assert [f.figure_id for f in found] == [pie[0].figure_id], "alone it is no count"


def test_options_that_miss_100() -> None:
    scale = frozenset(["a", "b", "c"])
    pie = [
        figure(v, i, choice="single", scale=scale, options=frozenset([o]))
        for i, (o, v) in enumerate((("a", "16.25"), ("b", "58.75"), ("c", "16.25")), 1)
    ]
    assert "16.25 → 25.00" in _only(sums.find(pie, Bases())).expected
    assert sums.find(pie[:2], Bases()) == [], "an option is not printed"
    over = [figure("43.75", 1, choice="single"), figure("63.75", 2, choice="single")]
    assert _only(sums.find(over, Bases())).severity == "impossible"
    assert (
        sums.find([figure("43.75", 1, choice="multiple"), figure("63.75", 2, choice="multiple")], Bases())
        == []
    )


def test_the_range_of_a_total() -> None:
    exact = ranges.Split({"a": (0.6, 0.6), "b": (0.4, 0.4)}, (0.0, 0.0))
    assert ranges.total_range(exact, {"a": (50, 50), "b": (100, 100)}) == pytest.approx((70, 70))
    rest = ranges.Split({"a": (0.6, 0.6), "b": (0.3, 0.3)}, (0.1, 0.1))
    assert ranges.total_range(rest, {"a": (50, 50), "b": (100, 100)}) == pytest.approx((60, 70))
    assert ranges.total_range(rest, {"a": (50, 50)}) == pytest.approx((30, 70)), "b is not printed"
    unknown = ranges.Split({"a": (0, 1), "b": (0, 1)}, (0, 0.1))
    assert ranges.total_range(unknown, {"a": (50, 50), "b": (80, 80)}) == pytest.approx((45, 82))


def test_two_changes_may_show_another_base_and_one_may_not() -> None:
    """63/80 - 48/74 = 13.89 and 64/80 - 56/74 = 4.32: the question had 74 answers the year before, not 73."""
    now = [figure("78.75", 1, options=frozenset(["x"])), figure("80.00", 2, options=frozenset(["y"]))]
    then = [
        figure(f"{100 * k / 73:.2f}", 20 + k, year=2022, item="z", question="z") for k in (62, 61, 42, 29, 14)
    ]
    moved = [
        figure("13.89", 10, kind="change", options=frozenset(["x"])),
        figure("4.32", 11, kind="change", options=frozenset(["y"])),
    ]
    rest = [*of_80(65, 60, 47, 41, 37, 33), *now, *then]
    both = [*rest, *moved]
    assert changes.find(both, infer_bases(both)) == []
    one = [*rest, moved[0]]
    assert _only(changes.find(one, infer_bases(one))).figure_id == moved[0].figure_id


def test_a_change_in_percent() -> None:
    percent = figure("4.32", 1, kind="change", words="上升了4.32%", printed_text="上升了4.32%")
    points = figure("4.32", 2, kind="change", words="上升了4.32个百分点")
    found = _only(changes.find_units([percent, points, figure("4.32", 3, words="占4.32%")]))
    assert (found.severity, found.expected) == ("unit", "上升了4.32个百分点")


def test_a_figure_printed_twice() -> None:
    same = frozenset(["a"])
    first = figure("81.25", 1, options=same)
    assert duplicates.find([first, figure("81", 2, options=same)], 5.0) == []
    assert _only(duplicates.find([first, figure("80", 2, options=same)], 5.0)).expected == "81.25"
    words = figure("50", 3, options=same, qualifier="approx", words="五成")
    assert _only(duplicates.find([first, words], 5.0)).severity == "wording"
    over = figure("30", 3, options=same, qualifier="approx", words="超过30%")
    assert duplicates.find([first, over], 5.0) == [], "81 is over 30"
    assert duplicates.find([first, figure("18.75", 4, options=same, complement=True)], 5.0) == []
    parts = [figure("40.00", 5, options=frozenset(["b"])), figure("20.00", 6, options=frozenset(["c"]))]
    union = figure("65", 7, options=frozenset(["b", "c"]))
    assert _only(duplicates.find([*parts, union], 5.0)).expected == "60.00"


VALUES = {"report-a": (49.995, 50.005), "report-b": (60.0, 60.0), "report-c": (50.0, 50.0)}


@pytest.mark.parametrize(
    ("kind", "operands", "bound", "contradicted"),
    [
        ("greater", "report-b | report-a", None, False),
        ("greater", "report-a | report-b", None, True),
        ("greater", "report-a | report-c", None, False),
        ("increase", "report-c | report-b", None, False),
        ("increase", "report-b | report-c", None, True),
        ("highest", "report-a | report-c | report-b", None, True),
        ("lowest", "report-a | report-c | report-b", None, False),
        ("top", "report-a | report-b | report-c", "2", False),
        ("top", "report-a | report-c | report-b", "2", True),
        ("at_least", "report-a | report-b", "50", False),
        ("at_least", "report-a | report-b", "55", True),
        ("at_most", "report-a | report-b", "55", True),
        ("majority", "report-b", None, False),
        ("majority", "report-c", None, True),
        ("sum", "110.0 | report-a + report-b", None, False),
        ("sum", "111.0 | report-a + report-b", None, True),
        ("greater", "( report-a + report-b ) / 2 | 54", None, False),
        ("greater", "( report-a + report-b ) / 2 | 57", None, True),
        ("growth", "20.0 | 60.00 | 50.00", None, False),
        ("growth", "21.0 | 60.00 | 50.00", None, True),
        ("points", "2.34 | 5.00 | 2.66", None, False),
        ("points", "87.97 | 5.00 | 2.66", None, True),
    ],
)
def test_claims(kind: str, operands: str, bound: str | None, contradicted: bool) -> None:
    claim = Claim(
        "c",
        "report-2023",
        2023,
        1,
        "正文",
        "句",
        kind,
        tuple(operands.split(" | ")),
        bound,
        "claims.csv, row 2",
    )
    assert bool(claims.find([claim], VALUES)) is contradicted


@pytest.mark.parametrize(
    ("kind", "operands", "found"),
    [
        ("biggest", "report-a", "kind 'biggest'"),
        ("greater", "report-a | report-x", "'report-x'"),
        ("top", "report-a", "no bound"),
    ],
)
def test_a_broken_claim_says_where(kind: str, operands: str, found: str) -> None:
    claim = Claim(
        "c1",
        "report-2023",
        2023,
        1,
        "正文",
        "句",
        kind,
        tuple(operands.split(" | ")),
        None,
        "claims.csv, row 2",
    )
    with pytest.raises(InputError, match=r"claims\.csv, row 2, claim c1") as error:
        claims.find([claim], VALUES)
    assert found in str(error.value)


# ---- figures without a map --------------------------------------------------------------------------


def _landed_row(
    question: str, option: str, value: str = "40", unit: str = "%", **more: Any
) -> dict[str, Any]:
    return {
        "figure_id": f"{question}-{option}", "document_id": "report-2030", "document_year": 2030, "line": 1, "place": "图1",
        "survey_year": 2030, "dimension_as_printed": "战略", "indicator_as_printed": "得分",
        "question_as_printed": question, "population_as_printed": "全部", "option_as_printed": option,
        "value_as_printed": value, "unit": unit, "value": value, "decimals": 0, "qualifier": "eq",
        "printed_text": None, "flags": None, **more,
    }  # fmt: skip


def test_an_unknown_document_is_read_from_its_own_columns() -> None:
    rows = [
        _landed_row("问(多选)", "没有:甲+乙"),
        _landed_row("问(矩阵)", "行:初步应用"),
        _landed_row("问(矩阵)", "行:较去年变化", "5", "个百分点"),
        _landed_row("单(单选)", "甲", flags="all-options"),
        _landed_row("单(单选)", "乙", flags="all-options", population_as_printed="农商行"),
        _landed_row("得分", "", "61.81", "score"),
    ]
    both, row, change, single, rural, score = (
        build_figures([r], {}, Items({}), {"农商行": "rural_commercial"})[0] for r in rows
    )
    assert (both.choice, both.complement, both.options, both.chosen) == ("multiple", True, {"甲", "乙"}, 60)
    assert (row.item, row.question, row.options, row.choice) == (
        "问(矩阵)/行",
        "问(矩阵)",
        {"初步应用"},
        "single",
    )
    assert (change.kind, change.item) == ("change", row.item)
    assert (single.choice, single.scale, single.population) == ("single", {"甲"}, ALL)
    assert rural.population == "rural_commercial"
    assert (score.kind, score.item) == ("score", "得分/战略")


def test_a_base_that_nothing_is_known_of_flags_nothing() -> None:
    assert not Base().known and Base().n is None
    assert Path(bench.__file__).exists()
