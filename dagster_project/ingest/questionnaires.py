"""Questionnaire exports of one wave: from the platform's file to one long table of answers."""

from __future__ import annotations

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
from dagster_project.ingest.decode import SPOOL_SCHEMA, Decoder
from dagster_project.ingest.fieldwork import fieldwork_of
from dagster_project.ingest.files import open_sheet
from dagster_project.ingest.platforms import Layout, header_rows, lay_out, recognise
from dagster_project.ingest.respondents import BANK_NAME, Origin, Respondents
from dagster_project.ingest.response_numbers import ResponseNumbers
from dagster_project.ingest.sheets import Chunk, Sheet, distinct
from dagster_project.ingest.sidecar import raw_files, read_sidecar


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
    batch.count("codebook_item", source, len(items))
    sidecar = sidecars[export]
    origin = Origin(
        path=export,
        source=str(export.relative_to(raw)),
        wave=wave,
        synthetic=sidecar["synthetic"],
        secret=secret,
        fieldwork=fieldwork_of(export, sidecar, wave),
    )
    reader = _Reader(origin, items, sidecar)
    try:
        reader.read(batch, Spool("questionnaire_answer", SPOOL_SCHEMA, spool))
    except BaseException:
        batch.close()
        raise
    return batch


class _Reader:
    """Reads one export chunk by chunk."""

    def __init__(self, origin: Origin, items: list[Item], sidecar: dict[str, Any]) -> None:
        self.origin, self.items, self.sidecar = origin, items, sidecar
        self.rejects: list[Reject] = []
        self.rows_in = 0
        self.numbers = ResponseNumbers()

    def read(self, batch: Batch, spool: Spool) -> None:
        batch.tables["questionnaire_answer"] = spool
        origin, sheet = self.origin, open_sheet(self.origin.path)
        platform = recognise(sheet, self.sidecar)
        chunks = sheet.chunks(header_rows(platform, sheet))
        first = next(chunks, None)

        def peek(index: int) -> list[str]:
            return distinct(first.columns[index])[0] if first is not None else []

        layout = lay_out(platform, sheet, self.items, peek, self.sidecar.get("export_kind"))
        answer_items = [item for item in self.items if item.item_id != BANK_NAME]
        decoder = Decoder(sheet, layout, answer_items, origin.source)
        respondents = Respondents(origin, layout, decoder)
        for chunk in _all(first, chunks):
            self.rows_in += len(chunk)
            numbers, chunk = self._numbered(chunk, layout)
            if not len(chunk):
                continue
            grid = decoder.decode(chunk)
            response_ids = pc.binary_join_element_wise(str(origin.wave), numbers, "-")
            tokens = respondents.add(chunk, grid, numbers, response_ids)
            spool.write(decoder.long_table(grid, origin.wave, origin.synthetic, response_ids, tokens))
        self._ragged(sheet)
        self._check_count()
        batch.tables["questionnaire_response"] = respondents.table()
        batch.count("questionnaire_response", origin.source, self.rows_in)
        batch.rejects += sorted([*self.rejects, *decoder.rejects], key=lambda reject: reject.source_row)
        batch.rejects += respondents.rejects
        batch.notices += respondents.notices.listed()
        spool.close()
        batch.count("questionnaire_answer", origin.source, len(spool))

    def _ragged(self, sheet: Sheet) -> None:
        self.rows_in += len(sheet.ragged)
        for ragged in sheet.ragged:
            self.rejects.append(
                Reject(
                    "questionnaire_response",
                    self.origin.source,
                    ragged.row,
                    "ragged_row",
                    f"{len(ragged.cells)} cells where the header has {sheet.width}",
                    "Quote cells that hold a comma, or export the answers again.",
                    raw={"cells": ragged.cells},
                )
            )

    def _check_count(self) -> None:
        if self.rows_in == 0:
            raise InputError(
                self.origin.path,
                "",
                "a header and no answers",
                "Export the answers again, or remove the wave.",
            )
        expected = self.sidecar.get("respondents")
        if expected is not None and expected != self.rows_in:
            raise InputError(
                self.origin.path,
                "whole file",
                f"{self.rows_in} answers where the sidecar says {expected}",
                "Export the answers again, or correct `respondents` in the sidecar.",
            )

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
                    self.origin.source,
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
