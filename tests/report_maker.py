"""Makes PDF reports of banks that do not exist, for the tests of the finder."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path

from fontTools.ttLib import TTFont
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont as PdfFont
from reportlab.pdfgen.canvas import Canvas

from dagster_project.ingest.sidecar import sha256_of, sidecar_path

FONT = "NotoSansSC"
MADE_UP = "虚构样本：本文件由测试生成，银行并不存在。"
_VENDORED = Path(__file__).parents[1] / "dagster_project" / "release" / "vendor" / "fonts"
RAW = Path(__file__).parents[1] / "data" / "raw"
WIDTH, HEIGHT = 595.0, 842.0


@cache
def _register() -> None:
    font = TTFont(_VENDORED / "NotoSansSC-GB2312.woff2")
    font.flavor = None
    file = BytesIO()
    font.save(file)
    file.seek(0)
    pdfmetrics.registerFont(PdfFont(FONT, file))


class Report:
    """A page canvas with the origin at the top left, in points."""

    def __init__(self, path: Path, password: str = "") -> None:
        _register()
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = StandardEncryption(password, ownerPassword="owner") if password else None
        self.canvas = Canvas(str(path), pagesize=(WIDTH, HEIGHT), invariant=1, encrypt=lock)
        self.path = path

    def write(self, x: float, y: float, text: str, size: float = 10) -> Report:
        self.canvas.setFont(FONT, size)
        self.canvas.drawString(x, HEIGHT - y, text)
        return self

    def right(self, x: float, y: float, text: str, size: float = 10) -> Report:
        self.canvas.setFont(FONT, size)
        self.canvas.drawRightString(x, HEIGHT - y, text)
        return self

    def paragraph(
        self, x: float, y: float, text: str, width: int, size: float = 10, step: float = 16
    ) -> float:
        """Lines of `width` characters, as Chinese text is set: broken anywhere. Returns the next y."""
        for start in range(0, len(text), width):
            self.write(x, y, text[start : start + width], size)
            y += step
        return y

    def table(self, y: float, rows: list[list[str]], edges: list[float]) -> float:
        """First cell left aligned at edges[0], the others right aligned at theirs."""
        for row in rows:
            self.write(edges[0], y, row[0])
            for at, cell in zip(edges[1:], row[1:], strict=True):
                self.right(at, y, cell)
            y += 18
        return y

    def box(self) -> Report:
        """A picture in place of text, as a scan has it."""
        self.canvas.rect(50, 50, 400, 600, fill=1)
        return self

    def next_page(self) -> Report:
        self.canvas.showPage()
        return self

    def save(self) -> Path:
        self.canvas.showPage()
        self.canvas.save()
        return self.path


def make(path: Path, *pages: Callable[[Report], object], password: str = "") -> Path:
    report = Report(path, password)
    for number, page in enumerate(pages):
        if number:
            report.next_page()
        page(report)
    return report.save()


def sign(path: Path, document: str, bank: str = "云岭虚构银行", **fields: str) -> Path:
    """A sidecar that marks the file as made up."""
    lines = {
        "document_id": document, "kind": "annual report", "title": MADE_UP, "producer": "the tests",
        "citation": MADE_UP, "published_date": "2025-03-28", "received_date": "2026-11-21", "licence": "none",
        "reliability": "primary", "synthetic": "true", "synthetic_method": "written by the tests",
        "sha256": sha256_of(path),
    } | ({"bank": bank} if bank else {}) | fields  # fmt: skip
    text = "".join(f"{key}: {value}\n" for key, value in lines.items())
    sidecar_path(path).write_text(text, encoding="utf-8")
    return path


def raw_with_made_up_banks(folder: Path) -> Path:
    """A raw folder with the reference data and two banks that do not exist."""
    shutil.copytree(RAW / "reference", folder / "reference")
    banks, aliases = "", ""
    for bank_id, name in (("made_up_1", "云岭"), ("made_up_2", "海州")):
        banks += f"{bank_id},{name}虚构银行,{name}银行,,city_commercial,beijing,false,,,,,虚构\n"
        aliases += (
            f"{name}银行,bank,{bank_id},short_name,,,虚构\n{name}虚构银行,bank,{bank_id},legal_name,,,虚构\n"
        )
    for name, lines in (("bank.csv", banks), ("bank_alias.csv", aliases)):
        path = folder / "reference" / name
        old = sha256_of(path)
        path.write_text(path.read_text(encoding="utf-8") + lines, encoding="utf-8")
        side = sidecar_path(path)
        side.write_text(side.read_text(encoding="utf-8").replace(old, sha256_of(path)), encoding="utf-8")
    return folder
