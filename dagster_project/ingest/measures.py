"""The measures that figures of banks may have, and the units they are printed in (dbt seeds)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from dagster_project.errors import InputError
from dagster_project.ingest.csvfile import read_csv_rows
from dagster_project.settings import DBT_DIR

MEASURES_DIR = DBT_DIR / "seeds" / "measures"
TEXT_KINDS = ("text", "date")
PERCENTAGE_POINT = "个百分点"
_POINTS = re.compile(r"百分点|百分點|percentage point|\bpp\b", re.IGNORECASE)


@dataclass(frozen=True)
class Measures:
    """kinds: measure -> (unit kind, canonical unit), both blank where any unit will do.
    units: normalised printed unit -> (unit kind, canonical unit).
    changes_of_share: measures that are a change of a share, which print likes to give in %.
    """

    kinds: dict[str, tuple[str, str]]
    units: dict[str, tuple[str, str]]
    changes_of_share: frozenset[str] = frozenset()

    def fits(self, measure: str, unit: str) -> bool:
        """Whether a normalised printed unit can carry the measure."""
        expected = self.kinds[measure]
        if measure in self.changes_of_share and unit in ("%", PERCENTAGE_POINT):
            return True
        return unit in self.units and (not expected[0] or self.units[unit] == expected)

    def unit_of_change(self, measure: str, unit: str, wording: str) -> tuple[str, bool]:
        """The unit of a figure, and whether it is ambiguous.

        A percent sign on a change of a share may mean points or percent of the share. It becomes
        percentage points only where the source's wording says so; otherwise it stays as printed
        and is ambiguous.
        """
        if measure not in self.changes_of_share or unit != "%":
            return unit, False
        return (PERCENTAGE_POINT, False) if _POINTS.search(wording) else (unit, True)


def load_measures(folder: Path = MEASURES_DIR) -> Measures:
    """Read measure.csv and unit.csv; InputError where one of them is broken."""
    tables, changes = {}, set()
    for name, key in (("measure.csv", "measure"), ("unit.csv", "unit_as_printed")):
        path = folder / name
        table: dict[str, tuple[str, str]] = {}
        for number, row in read_csv_rows(path, (key, "unit_kind", "canonical_unit")):
            if row[key] in table:
                raise InputError(path, f"row {number}", f"{row[key]!r} for the second time", "Keep one row.")
            table[row[key]] = (row["unit_kind"], row["canonical_unit"])
            if row.get("is_change_of_share") == "true":
                changes.add(row[key])
        tables[name] = table
    return Measures(tables["measure.csv"], tables["unit.csv"], frozenset(changes))
