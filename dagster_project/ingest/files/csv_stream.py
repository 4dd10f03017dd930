"""CSV as a stream of chunks: any size, any line break, broken rows set aside with their number."""

from __future__ import annotations

import codecs
import csv
import io
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from dagster_project.errors import InputError
from dagster_project.ingest.csvfile import decode_bytes
from dagster_project.ingest.sheets import HEAD_ROWS, Chunk, Ragged, Sheet

CSV_BLOCK = 8 << 20
# Files up to this size are proved to be text as a whole before they are read; larger ones by their
# start, and by the strict decoding of the rest while it streams.
PROVED_WHOLE = 32 << 20


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


def open_csv(path: Path) -> Sheet:
    """Raises InputError for bytes that are no text, and for quotation marks that are never closed."""
    encoding = _proved_encoding(path)
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


def _proved_encoding(path: Path) -> str:
    """`utf-8` or `gb18030`. A file of the usual size is looked through as a whole first."""
    whole = path.stat().st_size <= PROVED_WHOLE
    with path.open("rb") as handle:
        sample = handle.read(PROVED_WHOLE if whole else 4 << 20)
    if whole:
        text, encoding = decode_bytes(path, sample)
        if '"' in text:
            _check_quotes(path, text)
        return encoding
    sample = sample[: sample.rfind(b"\n") + 1] or sample
    # Where nothing tells the encoding, it is what the rest decodes as.
    return _encoding_of(path) if sample.isascii() else decode_bytes(path, sample)[1]


def _check_quotes(path: Path, text: str) -> None:
    """The stream would read on to the end of the file after a mark that is never closed, without a word."""
    row = 0
    try:
        for _ in csv.reader(io.StringIO(text, newline=""), strict=True):
            row += 1
    except csv.Error as error:
        if "field larger" not in str(error):
            raise _broken(path, str(error), f"row {row + 1}") from error


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


def _broken(path: Path, why: str, place: str = "") -> InputError:
    return InputError(path, place, f"broken CSV ({why})", "Check the quotation marks, or export again.")


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
