"""From chunks of cells to the long table of answers, column by column.

Each distinct text of a column is decoded once in Python; rows are then filled by position. Within a
chunk the answers stand in a grid of slots x rows (a slot is an item, or one option of a multiple
choice or ranking), so that the long table comes out slot by slot in the order of the codebook,
whatever the order and number of the physical columns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.errors import InputError
from dagster_project.ingest.batch import Reject
from dagster_project.ingest.codebook import Item
from dagster_project.ingest.injection import is_formula
from dagster_project.ingest.platforms.base import Column, Layout
from dagster_project.ingest.sheets import Chunk, Sheet, distinct
from dagster_project.ingest.tables import MISSING_CODES, QUESTIONNAIRE_ANSWER
from dagster_project.ingest.wjx import Answer, BadCell, exclusive_conflict, missing_code

# More than this in one file is no set of bad cells, it is a wrong file.
MAX_SET_ASIDE = 100_000
# Decoded texts kept per column from one chunk to the next.
MAX_REMEMBERED = 20_000

ANSWERED, BLANK, SKIPPED, _NOT_ASKED, INVALID = range(len(MISSING_CODES))
_CODE = {name: number for number, name in enumerate(MISSING_CODES)}
# Texts are dictionaries with codes of these types, so that those of a chunk are written once; on disk
# they are plain strings. Where nothing is null, the writer need not look for it.
_TEXTS = {
    "response_id": pa.int32(), "respondent_token": pa.int32(), "item_id": pa.int32(), "row_id": pa.int32(),
    "option_id": pa.int32(), "value_text": pa.int32(), "missing_code": pa.int8(), "source_file": pa.int8(),
}  # fmt: skip
_MAY_BE_NULL = ("option_id", "value_num", "value_text")
SPOOL_SCHEMA = pa.schema(
    pa.field(
        f.name,
        pa.dictionary(_TEXTS[f.name], pa.string()) if f.name in _TEXTS else f.type,
        nullable=f.name in _MAY_BE_NULL,
    )
    for f in QUESTIONNAIRE_ANSWER
)


@dataclass
class _Plan:
    """One item: its slots in the grid and the columns that hold it."""

    item: Item
    first: int
    size: int
    whole: Column | None = None
    parts: list[Column] = field(default_factory=list)
    typed: list[Column] = field(default_factory=list)
    remembered: dict[str, _Decoded] = field(default_factory=dict)

    @property
    def is_many(self) -> bool:
        return self.item.item_type in ("multi", "ranking")


@dataclass(frozen=True)
class _Decoded:
    """One distinct text. options and numbers: one per slot of the item; option -1: none."""

    missing: int
    options: tuple[int, ...]
    numbers: tuple[float, ...]
    texts: tuple[tuple[int, str], ...] = ()
    bad: BadCell | None = None


@dataclass
class DecodedChunk:
    """Grids of slots x rows of one chunk, and what was found on the way.

    option: index into `Decoder.option_ids`, -1 none. number: NaN none. missing: index into
    MISSING_CODES. present: the slot becomes a row of the long table. text: index into `texts`, -1 none.
    """

    rows: np.ndarray
    option: np.ndarray
    number: np.ndarray
    missing: np.ndarray
    present: np.ndarray
    text: np.ndarray
    texts: list[str]
    skip_conflict: np.ndarray
    formula: np.ndarray


class Decoder:
    """Decodes the chunks of one sheet.

    items: the codebook's items that become answers, in its order. `rejects` grows with the cells that
    were set aside; InputError is raised where there are too many.
    """

    def __init__(self, sheet: Sheet, layout: Layout, items: Sequence[Item], source: str) -> None:
        self.layout, self.source, self.path = layout, source, sheet.path
        self.rejects: list[Reject] = []
        self.plans: list[_Plan] = []
        self.option_ids: list[str] = []
        self._option_code: dict[str, int] = {}
        self.option_no: list[float] = []
        by_item: dict[str, list[Column]] = {}
        for column in layout.columns:
            by_item.setdefault(column.item.item_id, []).append(column)
        first = 0
        for item in items:
            columns = by_item[item.item_id]
            size = max(1, len(item.options)) if item.item_type in ("multi", "ranking") else 1
            plan = _Plan(item, first, size)
            for column in columns:
                if column.is_typed_text:
                    plan.typed.append(column)
                elif column.option is not None:
                    plan.parts.append(column)
                else:
                    plan.whole = column
            for option in item.options.values():
                if option.option_id not in self._option_code:
                    self._option_code[option.option_id] = len(self.option_ids)
                    self.option_ids.append(option.option_id)
            self.plans.append(plan)
            first += size
        self.slots = first
        self.by_id = {plan.item.item_id: plan for plan in self.plans}
        self._slot_item = np.empty(first, np.int32)
        self._slot_column = np.empty(first, np.int32)
        for number, plan in enumerate(self.plans):
            slots = slice(plan.first, plan.first + plan.size)
            self._slot_item[slots] = number
            physical = plan.whole or plan.parts[0]
            self._slot_column[slots] = physical.index + 1
            order = {
                option_id: at for at, option_id in enumerate(o.option_id for o in plan.item.options.values())
            }
            for part in plan.parts:
                assert part.option is not None
                self._slot_column[plan.first + order[part.option.option_id]] = part.index + 1

    # -- cells -----------------------------------------------------------------------------------------

    def decode(self, chunk: Chunk) -> DecodedChunk:
        n, s = len(chunk), self.slots
        grid = DecodedChunk(
            rows=chunk.rows,
            option=np.full((s, n), -1, np.int32),
            number=np.full((s, n), np.nan),
            missing=np.zeros((s, n), np.int8),
            present=np.ones((s, n), bool),
            text=np.full((s, n), -1, np.int32),
            texts=[],
            skip_conflict=np.zeros(n, bool),
            formula=np.zeros(n, bool),
        )
        for plan in self.plans:
            if plan.whole is not None:
                self._whole(grid, chunk, plan, plan.whole)
            else:
                self._parts(grid, chunk, plan)
            for column in plan.typed:
                self._typed(grid, chunk, plan, column)
        for plan in self.plans:
            if plan.item.eligible_rule is not None:
                self._eligibility(grid, chunk, plan)
        if grid.texts:
            risky = np.array([is_formula(text) for text in grid.texts], bool)
            if risky.any():
                slot, at = np.nonzero(grid.text >= 0)
                grid.formula[at[risky[grid.text[slot, at]]]] = True
        return grid

    def _whole(self, grid: DecodedChunk, chunk: Chunk, plan: _Plan, column: Column) -> None:
        if plan.item.item_type == "number" and self._plain_numbers(grid, chunk, plan, column):
            return
        values, codes = distinct(chunk.columns[column.index])
        slots = slice(plan.first, plan.first + plan.size)
        if plan.item.item_type in ("text", "meta", "number"):
            decoded = [self._decode_text(plan, column, value) for value in values]
        else:
            known = plan.remembered
            if len(known) > MAX_REMEMBERED:
                known.clear()
            for value in values:
                if value not in known:
                    known[value] = self._decode_text(plan, column, value)
            decoded = [known[value] for value in values]
        missing = np.array([entry.missing for entry in decoded], np.int8)
        if plan.size == 1:
            if plan.item.options:
                grid.option[plan.first] = np.array([e.options[0] for e in decoded], np.int32)[codes]
            elif plan.item.item_type == "number":
                grid.number[plan.first] = np.array([e.numbers[0] for e in decoded])[codes]
            grid.missing[plan.first] = missing[codes]
        else:
            options = np.array([entry.options for entry in decoded], np.int32).reshape(-1, plan.size).T
            numbers = np.array([entry.numbers for entry in decoded], float).reshape(-1, plan.size).T
            grid.option[slots] = options[:, codes]
            grid.number[slots] = numbers[:, codes]
            grid.missing[slots] = missing[codes]
            here = options >= 0
            here[0] |= missing != ANSWERED
            if not here.all():
                grid.present[slots] = here[:, codes]
        with_text = [(at, slot, text) for at, entry in enumerate(decoded) for slot, text in entry.texts]
        if with_text:
            lookup = np.full((plan.size, len(values)), -1, np.int32)
            for at, slot, text in with_text:
                lookup[slot, at] = len(grid.texts)
                grid.texts.append(text)
            grid.text[slots] = lookup[:, codes]
        bad = np.array([entry.bad is not None for entry in decoded], bool)
        if bad.any():
            for row in np.flatnonzero(bad[codes]):
                found = decoded[codes[row]].bad
                assert found is not None
                self._set_aside(int(grid.rows[row]), column, found, values[codes[row]])

    def _plain_numbers(self, grid: DecodedChunk, chunk: Chunk, plan: _Plan, column: Column) -> bool:
        """The usual number column, digits and marks only, without a Python call per number."""
        texts = chunk.columns[column.index].dictionary
        number = pc.match_substring_regex(texts, r"^[0-9]{1,15}(\.[0-9]{1,9})?$")
        others = texts.filter(pc.invert(number)).to_pylist()
        missing = {text: missing_code(text) for text in others}
        if any(code is None for code in missing.values()):
            return False
        values = pc.if_else(number, texts, None).cast(pa.float64()).to_numpy(zero_copy_only=False)
        codes = chunk.columns[column.index].indices.to_numpy(zero_copy_only=False)
        grid.number[plan.first] = values[codes]
        if others:
            by_text = [_CODE[missing.get(text) or "answered"] for text in texts.to_pylist()]
            grid.missing[plan.first] = np.array(by_text, np.int8)[codes]
        return True

    def _decode_text(self, plan: _Plan, column: Column, value: str) -> _Decoded:
        none = (-1,) * plan.size, (float("nan"),) * plan.size
        answers = column.read(plan.item, value)
        if isinstance(answers, BadCell):
            return _Decoded(INVALID, *none, bad=answers)
        if answers[0].missing_code != "answered":
            return _Decoded(_CODE[answers[0].missing_code], *none)
        if not plan.is_many:
            answer = answers[0]
            return _Decoded(
                ANSWERED,
                (self._option_code[answer.option_id] if answer.option_id is not None else -1,),
                (answer.value_num if answer.value_num is not None else float("nan"),),
                ((0, answer.value_text),) if answer.value_text is not None else (),
            )
        return self._many(plan, answers)

    def _many(self, plan: _Plan, answers: Sequence[Answer]) -> _Decoded:
        place = {option.option_id: at for at, option in enumerate(plan.item.options.values())}
        options, numbers, texts = [-1] * plan.size, [float("nan")] * plan.size, []
        for answer in answers:
            assert answer.option_id is not None and answer.value_num is not None
            at = place[answer.option_id]
            options[at], numbers[at] = self._option_code[answer.option_id], answer.value_num
            if answer.value_text is not None:
                texts.append((at, answer.value_text))
        return _Decoded(ANSWERED, tuple(options), tuple(numbers), tuple(texts))

    def _parts(self, grid: DecodedChunk, chunk: Chunk, plan: _Plan) -> None:
        """One column per option: what the columns say together."""
        n = len(chunk)
        place = {option.option_id: at for at, option in enumerate(plan.item.options.values())}
        states = np.zeros((plan.size, n), np.int16)
        asked = np.zeros(plan.size, bool)
        invalid = np.zeros(n, bool)
        for column in plan.parts:
            assert column.option is not None
            values, codes = distinct(chunk.columns[column.index])
            ticks = [column.tick(plan.item, column.option, value) for value in values]
            state = np.array([0 if isinstance(tick, BadCell) else tick for tick in ticks], np.int16)
            at = place[column.option.option_id]
            states[at], asked[at] = state[codes], True
            for code, tick in enumerate(ticks):
                if isinstance(tick, BadCell):
                    rows = np.flatnonzero(codes == code)
                    invalid[rows] = True
                    for row in rows:
                        self._set_aside(int(grid.rows[row]), column, tick, values[code])
        held = states[asked]
        chosen = np.asarray((held > 0).any(axis=0))
        skipped = np.asarray((held == -3).all(axis=0))
        self._whole_item_rules(grid, chunk, plan, states, held, chosen, skipped, invalid)
        answered = chosen & ~invalid
        slots = slice(plan.first, plan.first + plan.size)
        codes_of = np.array([self._option_code[option_id] for option_id in place], np.int32)
        ticked = states > 0
        if plan.item.item_type == "ranking":
            here = ticked & answered
            grid.number[slots] = np.where(here, states, np.nan)
        else:
            here = np.broadcast_to(answered, states.shape)
            grid.number[slots] = np.where(here, ticked.astype(float), np.nan)
        grid.option[slots] = np.where(here, codes_of[:, None], -1)
        state_code = np.where(
            invalid, INVALID, np.where(answered, ANSWERED, np.where(skipped, SKIPPED, BLANK))
        )
        grid.missing[slots] = state_code.astype(np.int8)
        grid.present[slots] = here
        grid.present[plan.first] |= ~answered

    def _whole_item_rules(
        self,
        grid: DecodedChunk,
        chunk: Chunk,
        plan: _Plan,
        states: np.ndarray,
        held: np.ndarray,
        chosen: np.ndarray,
        skipped: np.ndarray,
        invalid: np.ndarray,
    ) -> None:
        labels = list(plan.item.options.values())

        def refuse(rows: np.ndarray, why: Callable[[int], BadCell]) -> None:
            for row in rows:
                invalid[row] = True
                cells = "┋".join(chunk.columns[part.index][int(row)].as_py() for part in plan.parts)
                self._set_aside(int(grid.rows[row]), plan.parts[0], why(int(row)), cells)

        partly = (held == -3).any(axis=0) & ~skipped & chosen & ~invalid
        refuse(
            np.flatnonzero(partly),
            lambda row: BadCell(
                "partly_skipped",
                "some options marked as skipped, others ticked",
                "A question is skipped as a whole: correct the cells, or export the answers again.",
            ),
        )
        if plan.item.item_type == "ranking":
            top = np.sort(np.where(states > 0, states, np.int16(32_000)), axis=0)
            twice = (np.diff(top, axis=0) == 0) & (top[1:] < 32_000)
            refuse(
                np.flatnonzero(twice.any(axis=0) & ~invalid),
                lambda row: BadCell(
                    "ranked_twice", "one rank given to two options", "Keep one rank per option."
                ),
            )
            return
        exclusive = np.array([option.is_exclusive for option in labels], bool)
        if exclusive.any():
            both = (states[exclusive] > 0).any(axis=0) & ((states > 0).sum(axis=0) > 1) & ~invalid

            def conflict(row: int) -> BadCell:
                ticked = [o.option_id for o, state in zip(labels, states[:, row], strict=True) if state > 0]
                bad = exclusive_conflict(plan.item, ticked)
                assert bad is not None
                return bad

            refuse(np.flatnonzero(both), conflict)

    def _typed(self, grid: DecodedChunk, chunk: Chunk, plan: _Plan, column: Column) -> None:
        values, codes = distinct(chunk.columns[column.index])
        place = {option.option_id: at for at, option in enumerate(plan.item.options.values())}
        slot = plan.first + (place[column.option.option_id] if column.option and plan.is_many else 0)
        lookup = np.full(len(values), -1, np.int32)
        for code, value in enumerate(values):
            if value.strip():
                lookup[code] = len(grid.texts)
                grid.texts.append(value.strip())
        grid.text[slot] = np.where(grid.present[slot], lookup[codes], -1)

    # -- who is asked ----------------------------------------------------------------------------------

    def _eligibility(self, grid: DecodedChunk, chunk: Chunk, plan: _Plan) -> None:
        rule = plan.item.eligible_rule
        assert rule is not None
        asked = self.by_id.get(rule.item_id)
        if asked is None:
            return
        wanted = {self._option_code[option_id] for option_id in rule.option_ids}
        slots = slice(asked.first, asked.first + asked.size)
        chosen = np.isin(grid.option[slots], list(wanted))
        if asked.item.item_type == "multi":
            chosen &= grid.number[slots] == 1
        known = grid.missing[asked.first] == ANSWERED
        eligible = (chosen & grid.present[slots]).any(axis=0)
        own = slice(plan.first, plan.first + plan.size)
        missing = grid.missing[plan.first]
        grid.skip_conflict |= known & eligible & (missing == SKIPPED)
        # Platforms that know no skipped cell leave it empty.
        unasked = known & ~eligible & (missing == BLANK)
        grid.missing[own, unasked] = SKIPPED
        conflict = np.flatnonzero(known & ~eligible & (missing == ANSWERED))
        columns = plan.parts or ([plan.whole] if plan.whole else [])
        trigger = asked.parts or ([asked.whole] if asked.whole else [])
        for row in conflict:
            cells = "┋".join(chunk.columns[c.index][int(row)].as_py() for c in columns)
            because = "┋".join(chunk.columns[c.index][int(row)].as_py() for c in trigger)
            self._set_aside(
                int(grid.rows[row]),
                columns[0],
                BadCell(
                    "answer_to_a_skipped_question",
                    f"the answer {cells[:80]!r} although {rule.item_id} is {because[:80]!r}",
                    "Ask the respondent which of the two holds, or correct eligible_rule in the codebook.",
                ),
                cells,
            )
        if len(conflict):
            grid.missing[own, conflict] = INVALID
            grid.option[own, conflict] = -1
            grid.number[own, conflict] = np.nan
            grid.text[own, conflict] = -1
            grid.present[own, conflict] = False
            grid.present[plan.first, conflict] = True

    def _set_aside(self, row: int, column: Column, bad: BadCell, cell: str) -> None:
        header = self.layout.headers[column.index]
        if len(self.rejects) >= MAX_SET_ASIDE:
            first = self.rejects[0]
            raise InputError(
                self.path,
                f"row {first.source_row}, column {first.source_column}",
                # Not what stands in them: errors reach the event log, answers stay in the landing.
                f"the first of more than {MAX_SET_ASIDE:,} cells that cannot be read ({first.reason})",
                "This is another questionnaire or another kind of export: check codebook and export_kind.",
            )
        self.rejects.append(
            Reject(
                "questionnaire_answer",
                self.source,
                row,
                bad.reason,
                bad.found,
                bad.remedy,
                source_column=f"{column.index + 1} ({header})",
                raw={"cell": cell},
                whole_row=False,
            )
        )

    # -- the long table --------------------------------------------------------------------------------

    def long_table(
        self, grid: DecodedChunk, wave: int, synthetic: bool, response_ids: pa.Array, tokens: pa.Array
    ) -> pa.Table:
        """Rows of `questionnaire_answer`: slot by slot in the order of the codebook, then row by row.

        In this order every column but the answers themselves is made of runs, or repeats itself from
        slot to slot, which makes it cheap to write and to read.
        """
        slots, n = grid.present.shape
        counts = grid.present.sum(axis=1)
        m = int(counts.sum())
        whole = m == grid.present.size

        def pick(values: np.ndarray) -> np.ndarray:
            return values.ravel() if whole else values[grid.present]

        def repeated(values: np.ndarray) -> np.ndarray:
            return pick(np.broadcast_to(values, (slots, n)))

        def column(name: str, values: np.ndarray, known: np.ndarray | None, texts: Any = None) -> pa.Array:
            kind = SPOOL_SCHEMA.field(name).type
            valid = None if known is None else pa.py_buffer(np.packbits(known, bitorder="little"))
            if texts is None:
                return pa.Array.from_buffers(kind, m, [valid, pa.py_buffer(values)])
            texts = texts if isinstance(texts, pa.Array) else pa.array(texts, pa.string())
            # A text that stands twice in a dictionary makes the Parquet writer's bytes depend on chance.
            unique = texts.dictionary_encode()
            if len(unique.dictionary) < len(texts):
                values, texts = unique.indices.to_numpy()[values], unique.dictionary
            values = values.astype(kind.index_type.to_pandas_dtype(), copy=False)
            return pa.DictionaryArray.from_buffers(kind, m, [valid, pa.py_buffer(values)], texts)

        option, number, text = pick(grid.option), pick(grid.number), pick(grid.text)
        row, item = repeated(np.arange(n, dtype=np.int32)), np.repeat(self._slot_item, counts)
        columns = {
            "wave": pa.array(np.full(m, wave, np.int32)),
            "response_id": column("response_id", row, None, response_ids),
            "respondent_token": column("respondent_token", row, None, tokens),
            "item_id": column("item_id", item, None, [plan.item.item_id for plan in self.plans]),
            "row_id": column("row_id", item, None, [plan.item.fields["row_id"] for plan in self.plans]),
            "option_id": column("option_id", option, option >= 0, self.option_ids or [""]),
            "value_num": column("value_num", number, ~np.isnan(number)),
            "value_text": column("value_text", text, text >= 0, grid.texts or [""]),
            "missing_code": column("missing_code", pick(grid.missing), None, list(MISSING_CODES)),
            "is_synthetic": pa.array(np.full(m, synthetic)),
            "source_file": column("source_file", np.zeros(m, np.int8), None, [self.source]),
            "source_row": pa.array(repeated(grid.rows.astype(np.int32))),
            "source_column": pa.array(np.repeat(self._slot_column, counts)),
        }
        return pa.table([columns[name] for name in SPOOL_SCHEMA.names], schema=SPOOL_SCHEMA)
