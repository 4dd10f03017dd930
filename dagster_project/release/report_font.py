"""Fonts of the report: a small OFL font inside the page, so that Chinese never shows as boxes.

The repository carries `vendor/fonts/NotoSansSC-GB2312.woff2`, Noto Sans SC cut down to the characters
of GB 2312 (about 7,650). At build it is cut further to the characters of one page. The page names the
reader's own fonts first; browsers take a glyph from the embedded font only where those have none.
"""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.ttLib.woff2 import WOFF2FlavorData

VENDORED_FONT = Path(__file__).parent / "vendor" / "fonts" / "NotoSansSC-GB2312.woff2"

# Signs that reports use beside the characters of GB 2312, and a few characters of bank names and
# persons that it lacks.
_EXTRA_CHARACTERS = "‑–—‘’“”…‰′″›€™−≈≠≤≥←↑→↓①②③④⑤⑥⑦⑧⑨⑩■□▲△▼▽◆◇○◎●★☆✓銀証曆祎頔堃喆垚淼珺翀赟燊甦從態萬賦"
_LATIN = [*range(0x20, 0x7F), *range(0xA0, 0x100)]
_UNUSED_TABLES = ["vhea", "vmtx", "BASE", "STAT", "DSIG", "VORG", "prep", "gasp", "GPOS", "GSUB", "GDEF"]


@dataclass(frozen=True)
class FontSubset:
    """A woff2 font for one text. `missing` lists the characters the font has no glyph for, in order."""

    woff2: bytes
    missing: tuple[str, ...]


def gb2312_characters() -> set[int]:
    """Code points of GB 2312, Latin-1 and the extra signs above."""
    found = {*_LATIN, *map(ord, _EXTRA_CHARACTERS)}
    for high in range(0xA1, 0xF8):
        for low in range(0xA1, 0xFF):
            try:
                found.add(ord(bytes([high, low]).decode("gb2312")))
            except UnicodeDecodeError:
                continue
    return found


def _cut(font: TTFont, code_points: set[int]) -> None:
    options = subset.Options()
    options.layout_features = []
    options.hinting = False
    options.notdef_outline = True
    options.recalc_timestamp = False
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    options.drop_tables += _UNUSED_TABLES
    worker = subset.Subsetter(options)
    worker.populate(unicodes=sorted(code_points))
    worker.subset(font)


def reduce_font(source: Path, target: Path) -> int:
    """Make the vendored font from a full Noto Sans SC; returns the number of characters kept.

    Run once per font version: `python -m dagster_project.release.report_font <NotoSansSC-Regular.ttf>`.
    """
    font = TTFont(source, recalcTimestamp=False, lazy=True)
    wanted = gb2312_characters() & set(font.getBestCmap())
    _cut(font, wanted)
    font.flavor = "woff2"
    # Undoing the glyph transform of woff2 takes 2.5 s of every build; without it the file is 0.2 MB larger.
    font.flavorData = WOFF2FlavorData(transformedTables=())
    font.save(target, reorderTables=None)
    return len(wanted)


@lru_cache(maxsize=4)
def subset_for(text: frozenset[str]) -> FontSubset:
    """Cut the vendored font to the characters of `text`. Same characters, same bytes.

    Control characters and characters beyond the font are left to the reader's fonts; the latter are
    listed in the result.
    """
    font = TTFont(VENDORED_FONT, recalcTimestamp=False, lazy=True)
    known = set(font.getBestCmap())
    wanted = {ord(c) for c in text if c.isprintable()} | set(range(0x20, 0x7F))
    _cut(font, wanted & known)
    font.flavor = "woff2"
    font.flavorData = WOFF2FlavorData(transformedTables=("glyf", "loca"))
    buffer = io.BytesIO()
    font.save(buffer)
    return FontSubset(buffer.getvalue(), tuple(chr(c) for c in sorted(wanted - known)))


if __name__ == "__main__":
    print(reduce_font(Path(sys.argv[1]), VENDORED_FONT), "characters ->", VENDORED_FONT)
