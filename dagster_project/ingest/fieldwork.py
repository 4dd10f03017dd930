"""The days on which a wave was in the field: its year, unless the sidecar of the export says otherwise."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dagster_project.errors import InputError
from dagster_project.ingest.sidecar import sidecar_path


@dataclass(frozen=True)
class Fieldwork:
    """First and last day, both as ISO dates and both within."""

    start: str
    end: str

    def holds(self, day: str) -> bool:
        return self.start <= day <= self.end


def fieldwork_of(export: Path, sidecar: dict[str, Any], wave: int) -> Fieldwork:
    """Raises InputError for a day that is none, and an end before the start."""
    days = {}
    for name, default in (("fieldwork_start", f"{wave}-01-01"), ("fieldwork_end", f"{wave}-12-31")):
        days[name] = sidecar.get(name) or default
        try:
            dt.date.fromisoformat(days[name])
        except ValueError as error:
            raise InputError(
                sidecar_path(export), name, f"{days[name]!r}, which is no day", "Write YYYY-MM-DD."
            ) from error
    fieldwork = Fieldwork(days["fieldwork_start"], days["fieldwork_end"])
    if fieldwork.end < fieldwork.start:
        raise InputError(
            sidecar_path(export),
            "fieldwork_end",
            f"{fieldwork.end}, before the start {fieldwork.start}",
            "Write the first and the last day of the fieldwork.",
        )
    return fieldwork
