"""SPSS files: variables as columns, codes as text, labels of codes beside them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from dagster_project.errors import InputError
from dagster_project.ingest.files.cells import cell_text
from dagster_project.ingest.sheets import CHUNK_ROWS, Chunk, Sheet, text_column


def open_sav(path: Path) -> Sheet:
    import pyreadstat

    try:
        _, meta = pyreadstat.read_sav(str(path), metadataonly=True)
    except (pyreadstat.ReadstatError, UnicodeDecodeError, ValueError) as error:
        raise InputError(
            path, "whole file", f"an SPSS file that cannot be opened ({str(error)[:120]})", "Export it again."
        ) from error
    names = list(meta.column_names)
    labels = [label or name for label, name in zip(meta.column_labels, names, strict=True)]
    value_labels = [
        {_code_text(code): str(label) for code, label in meta.variable_value_labels.get(name, {}).items()}
        for name in names
    ]

    def chunks(after: int) -> Iterator[Chunk]:
        start = 2
        # user_missing: without it -3 and -2 would arrive as plain empty cells.
        for frame, _ in pyreadstat.read_file_in_chunks(
            pyreadstat.read_sav, str(path), chunksize=CHUNK_ROWS, user_missing=True
        ):
            if len(frame):
                columns = [text_column([_code_text(value) for value in frame[name]]) for name in names]
                yield Chunk(columns, np.arange(start, start + len(frame), dtype=np.int64))
                start += len(frame)

    # A data file has no header row; counted as if it had one, so that row numbers agree with exports.
    return Sheet(path, [(1, names), (1, labels)], chunks, value_labels=value_labels)


def _code_text(value: Any) -> str:
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, np.generic):
        value = value.item()
    return cell_text(value)
