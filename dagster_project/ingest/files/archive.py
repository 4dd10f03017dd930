"""The archive that a .xlsx is: refused where it unpacks to more than a workbook would."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dagster_project.errors import InputError
from dagster_project.ingest.files.cells import unreadable

# Sheets stream, so this bounds the time, not the memory.
MAX_UNPACKED_BYTES = 4 << 30
# Workbooks pack 5 to 30 times; text repeated a thousand times and more is made to fill a memory.
MAX_PACKING = 200
MAX_PACKING_FREE_BYTES = 64 << 20
# Everything but the sheets, above all the distinct texts, is held in memory as a whole.
MAX_PARTS_BYTES = 128 << 20
_DAMAGED = (zipfile.BadZipFile, EOFError, OSError, zlib.error, NotImplementedError, RuntimeError, KeyError)


@contextmanager
def open_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """The archive, its size checked. Raises InputError for one that is too large or damaged, whenever
    that is found; no part ever unpacks to more than the directory says."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check_size(path, archive)
            yield archive
    except _DAMAGED as error:
        raise unreadable(path, error) from error


def is_sheet(name: str) -> bool:
    return name.startswith("xl/worksheets/") and name.endswith(".xml")


def _check_size(path: Path, archive: zipfile.ZipFile) -> None:
    packed = max(1, path.stat().st_size)
    unpacked = sum(entry.file_size for entry in archive.infolist())
    if unpacked > MAX_UNPACKED_BYTES or (
        unpacked > MAX_PACKING_FREE_BYTES and unpacked > MAX_PACKING * packed
    ):
        raise InputError(
            path,
            "whole file",
            f"a workbook of {packed:,} bytes that unpacks to {unpacked:,}",
            "This is no ordinary workbook (a zip bomb?). Export the answers as CSV.",
        )
    parts = sum(entry.file_size for entry in archive.infolist() if not is_sheet(entry.filename))
    if parts > MAX_PARTS_BYTES:
        raise InputError(
            path,
            "whole file",
            f"{parts:,} bytes of distinct texts and pictures, above the limit of {MAX_PARTS_BYTES:,}",
            "Export the answers as CSV.",
        )
