"""A table checked piece by piece gives the result of the whole table."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dagster_project.ingest import load
from dagster_project.ingest.batch import Spool
from dagster_project.ingest.decode import SPOOL_SCHEMA
from dagster_project.quality.validate import SuiteOutcome

GROUP = 30


def rows(bad: tuple[int, ...]) -> list[dict[str, Any]]:
    """Four groups, the last one of two rows; the codes of the rows `bad` are of no known kind."""
    return [
        {
            "wave": 2023, "response_id": f"2023-{n}", "respondent_token": f"{n:020x}", "item_id": "q", "row_id": "",
            "option_id": "o1", "value_num": None, "value_text": None,
            "missing_code": "lost" if n in bad else "answered", "is_synthetic": True,
            "source_file": "questionnaires/2023/1.csv", "source_row": n + 2, "source_column": 9,
        }
        for n in range(3 * GROUP + 2)
    ]  # fmt: skip


def outcome(folder: Path, bad: tuple[int, ...]) -> SuiteOutcome:
    spool = Spool("questionnaire_answer", SPOOL_SCHEMA, folder)
    table = pa.Table.from_pylist(rows(bad), schema=SPOOL_SCHEMA)
    for start in range(0, len(table), GROUP):
        spool.write(table.slice(start, GROUP))
    spool.close()
    try:
        return load._check("questionnaire_answer", spool, "2023")
    finally:
        spool.remove()


def comparable(outcome: SuiteOutcome) -> SuiteOutcome:
    """Without what the engine returned, and without observations of the last piece alone (a row count)."""
    results = [
        replace(result, rows=None, observed=result.observed if result.sample else "")
        for result in outcome.results
    ]
    return replace(outcome, raw=None, results=tuple(results))


@pytest.mark.parametrize("bad", [(), (40,), (3, 40, 41, 91), tuple(range(10, 92))])
def test_pieces_give_the_result_of_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bad: tuple[int, ...]
) -> None:
    whole = outcome(tmp_path / "a", bad)
    monkeypatch.setattr(load, "ROWS_IN_ONE_FRAME", GROUP)
    pieces = outcome(tmp_path / "b", bad)
    assert whole.raw is not None and pieces.raw is not None
    assert comparable(pieces) == comparable(whole)
    assert pieces.passed == (bad == ())
    assert pieces.summary() == whole.summary()


def test_failing_row_of_the_second_piece_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "ROWS_IN_ONE_FRAME", GROUP)
    pieces = outcome(tmp_path, (40,))
    (finding,) = pieces.stops
    assert (finding.column, finding.observed) == ("missing_code", "1 of 92 rows fail.")
    assert finding.sample[0]["source_row"] == 42
    assert not pieces.raw.success, "the page shows a piece that fails"
