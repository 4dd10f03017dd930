"""What every export is once it is opened: the head of a sheet, then chunks of text columns by position.

Whatever the file is (CSV, workbook, SPSS), what comes out is the same: cells as text, rows numbered
as a spreadsheet shows them, one chunk in memory at a time. The readers stand in `files/`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

# A platform may need more than one row as header.
HEAD_ROWS = 3
# Rows of a chunk, where the reader decides.
CHUNK_ROWS = 5_000


@dataclass(frozen=True)
class Chunk:
    """Some rows of a sheet: dictionary-encoded text by position, and the number of each row."""

    columns: list[pa.DictionaryArray]
    rows: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    def cells(self, at: int) -> list[str]:
        return [column[at].as_py() for column in self.columns]

    def take(self, keep: np.ndarray) -> Chunk:
        """The rows where `keep` (boolean, one per row) holds."""
        mask = pa.array(keep)
        return Chunk([column.filter(mask) for column in self.columns], self.rows[keep])


@dataclass(frozen=True)
class Ragged:
    """A row with more or fewer cells than the header."""

    row: int
    cells: list[str]


@dataclass
class Sheet:
    """An opened export.

    head: the first rows that are not empty, at most HEAD_ROWS, as (row number, cells). chunks(after):
    the rows below row `after`. ragged: rows that have another width; complete once the chunks are
    read. value_labels: per column the label of each code (SPSS only).
    """

    path: Path
    head: list[tuple[int, list[str]]]
    chunks: Callable[[int], Iterator[Chunk]]
    ragged: list[Ragged] = field(default_factory=list)
    value_labels: list[dict[str, str]] = field(default_factory=list)

    @property
    def width(self) -> int:
        return len(self.head[0][1])


def text_column(values: Sequence[str]) -> pa.DictionaryArray:
    return pa.array(list(values), pa.string()).dictionary_encode()


def distinct(column: pa.DictionaryArray) -> tuple[list[str], np.ndarray]:
    """Distinct texts of a column and the position of each row's text among them."""
    return column.dictionary.to_pylist(), column.indices.to_numpy(zero_copy_only=False)
