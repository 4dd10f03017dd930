"""The respondents of one export: gathered chunk by chunk, then one row each, with who counts for a bank."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.errors import InputError
from dagster_project.ingest.batch import Reject
from dagster_project.ingest.decode import DecodedChunk, Decoder
from dagster_project.ingest.fieldwork import Fieldwork
from dagster_project.ingest.notices import Notices
from dagster_project.ingest.platforms import Layout
from dagster_project.ingest.responses import (
    QualityRules,
    bit,
    choose,
    clean_name,
    flag_text,
    respondent_token,
    respondent_tokens,
)
from dagster_project.ingest.sheets import Chunk, distinct
from dagster_project.ingest.tables import QUESTIONNAIRE_RESPONSE
from dagster_project.ingest.wjx import missing_code, parse_date, parse_duration

BANK_NAME, BANK_TYPE, PROVINCE = "sample.bank_name", "sample.bank_type", "sample.province"
_YES = {"1", "是", "true", "yes", "y"}
_CARRIED = (
    "response_id", "respondent_token", "bank_type", "province", "submitted_date", "duration_seconds", "source_row",
)  # fmt: skip


@dataclass(frozen=True)
class Origin:
    """What every row of an export shares. source: its path relative to the raw folder; secret: key of the tokens."""

    path: Path
    source: str
    wave: int
    synthetic: bool
    secret: bytes
    fieldwork: Fieldwork


@dataclass
class Respondents:
    """Keeps per respondent only what the response table needs.

    rejects: answers of a bank that has another one, complete after `table`. notices: what is odd.
    """

    origin: Origin
    layout: Layout
    decoder: Decoder
    rejects: list[Reject] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._rules = QualityRules(self.decoder)
        self.notices = Notices(self.origin.source, self.layout)
        names = (c for c in self.layout.columns if c.item.item_id == BANK_NAME and not c.is_typed_text)
        self._name = next(names, None)
        self._parts: list[pa.Table] = []
        self._days: dict[str, str | None] = {}
        self._seconds: dict[str, float] = {}

    def add(self, chunk: Chunk, grid: DecodedChunk, numbers: pa.Array, response_ids: pa.Array) -> pa.Array:
        """The respondents of a chunk; returns their tokens."""
        n = len(chunk)
        tokens, cleaned = self._tokens(chunk, numbers)
        seconds = self._durations(chunk)
        submitted, days, outside = self._submitted(chunk)
        quality = self._rules.look(grid, seconds)
        quality.bits[outside] |= bit("wrong_year")
        quality.bits[cleaned] |= bit("bank_name_cleaned")
        self.notices.look(chunk, grid, self.decoder)
        if self._name is not None:
            self.notices.add("bank_name_cleaned", self._name.index, chunk.rows[cleaned])
        if "submitted_at" in self.layout.meta:
            self.notices.add("wrong_year", self.layout.meta["submitted_at"], chunk.rows[outside])
        authorised = np.zeros(n, bool)
        if "authorised" in self.layout.meta:
            values, codes = distinct(chunk.columns[self.layout.meta["authorised"]])
            authorised = np.array([value.strip().lower() in _YES for value in values], bool)[codes]
        self._parts.append(
            pa.table(
                {
                    "response_id": response_ids,
                    "respondent_token": tokens,
                    "bank_type": _option_of(self.decoder, grid, BANK_TYPE),
                    "province": _option_of(self.decoder, grid, PROVINCE),
                    "submitted_date": days,
                    "duration_seconds": pa.array(np.nan_to_num(seconds), mask=np.isnan(seconds)).cast(
                        pa.int32()
                    ),
                    "source_row": pa.array(chunk.rows.astype(np.int32)),
                    "bits": pa.array(quality.bits),
                    "complete": pa.array(quality.is_complete),
                    "authorised": pa.array(authorised),
                    "submitted": submitted,
                }
            )
        )
        return tokens

    def table(self) -> pa.Table:
        """Rows of `questionnaire_response`. Raises InputError where most were submitted outside the fieldwork."""
        if not self._parts:
            return QUESTIONNAIRE_RESPONSE.empty_table()
        whole = pa.concat_tables(self._parts).combine_chunks()
        self._parts = []
        n, origin = whole.num_rows, self.origin
        bits = whole["bits"].to_numpy()
        self._check_days(whole["submitted_date"], bits)
        losers = self._losers(whole)
        ids = whole["response_id"]
        counted = np.ones(n, bool)
        counted[list(losers)] = False
        duplicate_of: list[str | None] = [None] * n if losers else []
        for loser, winner in losers.items():
            duplicate_of[loser] = ids[winner].as_py()
        words, codes = np.unique(bits, return_inverse=True)
        flags = pa.array([flag_text(int(word)) for word in words], pa.string()).take(pa.array(codes.ravel()))
        columns = {
            "wave": pa.array(np.full(n, origin.wave, np.int32)),
            **{name: whole[name] for name in _CARRIED},
            "is_counted": pa.array(counted),
            "duplicate_of": pa.array(duplicate_of, pa.string()) if losers else pa.nulls(n, pa.string()),
            "quality_flags": flags,
            "is_synthetic": pa.array(np.full(n, origin.synthetic)),
            "source_file": pa.array(np.full(n, origin.source, object), pa.string()),
        }
        return pa.table(
            [columns[name] for name in QUESTIONNAIRE_RESPONSE.names], schema=QUESTIONNAIRE_RESPONSE
        )

    def _tokens(self, chunk: Chunk, numbers: pa.Array) -> tuple[pa.Array, np.ndarray]:
        """Token of each row's bank, and whether its name had to be cleaned."""
        secret = self.origin.secret
        if self._name is None:
            values, codes = [""], np.zeros(len(chunk), np.int32)
        else:
            values, codes = distinct(chunk.columns[self._name.index])
        # Marks for a missing name hold brackets or a sign.
        named = [
            value.isalnum() or (missing_code(value) is None and bool(clean_name(value).strip()))
            for value in values
        ]
        by_value = respondent_tokens(values, secret)
        if "".join(values).isprintable():
            cleaned = np.zeros(len(values), bool)
        else:
            cleaned = np.array([clean_name(value) != value for value in values], bool) & np.array(named)
        if all(named):
            return pa.array(by_value, pa.string()).take(pa.array(codes)), cleaned[codes]
        # Who gives no name is joined to nobody, above all not to the others who gave none.
        tokens = [
            by_value[code]
            if named[code]
            else respondent_token(f"{self.origin.wave} {numbers[at].as_py()} without a name", secret)
            for at, code in enumerate(codes)
        ]
        return pa.array(tokens, pa.string()), cleaned[codes]

    def _durations(self, chunk: Chunk) -> np.ndarray:
        """Seconds of each row, NaN where they are not told."""
        if "duration" not in self.layout.meta:
            return np.full(len(chunk), np.nan)
        values, codes = distinct(chunk.columns[self.layout.meta["duration"]])
        for value in values:
            if value not in self._seconds:
                parsed = parse_duration(value)
                self._seconds[value] = np.nan if parsed is None else float(parsed)
        seconds = np.array([self._seconds[value] for value in values], float)[codes]
        seconds[seconds > 2**31 - 1] = np.nan
        return seconds

    def _submitted(self, chunk: Chunk) -> tuple[pa.Array, pa.Array, np.ndarray]:
        """Time as written and day of each row, and whether the day lies outside the fieldwork."""
        n = len(chunk)
        if "submitted_at" not in self.layout.meta:
            return pa.array([""] * n), pa.nulls(n, pa.string()), np.zeros(n, bool)
        written = chunk.columns[self.layout.meta["submitted_at"]].dictionary_decode()
        # The day alone takes few values: these are parsed, not the rows.
        values, codes = distinct(
            pc.utf8_slice_codeunits(pc.utf8_trim_whitespace(written), 0, 10).dictionary_encode()
        )
        for value in values:
            if value not in self._days:
                self._days[value] = parse_date(value)
        days = [self._days[value] for value in values]
        outside = np.array([day is not None and not self.origin.fieldwork.holds(day) for day in days], bool)
        return written, pa.array(days, pa.string()).take(pa.array(codes)), outside[codes]

    def _losers(self, whole: pa.Table) -> dict[int, int]:
        """Position of each answer that does not count, with that of the one that does; lists them as set aside."""
        if pc.count_distinct(whole["respondent_token"]).as_py() == whole.num_rows:
            return {}
        tokens = whole["respondent_token"].to_numpy(zero_copy_only=False)
        times = np.array([_sortable(text) for text in whole["submitted"].to_pylist()], object)
        losers = choose(tokens, whole["complete"].to_numpy(), whole["authorised"].to_numpy(), times)
        ids, rows = whole["response_id"], whole["source_row"]
        for loser, winner in losers.items():
            self.rejects.append(
                Reject(
                    "questionnaire_response",
                    self.origin.source,
                    rows[loser].as_py(),
                    "duplicate_bank",
                    f"a further answer of the bank of row {rows[winner].as_py()}",
                    f"It is kept but not counted; {ids[winner].as_py()} is (complete, then authorised, then latest). "
                    "Remove a row from the export to decide otherwise.",
                    raw={"response_id": ids[loser].as_py(), "counted": ids[winner].as_py()},
                    whole_row=False,
                )
            )
        return losers

    def _check_days(self, days: pa.ChunkedArray, bits: np.ndarray) -> None:
        dated = len(days) - days.null_count
        outside = int(((bits & bit("wrong_year")) > 0).sum())
        if dated and outside * 2 > dated:
            seen = pc.value_counts(pc.utf8_slice_codeunits(days.drop_null(), 0, 4)).to_pylist()
            year = max(seen, key=lambda entry: entry["counts"])["values"]
            fieldwork = self.origin.fieldwork
            raise InputError(
                self.origin.path,
                "whole file",
                f"{outside} of {dated} answers submitted outside the fieldwork {fieldwork.start} to "
                f"{fieldwork.end}, most of them in {year}",
                f"Put the export into the folder of its wave (questionnaires/{year}?), or write fieldwork_start "
                "and fieldwork_end into its sidecar.",
            )


def _option_of(decoder: Decoder, grid: DecodedChunk, item_id: str) -> pa.Array:
    plan = decoder.by_id.get(item_id)
    if plan is None:
        return pa.nulls(len(grid.rows), pa.string())
    codes = grid.option[plan.first]
    return pa.array(decoder.option_ids or [""], pa.string()).take(pa.array(codes, mask=codes < 0))


def _sortable(text: str) -> str:
    """A time as written, with its numbers padded so that texts sort as times."""
    return re.sub(r"\d+", lambda match: match[0].zfill(4), text.strip().replace("-", "/"))
