"""The measures that figures of banks may have, and the units they are printed in (dbt seeds)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dagster_project.errors import InputError
from dagster_project.ingest.csvfile import read_csv_rows
from dagster_project.settings import DBT_DIR

MEASURES_DIR = DBT_DIR / "seeds" / "measures"
TEXT_KINDS = ("text", "date")


@dataclass(frozen=True)
class Measures:
    """kinds: measure -> (unit kind, canonical unit), both blank where any unit will do.
    units: normalised printed unit -> (unit kind, canonical unit).
    """

    kinds: dict[str, tuple[str, str]]
    units: dict[str, tuple[str, str]]

    def fits(self, measure: str, unit: str) -> bool:
        """Whether a normalised printed unit can carry the measure."""
        expected = self.kinds[measure]
        return unit in self.units and (not expected[0] or self.units[unit] == expected)


def load_measures(folder: Path = MEASURES_DIR) -> Measures:
    """Read measure.csv and unit.csv; InputError where one of them is broken."""
    tables = {}
    for name, key in (("measure.csv", "measure"), ("unit.csv", "unit_as_printed")):
        path = folder / name
        table: dict[str, tuple[str, str]] = {}
        for number, row in read_csv_rows(path, (key, "unit_kind", "canonical_unit")):
            if row[key] in table:
                raise InputError(path, f"row {number}", f"{row[key]!r} for the second time", "Keep one row.")
            table[row[key]] = (row["unit_kind"], row["canonical_unit"])
        tables[name] = table
    return Measures(tables["measure.csv"], tables["unit.csv"])
