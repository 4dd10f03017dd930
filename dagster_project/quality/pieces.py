"""A suite on a table too large for one frame: piece by piece, with the result of the whole."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import pyarrow as pa

from dagster_project.quality.suites import SuiteFile
from dagster_project.quality.validate import SAMPLE_ROWS, Result, SuiteOutcome, merge, validate

# Great Expectations needs the rows as a pandas frame, about 1 kB each for answers.
ROWS_IN_ONE_FRAME = 2_000_000
# Types that speak of the whole table. A unique key does so too, but in the build database it is dbt's test.
_WHOLE_TABLE = re.compile(
    r"expect_(table_row_count|group_|distribution_|column_distinct|column_unique_value|column_(max|min)_)"
)
_COLUMN_KEYS = ("column", "column_A", "column_B", "kind_column", "category", "value")


def split(suite: SuiteFile) -> tuple[SuiteFile, SuiteFile]:
    """The suite in two: what speaks of the whole table, and what speaks of single rows."""
    parts: tuple[list[Any], list[Any]] = ([], [])
    for expectation in suite.content["expectations"]:
        parts[not _WHOLE_TABLE.match(expectation["type"])].append(expectation)
    whole, by_row = (replace(suite, content={**suite.content, "expectations": part}) for part in parts)
    return whole, by_row


def columns_of(suite: SuiteFile) -> list[str]:
    """Columns that the expectations of the suite name."""
    found: set[str] = set()
    for expectation in suite.content["expectations"]:
        kwargs = expectation["kwargs"]
        found |= {kwargs[key] for key in _COLUMN_KEYS if isinstance(kwargs.get(key), str)}
        found |= set(kwargs.get("only", {}))
        found |= {
            name
            for key in ("column_list", "column_set", "group_by", "columns")
            for name in kwargs.get(key, [])
        }
    return sorted(found)


def validate_pieces(
    tables: Iterable[pa.Table],
    rows: int,
    suite: SuiteFile,
    partition: str,
    parameters: dict[str, Any] | None = None,
) -> SuiteOutcome:
    """Check `tables` against `suite`, in pieces of at least `rows` rows each.

    Counts and the first failing rows are those of the whole table. What compares rows with each other (a
    unique key) is seen within a piece only; the page shows the first piece that fails.
    """
    outcomes = [validate(piece.to_pandas(), suite, partition, parameters) for piece in _pieces(tables, rows)]
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
