"""Exports as streams: the head of a sheet, then chunks of text columns by position.

Whatever the file is (CSV, workbook, SPSS), what comes out is the same: cells as text, rows numbered
as a spreadsheet shows them. Only one chunk is in memory at a time; a workbook is the exception, its
sheet is unpacked as a whole by the reader, which is why its size is limited.
"""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import io
import re
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from dagster_project.errors import InputError
from dagster_project.ingest.csvfile import decode_bytes

MAX_COLUMNS = 5_000
MAX_HEADER_BYTES = 4_096
MAX_CSV_BYTES = 16 << 30
MAX_WORKBOOK_BYTES = 256 << 20
MAX_UNPACKED_BYTES = 2 << 30
# Workbooks pack 5 to 30 times; text repeated a thousand times and more is made to fill a memory.
MAX_PACKING = 200
MAX_PACKING_FREE_BYTES = 64 << 20
HEAD_ROWS = 3
CSV_BLOCK = 8 << 20
# Files up to this size are proved to be text as a whole before they are read; larger ones by their
# start, and by the strict decoding of the rest while it streams.
PROVED_WHOLE = 32 << 20
WORKBOOK_ROWS = 5_000
SUFFIXES = (".csv", ".xlsx", ".xls", ".sav")


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

    head: the first rows that are not empty, at most three, as (row number, cells); a platform may
    need more than one as header. chunks(after): the rows below row `after`. ragged: rows that have
    another width; complete once the chunks are read. value_labels: per column the label of each code
    (SPSS only).
    """

    path: Path
    head: list[tuple[int, list[str]]]
    chunks: Callable[[int], Iterator[Chunk]]
    ragged: list[Ragged] = field(default_factory=list)
    value_labels: list[dict[str, str]] = field(default_factory=list)

    @property
    def width(self) -> int:
        return len(self.head[0][1])


def open_sheet(path: Path) -> Sheet:
    """Open an export by its ending.

    Raises InputError for an ending nobody knows, a file over the limits, an empty or damaged file,
    merged or computed cells in a workbook, and text that is neither UTF-8 nor GB18030.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(
            path,
            "",
            f"a {path.suffix or 'file without ending'}",
            f"Export the answers as one of {', '.join(SUFFIXES)}.",
        )
    size, limit = path.stat().st_size, MAX_CSV_BYTES if suffix == ".csv" else MAX_WORKBOOK_BYTES
    if size > limit:
        raise InputError(
            path,
            "whole file",
            f"{size:,} bytes, above the limit of {limit:,}",
            "Export it in parts, or as CSV.",
        )
    if size == 0:
        raise InputError(path, "", "an empty file", "Export the answers again.")
    opener = {".csv": _open_csv, ".xlsx": _open_xlsx, ".xls": _open_workbook, ".sav": _open_sav}[suffix]
    sheet = opener(path)
    if not sheet.head:
        raise InputError(path, "", "an empty file", "Export the answers again.")
    _check_head(sheet)
    return sheet


def column_letters(number: int) -> str:
    """The letters of column `number` (from 1) as a spreadsheet shows them."""
    letters = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _check_head(sheet: Sheet) -> None:
    row, header = sheet.head[0]
    if len(header) > MAX_COLUMNS:
        raise InputError(
            sheet.path,
            f"row {row}",
            f"{len(header):,} columns, above the limit of {MAX_COLUMNS:,}",
            "Export only the questions of the wave; one row must be one respondent.",
        )
    for number, cell in enumerate(header, 1):
        size = len(cell.encode())
        if size > MAX_HEADER_BYTES:
            raise InputError(
                sheet.path,
                f"row {row}, column {number}",
                f"a header of {size:,} bytes ({cell[:40]!r}…), above the limit of {MAX_HEADER_BYTES:,}",
                "Shorten the header to the question; a quotation mark may be missing.",
            )


# -- CSV -------------------------------------------------------------------------------------------------


class _Utf8Stream(io.RawIOBase):
    """Bytes of a file as UTF-8; counts what tells a broken file. The reader calls it from one thread."""

    def __init__(self, path: Path, encoding: str) -> None:
        super().__init__()
        self.path = path
        self.handle: BinaryIO = path.open("rb")
        self.decoder = None if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)()
        self.pending = b""
        self.quotes = 0
        self.nul = False

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        size = 1 << 20 if size is None or size < 0 else size
        while len(self.pending) < size:
            block = self.handle.read(size)
            self.quotes += int(np.count_nonzero(np.frombuffer(block, np.uint8) == ord('"')))
            self.nul = self.nul or b"\0" in block
            if self.decoder is None:
                if not self.pending:
                    return block
                self.pending += block
            else:
                self.pending += self.decoder.decode(block, final=not block).encode()
            if not block:
                break
        taken, self.pending = self.pending[:size], self.pending[size:]
        return taken

    def close(self) -> None:
        self.handle.close()
        super().close()


def _open_csv(path: Path) -> Sheet:
    whole = path.stat().st_size <= PROVED_WHOLE
    with path.open("rb") as handle:
        sample = handle.read(PROVED_WHOLE if whole else 4 << 20)
    if not whole:
        sample = sample[: sample.rfind(b"\n") + 1] or sample
        if sample.isascii():
            # Nothing to tell the encoding from: it is what the rest decodes as.
            sample = b""
            encoding = _encoding_of(path)
        else:
            encoding = decode_bytes(path, sample)[1]
    else:
        encoding = decode_bytes(path, sample)[1]
    head: list[tuple[int, list[str]]] = []
    with path.open("r", encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="") as text:
        try:
            for number, cells in enumerate(csv.reader(text, strict=True), 1):
                if any(cell.strip() for cell in cells):
                    head.append((number, cells))
                if len(head) == HEAD_ROWS:
                    break
        except csv.Error as error:
            # The lines below the header may be the broken ones; the stream says so in its own time.
            if not head:
                raise _broken(path, str(error)) from error
    sheet = Sheet(path, head, lambda after: _csv_chunks(sheet, encoding, after))
    return sheet


def _encoding_of(path: Path) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as handle:
        try:
            while block := handle.read(1 << 20):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "gb18030"
    return "utf-8"


def _broken(path: Path, why: str) -> InputError:
    return InputError(path, "", f"broken CSV ({why})", "Check the quotation marks, or export again.")


def _csv_chunks(sheet: Sheet, encoding: str, after: int) -> Iterator[Chunk]:
    path, names = sheet.path, [f"c{number}" for number in range(1, sheet.width + 1)]
    stream = _Utf8Stream(path, encoding)
    odd: list[tuple[int, str]] = []
    lock = threading.Lock()

    def set_aside(row: Any) -> str:
        with lock:
            odd.append((row.number, row.text))
        return "skip"

    kind = pa.dictionary(pa.int32(), pa.string())
    delivered_up_to, taken = 0, 0
    try:
        reader = pacsv.open_csv(
            pa.PythonFile(stream, mode="r"),
            # One thread: only then does the parser know the number of a row it cannot read.
            read_options=pacsv.ReadOptions(column_names=names, use_threads=False, block_size=CSV_BLOCK),
            parse_options=pacsv.ParseOptions(
                newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=set_aside
            ),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(names, kind), null_values=[], strings_can_be_null=False
            ),
        )
        for batch in reader:
            count = batch.num_rows
            with lock:
                aside = [row for row, _ in odd[taken:]]
            rows = np.empty(count, np.int64)
            filled = 0
            # Rows are numbered through; the numbers of rows that were set aside are left out.
            for row in aside:
                gap = row - 1 - delivered_up_to
                if filled + gap >= count:
                    break
                rows[filled : filled + gap] = np.arange(delivered_up_to + 1, row)
                filled, delivered_up_to, taken = filled + gap, row, taken + 1
            rest = count - filled
            rows[filled:] = np.arange(delivered_up_to + 1, delivered_up_to + rest + 1)
            delivered_up_to += rest
            yield from _without_empty_rows(Chunk(batch.columns, rows), after)
    except pa.ArrowInvalid as error:
        if sheet.width == 1 and "Empty CSV" in str(error):
            return
        raise _csv_error(path, str(error)) from error
    except UnicodeDecodeError as error:
        raise _csv_error(path, "invalid UTF8") from error
    finally:
        stream.close()
    if stream.nul:
        raise _csv_error(path, "NUL")
    if stream.quotes % 2:
        raise _broken(path, "a quotation mark that is never closed")
    for number, text in odd:
        if number > after and text.strip():
            cells = next(csv.reader(io.StringIO(text, newline="")), [])
            if any(cell.strip() for cell in cells):
                sheet.ragged.append(Ragged(number, cells))


def _without_empty_rows(chunk: Chunk, after: int) -> Iterator[Chunk]:
    keep = chunk.rows > after
    empty = np.ones(len(chunk), bool)
    for column in chunk.columns:
        blank = np.array([not value.strip() for value in column.dictionary.to_pylist()], bool)
        if not blank.any():
            empty[:] = False
        else:
            empty &= blank[column.indices.to_numpy(zero_copy_only=False)]
        if not empty.any():
            break
    keep &= ~empty
    if keep.all():
        yield chunk
    elif keep.any():
        yield chunk.take(keep)


def _csv_error(path: Path, message: str) -> InputError:
    if "straddling" in message:
        return InputError(
            path,
            "",
            f"a row of more than {CSV_BLOCK:,} bytes",
            "Check the quotation marks: one that is never closed swallows the rows below it.",
        )
    if "UTF8" not in message and message != "NUL":
        return _broken(path, message.splitlines()[0])
    at, decoder = 0, codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as handle:
        while block := handle.read(1 << 20):
            if (nul := block.find(b"\0")) >= 0:
                return InputError(
                    path,
                    f"byte {at + nul}",
                    f"a NUL byte at byte {at + nul}",
                    "Save the table anew as CSV in UTF-8.",
                )
            try:
                decoder.decode(block)
            except UnicodeDecodeError as error:
                at += error.start
                break
            at += len(block)
    return InputError(
        path,
        f"byte {at}",
        f"bytes that are not text in the encoding of the rest of the file (near byte {at})",
        "Save the table anew as CSV in UTF-8.",
    )


# -- workbooks -------------------------------------------------------------------------------------------

_CELL_REF = re.compile(rb'<(?:\w+:)?c\s[^>]*?\br="([A-Z]+[0-9]+)"|<(?:\w+:)?f[\s>/]')


_UNREADABLE_PACKAGE = (
    zipfile.BadZipFile,
    EOFError,
    OSError,
    zlib.error,
    NotImplementedError,
    RuntimeError,
)


def _open_xlsx(path: Path) -> Sheet:
    check_package(path)
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                if re.fullmatch(r"xl/worksheets/[^/]+\.xml", entry.filename):
                    _refuse_formulas(path, archive, entry)
    except _UNREADABLE_PACKAGE as error:
        raise _truncated(path, error) from error
    return _open_workbook(path)


def check_package(path: Path) -> None:
    """Raise InputError unless the file is a zip archive that unpacks to the size of a workbook."""
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except _UNREADABLE_PACKAGE as error:
        raise _truncated(path, error) from error
    packed = max(1, path.stat().st_size)
    if unpacked > MAX_UNPACKED_BYTES or (
        unpacked > MAX_PACKING_FREE_BYTES and unpacked > MAX_PACKING * packed
    ):
        raise InputError(
            path,
            "whole file",
            f"a workbook of {packed:,} bytes that unpacks to {unpacked:,}",
            "This is no ordinary workbook (a zip bomb?). Save its values as CSV.",
        )


def _truncated(path: Path, error: Exception) -> InputError:
    return InputError(
        path,
        "whole file",
        f"a workbook that cannot be opened ({str(error)[:120] or type(error).__name__}): cut short, locked or no workbook",
        "Receive or export the file again; remove a password.",
    )


def _refuse_formulas(path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """A computed cell shows what a formula made of other cells, not what a respondent answered."""
    cell, tail, left = "?", b"", entry.file_size
    with archive.open(entry) as handle:
        while block := handle.read(1 << 20):
            left -= len(block)
            if left < 0:
                raise InputError(
                    path,
                    "whole file",
                    "a workbook that unpacks to more than its directory says",
                    "This is no ordinary workbook (a zip bomb?). Export the answers as CSV.",
                )
            text = tail + block
            # A tag that is cut by the block boundary is looked at with the next block.
            cut = text.rfind(b"<") if len(text) - text.rfind(b"<") < 4096 else len(text)
            cut = len(text) if cut < 0 or not block else cut
            tail, text = text[cut:], text[:cut]
            for match in _CELL_REF.finditer(text):
                if match[1]:
                    cell = match[1].decode()
                else:
                    raise InputError(
                        path,
                        f"cell {cell}",
                        "a formula",
                        "Replace formulas by their values (copy, paste as values), or export the answers again.",
                    )


def _open_workbook(path: Path) -> Sheet:
    import python_calamine

    try:
        book = python_calamine.CalamineWorkbook.from_path(str(path))
        name = _answer_sheet(book)
        sheet = book.get_sheet_by_name(name) if name is not None else None
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise _truncated(path, error) from error
    if sheet is None or sheet.start is None:
        return Sheet(path, [], lambda after: iter(()))
    left = [""] * sheet.start[1]
    first_row = sheet.start[0]
    merged = sorted(sheet.merged_cell_ranges or [])
    if merged:
        (row, column), (last_row, last_column) = merged[0]
        place = f"{column_letters(column + 1)}{row + 1}:{column_letters(last_column + 1)}{last_row + 1}"
        raise InputError(
            path,
            f"cells {place}",
            f"merged {'header ' if row <= first_row + HEAD_ROWS - 1 else ''}cells ({len(merged)} in the sheet)",
            "Undo the merging and give each column its own header, or export the answers again.",
        )

    def rows() -> Iterator[tuple[int, list[str]]]:
        # `iter_rows` counts from the first row of the sheet, but from its first used column.
        for number, cells in enumerate(sheet.iter_rows(), 1):
            yield number, left + [_cell_text(cell) for cell in cells]

    head: list[tuple[int, list[str]]] = []
    for number, cells in rows():
        if any(cell.strip() for cell in cells):
            head.append((number, cells))
        if len(head) == HEAD_ROWS:
            break
    if head:
        # Columns that were only formatted hold nothing.
        width = max((index for index, cell in enumerate(head[0][1], 1) if cell.strip()), default=0)
        head = [(number, cells[: max(width, 1)]) for number, cells in head]

    def chunks(after: int) -> Iterator[Chunk]:
        numbers: list[int] = []
        kept: list[list[str]] = []
        for number, cells in rows():
            if number <= after or not any(cell.strip() for cell in cells):
                continue
            if any(cell.strip() for cell in cells[opened.width :]):
                opened.ragged.append(Ragged(number, cells))
                continue
            numbers.append(number)
            kept.append(cells[: opened.width])
            if len(kept) == WORKBOOK_ROWS:
                yield _chunk(numbers, kept)
                numbers, kept = [], []
        if kept:
            yield _chunk(numbers, kept)

    opened = Sheet(path, head, chunks)
    return opened


def _answer_sheet(book: Any) -> str | None:
    """The sheet with the answers: the first one that holds anything."""
    for name in book.sheet_names:
        if book.get_sheet_by_name(name).start is not None:
            return str(name)
    return None


def _chunk(numbers: Sequence[int], rows: Sequence[Sequence[str]]) -> Chunk:
    columns = [pa.array(list(column), pa.string()).dictionary_encode() for column in zip(*rows, strict=True)]
    return Chunk(columns, np.array(numbers, np.int64))


def _cell_text(value: Any) -> str:
    """A typed cell of a workbook as the platform's CSV export would write it."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.datetime):
        return f"{value:%Y/%m/%d %H:%M:%S}"
    if isinstance(value, dt.date):
        return f"{value:%Y/%m/%d}"
    if isinstance(value, dt.timedelta):
        return f"{int(value.total_seconds())}秒"
    return str(value)


# -- SPSS ------------------------------------------------------------------------------------------------


def _open_sav(path: Path) -> Sheet:
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
            pyreadstat.read_sav, str(path), chunksize=WORKBOOK_ROWS, user_missing=True
        ):
            if len(frame):
                columns = [
                    pa.array([_code_text(value) for value in frame[name]], pa.string()).dictionary_encode()
                    for name in names
                ]
                yield Chunk(columns, np.arange(start, start + len(frame), dtype=np.int64))
                start += len(frame)

    # A data file has no header row; counted as if it had one, so that row numbers agree with exports.
    return Sheet(path, [(1, names), (1, labels)], chunks, value_labels=value_labels)


def _code_text(value: Any) -> str:
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, np.generic):
        value = value.item()
    return _cell_text(value)


def distinct(column: pa.DictionaryArray) -> tuple[list[str], np.ndarray]:
    """Distinct texts of a column and the position of each row's text among them."""
    return column.dictionary.to_pylist(), column.indices.to_numpy(zero_copy_only=False)
