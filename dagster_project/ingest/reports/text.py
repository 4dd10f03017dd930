"""The text of a PDF in reading order: paragraphs and table rows, each character with its place.

pypdfium2 gives characters with boxes; lines, columns, paragraphs and table rows are made here, because
the order of characters in a PDF is the order in which they were drawn.
"""

from __future__ import annotations

import ctypes
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import NamedTuple

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from dagster_project.errors import InputError

MAX_BYTES = 256 << 20
MAX_PAGES = 3_000
# A page that carries more characters than any print is made to fill a memory.
MAX_CHARACTERS = 100_000
# In characters of the line's size: a wider gap parts two cells or columns; a span of this width is text.
_CELL_GAP = 1.2
_TEXT_WIDTH = 10
_EDGE = 0.08


class Char(NamedTuple):
    """One character; box in points from the top left corner of the page. spaced: after a space."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    spaced: bool = False


@dataclass
class Text:
    """A run of text with the box of each character.

    plain: normalised (NFKC, character by character), for matching. printed: the same positions as
    printed. chars: None where a space was put in. breaks: positions where a new line was joined.
    """

    plain: str = ""
    printed: list[str] = field(default_factory=list)
    chars: list[Char | None] = field(default_factory=list)
    breaks: list[int] = field(default_factory=list)
    edge_key: str = ""

    def add(self, char: Char) -> None:
        plain = unicodedata.normalize("NFKC", char.text)
        self.plain += plain if len(plain) == 1 else char.text
        self.printed.append(char.text)
        self.chars.append(char)

    def space(self) -> None:
        self.plain += " "
        self.printed.append(" ")
        self.chars.append(None)

    def slice(self, start: int, end: int) -> str:
        return "".join(self.printed[start:end])

    def box(self, start: int = 0, end: int | None = None) -> tuple[float, float, float, float]:
        boxes = [char for char in self.chars[start:end] if char]
        return (
            min(c.x0 for c in boxes), min(c.y0 for c in boxes),
            max(c.x1 for c in boxes), max(c.y1 for c in boxes),
        )  # fmt: skip

    @property
    def size(self) -> float:
        return median(char.y1 - char.y0 for char in self.chars if char)


# A row of a table: its cells from left to right.
TableRow = list[Text]


@dataclass
class Page:
    """One page: paragraphs and table rows in reading order. problem: why it has none, if it is not blank."""

    number: int
    parts: list[Text | TableRow] = field(default_factory=list)
    size: float = 10.0
    edges: list[str] = field(default_factory=list)
    problem: str = ""


def read_pages(path: Path) -> Iterator[Page]:
    """The pages of a PDF, one in memory at a time.

    Raises InputError for a file that is encrypted, cut short, no PDF, or over the limits.
    """
    document = _open(path)
    try:
        if len(document) > MAX_PAGES:
            raise InputError(path, "whole file", f"{len(document):,} pages, limit {MAX_PAGES:,}", "Split it.")
        for number in range(1, len(document) + 1):
            try:
                page = document[number - 1]
            except pdfium.PdfiumError as error:
                raise InputError(
                    path, f"page {number}", f"a broken page ({error})", "Receive the file again."
                ) from error
            try:
                yield _page(path, number, page)
            finally:
                page.close()
    finally:
        document.close()


def _open(path: Path) -> pdfium.PdfDocument:
    if path.stat().st_size > MAX_BYTES:
        raise InputError(
            path, "whole file", f"{path.stat().st_size:,} bytes, limit {MAX_BYTES:,}", "Split it."
        )
    with path.open("rb") as handle:
        start = handle.read(1024)
        handle.seek(max(0, path.stat().st_size - 2048))
        whole = b"%%EOF" in handle.read()
    if b"%PDF-" not in start:
        raise InputError(path, "whole file", "a file that is no PDF", "Receive it again from its source.")
    if not whole:
        # The library repairs what it can and shows a part of the pages as if they were all.
        raise InputError(path, "whole file", "a PDF without its end: it was cut short", "Receive it again.")
    try:
        document = pdfium.PdfDocument(path)
    except pdfium.PdfiumError as error:
        locked = "password" in str(error).lower() or "security" in str(error).lower()
        raise InputError(
            path,
            "whole file",
            "a PDF locked by a password" if locked else f"a PDF that cannot be opened ({error})",
            "Receive it without a password." if locked else "Receive it again from its source.",
        ) from error
    if not len(document):
        raise InputError(path, "whole file", "a PDF without pages", "Receive it again from its source.")
    return document


def _page(path: Path, number: int, page: pdfium.PdfPage) -> Page:
    text_page = page.get_textpage()
    try:
        count = text_page.count_chars()
        if count > MAX_CHARACTERS:
            raise InputError(path, f"page {number}", f"{count:,} characters", "This is no printed page.")
        chars, unreadable, turned = _chars(text_page, count, page.get_height())
    finally:
        text_page.close()
    found = Page(number)
    if not chars and not unreadable and not turned:
        # A blank page has nothing at all; a scanned one has a picture.
        if any(True for _ in page.get_objects(max_depth=2)):
            found.problem = "no text, only pictures or lines: a scanned page needs text recognition (OCR)"
    elif unreadable > len(chars) / 4:
        found.problem = (
            f"{unreadable} characters that the font does not name: the page needs text recognition (OCR)"
        )
    elif turned > len(chars):
        found.problem = "text that stands on its side"
    if not found.problem and chars:
        rows = _rows(chars)
        found.size = median(char.y1 - char.y0 for char in chars)
        found.edges = _mark_edges(rows, page.get_height())
        found.parts = [part for stream in _in_order(rows, found.size) for part in _parts(stream)]
    return found


def _chars(text_page: pdfium.PdfTextPage, count: int, height: float) -> tuple[list[Char], int, int]:
    """Upright characters without spaces, and how many were unreadable or turned."""
    chars, unreadable, turned, spaced = [], 0, 0, False
    box = pdfium_c.FS_RECTF()
    pointer = ctypes.byref(box)
    for at in range(count):
        code = pdfium_c.FPDFText_GetUnicode(text_page, at)
        if code in (0, 0xFFFD, 0xFFFE, 0xFFFF) or 0xE000 <= code < 0xF900:
            unreadable += 1
            continue
        text = chr(code)
        if text.isspace():
            spaced = True
            continue
        # Footnote marks (①, ¹) would become digits of the number before them.
        if unicodedata.category(text) in ("Cc", "Cf", "No"):
            continue
        if abs(pdfium_c.FPDFText_GetCharAngle(text_page, at)) > 0.1:
            turned += 1
            continue
        if pdfium_c.FPDFText_GetLooseCharBox(text_page, at, pointer):
            chars.append(Char(text, box.left, height - box.top, box.right, height - box.bottom, spaced))
            spaced = False
    return chars, unreadable, turned


def _rows(chars: list[Char]) -> list[list[Text]]:
    """Characters on one height, cut into spans where the gap is wide; from top to bottom."""
    rows: list[list[Char]] = []
    tallest = None
    for char in sorted(chars, key=lambda c: ((c.y0 + c.y1) / 2, c.x0)):
        height = char.y1 - char.y0
        if tallest:
            reach = min(tallest.y1 - tallest.y0, height) / 2
            if abs((char.y0 + char.y1) - (tallest.y0 + tallest.y1)) / 2 < reach:
                rows[-1].append(char)
                if height > tallest.y1 - tallest.y0:
                    tallest = char
                continue
        rows.append([char])
        tallest = char
    return [_spans(sorted(row, key=lambda c: c.x0)) for row in rows]


def _spans(row: list[Char]) -> list[Text]:
    size = max(char.y1 - char.y0 for char in row)
    middle = median((char.y0 + char.y1) / 2 for char in row if char.y1 - char.y0 > 0.9 * size)
    spans: list[Text] = []
    last: Char | None = None
    for char in row:
        small = char.y1 - char.y0 < 0.75 * size
        if small and (char.y0 + char.y1) / 2 < middle - 0.1 * size and re.match(r"[0-9\[\]()*注]", char.text):
            continue  # a raised mark of a footnote
        if last and char.text == last.text and abs(char.x0 - last.x0) < 0.15 * size:
            continue  # bold print made by printing twice
        gap = char.x0 - last.x1 if last else 0.0
        if last is None or gap > _CELL_GAP * size:
            spans.append(Text())
        elif (char.spaced or gap > 0.3 * size) and last.text.isascii() and char.text.isascii():
            spans[-1].space()
        spans[-1].add(char)
        last = char
    return spans


def _mark_edges(rows: list[list[Text]], height: float) -> list[str]:
    """What may be a running header or footer: its wording and height, without page numbers."""
    keys = []
    for row in rows:
        box = row[0].box()
        if box[3] < _EDGE * height or box[1] > (1 - _EDGE) * height:
            words = re.sub(r"[0-9]+", "#", " ".join(span.plain for span in row))
            key = f"{words}@{box[1]:.0f}"
            keys.append(key)
            for span in row:
                span.edge_key = key
    return keys


def _in_order(rows: list[list[Text]], size: float) -> list[list[list[Text]]]:
    """Streams of rows in reading order: columns of text one after the other, tables row by row."""
    gutter = _gutter([span for row in rows for span in row], size)
    if gutter is None:
        return [rows] if rows else []
    streams: list[list[list[Text]]] = []
    crossing: list[list[Text]] = []
    band: list[list[Text]] = []

    def close() -> None:
        if crossing:
            streams.append(list(crossing))
        for left in (True, False):
            side = [[span for span in row if (span.box()[0] < gutter) == left] for row in band]
            streams.extend(_in_order([row for row in side if row], size))
        crossing.clear()
        band.clear()

    for row in rows:
        boxes = [span.box() for span in row]
        if any(box[0] < gutter < box[2] for box in boxes):
            if band:
                close()
            crossing.append(row)
        else:
            band.append(row)
    close()
    return streams


def _gutter(spans: Sequence[Text], size: float) -> float | None:
    """Where a vertical gap parts wide spans on its left from wide spans on its right; None in one column."""
    wide = [box for box in (span.box() for span in spans) if box[2] - box[0] > _TEXT_WIDTH * size]
    best: tuple[int, float] | None = None
    for right in wide:
        at = right[0] - size / 2
        after = [box for box in wide if box[0] > at]
        before = [box for box in wide if box[2] < at]
        # Beside each other, not above each other.
        beside = [a for a in after if any(b[1] < a[3] + size and a[1] < b[3] + size for b in before)]
        if len(beside) >= 3 and len(before) >= 3 and (best is None or len(beside) > best[0]):
            best = (len(beside), at)
    return best[1] if best else None


def _parts(rows: list[list[Text]]) -> list[Text | TableRow]:
    """The rows of one stream: single spans joined to paragraphs, several spans as table rows."""
    parts: list[Text | TableRow] = []
    lines = [row[0].box() for row in rows if len(row) == 1]
    left, right = min((b[0] for b in lines), default=0), max((b[2] for b in lines), default=0)
    last: Text | None = None  # the line above, where it may go on
    for row in rows:
        if len(row) > 1:
            parts.append(row)
            last = None
            continue
        line = row[0]
        if last is not None and last.edge_key == line.edge_key and _goes_on(last, line, left, right):
            paragraph = parts[-1]
            assert isinstance(paragraph, Text)
            _join(paragraph, line)
        else:
            paragraph = Text(edge_key=line.edge_key)
            _join(paragraph, line)
            parts.append(paragraph)
        last = line
    return parts


def _goes_on(line: Text, following: Text, left: float, right: float) -> bool:
    """Whether a line runs on into the following one: same size, close, filled to the edge, no indent.

    A line that ends in the middle of a sentence may fall short of the edge: not all text is justified.
    """
    box, below, size = line.box(), following.box(), line.size
    short = 2.5 * size if line.plain[-1] in "。!?;；:" else max(2.5 * size, (right - left) / 4)
    return (
        0 < below[1] - box[1] < 2.2 * size
        and 0.85 < following.size / size < 1.18
        and box[2] > right - short
        and below[0] < left + 1.2 * size
    )


def _join(paragraph: Text, line: Text) -> None:
    if paragraph.plain:
        before, after = paragraph.plain[-1], line.plain[0]
        # Chinese text breaks a number anywhere; English text breaks at spaces.
        around = paragraph.plain[-40:] + line.plain[:40]
        english = sum(char > "\u2e80" for char in around) < len(around) / 4
        number = before in "0123456789,." and after.isdigit() and not english
        if before.isascii() and after.isascii() and not number and before not in "-/(":
            paragraph.space()
        paragraph.breaks.append(len(paragraph.plain))
    paragraph.plain += line.plain
    paragraph.printed += line.printed
    paragraph.chars += line.chars
