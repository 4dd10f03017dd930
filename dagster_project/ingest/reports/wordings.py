"""The wordings by which statements are found: `wordings.yaml`, read into one list of patterns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml
from opencc import OpenCC

_FILE = Path(__file__).with_name("wordings.yaml")


class Event(NamedTuple):
    """A wording in a text. kind: subject, relation, comparison, previous_year, year, scope, doubt."""

    start: int
    end: int
    kind: str
    value: str


@cache
def _simplifier() -> OpenCC:
    return OpenCC("t2s")


@cache
def _match_char(char: str) -> str:
    """Lower case and simplified; a character that would become two stays, so that positions agree."""
    matched = _simplifier().convert(char.lower())
    return matched if len(matched) == 1 else char


@dataclass(frozen=True)
class Wordings:
    """patterns: (kind, value, compiled). captions: (unit, pattern)."""

    patterns: tuple[tuple[str, str, re.Pattern[str]], ...]
    captions: tuple[tuple[str, re.Pattern[str]], ...]

    def match_text(self, plain: str) -> str:
        """The text that the patterns are written for; as long as `plain`."""
        return "".join(map(_match_char, plain))

    def events(self, text: str) -> list[Event]:
        """The wordings of a text from left to right; of those that overlap the first, then the longest."""
        found = [
            Event(match.start(), match.end(), kind, value)
            for kind, value, pattern in self.patterns
            for match in pattern.finditer(text)
        ]
        kept: list[Event] = []
        for event in sorted(found, key=lambda e: (e.start, -e.end, e.kind, e.value)):
            if not kept or event.start >= kept[-1].end:
                kept.append(event)
        return kept

    def caption_unit(self, text: str) -> str:
        """The unit of money that a caption, a label or a header names; blank without one."""
        for unit, pattern in self.captions:
            if pattern.search(text):
                return unit
        return ""


@cache
def load_wordings() -> Wordings:
    content = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    entries = [
        (kind.removesuffix("s"), value, wording)
        for kind in ("subjects", "relations")
        for value, wordings in content[kind].items()
        for wording in wordings
    ]
    entries += [(kind, "", w) for kind in ("comparison", "previous_year", "scope") for w in content[kind]]
    entries += [("doubt", doubt["why"], doubt["word"]) for doubt in content["doubts"]]
    entries.append(("year", "", r"(?<![0-9])20[0-9]{2}(?:年(?:度|末)?|(?=[^0-9.,%亿万千百元人名]|$))"))
    return Wordings(
        tuple((kind, value, re.compile(wording)) for kind, value, wording in entries),
        tuple((unit, re.compile(wording)) for unit, wording in content["captions"].items()),
    )
