"""Read one input of one year, check it, and only then make it visible.

A raw file that cannot be read raises; rows that cannot be used are set aside with a reason; a batch
that fails a blocking check goes to quarantine and the last landed data of the year stays in place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from dagster_project.errors import FengchaoError
from dagster_project.ingest.bank_review import write_bank_review
from dagster_project.ingest.batch import Batch, Reject, Spool, to_arrow
from dagster_project.ingest.landing import (
    clear_quarantined_tables,
    ensure_empty_tables,
    landing_path,
    place,
    quarantine_tables,
    write_rejects,
)
from dagster_project.ingest.status import record
from dagster_project.ingest.switch import switch, unlike
from dagster_project.quality.pieces import ROWS_IN_ONE_FRAME, validate_pieces
from dagster_project.quality.results import keep
from dagster_project.quality.suites import suite_for
from dagster_project.quality.validate import SuiteOutcome, validate
from dagster_project.settings import Settings
from dagster_project.warehouse.lock import warehouse_lock
from dagster_project.warehouse.unfinished import following, mark


@dataclass
class Loaded:
    """What became of one input: rows by table, rows set aside, and the raw checks' outcomes."""

    landed: bool
    rows: dict[str, int] = field(default_factory=dict)
    rows_in: dict[str, int] = field(default_factory=dict)
    bytes: dict[str, int] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    inputs: dict[str, str] = field(default_factory=dict)
    outcomes: dict[str, SuiteOutcome] = field(default_factory=dict)
    quarantine: Path | None = None
    bank_review: Path | None = None


@dataclass(frozen=True)
class Source:
    """One kind of raw input.

    tables: what it lands. one_to_one: tables in which every row read is a row landed or set aside.
    is_restricted: cells may hold what a person typed, so they are shown in no log and on no page.
    """

    name: str
    tables: tuple[str, ...]
    one_to_one: tuple[str, ...]
    read: Callable[[Path, int | None], Batch]
    is_restricted: bool = False


def load(settings: Settings, source: Source, year: int | None, run_id: str) -> Loaded | None:
    """Land `source` for `year` (None: reference data). Returns None where there is no input.

    run_id: under which the results of the raw checks are kept.
    Raises InputError for a file that cannot be loaded at all.
    """
    try:
        batch = source.read(settings.raw, year)
    except FengchaoError as error:
        record(settings, source.name, year, "failed", str(error))
        raise
    if not batch.inputs:
        record(settings, source.name, year, "no_input")
        return None
    batch.check_conservation(source.one_to_one)
    ensure_empty_tables(settings)
    try:
        return _land(settings, source, year, batch, run_id)
    finally:
        batch.close()


def _land(settings: Settings, source: Source, year: int | None, batch: Batch, run_id: str) -> Loaded:
    tables: dict[str, pa.Table | Spool] = {
        name: rows if isinstance(rows, Spool) else to_arrow(name, rows)
        for name, rows in ((name, batch.tables.get(name, [])) for name in source.tables)
    }
    partition = "all" if year is None else str(year)
    outcomes = {name: _check(name, table, partition) for name, table in tables.items()}
    keep(settings, run_id, *outcomes.values())
    listed = [*batch.rejects, *batch.notices]
    loaded = Loaded(
        landed=all(outcome.passed for outcome in outcomes.values()),
        rows={name: len(table) for name, table in tables.items()},
        rows_in=batch.rows_in,
        rejects=listed,
        inputs=batch.inputs,
        outcomes=outcomes,
    )
    loaded.bank_review = write_bank_review(settings, source.name, year, batch.rejects)
    if not loaded.landed:
        write_rejects(settings, source.name, year, listed)
        report = {name: outcome.summary() for name, outcome in outcomes.items() if not outcome.passed}
        loaded.quarantine = quarantine_tables(settings, source.name, year, tables, report)
        record(settings, source.name, year, "failed", "\n".join(report.values()))
        return loaded
    with warehouse_lock(settings), switch(settings.landing, f"{source.name}-{partition}") as folder:
        for name, table in tables.items():
            path = folder / landing_path(settings, name, year).relative_to(settings.landing)
            place(table, path)
            loaded.bytes[name] = path.stat().st_size
        if listed:
            write_rejects(settings, source.name, year, listed, folder)
        if unlike(folder, settings.landing):
            mark(settings, following(f"land_{source.name}"), year)
    if not listed:
        write_rejects(settings, source.name, year, listed)
    clear_quarantined_tables(settings, source.name, year)
    record(settings, source.name, year, "landed")
    return loaded


def _check(name: str, table: pa.Table | Spool, partition: str) -> SuiteOutcome:
    """The raw suite on a table: in one frame, or piece by piece where it is too large for one."""
    suite = suite_for("raw", name)
    if not isinstance(table, Spool):
        return validate(table.to_pandas(), suite, partition)
    if len(table) <= ROWS_IN_ONE_FRAME:
        return validate(to_arrow(name, table).to_pandas(), suite, partition)
    return validate_pieces(table.groups(), ROWS_IN_ONE_FRAME, suite, partition)
