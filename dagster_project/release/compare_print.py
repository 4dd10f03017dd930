"""A comparison of two releases on the terminal and as CSV."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from dagster_project.errors import FengchaoError
from dagster_project.release.compare import TableChange


def print_changes(console: Console, before: Path, after: Path, changes: Sequence[TableChange]) -> None:
    """A row per table that changed, then the largest moves."""
    moved = [change for change in changes if change.state != "same"]
    console.print(
        f"{before.name} -> {after.name}: {len(moved)} of {len(changes)} tables changed.", highlight=False
    )
    if not moved:
        return
    table = Table("table", "state", "rows", "added", "removed", "changed", "columns")
    for column in (2, 3, 4, 5):
        table.columns[column].justify = "right"
    for change in moved:
        columns = [f"+{name}" for name in change.columns_added] + [
            f"-{name}" for name in change.columns_removed
        ]
        columns += [f"{name} ({count})" for name, count in change.changed_columns]
        table.add_row(
            change.table, change.state, f"{change.rows_before} -> {change.rows_after}", str(change.added),
            str(change.removed), str(change.changed), ", ".join(columns),
        )  # fmt: skip
    console.print(table)
    moves = Table("table", "row", "column", "before", "after", title="largest moves")
    for change in moved:
        for move in change.moves:
            moves.add_row(
                change.table, move.key, move.column, move.before or "(empty)", move.after or "(empty)"
            )
    if moves.row_count:
        console.print(moves)


def write_csv(path: Path, changes: Sequence[TableChange]) -> None:
    """One line per fact: rows of a table, a column, or a move. Raises FengchaoError if it cannot be written."""
    header = ("table", "state", "what", "row", "column", "before", "after", "count")
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as handle:
            writer = csv.writer(handle, lineterminator="\n")
            writer.writerow(header)
            for change in changes:
                start = (change.table, change.state)
                writer.writerow((*start, "rows", "", "", change.rows_before, change.rows_after, ""))
                for what, count in (
                    ("rows_added", change.added),
                    ("rows_removed", change.removed),
                    ("rows_changed", change.changed),
                ):
                    writer.writerow((*start, what, "", "", "", "", count))
                for what, columns in (
                    ("column_added", change.columns_added),
                    ("column_removed", change.columns_removed),
                ):
                    writer.writerows((*start, what, "", column, "", "", "") for column in columns)
                writer.writerows(
                    (*start, "column_changed", "", name, "", "", n) for name, n in change.changed_columns
                )
                writer.writerows(
                    (*start, "move", m.key, m.column, m.before, m.after, "") for m in change.moves
                )
    except OSError as error:
        raise FengchaoError(
            f"--csv: {path} cannot be written: {error.strerror}. Name a file in a folder that exists."
        ) from error
