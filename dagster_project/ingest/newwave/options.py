"""The option set of a question: a known one, or a draft for the option seed."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from dagster_project.ingest.codebook import Item, Option, normalise_label
from dagster_project.ingest.newwave.export import Question
from dagster_project.ingest.newwave.wording import similarity, squeeze

OPTION_COLUMNS = (
    "option_set", "option_id", "option_no", "label_zh", "label_en", "points", "is_exclusive",
    "valid_from_wave", "valid_to_wave", "assumed", "source_note",
)  # fmt: skip
# An option that was given another label still looks like this much of its old one.
SAME_OPTION = 0.5


class OptionDrafts:
    """Finds the option set of a question, and drafts one where no known set holds its labels."""

    def __init__(self, wave: int, sets: dict[str, dict[str, Option]], seed: Path) -> None:
        self.wave, self.sets = wave, sets
        with seed.open(encoding="utf-8", newline="") as handle:
            self.seed_rows = list(csv.DictReader(handle))
        self.drafts: dict[str, list[dict[str, str]]] = {}

    def resolve(self, question: Question, item: Item | None, name: str) -> tuple[str, str, str]:
        """(option set, change against the item: "" or options or scale, what to decide or "").

        name: of the set to be drafted, if the question has no earlier one.
        """
        labels = question.labels
        before = item.fields["option_set"] if item else ""
        valid = self.sets.get(before, {})
        if valid and labels.keys() <= valid.keys():
            kept = item is not None and valid.keys() == item.options.keys()
            return before, "" if kept else self._change(question, item, len(valid)), ""
        if not labels:
            return "", "options", "nobody answered: write the option set"
        fits = [key for key, options in self.sets.items() if labels.keys() <= options.keys()]
        equal = [key for key in fits if len(self.sets[key]) == len(labels)]
        best = equal if len(equal) == 1 else fits
        if len(best) == 1:
            size = len(self.sets[best[0]])
            change = self._change(question, item, size)
            unsure = item is not None and not equal
            return best[0], change, f"option set {best[0]} instead of {before}?" if unsure else ""
        if best:
            return "", "options", f"the labels fit several option sets: {', '.join(sorted(best))}"
        drafted = self._draft(question, item, name)
        return (
            drafted,
            self._change(question, item, len(self.drafts[drafted])),
            f"new option set {drafted}: complete its rows in framework_option_{self.wave}.csv and add them to "
            "the seed",
        )

    @staticmethod
    def _change(question: Question, item: Item | None, size: int) -> str:
        if item is None or question.item_type in ("multi", "ranking"):
            return "options"
        return "options" if len(item.options) == size else "scale"

    def _draft(self, question: Question, item: Item | None, name: str) -> str:
        before = item.fields["option_set"] if item else ""
        base = re.sub(r"_(20[0-9]{2})?$", "", re.sub(r"_20[0-9]{2}$", "", before) or name)
        rows = self._draft_rows(question, item, before)
        for suffix in ("", *(f"_{letter}" for letter in "bcdefghijklmnopqrstuvwxyz")):
            key = f"{base}_{self.wave}{suffix}"
            if key in self.sets:
                continue
            named = [{**row, "option_set": key} for row in rows]
            if self.drafts.setdefault(key, named) == named:
                return key
        raise AssertionError(f"more than 26 option sets of the name {base}")

    def _draft_rows(self, question: Question, item: Item | None, before: str) -> list[dict[str, str]]:
        """The earlier options under their ids, renamed where a label is near, then the new labels."""
        left = dict(question.labels)
        ids = {option.option_id: label for label, option in item.options.items()} if item else {}
        earlier = {}
        for row in self.seed_rows:
            if row["option_set"] == before and ids.get(row["option_id"]) == normalise_label(row["label_zh"]):
                earlier[row["option_id"]] = row
        rows, unseen = [], []
        for option_id, row in earlier.items():
            label = ids[option_id]
            note = left.pop(label, None) is not None
            rows.append({**row, "source_note": "" if note else "?"})
            if not note:
                unseen.append(rows[-1])
        for row in unseen:
            near = {
                key: similarity(squeeze(text), squeeze(row["label_zh"])) for key, text in left.items()
            }  # fmt: skip
            best = max(near, key=lambda key: near[key], default=None)
            if best is not None and near[best] >= SAME_OPTION:
                row["source_note"] = f"label was {row['label_zh']}: check that it is the same option"
                row["label_zh"] = left.pop(best)
            else:
                row["source_note"] = "nobody chose it: keep it only if the questionnaire offers it"
        for number, label in enumerate(left.values(), 1):
            rows.append(
                {
                    "option_id": f"FILL_IN_{number}",
                    "label_zh": label,
                    "label_en": "FILL IN",
                    "points": "FILL IN",
                    "is_exclusive": "true" if re.search("以上均|以上都|都没有|均无", label) else "false",
                    "source_note": "new label",
                }
            )
        return [
            {
                **dict.fromkeys(OPTION_COLUMNS, ""),
                **row,
                "option_no": str(number),
                "valid_from_wave": str(self.wave),
                "valid_to_wave": "",
                "assumed": "false",
            }
            for number, row in enumerate(rows, 1)
        ]
