"""Synthetic answers of many waves, landed as the project lands them.

Codebook, option sets, provinces and numbers of institutions are the project's own of 2023; every wave has
the same codebook. Answers are drawn by numpy from a seed and marked synthetic, and their files name no
bank. About half of a wave's respondents were in the wave before, by their token. Rows are written by
the spool that landing writes with, in its chunks of respondents, item by item within a chunk.
"""

from __future__ import annotations

import csv
import shutil
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.ingest.batch import Spool
from dagster_project.ingest.codebook import OPTION_SEED
from dagster_project.ingest.decode import SPOOL_SCHEMA
from dagster_project.ingest.landing import landing_path, move_parquet, write_parquet
from dagster_project.ingest.load import load
from dagster_project.ingest.sheets import CHUNK_ROWS
from dagster_project.ingest.sources import QUESTIONNAIRES, REFERENCE
from dagster_project.ingest.tables import MISSING_CODES, TABLES
from dagster_project.settings import Settings

FIRST_WAVE = 2023
SEED = 20231
_TYPES = (("city_commercial", 0.45), ("rural_commercial", 0.4), ("private", 0.1), ("other", 0.05))
_BLANK, _SKIPPED, _INVALID = (MISSING_CODES.index(code) for code in ("blank", "skipped_by_logic", "invalid"))
_SHARE_BLANK, _SHARE_SKIPPED, _SHARE_INVALID, _SHARE_TWICE = 0.02, 0.03, 0.002, 0.005


@dataclass(frozen=True)
class _Slot:
    """A row of a respondent: an item, or one option of a multiple choice (`first`: the item's first)."""

    item: int
    column: int
    options: tuple[int, ...]
    is_multi: bool
    first: bool


def make_home(settings: Settings) -> None:
    """Land the reference tables and the codebook that every wave gets."""
    load(settings, REFERENCE, None, "bench")
    load(settings, QUESTIONNAIRES, FIRST_WAVE, "bench")
    shutil.rmtree(settings.landing / "questionnaire_answer" / f"year={FIRST_WAVE}")


def make_waves(settings: Settings, answers: int, waves: int) -> int:
    """Land about `answers` answers in `waves` waves; the number of answers that were written."""
    codebook = pq.read_table(landing_path(settings, "codebook_item", FIRST_WAVE))
    codebook = codebook.select(list(TABLES["codebook_item"].names))
    provinces = pq.read_table(landing_path(settings, "province", None)).column("province").to_pylist()
    plan = _Plan(codebook, provinces)
    respondents = max(50, round(answers / waves / len(plan.slots)))
    return sum(plan.land(settings, wave, respondents) for wave in range(FIRST_WAVE, FIRST_WAVE + waves))


class _Plan:
    """What is asked of a respondent, with the dictionaries of all texts."""

    def __init__(self, codebook: pa.Table, provinces: list[str]) -> None:
        self.codebook, self.provinces = codebook, pa.array(provinces)
        sets: dict[str, list[str]] = {}
        with OPTION_SEED.open(encoding="utf-8", newline="") as handle:
            for row in csv.DictReader(handle):
                if int(row["valid_from_wave"]) <= FIRST_WAVE <= int(row["valid_to_wave"] or 9999):
                    sets.setdefault(row["option_set"], []).append(row["option_id"])
        sets["province"] = provinces
        items = [row for row in codebook.to_pylist() if row["item_type"] != "meta"]
        self.items = pa.array([row["item_id"] for row in items])
        self.options = pa.array(sorted({option for values in sets.values() for option in values}))
        code = {option: number for number, option in enumerate(self.options.to_pylist())}
        self.slots: list[_Slot] = []
        for number, row in enumerate(items):
            options = tuple(code[option] for option in sets[row["option_set"]])
            if row["item_type"] == "multi":
                self.slots += [
                    _Slot(number, number + 8, (option,), True, option == options[0]) for option in options
                ]
            else:
                self.slots.append(_Slot(number, number + 8, options, False, True))
        self.type_of = {"sample.bank_type": "type", "sample.province": "province"}
        self.codes = code

    def land(self, settings: Settings, wave: int, respondents: int) -> int:
        """Write the three tables of a wave; the number of its answers."""
        rng = np.random.default_rng([SEED, wave])
        # Half of a wave's banks are those of the wave before.
        banks = np.arange(respondents) + (wave - FIRST_WAVE) * (respondents // 2)
        bank = np.random.default_rng(SEED)
        n_banks = int(banks[-1]) + 1
        types = bank.choice(len(_TYPES), n_banks, p=[share for _, share in _TYPES])[banks]
        provinces = bank.integers(0, len(self.provinces), n_banks)[banks]
        response_ids = pa.array([f"{wave}-{number}" for number in range(1, respondents + 1)])
        tokens = pa.array([f"{number:020x}" for number in (banks * 2654435761) % (1 << 61)])
        source = pa.array([f"questionnaires/{wave}/synthetic.csv"])
        spool = Spool("questionnaire_answer", SPOOL_SCHEMA, settings.landing / ".spool")
        for start in range(0, respondents, CHUNK_ROWS):
            rows = slice(start, min(start + CHUNK_ROWS, respondents))
            spool.write(
                self._chunk(rng, wave, rows, types[rows], provinces[rows], response_ids, tokens, source)
            )
        move_parquet(spool, landing_path(settings, "questionnaire_answer", wave))
        is_counted = np.random.default_rng([SEED, wave, 1]).random(respondents) >= _SHARE_TWICE
        self._land_responses(settings, wave, response_ids, tokens, types, provinces, is_counted)
        book = self.codebook.set_column(0, "wave", pa.array([wave] * len(self.codebook), pa.int32()))
        write_parquet(book, landing_path(settings, "codebook_item", wave))
        return len(spool)

    def _land_responses(
        self,
        settings: Settings,
        wave: int,
        response_ids: pa.Array,
        tokens: pa.Array,
        types: np.ndarray,
        provinces: np.ndarray,
        is_counted: np.ndarray,
    ) -> None:
        n = len(response_ids)
        columns = {
            "wave": np.full(n, wave, np.int32),
            "response_id": response_ids,
            "respondent_token": tokens,
            "bank_type": pa.array([name for name, _ in _TYPES]).take(pa.array(types)),
            "province": self.provinces.take(pa.array(provinces)),
            "submitted_date": pa.array([f"{wave}-10-09"] * n),
            "duration_seconds": np.full(n, 1800, np.int32),
            "is_counted": pa.array(is_counted),
            # The answer that counts is one of the sample's others; which one does not matter here.
            "duplicate_of": pa.array(np.where(is_counted, None, response_ids[0].as_py()), pa.string()),
            "quality_flags": pa.array([""] * n),
            "is_synthetic": pa.array(np.ones(n, bool)),
            "source_file": pa.array([f"questionnaires/{wave}/synthetic.csv"] * n),
            "source_row": np.arange(2, n + 2, dtype=np.int32),
        }
        table = pa.table(columns, schema=TABLES["questionnaire_response"])
        write_parquet(table, landing_path(settings, "questionnaire_response", wave))

    def _chunk(
        self,
        rng: np.random.Generator,
        wave: int,
        rows: slice,
        types: np.ndarray,
        provinces: np.ndarray,
        response_ids: pa.Array,
        tokens: pa.Array,
        source: pa.Array,
    ) -> pa.Table:
        n, s = rows.stop - rows.start, len(self.slots)
        option = np.empty((s, n), np.int32)
        ticked = np.full((s, n), np.nan)
        state = np.zeros((s, n), np.int8)
        keep = np.ones((s, n), bool)
        type_codes = np.array([self.codes[name] for name, _ in _TYPES], np.int32)
        province_codes = np.array([self.codes[name] for name in self.provinces.to_pylist()], np.int32)
        for number, slot in enumerate(self.slots):
            item = self.items[slot.item].as_py()
            if slot.first:
                draw = rng.random(n)
                missing = np.where(
                    draw < _SHARE_BLANK, _BLANK, np.where(draw < _SHARE_BLANK + _SHARE_INVALID, _INVALID, 0)
                )
                if slot.is_multi:
                    missing[draw > 1 - _SHARE_SKIPPED] = _SKIPPED
            state[number] = missing
            if slot.is_multi:
                option[number] = slot.options[0]
                # No two options are as popular as each other.
                ticked[number] = rng.random(n) < 0.15 + 0.6 * ((number * 37) % 101) / 101
                keep[number] = slot.first | (missing == 0)
            elif item in self.type_of:
                state[number] = 0
                option[number] = (
                    type_codes[types] if self.type_of[item] == "type" else province_codes[provinces]
                )
            else:
                size = len(slot.options)
                place = (size * rng.random(n) ** (0.6 + (number * 53) % 97 / 97)).astype(np.int32)
                option[number] = np.array(slot.options, np.int32)[place]
        kept = keep.ravel()
        state = state.ravel()[kept]
        answered = state == 0
        respondent = np.tile(np.arange(n, dtype=np.int32), s)[kept]
        per_slot = keep.sum(axis=1)
        item = np.repeat(np.array([slot.item for slot in self.slots], np.int32), per_slot)
        ticks = ticked.ravel()[kept]
        total = len(state)

        def text(values: pa.Array, codes: np.ndarray, mask: np.ndarray | None = None) -> pa.Array:
            return pa.DictionaryArray.from_arrays(pa.array(codes, mask=mask), values)

        zeros = np.zeros(total, np.int32)
        columns = {
            "wave": np.full(total, wave, np.int32),
            "response_id": text(response_ids[rows], respondent),
            "respondent_token": text(tokens[rows], respondent),
            "item_id": text(self.items, item),
            "row_id": text(pa.array([""]), zeros),
            "option_id": text(self.options, option.ravel()[kept], ~answered),
            "value_num": pa.array(ticks, mask=~answered | np.isnan(ticks)),
            "value_text": text(pa.array([""]), zeros, np.ones(total, bool)),
            "missing_code": text(pa.array(MISSING_CODES), state),
            "is_synthetic": pa.array(np.ones(total, bool)),
            "source_file": text(source, zeros.astype(np.int8)),
            "source_row": (respondent + rows.start + 2).astype(np.int32),
            "source_column": np.repeat(np.array([slot.column for slot in self.slots], np.int32), per_slot),
        }
        return pa.table(columns, schema=SPOOL_SCHEMA)
