"""Names of banks and bank groups: one spelling per name, exact lookup, nothing is guessed."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from opencc import OpenCC
from rapidfuzz import fuzz, process

from dagster_project.errors import FengchaoError

OPEN_START, OPEN_END = "0001-01-01", "9999-12-31"

# What is less similar than this is noise in a list of candidates; it may still be the same bank.
MIN_SCORE = 50.0

_COMPANY_EN = re.compile(r"[\s,]+(co\.?(,?\s*ltd\.?)?|company(\s+limited)?|limited|ltd\.?)$")
_COMPANY_ZH = re.compile(r"(股份有限公司|有限责任公司|有限公司)")
_DROPPED = re.compile(r"[\s()\[\]〔〕【】「」《》]")


@cache
def _simplifier() -> OpenCC:
    return OpenCC("t2s")


def normalise_name(name: str) -> str:
    """One spelling for the writings of one name; different banks stay different.

    NFKC, simplified characters, lower case, without company suffix, brackets (their content stays)
    and spaces; 农村商业银行 and 农商行 become 农商银行.
    """
    text = _simplifier().convert(unicodedata.normalize("NFKC", name).strip()).casefold()
    text = _COMPANY_EN.sub("", text)
    text = _DROPPED.sub("", text).replace("’", "'")
    text = _COMPANY_ZH.sub("", text)
    return text.replace("农村商业银行", "农商银行").replace("农商行", "农商银行")


class AliasError(FengchaoError):
    """Two aliases that cannot both hold; `row` is the later one, as it was given."""

    def __init__(self, message: str, row: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.row = row


@dataclass(frozen=True)
class Candidate:
    """A known name that resembles another. score: 0-100, similarity of the normalised names."""

    alias: str
    entity_kind: str
    entity_id: str
    score: float


@dataclass(frozen=True)
class _Entry:
    alias: str
    start: str
    end: str
    entity: tuple[str, str]


class BankDirectory:
    """Exact lookup of a printed name among the dated aliases.

    rows: mappings with alias, entity_kind (bank, group), entity_id, valid_from, valid_to (ISO dates,
    both inclusive, blank = open). Raises AliasError when one name means two things on one day, or
    stands there twice.
    """

    def __init__(self, rows: Iterable[Mapping[str, Any]]) -> None:
        self._entries: dict[str, list[_Entry]] = defaultdict(list)
        for row in rows:
            entry = _Entry(
                row["alias"],
                row["valid_from"] or OPEN_START,
                row["valid_to"] or OPEN_END,
                (row["entity_kind"], row["entity_id"]),
            )
            same_name = self._entries[normalise_name(entry.alias)]
            for other in same_name:
                if other.start > entry.end or entry.start > other.end:
                    continue
                if other.entity != entry.entity:
                    raise AliasError(
                        f"{entry.alias!r} means both {other.entity[1]} and {entry.entity[1]} at the same time",
                        row,
                    )
                if other.alias == entry.alias:
                    raise AliasError(f"{entry.alias!r} twice at the same time", row)
            same_name.append(entry)

    def resolve(self, name: str, on_date: str | None = None) -> tuple[str, str] | None:
        """(entity_kind, entity_id) of a printed name on a day (ISO date), or None.

        Without a date a name resolves only if it has always meant the same.
        """
        entries = self._entries.get(normalise_name(name), [])
        hits = {entry.entity for entry in entries if on_date is None or entry.start <= on_date <= entry.end}
        return hits.pop() if len(hits) == 1 else None

    def candidates(self, name: str, count: int = 5) -> list[Candidate]:
        """The banks and groups with the most similar names, best first, each with its best alias.

        Only to be shown to a person: similar names are often other banks (中国农业银行 and
        中国农业发展银行: 86), and names of one bank may share little (沪农商行 and 上海农商银行).
        """
        found = process.extract(
            normalise_name(name), list(self._entries), scorer=fuzz.ratio, limit=None, score_cutoff=MIN_SCORE
        )
        best: dict[tuple[str, str], Candidate] = {}
        for key, score, _ in found:
            for entry in self._entries[key]:
                best.setdefault(entry.entity, Candidate(entry.alias, *entry.entity, score))
        return sorted(best.values(), key=lambda one: (-one.score, one.alias))[:count]

    def nearest(self, name: str, count: int = 3) -> list[str]:
        """The names of `candidates`, for error messages."""
        return [one.alias for one in self.candidates(name, count)]
