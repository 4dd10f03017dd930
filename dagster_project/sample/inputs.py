"""Reads what a synthetic wave is made from: codebook, options, figure map, printed figures."""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from dagster_project.errors import InputError


@dataclass(frozen=True)
class Item:
    """One question or matrix row; `options` in order of the scale, `points` None where not scored."""

    item_id: str
    item_type: str
    dimension: str
    indicator: str
    header: str
    column_no: int
    options: tuple[str, ...]
    labels: dict[str, str]
    points: dict[str, float | None]
    exclusive: frozenset[str]


@dataclass(frozen=True)
class Figure:
    """One printed share of the wave: `options` of `item_id` together make `value` percent.

    bank_type: None for all respondents. qualifier: eq, approx, gt, ge, lt or le.
    complement: the printed number speaks of those who did not choose the options.
    """

    figure_id: str
    place: str
    item_id: str
    options: tuple[str, ...]
    bank_type: str | None
    printed: str
    qualifier: str
    words: str
    complement: bool

    @property
    def share(self) -> float:
        value = float(self.printed)
        return 100 - value if self.complement else value

    @property
    def decimals(self) -> int:
        return len(self.printed.partition(".")[2])

    @property
    def in_prose(self) -> bool:
        return "正文" in self.place


@dataclass
class WaveInputs:
    """Everything printed about one wave, by item; `scores` by dimension and bank type (`all`).

    weights: of the indicators within their dimension; later: exact shares of all banks printed for the
    next wave that has any, by item, for a wave of which little is printed.
    """

    wave: int
    items: list[Item]
    figures: dict[str, list[Figure]] = field(default_factory=dict)
    scores: dict[str, dict[str, float]] = field(default_factory=dict)
    weights: dict[str, float] = field(default_factory=dict)
    later: dict[str, list[Figure]] = field(default_factory=dict)


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        raise InputError(path, "", "no such file", "A synthetic wave cannot be made without it.")
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def _valid(row: dict[str, str], wave: int) -> bool:
    return int(row["valid_from_wave"]) <= wave <= int(row["valid_to_wave"] or 9999)


def read_inputs(wave: int, raw_dir: Path, seeds_dir: Path) -> WaveInputs:
    """Items and printed figures of `wave`.

    raw_dir: the raw folder (questionnaires/, published/); seeds_dir: `dbt/seeds`.
    Raises InputError where a file is missing or the map names an unknown item or option.
    """
    options: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in _rows(seeds_dir / "framework" / "framework_option.csv"):
        if _valid(row, wave):
            options[row["option_set"]].append(row)
    items = []
    for row in _rows(raw_dir / "questionnaires" / str(wave) / "codebook.csv"):
        scale = sorted(options[row["option_set"]], key=lambda option: int(option["option_no"]))
        items.append(
            Item(
                item_id=row["item_id"],
                item_type=row["item_type"],
                dimension=row["dimension"],
                indicator=row["indicator"],
                header=row["header"],
                column_no=int(row["column_no"]),
                options=tuple(option["option_id"] for option in scale),
                labels={option["option_id"]: option["label_zh"] for option in scale},
                points={o["option_id"]: float(o["points"]) if o["points"] else None for o in scale},
                exclusive=frozenset(o["option_id"] for o in scale if o["is_exclusive"] == "true"),
            )
        )
    inputs = WaveInputs(wave, items)
    inputs.weights = {
        row["indicator"]: float(row["weight"])
        for row in _rows(seeds_dir / "framework" / "framework_indicator.csv")
        if _valid(row, wave)
    }
    _read_figures(inputs, raw_dir, seeds_dir / "published" / "published_figure_map.csv")
    return inputs


def _read_figures(inputs: WaveInputs, raw_dir: Path, map_file: Path) -> None:
    printed = {
        row["figure_id"]: row
        for path in sorted((raw_dir / "published").glob("report-*/survey_figures.csv"))
        for row in _rows(path)
    }
    known = {item.item_id: item for item in inputs.items}
    nearest: dict[tuple[str, int], list[Figure]] = defaultdict(list)
    for number, row in enumerate(_rows(map_file), start=2):
        is_later = (
            inputs.wave in (2021, 2022) and row["wave"] > str(inputs.wave) and row["statistic"] == "share"
        )
        if row["statistic"] not in ("share", "share_complement", "score"):
            continue
        if row["wave"] != str(inputs.wave) and not is_later:
            continue
        source = printed.get(row["figure_id"])
        if source is None:
            raise InputError(map_file, f"line {number}", row["figure_id"], "No printed figure has this id.")
        if row["statistic"] == "score":
            # A later report may print the score of an earlier wave again; the wave's own report counts.
            by_type = inputs.scores.setdefault(row["item_id"], {})
            if source["document"].endswith(str(inputs.wave)):
                by_type[row["population_value"]] = float(source["value"])
            else:
                by_type.setdefault(row["population_value"], float(source["value"]))
            continue
        chosen = tuple(row["option_ids"].split("|"))
        item = known.get(row["item_id"])
        if is_later and (
            item is None
            or not set(chosen) <= set(item.options)
            or row["population_kind"] != "all"
            or source["qualifier"] != "eq"
        ):
            continue
        if item is None or not set(chosen) <= set(item.options):
            raise InputError(
                map_file,
                f"line {number}",
                f"{row['item_id']}: {row['option_ids']}",
                "Use items and options of the codebook of this wave.",
            )
        figure = Figure(
            figure_id=row["figure_id"],
            place=source["figure_or_table"],
            item_id=item.item_id,
            options=chosen,
            bank_type=None if row["population_kind"] == "all" else row["population_value"],
            printed=source["value"],
            qualifier=source["qualifier"],
            words=source["as_printed"],
            complement=row["statistic"] == "share_complement",
        )
        if is_later:
            nearest[item.item_id, int(row["wave"])].append(figure)
        else:
            inputs.figures.setdefault(item.item_id, []).append(figure)
    for item_id, wave in sorted(nearest):
        figures = nearest[item_id, wave]
        inputs.later.setdefault(item_id, [])
        taken = {figure.options for figure in inputs.later[item_id]}
        inputs.later[item_id] += [figure for figure in figures if figure.options not in taken]
    for item_id, figures in inputs.later.items():
        shares = {figure.options: figure.share for figure in figures}
        if known[item_id].item_type != "multi" and sum(shares.values()) > 100:
            # Sums of options beside single ones, or print that contradicts itself: no shape to go by.
            inputs.later[item_id] = [figure for figure in figures if len(figure.options) > 1]
