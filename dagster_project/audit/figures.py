"""Printed figures as the rules see them: what is a share of which group, from landed columns and the map.

Where the figure map (`dbt/seeds/published/published_figure_map.csv`) knows a figure, item, options and
population come from it, and kind and complete options of the item from the landed codebook. A figure
the map does not know is read from its own columns:

- question: `(多选)` or `(单选)` in its text says which it is; a row of a `(矩阵)` stands before the
  colon of the option;
- option: `a+b` is a union of options, `没有:a` the share that did not choose a, `a:较去年变化` a change;
- flags: `all-options` says that every option of the question is transcribed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

EXACT = "eq"
ALL = "all"
_COMPLETE_FLAG = "all-options"


@dataclass(frozen=True)
class Figure:
    """One printed number about the survey.

    kind: share (percent of the respondents), change (of a share, in points), score, other.
    item: the question, or the row of a matrix; question: what the row belongs to (same respondents).
    options: what the share adds up; complement: it speaks of those who did not choose them.
    choice: single, multiple or "" (not known); scale: all options of the item, empty where not known.
    value, decimals: as printed; half: half a unit of its last digit. words: the number was printed as
    words (`approx`) or as a bound (`gt`, `ge`, `lt`, `le`) when qualifier is not `eq`.
    """

    figure_id: str
    document_id: str
    document_year: int
    line: int
    place: str
    year: int
    kind: str
    item: str
    question: str
    options: frozenset[str]
    population: str
    value: float
    decimals: int
    qualifier: str
    printed_text: str
    choice: str = ""
    scale: frozenset[str] = frozenset()
    complement: bool = False
    words: str = ""
    label: str = ""
    group: str = ""

    @property
    def half(self) -> float:
        return 0.5 * 10.0**-self.decimals

    @property
    def exact(self) -> bool:
        return self.qualifier == EXACT

    @property
    def chosen(self) -> float:
        """The share that chose the options, whichever way it was printed."""
        return 100 - self.value if self.complement else self.value

    @property
    def block(self) -> tuple[str, int, str]:
        """Figures with the same respondents, as far as nothing else is known."""
        return self.document_id, self.year, self.population

    @property
    def cell(self) -> tuple[int, str, str, str, frozenset[str]]:
        """What the number measures: equal for two prints of the same figure."""
        return self.year, self.population, self.kind, self.item, self.options


@dataclass(frozen=True)
class Items:
    """Kind and options of the items of the waves: {(wave, item): (choice, options)}."""

    known: Mapping[tuple[int, str], tuple[str, frozenset[str]]]

    def look_up(self, wave: int, item: str) -> tuple[str, frozenset[str]]:
        return self.known.get((wave, item), ("", frozenset()))


def build_items(codebook: Iterable[Mapping[str, Any]], options: Iterable[Mapping[str, Any]]) -> Items:
    """Items of all waves from the landed codebook and `framework_option.csv`."""
    scales: dict[str, list[tuple[str, int, int]]] = {}
    for row in options:
        last = int(row["valid_to_wave"]) if row["valid_to_wave"] else 9999
        scales.setdefault(row["option_set"], []).append((row["option_id"], int(row["valid_from_wave"]), last))
    known = {}
    for row in codebook:
        wave = int(row["wave"])
        scale = [o for o, first, last in scales.get(row["option_set"] or "", []) if first <= wave <= last]
        choice = "multiple" if row["item_type"].startswith("multi") else "single"
        known[wave, row["item_id"]] = (choice, frozenset(scale))
    return Items(known)


def build_figures(
    landed: Iterable[Mapping[str, Any]],
    figure_map: Mapping[str, Mapping[str, str]],
    items: Items,
    populations: Mapping[str, str],
) -> list[Figure]:
    """Rows of `published_figure` with a number, in the order of document and line.

    populations: bank type by its printed name. Rows without a number or a year have nothing to check.
    """
    figures = []
    complete: dict[tuple[Any, ...], set[str]] = {}
    for row in landed:
        if row["value"] is None or row["line"] is None:
            continue
        mapped = figure_map.get(row["figure_id"])
        if mapped is not None and mapped["statistic"] != "not_mapped":
            figure = _mapped(row, mapped, items)
        else:
            figure = _unmapped(row, populations)
        figures.append(figure)
        if _COMPLETE_FLAG in (row["flags"] or "").split():
            complete.setdefault((*figure.block, figure.item), set()).update(figure.options)
    figures = [
        _with_scale(figure, frozenset(complete.get((*figure.block, figure.item), ()))) for figure in figures
    ]
    return sorted(figures, key=lambda f: (f.document_year, f.document_id, f.line, f.figure_id))


def _with_scale(figure: Figure, scale: frozenset[str]) -> Figure:
    return figure if figure.scale or not scale else Figure(**{**figure.__dict__, "scale": scale})


def _common(row: Mapping[str, Any]) -> dict[str, Any]:
    unit = "%" if row["unit"] == "%" else ""
    return {
        "figure_id": row["figure_id"],
        "document_id": row["document_id"],
        "document_year": int(row["document_year"]),
        "line": int(row["line"]),
        "place": row["place"] or "",
        "value": float(row["value"]),
        "decimals": int(row["decimals"] or 0),
        "qualifier": row["qualifier"],
        "words": row["printed_text"] or "",
        "printed_text": row["printed_text"] or f"{row['value_as_printed']}{unit}",
        "label": " ".join(
            filter(None, (row["dimension_as_printed"], row["question_as_printed"], row["option_as_printed"]))
        ),
        "group": row["population_as_printed"] or "",
    }


def _mapped(row: Mapping[str, Any], mapped: Mapping[str, str], items: Items) -> Figure:
    wave, item = int(mapped["wave"]), mapped["item_id"]
    choice, scale = items.look_up(wave, item)
    statistic = mapped["statistic"]
    return Figure(
        **_common(row),
        year=wave,
        kind={"share_complement": "share", "change_pp": "change"}.get(statistic, statistic),
        item=item,
        question=item.split(".")[0],
        options=frozenset(filter(None, mapped["option_ids"].split("|"))),
        population=mapped["population_value"],
        choice=choice,
        scale=scale,
        complement=statistic == "share_complement",
    )


def _unmapped(row: Mapping[str, Any], populations: Mapping[str, str]) -> Figure:
    question, option = row["question_as_printed"] or "", row["option_as_printed"] or ""
    choice = "multiple" if "多选" in question else "single" if "单选" in question else ""
    item = question
    if "矩阵" in question and ":" in option:
        matrix_row, _, option = option.partition(":")
        item, choice = f"{question}/{matrix_row}", choice or "single"
    complement = option.startswith("没有:")
    option = option.removeprefix("没有:")
    changed = re.fullmatch(r"(.*?):?较(?:去年|上年)变化", option)
    kind = {"%": "share", "个百分点": "change", "score": "score"}.get(row["unit"] or "", "other")
    if kind == "share" and "变化" in question + option:
        kind = "change"
    if kind == "score":
        item = f"{row['indicator_as_printed']}/{row['dimension_as_printed']}"
    population = row["population_as_printed"] or ""
    return Figure(
        **_common(row),
        year=int(row["survey_year"] or 0),
        kind=kind,
        item=item,
        question=question,
        options=frozenset(
            populations.get(part.strip(), part.strip())
            for part in (changed[1] if changed else option).split("+")
        ),
        population=ALL if population == "全部" else populations.get(population, population),
        choice=choice,
        complement=complement,
    )
