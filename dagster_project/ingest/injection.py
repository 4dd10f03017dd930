"""Text that a spreadsheet would run as a formula (`=cmd|…`): found on reading, made harmless where it leaves.

Landing keeps what was typed, and releases hold no free text of respondents. Drafts of codebooks and
options, which people open in a spreadsheet, may hold a text that was taken for a label.
"""

from __future__ import annotations

import re

_STARTS = ("=", "+", "-", "@", "\t", "\r")
_HARMLESS = re.compile(r"[+-]?[\d.,\s%()（）-]*")


def is_formula(text: str) -> bool:
    """Whether a spreadsheet may take the text as a formula; plain numbers and dashes are none."""
    return text.startswith(_STARTS) and not _HARMLESS.fullmatch(text)


def neutralise(text: str) -> str:
    """The text with a leading apostrophe where a spreadsheet would run it."""
    return f"'{text}" if is_formula(text) else text
