"""Writes made answers as the survey platform exports them: by text, or by sequence."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta

import numpy as np

from dagster_project.sample.assumptions import FIELDWORK_DAYS, FIELDWORK_START, PLACE
from dagster_project.sample.inputs import Item, WaveInputs
from dagster_project.sample.respondents import Bank

META_COLUMNS = ("序号", "提交答卷时间", "所用时间", "来源", "来源详情", "来自IP")


def text_export(
    inputs: WaveInputs, banks: list[Bank], answers: dict[str, list[list[str]]], seed: int
) -> bytes:
    """CSV with labels in the cells, those of a multiple choice joined by ┋; one column per item."""
    items = _items(inputs)
    rows: list[list[str]] = [[*META_COLUMNS, *(item.header for item in items)]]
    for meta, i in _responses(inputs.wave, banks, seed):
        cells = [
            banks[i].name
            if item.item_id == _NAME
            else "┋".join(item.labels[option] for option in _chosen(item, banks, answers, i))
            for item in items
        ]
        rows.append([*meta, *cells])
    return _csv(rows)


def sequence_export(
    inputs: WaveInputs, banks: list[Bank], answers: dict[str, list[list[str]]], seed: int
) -> bytes:
    """The same answers as CSV with option numbers, and a 0/1 column for each option of a multiple choice."""
    items = _items(inputs)
    header = list(META_COLUMNS)
    for item in items:
        number = item.header.partition("、")[0]
        header += (
            [f"{number}、({item.labels[option]})" for option in item.options]
            if item.item_type == "multi"
            else [item.header]
        )
    rows: list[list[str]] = [header]
    for meta, i in _responses(inputs.wave, banks, seed):
        cells: list[str] = []
        for item in items:
            chosen = _chosen(item, banks, answers, i)
            if item.item_id == _NAME:
                cells.append(banks[i].name)
            elif item.item_type == "multi":
                cells += [str(int(option in chosen)) for option in item.options]
            else:
                cells.append(str(item.options.index(chosen[0]) + 1))
        rows.append([*meta, *cells])
    return _csv(rows)


_NAME = "sample.bank_name"


def _items(inputs: WaveInputs) -> list[Item]:
    return sorted(inputs.items, key=lambda item: item.column_no)


def _chosen(item: Item, banks: list[Bank], answers: dict[str, list[list[str]]], i: int) -> list[str]:
    of_the_bank = {"sample.bank_type": banks[i].bank_type, "sample.province": banks[i].province}
    if item.item_id in of_the_bank:
        return [of_the_bank[item.item_id]]
    return answers[item.item_id][i] if item.item_id in answers else []


def _responses(wave: int, banks: list[Bank], seed: int) -> list[tuple[list[str], int]]:
    """Meta cells of each line, in order of time, and the place in `banks` of the bank that answers."""
    rng = np.random.Generator(np.random.PCG64([seed, wave, 2]))
    order = [int(i) for i in rng.permutation(len(banks))]
    start = datetime.fromisoformat(FIELDWORK_START[wave])
    # Working hours only: nine hours from nine o'clock on each day of the field work.
    times = sorted(
        start + timedelta(days=int(day), hours=9, seconds=int(second))
        for day, second in zip(
            rng.integers(0, FIELDWORK_DAYS, len(banks)), rng.integers(0, 9 * 3600, len(banks)), strict=True
        )
    )
    durations = rng.integers(480, 3000, len(banks))
    sources = rng.random(len(banks))
    responses = []
    for line, i in enumerate(order):
        time = times[line]
        network, host = ("192.0.2", line + 1) if line < 100 else ("198.51.100", line - 99)
        meta = [
            str(line + 1),
            f"{time.year}/{time.month}/{time.day} {time:%H:%M:%S}",
            f"{durations[line]}秒",
            "微信" if sources[line] < 0.6 else "链接",
            "N/A" if sources[line] < 0.6 else "直接访问",
            f"{network}.{host}({PLACE[banks[i].province]})",
        ]
        responses.append((meta, i))
    return responses


def _csv(rows: list[list[str]]) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue().encode("utf-8-sig")
