"""Rows of a workbook, of either format, as a sheet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from dagster_project.ingest import sheets
from dagster_project.ingest.sheets import HEAD_ROWS, Chunk, Ragged, Sheet, text_column

Rows = Callable[[], Iterator[tuple[int, list[str]]]]


def sheet_of(path: Path, rows: Rows) -> Sheet:
    """rows(): the rows that hold anything, from the top, as (row number from 1, cells from column A)."""
    head = list(islice(rows(), HEAD_ROWS))
    if head:
        # Columns that were only formatted hold nothing.
        width = max(index for index, cell in enumerate(head[0][1], 1) if cell.strip())
        head = [(number, (cells + [""] * width)[:width]) for number, cells in head]

    def chunks(after: int) -> Iterator[Chunk]:
        kept: list[tuple[int, list[str]]] = []
        for number, cells in rows():
            if number <= after:
                continue
            if any(cell.strip() for cell in cells[sheet.width :]):
                sheet.ragged.append(Ragged(number, cells))
                continue
            kept.append((number, (cells + [""] * sheet.width)[: sheet.width]))
            if len(kept) == sheets.CHUNK_ROWS:
                yield _chunk(kept)
                kept = []
        if kept:
            yield _chunk(kept)

    sheet = Sheet(path, head, chunks)
    return sheet


def _chunk(rows: list[tuple[int, list[str]]]) -> Chunk:
    columns = [text_column(column) for column in zip(*(cells for _, cells in rows), strict=True)]
    return Chunk(columns, np.array([number for number, _ in rows], np.int64))
