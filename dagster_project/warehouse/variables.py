"""The variables of the dbt project, for the rules that Python shares with SQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from dagster_project.settings import DBT_DIR

PROJECT_FILE = DBT_DIR / "dbt_project.yml"


def dbt_variables(path: Path = PROJECT_FILE) -> dict[str, Any]:
    """`vars` of a dbt project; empty where it has none."""
    return yaml.safe_load(path.read_text(encoding="utf-8")).get("vars") or {}
