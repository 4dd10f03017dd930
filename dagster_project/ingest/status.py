"""What became of each input at its last load; a release is refused while one of them is broken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dagster_project.files import write_whole
from dagster_project.settings import Settings


def _path(settings: Settings, source: str, year: int | None) -> Path:
    return settings.home / "state" / "loads" / f"{source}-{year or 'all'}.json"


def record(settings: Settings, source: str, year: int | None, state: str, message: str = "") -> None:
    """state: landed, failed or no_input."""
    entry = {"source": source, "year": year, "state": state, "message": message}
    write_whole(_path(settings, source, year), json.dumps(entry, ensure_ascii=False, sort_keys=True))


def has_loaded(settings: Settings, source: str, year: int) -> bool:
    """Whether the last load of this input found files, whatever became of them."""
    path = _path(settings, source, year)
    return path.exists() and json.loads(path.read_text(encoding="utf-8"))["state"] != "no_input"


def broken_loads(settings: Settings) -> list[dict[str, Any]]:
    """Inputs whose last load failed, in a fixed order."""
    folder = settings.home / "state" / "loads"
    loads = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
    return [entry for entry in loads if entry["state"] == "failed"]
