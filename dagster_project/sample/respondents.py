"""Spreads counted answers over made-up respondents, without changing a count."""

from __future__ import annotations

import math

import numpy as np

from dagster_project.sample.assumptions import BANK_NAME, COMPOSITION, PROVINCES_2023
from dagster_project.sample.tables import Part, Tables, most_ticks

# How far an answer follows the bank as a whole, its strength in the dimension, and chance.
_BANK, _DIMENSION, _CHANCE = 0.75, 0.4, 0.55
# Part of the banks of a wave that the next one has to do without.
_LEAVE = 0.12


class Bank:
    """One made-up bank; the same in every wave it takes part in."""

    def __init__(self, bank_type: str, number: int, province: str, maturity: float) -> None:
        self.bank_type = bank_type
        self.name = BANK_NAME[bank_type].format(number)
        self.province = province
        self.maturity = maturity


def make_banks(wave: int, seed: int) -> list[Bank]:
    """The banks of a wave, by bank type. Province and maturity of a bank do not depend on the wave."""
    members = panel(seed)
    rng = np.random.Generator(np.random.PCG64([seed, 1]))
    largest = {kind: max(max(numbers[kind]) for numbers in members.values()) for kind in COMPOSITION[wave]}
    maturity = {kind: rng.standard_normal(count) for kind, count in largest.items()}
    pool = [province for province, count in PROVINCES_2023.items() for _ in range(count)]
    pool = [pool[i] for i in rng.permutation(len(pool))]
    provinces: dict[tuple[str, int], str] = {}
    # The banks of 2023 take the counted provinces, the others any of them.
    for kind, numbers in members[2023].items():
        for number in numbers:
            provinces[kind, number] = pool.pop()
    spare = [province for province, count in PROVINCES_2023.items() for _ in range(count)]
    for kind, count in largest.items():
        for number in range(1, count + 1):
            provinces.setdefault((kind, number), spare[int(rng.integers(len(spare)))])
    return [
        Bank(kind, number, provinces[kind, number], float(maturity[kind][number - 1]))
        for kind, numbers in members[wave].items()
        for number in numbers
    ]


def panel(seed: int) -> dict[int, dict[str, list[int]]]:
    """Numbers of the banks that take part, by wave and bank type.

    Most banks of a wave come from the one before; some leave, some return, some are new.
    """
    rng = np.random.Generator(np.random.PCG64([seed, 3]))
    members: dict[int, dict[str, list[int]]] = {wave: {} for wave in COMPOSITION}
    for kind in COMPOSITION[2023]:
        present: list[int] = []
        known = 0
        for wave in sorted(COMPOSITION):
            size = COMPOSITION[wave][kind]
            stay = min(size, len(present) - math.ceil(_LEAVE * len(present)))
            kept = sorted(int(number) for number in rng.permutation(present)[:stay])
            absent = [number for number in range(1, known + 1) if number not in present]
            need = size - len(kept)
            back = [int(number) for number in rng.permutation(absent)[: need // 2]]
            new = range(known + 1, known + 1 + need - len(back))
            known += len(new)
            present = sorted([*kept, *back, *new])
            members[wave][kind] = present
    return members


def assign(tables: Tables, banks: list[Bank], wave: int, seed: int) -> dict[str, list[list[str]]]:
    """Chosen option ids by item: one list per bank, in the order of `banks`.

    Within a type, banks are ranked by a noisy maturity and the counted options are dealt from the top,
    so that answers go together without any count changing.
    """
    rng = np.random.Generator(np.random.PCG64([seed, wave]))
    maturity = np.array([bank.maturity for bank in banks])
    dimensions = list(dict.fromkeys(part.item.dimension for part in tables.parts))
    strength = {dimension: rng.standard_normal(len(banks)) for dimension in dimensions}
    members = {kind: [i for i, b in enumerate(banks) if b.bank_type == kind] for kind in tables.types}
    answers: dict[str, list[list[str]]] = {}
    for part in tables.parts:
        chosen = answers.setdefault(part.item.item_id, [[] for _ in banks])
        rank = _CHANCE * rng.standard_normal(len(banks))
        if part.points is not None:
            rank += _BANK * maturity + _DIMENSION * strength[part.item.dimension]
        for row, kind in enumerate(tables.types):
            _deal(part, part.counts[row], members[kind], rank, chosen)
    for item in {part.item.item_id: part.item for part in tables.parts if part.option}.values():
        ticks = answers[item.item_id]
        for indices in members.values():
            _share_ticks([ticks[i] for i in indices])
            if item.indicator:
                _level_ticks([ticks[i] for i in indices], most_ticks(item))
        for row_ticks in ticks:
            if not row_ticks:
                row_ticks.extend(item.exclusive)
            row_ticks.sort(key=item.options.index)
    return answers


def _deal(
    part: Part, counts: np.ndarray, members: list[int], rank: np.ndarray, chosen: list[list[str]]
) -> None:
    order = sorted(members, key=lambda i: (-rank[i], i))
    points = part.points
    scale = list(range(len(part.options)))
    if points is not None:
        scale.sort(key=lambda j: -points[j])
    dealt = [part.options[j] for j in scale for _ in range(counts[j])]
    for i, option in zip(order, dealt, strict=True):
        if part.option is None:
            chosen[i].append(option)
        elif option == part.options[1]:
            chosen[i].append(part.option)


def _share_ticks(ticks: list[list[str]]) -> None:
    """Let banks without a tick take one from those with the most, where ticks are plenty.

    Where there are few (under three for two banks), having ticked nothing is a likely answer.
    """
    if sum(map(len, ticks)) < 1.5 * len(ticks):
        return
    for empty in ticks:
        if not empty:
            donor = max(ticks, key=len)
            if len(donor) < 2:
                return
            empty.append(donor.pop())


def _level_ticks(ticks: list[list[str]], most: int) -> None:
    """Hand on ticks of banks that have more than their score can count."""
    while len(giver := max(ticks, key=len)) > most:
        taker = min(ticks, key=len)
        if len(taker) >= most:
            return
        option = next(option for option in reversed(giver) if option not in taker)
        giver.remove(option)
        taker.append(option)
