"""A suite on a table too large for one frame: piece by piece, with the result of the whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import pyarrow as pa

from dagster_project.quality.suites import SuiteFile
from dagster_project.quality.validate import SAMPLE_ROWS, Result, SuiteOutcome, merge, validate


def validate_pieces(tables: Iterable[pa.Table], rows: int, suite: SuiteFile, partition: str) -> SuiteOutcome:
    """Check `tables` against `suite`, in pieces of at least `rows` rows each.

    Counts and the first failing rows are those of the whole table. What compares rows with each other (a
    unique key) is seen within a piece only; the page shows the first piece that fails.
    """
    outcomes = [validate(piece.to_pandas(), suite, partition) for piece in _pieces(tables, rows)]
    shown = next((outcome for outcome in outcomes if not outcome.passed), outcomes[0])
    parts = zip(*(outcome.results for outcome in outcomes), strict=True)
    whole = merge(outcomes)
    results = tuple(_joined(result, found) for result, found in zip(whole.results, parts, strict=True))
    return replace(whole, results=results, raw=shown.raw)


def _pieces(tables: Iterable[pa.Table], rows: int) -> Iterator[pa.Table]:
    """A small rest joins the piece before it: a table of two rows is none that lacks rows."""
    held: list[pa.Table] = []
    waiting: list[pa.Table] = []
    for table in tables:
        waiting.append(table)
        if sum(len(part) for part in waiting) >= rows:
            if held:
                yield pa.concat_tables(held)
            held, waiting = waiting, []
    yield pa.concat_tables([*held, *waiting])


def _joined(whole: Result, parts: Iterable[Result]) -> Result:
    sample = [row for part in parts for row in part.sample][:SAMPLE_ROWS]
    counted = whole.observed.endswith("rows fail.")
    observed = f"{whole.n_failed} of {whole.n_checked} rows fail." if counted else whole.observed
    return replace(whole, sample=sample, observed=observed)
