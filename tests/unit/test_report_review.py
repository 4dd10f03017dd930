"""From reports to figures: candidates, drafts, a person's decision, and what becomes of each."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from dagster_project.errors import InputError
from dagster_project.ingest.disclosures import read_disclosures
from dagster_project.ingest.reports.candidates import read_candidates
from dagster_project.ingest.reports.review import COLUMNS, read_rows, review_path, waiting, write_drafts
from dagster_project.ingest.sidecar import sidecar_path
from tests.report_maker import Report, make, raw_with_made_up_banks, sign

YEAR = 2024
SENTENCE = "报告期内，本行科技投入２８.36亿元，占营业收入的5.10%，科技投入同比增长12.99%。"


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    return raw_with_made_up_banks(tmp_path)


def _page(report: Report) -> None:
    report.write(50, 60, "云岭虚构银行 2024年年度报告 科技投入10亿元", 9)
    report.paragraph(50, 120, SENTENCE, 40)


def _report(
    raw: Path, *pages: Callable[[Report], object], name: str = "a.pdf", document: str = "R1", **fields: str
) -> Path:
    path = make(raw / "disclosures" / str(YEAR) / "reports" / name, *(pages or (_page, _page, _page)))
    return sign(path, document, **fields)


def _draft(raw: Path, folder: Path) -> Path:
    (draft,) = write_drafts(folder, raw, read_candidates(raw, YEAR).tables["disclosure_candidate"])
    return draft


def _decide(path: Path, to: Path, *decisions: str, **changes: str) -> None:
    rows = [cells for _, cells in read_rows(path)]
    for row, decision in zip(rows, decisions, strict=False):
        row |= {"accept": decision, "reviewer": "评审人" if decision else ""} | (
            changes if decision == "yes" else {}
        )
    with to.open("w", encoding="utf-8-sig", newline="") as handle:
        writer = csv.DictWriter(handle, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


def test_candidates_with_page_place_and_a_running_header_that_is_none(raw: Path) -> None:
    _report(raw)
    batch = read_candidates(raw, YEAR)
    rows = batch.tables["disclosure_candidate"]
    assert [(r["page"], r["measure"], r["value"]) for r in rows[:3]] == [
        (1, "tech_investment", "28.36"),
        (1, "tech_investment_share_of_revenue", "5.10"),
        (1, "tech_investment_growth", "12.99"),
    ]
    assert len(rows) == 9
    assert Counter(r.reason for r in batch.rejects) == {"page_header": 3}
    assert batch.rows_in == {"disclosure_candidate": 12}
    assert {(r["entity_id"], r["bank_as_printed"]) for r in rows} == {("made_up_1", "云岭虚构银行")}
    assert rows[0]["value_as_printed"] == "２８.36亿元"
    assert len({r["candidate_id"] for r in rows}) == 9


def test_the_same_report_gives_the_same_draft_bytes(raw: Path, tmp_path: Path) -> None:
    _report(raw)
    first = _draft(raw, tmp_path / "one").read_bytes()
    assert _draft(raw, tmp_path / "two").read_bytes() == first
    assert first.startswith(b"\xef\xbb\xbf")


def test_nothing_is_a_figure_before_a_person_accepts_it(raw: Path, tmp_path: Path) -> None:
    report = _report(raw)
    assert read_disclosures(raw, YEAR).inputs == {}
    draft = _draft(raw, tmp_path / "review")
    review_path(report).write_bytes(draft.read_bytes())
    assert read_disclosures(raw, YEAR).inputs == {}, "nothing is decided"
    _decide(draft, review_path(report), "yes", "no")
    batch = read_disclosures(raw, YEAR)
    (figure,) = batch.tables["disclosure_figure"]
    assert (figure["entity_id"], figure["value_as_printed"], figure["value"]) == (
        "made_up_1",
        "２８.36亿元",
        "28.36",
    )
    assert figure["place"].startswith("p. 1 [") and figure["document_id"] == "R1"
    assert figure["source_file"] == "disclosures/2024/reports/a.pdf.review.csv"
    assert Counter(r.reason for r in batch.rejects) == {"not_accepted": 1, "not_decided": 7}
    assert batch.rows_in["disclosure_figure"] == 9
    (source,) = batch.tables["disclosure_source"]
    assert source["source_file"] == "disclosures/2024/reports/a.pdf"
    assert set(batch.inputs) >= {
        "disclosures/2024/reports/a.pdf",
        "disclosures/2024/reports/a.pdf.review.csv",
    }


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"value_as_printed": "28.63亿元"}, "not_in_sentence"),
        ({"measure": "it_spend"}, "unknown_measure"),
        ({"fiscal_year": "2023"}, "wrong_fiscal_year"),
        ({"bank_as_printed": "无名银行"}, "unknown_bank"),
    ],
)
def test_what_a_person_writes_is_checked_as_any_figure(
    raw: Path, tmp_path: Path, changes: dict, reason: str
) -> None:
    report = _report(raw)
    _decide(_draft(raw, tmp_path / "review"), review_path(report), "yes", **changes)
    batch = read_disclosures(raw, YEAR)
    assert batch.tables["disclosure_figure"] == []
    assert reason in {r.reason for r in batch.rejects}


def test_decisions_survive_a_new_run_of_the_finder(raw: Path, tmp_path: Path) -> None:
    report = _report(raw)
    draft = _draft(raw, tmp_path / "review")
    _decide(draft, draft, "yes", "no", review_note="读过原文", scope_as_printed="集团")
    kept = [cells for _, cells in read_rows(draft)]
    _draft(raw, tmp_path / "review")
    assert [cells for _, cells in read_rows(draft)] == kept
    # A decision beside the report comes back into a draft that was lost.
    _decide(draft, review_path(report), "yes", "no", "no")
    draft.unlink()
    _draft(raw, tmp_path / "review")
    assert Counter(cells["accept"] for _, cells in read_rows(draft)) == {"yes": 1, "no": 2, "": 6}
    # What the finder no longer proposes stays when it was decided.
    candidates = read_candidates(raw, YEAR).tables["disclosure_candidate"][5:]
    write_drafts(tmp_path / "review", raw, candidates)
    assert Counter(cells["accept"] for _, cells in read_rows(draft)) == {"yes": 1, "no": 2, "": 4}


def test_a_changed_report_makes_its_review_stale(raw: Path, tmp_path: Path) -> None:
    report = _report(raw)
    draft = _draft(raw, tmp_path / "review")
    _decide(draft, draft, "yes")
    _decide(draft, review_path(report), "yes")
    decided = draft.read_bytes()
    _report(raw, _page, lambda r: r.write(50, 100, "新版"))
    with pytest.raises(InputError, match=r"a review of another version of a\.pdf") as caught:
        read_disclosures(raw, YEAR)
    assert str(review_path(report)) in str(caught.value)
    _draft(raw, tmp_path / "review")
    (stale,) = (tmp_path / "review").glob("*.stale-*")
    assert stale.read_bytes() == decided
    assert {cells["accept"] for _, cells in read_rows(draft)} == {""}


def test_what_waits(raw: Path, tmp_path: Path) -> None:
    report = _report(raw)
    folder = tmp_path / "review"
    draft = _draft(raw, folder)
    assert len(waiting(folder, report.parent)) == 9
    _decide(draft, review_path(report), "yes", "no")
    rows = waiting(folder, report.parent)
    assert len(rows) == 7 and {name for name, _ in rows} == {"a.pdf"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("yes,评审人", "perhaps,评审人", r"row 2, column accept: found 'perhaps'"),
        ("yes,评审人", "yes,", r"row 2, column reviewer: found a decision \(yes\) without a reviewer"),
        ("accept,", "akzept,", "no column 'accept'"),
    ],
)
def test_a_broken_review_is_one_clear_error(
    raw: Path, tmp_path: Path, old: str, new: str, message: str
) -> None:
    report = _report(raw)
    _decide(_draft(raw, tmp_path / "review"), review_path(report), "yes")
    review = review_path(report)
    text = review.read_text(encoding="utf-8")
    assert old in text
    review.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_disclosures(raw, YEAR)


def test_scanned_pages_are_said_and_stop_nothing(raw: Path) -> None:
    _report(raw, _page, lambda r: r.box(), lambda r: r.box())
    batch = read_candidates(raw, YEAR)
    assert len(batch.tables["disclosure_candidate"]) == 4
    (reject,) = batch.rejects
    assert (reject.reason, reject.whole_row) == ("page_not_read", False)
    assert reject.found.startswith("2 pages, from page 2: no text") and "OCR" in reject.found


def test_files_that_belong_elsewhere(raw: Path) -> None:
    report = _report(raw)
    stray = sign(make(raw / "disclosures" / str(YEAR) / "b.pdf", _page), "R2")
    with pytest.raises(InputError, match=r"b\.pdf: found a \.pdf file\. .*2024/reports/"):
        read_disclosures(raw, YEAR)
    stray.unlink()
    sidecar_path(stray).unlink()
    word = report.with_name("c.docx")
    word.write_bytes(b"x")
    with pytest.raises(InputError, match=r"a \.docx file"):
        read_disclosures(raw, YEAR)
    word.unlink()
    report.unlink()
    with pytest.raises(InputError, match=r"no a\.pdf beside it"):
        read_disclosures(raw, YEAR)


@pytest.mark.parametrize("bank", ["", "无名银行"])
def test_the_sidecar_of_a_report_names_its_bank(raw: Path, bank: str) -> None:
    report = make(raw / "disclosures" / str(YEAR) / "reports" / "a.pdf", _page)
    sign(report, "R1", bank=bank)
    with pytest.raises(InputError, match=f"bank: found bank '{bank}'"):
        read_candidates(raw, YEAR)
