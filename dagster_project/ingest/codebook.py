"""The codebook of a wave: which column holds which item, and what its options are called.

Columns are keyed by position; the header only proves that the position still holds the question.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

from dagster_project.errors import InputError
from dagster_project.ingest.csvfile import read_csv_rows
from dagster_project.settings import DBT_DIR

OPTION_SEED = DBT_DIR / "seeds" / "framework" / "framework_option.csv"
COLUMNS = (
    "column_no", "question_no", "question_id", "row_id", "item_id", "item_type", "option_set",
    "eligible_rule", "dimension", "indicator", "header", "label_zh", "label_en", "change_type",
    "comparable", "inferred", "note",
)  # fmt: skip
_RULE = re.compile(r"([\w.]+)=([\w.]+(?:\|[\w.]+)*)")
ITEM_TYPES = ("single", "multi", "matrix", "scale", "number", "ranking", "text", "meta")
# Answered by everybody who is asked, unless the optional codebook column `required` says otherwise.
REQUIRED_TYPES = ("single", "multi", "matrix", "scale", "ranking")


@dataclass(frozen=True)
class Option:
    option_id: str
    label: str
    is_exclusive: bool
    option_no: int = 0
    points: float | None = None


@dataclass(frozen=True)
class EligibleRule:
    """Who is asked: those who chose one of `option_ids` at the item `item_id`."""

    item_id: str
    option_ids: tuple[str, ...]


@dataclass(frozen=True)
class Item:
    """One column of the export: where it stands, what it holds, and its options by normalised label."""

    column_no: int
    row_number: int
    fields: dict[str, str]
    options: dict[str, Option] = field(default_factory=dict)

    @property
    def item_id(self) -> str:
        return self.fields["item_id"]

    @property
    def item_type(self) -> str:
        return self.fields["item_type"]

    @property
    def header(self) -> str:
        return self.fields["header"]

    @property
    def is_required(self) -> bool:
        return self.fields.get("required", "") == "true" or (
            not self.fields.get("required") and self.item_type in REQUIRED_TYPES
        )

    @property
    def eligible_rule(self) -> EligibleRule | None:
        """`item_id=option_id` or `item_id=option_id|option_id` as a rule; None: everybody is asked."""
        match = _RULE.fullmatch(self.fields.get("eligible_rule", "").strip())
        return EligibleRule(match[1], tuple(match[2].split("|"))) if match else None


def normalise_label(text: str) -> str:
    """Labels that differ only in width, spaces or punctuation are the same label."""
    return re.sub(r"[\s,、，。;；:：]+", "", unicodedata.normalize("NFKC", text)).casefold()


def option_sets(wave: int, path: Path = OPTION_SEED) -> dict[str, dict[str, Option]]:
    """Options of every option set valid in `wave`, by normalised Chinese label."""
    sets: dict[str, dict[str, Option]] = {}
    with path.open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            if int(row["valid_from_wave"]) <= wave <= int(row["valid_to_wave"] or 9999):
                option = Option(
                    row["option_id"],
                    row["label_zh"],
                    row["is_exclusive"].strip().lower() == "true",
                    int(row["option_no"]),
                    float(row["points"]) if row["points"] else None,
                )
                sets.setdefault(row["option_set"], {})[normalise_label(row["label_zh"])] = option
    return sets


def read_codebook(path: Path, wave: int) -> list[Item]:
    """The items of a wave in column order.

    Raises InputError where a column number or an item stands twice, a type or an option set is
    unknown, or a column number is not a number.
    """
    sets = option_sets(wave)
    items: list[Item] = []
    seen: dict[tuple[str, str], int] = {}
    for number, row in read_csv_rows(path, COLUMNS):
        place = f"row {number}"
        for name in {"comparable", "inferred", "required"} & row.keys():
            row[name] = row[name].strip().lower()  # spreadsheets write TRUE
        if row.get("decide", "").strip():
            found = f"{row['item_id']!r} to decide: {row['decide']} (candidates: {row.get('candidates') or 'none'})"
            raise InputError(path, f"{place}, decide", found, "Correct the row, then empty its `decide`.")
        if row["change_type"] == "dropped" and not row["column_no"]:
            continue  # told for the crosswalk only: no column of this wave holds it
        if not row["column_no"].isdigit():
            raise InputError(
                path, f"{place}, column_no", repr(row["column_no"]), "Write the 1-based column number."
            )
        column = int(row["column_no"])
        _once(path, place, "column_no", str(column), seen, number)
        _once(path, place, "item_id", row["item_id"], seen, number)
        if row["item_type"] not in ITEM_TYPES:
            raise InputError(
                path, f"{place}, item_type", repr(row["item_type"]), f"Use one of {', '.join(ITEM_TYPES)}."
            )
        if row["option_set"] and row["option_set"] not in sets:
            raise InputError(
                path,
                f"{place}, option_set",
                f"{row['option_set']!r}, which has no options for wave {wave}",
                f"Add them to {OPTION_SEED.name}, or correct the name.",
            )
        items.append(Item(column, number, row, sets.get(row["option_set"], {})))
    _check_rules(path, items)
    return sorted(items, key=lambda item: item.column_no)


def _check_rules(path: Path, items: list[Item]) -> None:
    by_id = {item.item_id: item for item in items}
    for item in items:
        text, place = item.fields["eligible_rule"], f"row {item.row_number}, eligible_rule"
        if not text.strip():
            continue
        rule = item.eligible_rule
        if rule is None:
            raise InputError(
                path,
                place,
                repr(text),
                "Write item_id=option_id, further options after a |, or leave it empty.",
            )
        asked = by_id.get(rule.item_id)
        if asked is None or asked is item:
            raise InputError(
                path, place, f"{rule.item_id!r}, which is no other item", "Name an item_id of this codebook."
            )
        unknown = sorted(set(rule.option_ids) - {option.option_id for option in asked.options.values()})
        if unknown:
            raise InputError(
                path,
                place,
                f"{unknown[0]!r}, which is no option of {rule.item_id}",
                f"Use options of the set {asked.fields['option_set']!r}.",
            )


def _once(
    path: Path, place: str, name: str, value: str, seen: dict[tuple[str, str], int], row_number: int
) -> None:
    if (name, value) in seen:
        raise InputError(
            path,
            f"{place}, {name}",
            f"{value!r}, which row {seen[name, value]} has as well",
            "Each stands once.",
        )
    seen[name, value] = row_number


def codebook_rows(items: list[Item], wave: int, source_file: str) -> list[dict[str, object]]:
    """Rows of the landed table `codebook_item`."""
    rows: list[dict[str, object]] = []
    for item in items:
        fields = item.fields
        rows.append(
            {
                "wave": wave,
                **{
                    name: fields[name]
                    for name in (
                        "item_id", "question_id", "row_id", "item_type", "option_set", "eligible_rule",
                        "dimension", "indicator", "label_zh", "label_en", "change_type", "note",
                    )
                },
                "question_no": int(fields["question_no"]) if fields["question_no"].isdigit() else None,
                "comparable": fields["comparable"] == "true",
                "inferred": fields["inferred"] == "true",
                "source_file": source_file,
                "source_row": item.row_number,
            }
        )  # fmt: skip
    return rows
