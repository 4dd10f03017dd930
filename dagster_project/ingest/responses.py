"""One row per respondent: who answered, when, how well, and which of two answers of a bank counts."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from dagster_project.ingest.decode import ANSWERED, BLANK, INVALID, SKIPPED, DecodedChunk, Decoder

# Seconds per question that was asked; nobody reads and answers faster.
SECONDS_PER_ITEM = 2
STRAIGHT_LINE_ROWS = 3
ALL_SAME_ITEMS = 5
FLAGS = (
    "all_same", "bank_name_cleaned", "csv_injection", "required_blank", "skip_conflict", "straight_lining",
    "too_fast", "wrong_year",
)  # fmt: skip
_BIT = {flag: 1 << number for number, flag in enumerate(FLAGS)}


def clean_name(name: str) -> str:
    """A bank's name without control and invisible characters."""
    if name.isprintable():
        return name
    return "".join(char for char in name if unicodedata.category(char) not in ("Cc", "Cf"))


def respondent_token(name: str, secret: bytes) -> str:
    """Keyed hash of a bank's normalised name: joins waves, cannot be turned back without the key."""
    return respondent_tokens([name], secret)[0]


def respondent_tokens(names: Sequence[str], secret: bytes) -> list[str]:
    """Tokens of many names; what has to be cleaned is asked once for all of them."""
    together = "".join(names)
    if not (together.isprintable() and unicodedata.is_normalized("NFKC", together)):
        names = [unicodedata.normalize("NFKC", clean_name(name)) for name in names]
    inner_key, outer_key = _hmac_states(secret)
    tokens = []
    for name in names:
        inner, outer = inner_key.copy(), outer_key.copy()
        inner.update(name.replace(" ", "").encode())
        outer.update(inner.digest())
        tokens.append(outer.hexdigest()[:20])
    return tokens


@lru_cache(maxsize=4)
def _hmac_states(secret: bytes) -> tuple[Any, Any]:
    """HMAC-SHA256 with the key already taken in: a third of the time of `hmac.digest` per name."""
    key = (hashlib.sha256(secret).digest() if len(secret) > 64 else secret).ljust(64, b"\0")
    return hashlib.sha256(bytes(b ^ 0x36 for b in key)), hashlib.sha256(bytes(b ^ 0x5C for b in key))


def flag_text(bits: int) -> str:
    """Flags as they are landed: sorted, joined by `|`."""
    return "|".join(flag for flag in FLAGS if bits & _BIT[flag])


def bit(flag: str) -> int:
    return _BIT[flag]


@dataclass
class Quality:
    """What the answers of a chunk say about the respondents; arrays of one value per row."""

    bits: np.ndarray
    is_complete: np.ndarray


class QualityRules:
    """Flags per respondent. A flag never removes anybody."""

    def __init__(self, decoder: Decoder) -> None:
        plans = decoder.plans
        self._required = [plan.first for plan in plans if plan.item.is_required]
        self._all = [plan.first for plan in plans]
        self._matrices: list[list[int]] = []
        matrices: dict[str, list[int]] = {}
        for plan in plans:
            if plan.item.item_type == "matrix":
                matrices.setdefault(plan.item.fields["question_id"], []).append(plan.first)
        self._matrices = [slots for slots in matrices.values() if len(slots) >= STRAIGHT_LINE_ROWS]
        self._choices = [
            plan.first
            for plan in plans
            if plan.item.item_type in ("single", "matrix", "scale")
            and plan.item.fields["dimension"] != "sample"
        ]
        # The place of an option in its set, per slot: `always the second` says more than any label.
        self._place = np.zeros((decoder.slots, len(decoder.option_ids) + 1), np.int16)
        codes = {option_id: code for code, option_id in enumerate(decoder.option_ids)}
        for plan in plans:
            for at, option in enumerate(plan.item.options.values(), 1):
                self._place[plan.first, codes[option.option_id]] = at

    def look(self, grid: DecodedChunk, durations: np.ndarray) -> Quality:
        """durations: seconds, NaN unknown."""
        n = len(grid.rows)
        bits = np.zeros(n, np.int32)
        missing = grid.missing[self._required]
        blank = (missing == BLANK).any(axis=0)
        bits[blank] |= _BIT["required_blank"]
        asked = (grid.missing[self._all] != SKIPPED).sum(axis=0)
        with np.errstate(invalid="ignore"):
            bits[durations < SECONDS_PER_ITEM * asked] |= _BIT["too_fast"]
        bits[grid.skip_conflict] |= _BIT["skip_conflict"]
        bits[grid.formula] |= _BIT["csv_injection"]
        if self._matrices:
            straight = sum(
                self._same(grid, slots, STRAIGHT_LINE_ROWS).astype(int) for slots in self._matrices
            )
            bits[2 * np.asarray(straight) > len(self._matrices)] |= _BIT["straight_lining"]
        if len(self._choices) >= ALL_SAME_ITEMS:
            bits[self._same(grid, self._choices, ALL_SAME_ITEMS)] |= _BIT["all_same"]
        return Quality(bits, ~(blank | (missing == INVALID).any(axis=0)))

    def _same(self, grid: DecodedChunk, slots: list[int], at_least: int) -> np.ndarray:
        """Rows whose answers all stand at the same place; rows with two places are soon left out."""
        n = len(grid.rows)
        rows, place, answers = np.arange(n), np.full(n, -1, np.int16), np.zeros(n, np.int32)
        for slot in slots:
            here = grid.missing[slot, rows] == ANSWERED
            found = np.where(here, self._place[slot][grid.option[slot, rows]], place)
            keep = (place < 0) | (found == place)
            rows, place, answers = rows[keep], found[keep], (answers + here)[keep]
        same = np.zeros(n, bool)
        same[rows[answers >= at_least]] = True
        return same


def choose(
    tokens: np.ndarray, complete: np.ndarray, authorised: np.ndarray, submitted: np.ndarray
) -> dict[int, int]:
    """Losers and their winner, by position.

    Of several answers of one bank a complete one is preferred, then that of the authorised
    respondent, then the latest (sortable times; later rows where these are equal).
    """
    order = np.argsort(tokens, kind="stable")
    ranked = tokens[order]
    same = np.flatnonzero(ranked[1:] == ranked[:-1])
    if not len(same):
        return {}
    groups: dict[str, set[int]] = {}
    for at in same:
        groups.setdefault(str(ranked[at]), set()).update((int(order[at]), int(order[at + 1])))
    losers: dict[int, int] = {}
    for members in groups.values():
        best = max(members, key=lambda i: (bool(complete[i]), bool(authorised[i]), str(submitted[i]), i))
        losers.update({i: best for i in members if i != best})
    return dict(sorted(losers.items()))
