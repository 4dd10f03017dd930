"""Questionnaire exports of one wave: from the platform's file to one long table of answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.errors import InputError
from dagster_project.ingest.batch import Batch, Reject, Spool
from dagster_project.ingest.codebook import Item, codebook_rows, read_codebook
from dagster_project.ingest.decode import SPOOL_SCHEMA, DecodedChunk, Decoder
from dagster_project.ingest.files import open_sheet
from dagster_project.ingest.platforms import Layout, header_rows, lay_out, recognise
from dagster_project.ingest.responses import (
    QualityRules,
    bit,
    choose,
    clean_name,
    flag_text,
    respondent_token,
    respondent_tokens,
)
from dagster_project.ingest.sheets import Chunk, Sheet, distinct
from dagster_project.ingest.sidecar import raw_files, read_sidecar
from dagster_project.ingest.tables import QUESTIONNAIRE_RESPONSE
from dagster_project.ingest.wjx import missing_code, parse_date, parse_duration

BANK_NAME, BANK_TYPE, PROVINCE = "sample.bank_name", "sample.bank_type", "sample.province"
_YES = {"1", "是", "true", "yes", "y"}

__all__ = ["read_questionnaires", "respondent_token"]


def read_questionnaires(raw: Path, wave: int, secret: bytes, spool: Path | None = None) -> Batch:
    """Decode `questionnaires/<wave>/`: one export and its codebook, each with a sidecar.

    secret: key of the respondent tokens. spool: folder for the answers while they are decoded (a
    temporary one where none is given). Returns an empty batch where the folder does not exist.
    Raises InputError for a file that cannot be read as a whole; single cells that cannot be decoded
    are set aside and stay in the answers as `invalid`.
    """
    folder = raw / "questionnaires" / str(wave)
    files = raw_files(folder)
    if not files:
        return Batch()
    codebook_file = folder / "codebook.csv"
    exports = [path for path in files if path != codebook_file]
    if not codebook_file.exists():
        raise InputError(
            folder, "", "no codebook.csv", "Write one that maps each column of the export to an item."
        )
    if len(exports) != 1:
        names = ", ".join(path.name for path in exports) or "none"
        raise InputError(
            folder, "", f"{len(exports)} exports of one wave ({names})", "Keep exactly one export per wave."
        )
    export = exports[0]
    sidecars = {path: read_sidecar(path) for path in (codebook_file, export)}
    items = read_codebook(codebook_file, wave)
    batch = Batch(
        inputs={str(path.relative_to(raw)): sidecars[path]["sha256"] for path in (codebook_file, export)}
    )
    source = str(codebook_file.relative_to(raw))
    batch.tables["codebook_item"] = codebook_rows(items, wave, source)
    batch.rows_in["codebook_item"] = len(items)
    reader = _Reader(export, str(export.relative_to(raw)), wave, items, sidecars[export], secret)
    try:
        reader.read(batch, Spool("questionnaire_answer", SPOOL_SCHEMA, spool))
    except BaseException:
        batch.close()
        raise
    return batch


class _Reader:
    """Reads one export chunk by chunk; keeps per respondent only what the response table needs."""

    def __init__(
        self, path: Path, source: str, wave: int, items: list[Item], sidecar: dict[str, Any], secret: bytes
    ) -> None:
        self.path, self.source, self.wave, self.items = path, source, wave, items
        self.sidecar, self.secret = sidecar, secret
        self.synthetic = bool(sidecar["synthetic"])
        self.rejects: list[Reject] = []
        self.rows_in = 0
        self.numbers = _Numbers()
        self.parts: list[pa.Table] = []
        self.dates: dict[str, str | None] = {}
        self.durations: dict[str, float] = {}

    def read(self, batch: Batch, spool: Spool) -> None:
        batch.tables["questionnaire_answer"] = spool
        sheet = open_sheet(self.path)
        platform = recognise(sheet, self.sidecar)
        chunks = sheet.chunks(header_rows(platform, sheet))
        first = next(chunks, None)

        def peek(index: int) -> list[str]:
            return distinct(first.columns[index])[0] if first is not None else []

        layout = lay_out(platform, sheet, self.items, peek, self.sidecar.get("export_kind"))
        answer_items = [item for item in self.items if item.item_id != BANK_NAME]
        decoder = Decoder(sheet, layout, answer_items, self.source)
        rules = QualityRules(decoder)
        name = next((c for c in layout.columns if c.item.item_id == BANK_NAME and not c.is_typed_text), None)
        for chunk in _all(first, chunks):
            self.rows_in += len(chunk)
            numbers, chunk = self._numbered(chunk, layout)
            if not len(chunk):
                continue
            grid = decoder.decode(chunk)
            response_ids = pc.binary_join_element_wise(str(self.wave), numbers, "-")
            tokens, cleaned = self._tokens(chunk, name.index if name else None, numbers)
            self._respondents(chunk, layout, decoder, rules, grid, response_ids, tokens, cleaned)
            spool.write(decoder.long_table(grid, self.wave, self.synthetic, response_ids, tokens))
        self._ragged(sheet)
        if self.rows_in == 0:
            raise InputError(
                self.path, "", "a header and no answers", "Export the answers again, or remove the wave."
            )
        self._expected()
        batch.rejects += sorted([*self.rejects, *decoder.rejects], key=lambda reject: reject.source_row)
        responses = self._responses(batch)
        batch.rows_in["questionnaire_response"] = self.rows_in
        batch.tables["questionnaire_response"] = responses
        spool.close()
        batch.rows_in["questionnaire_answer"] = len(spool)

    def _ragged(self, sheet: Sheet) -> None:
        self.rows_in += len(sheet.ragged)
        for ragged in sheet.ragged:
            self.rejects.append(
                Reject(
                    "questionnaire_response",
                    self.source,
                    ragged.row,
                    "ragged_row",
                    f"{len(ragged.cells)} cells where the header has {sheet.width}",
                    "Quote cells that hold a comma, or export the answers again.",
                    raw={"cells": ragged.cells},
                )
            )

    def _expected(self) -> None:
        expected = self.sidecar.get("respondents")
        if expected is not None and expected != self.rows_in:
            raise InputError(
                self.path,
                "whole file",
                f"{self.rows_in} answers where the sidecar says {expected}",
                "Export the answers again, or correct `respondents` in the sidecar.",
            )

    # -- per chunk -------------------------------------------------------------------------------------

    def _numbered(self, chunk: Chunk, layout: Layout) -> tuple[pa.Array, Chunk]:
        """Numbers of the answers, without rows whose number is missing or taken."""
        if "response_no" not in layout.meta:
            # Files without a number are numbered by their rows.
            return pa.array([str(row) for row in chunk.rows]), chunk
        column = chunk.columns[layout.meta["response_no"]]
        numbers = pc.utf8_trim_whitespace(column.dictionary_decode())
        keep = np.ones(len(chunk), bool)
        for at, first in self.numbers.problems(numbers, chunk.rows):
            keep[at] = False
            number = numbers[at].as_py()
            reason, found, remedy = (
                ("no_response_number", "an empty 序号", "Restore the number of the answer.")
                if not number
                else (
                    "duplicate_response_number",
                    f"序号 {number}, which row {first} has as well",
                    "Remove one of the two answers.",
                )
            )
            self.rejects.append(
                Reject(
                    "questionnaire_response",
                    self.source,
                    int(chunk.rows[at]),
                    reason,
                    found,
                    remedy,
                    raw={"cells": chunk.cells(at)},
                )
            )
        if keep.all():
            return numbers, chunk
        return numbers.filter(pa.array(keep)), chunk.take(keep)

    def _tokens(self, chunk: Chunk, index: int | None, numbers: pa.Array) -> tuple[pa.Array, np.ndarray]:
        """Token of each row's bank, and whether its name had to be cleaned."""
        if index is None:
            values, codes = [""], np.zeros(len(chunk), np.int32)
        else:
            values, codes = distinct(chunk.columns[index])
        # Marks for a missing name hold brackets or a sign.
        named = [
            value.isalnum() or (missing_code(value) is None and bool(clean_name(value).strip()))
            for value in values
        ]
        by_value = respondent_tokens(values, self.secret)
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
            else respondent_token(f"{self.wave} {numbers[at].as_py()} without a name", self.secret)
            for at, code in enumerate(codes)
        ]
        return pa.array(tokens, pa.string()), cleaned[codes]

    def _respondents(
        self,
        chunk: Chunk,
        layout: Layout,
        decoder: Decoder,
        rules: QualityRules,
        grid: DecodedChunk,
        response_ids: pa.Array,
        tokens: pa.Array,
        cleaned: np.ndarray,
    ) -> None:
        n = len(chunk)
        seconds = np.full(n, np.nan)
        if "duration" in layout.meta:
            values, codes = distinct(chunk.columns[layout.meta["duration"]])
            for value in values:
                if value not in self.durations:
                    parsed = parse_duration(value)
                    self.durations[value] = np.nan if parsed is None else float(parsed)
            seconds = np.array([self.durations[value] for value in values], float)[codes]
            seconds[seconds > 2**31 - 1] = np.nan
        submitted = pa.array([""] * n)
        dates = pa.nulls(n, pa.string())
        wrong_year = np.zeros(n, bool)
        if "submitted_at" in layout.meta:
            submitted = chunk.columns[layout.meta["submitted_at"]].dictionary_decode()
            # The day alone takes few values: these are parsed, not the rows.
            days = pc.utf8_slice_codeunits(pc.utf8_trim_whitespace(submitted), 0, 10).dictionary_encode()
            values, codes = distinct(days)
            for value in values:
                if value not in self.dates:
                    self.dates[value] = parse_date(value)
            dates = pa.array([self.dates[value] for value in values], pa.string()).take(pa.array(codes))
            other = [
                bool(self.dates[v]) and not str(self.dates[v]).startswith(f"{self.wave}-") for v in values
            ]
            wrong_year = np.array(other, bool)[codes]
        quality = rules.look(grid, seconds)
        quality.bits[wrong_year] |= bit("wrong_year")
        quality.bits[cleaned] |= bit("bank_name_cleaned")
        authorised = np.zeros(n, bool)
        if "authorised" in layout.meta:
            values, codes = distinct(chunk.columns[layout.meta["authorised"]])
            authorised = np.array([value.strip().lower() in _YES for value in values], bool)[codes]
        self.parts.append(
            pa.table(
                {
                    "response_id": response_ids,
                    "respondent_token": tokens,
                    "bank_type": _option_of(decoder, grid, BANK_TYPE),
                    "province": _option_of(decoder, grid, PROVINCE),
                    "submitted_date": dates,
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

    # -- the whole file --------------------------------------------------------------------------------

    def _responses(self, batch: Batch) -> pa.Table:
        if not self.parts:
            return QUESTIONNAIRE_RESPONSE.empty_table()
        whole = pa.concat_tables(self.parts).combine_chunks()
        self.parts = []
        n = whole.num_rows
        bits = whole["bits"].to_numpy()
        self._year(whole["submitted_date"], bits)
        losers: dict[int, int] = {}
        if pc.count_distinct(whole["respondent_token"]).as_py() < n:
            tokens = whole["respondent_token"].to_numpy(zero_copy_only=False)
            times = np.array([_sortable(text) for text in whole["submitted"].to_pylist()], object)
            losers = choose(tokens, whole["complete"].to_numpy(), whole["authorised"].to_numpy(), times)
        ids, rows = whole["response_id"], whole["source_row"]
        counted = np.ones(n, bool)
        duplicate_of: list[str | None] = [None] * n if losers else []
        for loser, winner in losers.items():
            counted[loser] = False
            duplicate_of[loser] = ids[winner].as_py()
            batch.rejects.append(
                Reject(
                    "questionnaire_response",
                    self.source,
                    rows[loser].as_py(),
                    "duplicate_bank",
                    f"a further answer of the bank of row {rows[winner].as_py()}",
                    f"It is kept but not counted; {ids[winner].as_py()} is (complete, then authorised, then latest). "
                    "Remove a row from the export to decide otherwise.",
                    raw={"response_id": ids[loser].as_py(), "counted": ids[winner].as_py()},
                    whole_row=False,
                )
            )
        words, codes = np.unique(bits, return_inverse=True)
        flags = pa.array([flag_text(int(word)) for word in words], pa.string()).take(pa.array(codes.ravel()))
        columns = {
            "wave": pa.array(np.full(n, self.wave, np.int32)),
            **{name: whole[name] for name in (
                "response_id", "respondent_token", "bank_type", "province", "submitted_date", "duration_seconds",
                "source_row",
            )},
            "is_counted": pa.array(counted),
            "duplicate_of": pa.array(duplicate_of, pa.string()) if losers else pa.nulls(n, pa.string()),
            "quality_flags": flags,
            "is_synthetic": pa.array(np.full(n, self.synthetic)),
            "source_file": pa.array(np.full(n, self.source, object), pa.string()),
        }  # fmt: skip
        return pa.table(
            [columns[name] for name in QUESTIONNAIRE_RESPONSE.names], schema=QUESTIONNAIRE_RESPONSE
        )

    def _year(self, dates: pa.ChunkedArray, bits: np.ndarray) -> None:
        dated = len(dates) - dates.null_count
        other = int(((bits & bit("wrong_year")) > 0).sum())
        if dated and other * 2 > dated:
            seen = pc.value_counts(pc.utf8_slice_codeunits(dates.drop_null(), 0, 4)).to_pylist()
            year = max(seen, key=lambda entry: entry["counts"])["values"]
            raise InputError(
                self.path,
                "whole file",
                f"{other} of {dated} answers submitted in another year than {self.wave}, most of them in {year}",
                f"Put the export into the folder of its wave (questionnaires/{year}?).",
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


def _all(first: Chunk | None, rest: Iterator[Chunk]) -> Iterator[Chunk]:
    """All chunks; the next one is read while the last is decoded."""
    if first is None:
        return
    with ThreadPoolExecutor(1, thread_name_prefix="chunks") as thread:
        chunk: Chunk | None = first
        while chunk is not None:
            following = thread.submit(next, rest, None)
            yield chunk
            chunk = following.result()


class _Numbers:
    """Which numbers of answers were seen. Rising numbers, the usual case, need no memory."""

    def __init__(self) -> None:
        self._highest = -1
        self._seen: dict[str, int] | None = None
        self._earlier: list[tuple[pa.Array, np.ndarray]] = []

    def problems(self, numbers: pa.Array, rows: np.ndarray) -> list[tuple[int, int]]:
        """Positions of numbers that are empty or were seen before, with the row that has it."""
        if self._seen is None:
            rising = self._rising(numbers)
            if rising:
                self._earlier.append((numbers, rows))
                return []
            self._seen = {}
            for earlier, earlier_rows in self._earlier:
                self._seen.update(zip(earlier.to_pylist(), earlier_rows.tolist(), strict=True))
            self._earlier = []
        found = []
        for at, (number, row) in enumerate(zip(numbers.to_pylist(), rows.tolist(), strict=True)):
            if not number or number in self._seen:
                found.append((at, self._seen.get(number, 0)))
            else:
                self._seen[number] = row
        return found

    def _rising(self, numbers: pa.Array) -> bool:
        if not pc.all(pc.match_substring_regex(numbers, r"^[1-9][0-9]{0,17}$")).as_py():
            return False
        values = numbers.cast(pa.int64()).to_numpy(zero_copy_only=False)
        if len(values) and (values[0] <= self._highest or (np.diff(values) <= 0).any()):
            return False
        self._highest = int(values[-1]) if len(values) else self._highest
        return True
