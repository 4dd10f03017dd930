"""The variables of the dbt project, for the rules that Python shares with SQL."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from dagster_project.settings import DBT_DIR

PROJECT_FILE = DBT_DIR / "dbt_project.yml"


def dbt_variables(path: Path = PROJECT_FILE) -> dict[str, Any]:
    """`vars` of a dbt project; empty where it has none."""
    return _read(path, path.stat().st_mtime_ns)


@cache
def _read(path: Path, _changed: int) -> dict[str, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8")).get("vars") or {}
