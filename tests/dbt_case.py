"""A warehouse of its own for a test: other seeds and landed rows, the project's own dbt models."""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from dagster_project.ingest.landing import landing_path, write_parquet
from dagster_project.ingest.tables import TABLES
from dagster_project.settings import DBT_DIR, ROOT, Settings
from dagster_project.warehouse.dbt_runner import dbt_environment
from dagster_project.warehouse.sources import ensure_sources

Row = Mapping[str, Any]


class DbtCase:
    """A copy of the dbt project below `folder`; `settings.warehouse_db` is what it builds."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / "dbt"
        shutil.copytree(DBT_DIR, self.project, ignore=shutil.ignore_patterns("target", "logs"))
        self.settings = Settings(home=folder / "home", raw=ROOT / "data" / "raw")
        self.settings.warehouse_db.parent.mkdir(parents=True)
        ensure_sources(self.settings)

    def variable(self, name: str, value: float) -> None:
        """Set a variable of the project."""
        path = self.project / "dbt_project.yml"
        text, count = re.subn(rf"(?m)^  {name}: .*$", f"  {name}: {value}", path.read_text(encoding="utf-8"))
        assert count == 1, name
        path.write_text(text, encoding="utf-8")

    def seed(self, name: str, rows: Sequence[Row]) -> None:
        """Replace the rows of a seed; columns that are not given are empty."""
        (path,) = self.project.glob(f"seeds/*/{name}.csv")
        with path.open(encoding="utf-8", newline="") as handle:
            header = next(csv.reader(handle))
        unknown = {column for row in rows for column in row} - set(header)
        assert not unknown, f"{name} has no column {sorted(unknown)}"
        with path.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.DictWriter(handle, header, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)

    def land(self, table: str, year: int | None, rows: Sequence[Row]) -> None:
        """Land rows as the ingest does; columns that are not given are NULL."""
        schema = TABLES[table]
        unknown = {column for row in rows for column in row} - set(schema.names)
        assert not unknown, f"{table} has no column {sorted(unknown)}"
        columns = {name: [row.get(name) for row in rows] for name in schema.names}
        write_parquet(pa.table(columns, schema=schema), landing_path(self.settings, table, year))

    def dbt(
        self, *arguments: str, years: Sequence[int] = (), expect_success: bool = True
    ) -> subprocess.CompletedProcess[str]:
        environment = dbt_environment(self.settings, years)
        environment |= {"DBT_PROFILES_DIR": str(self.project), "DBT_PROJECT_DIR": str(self.project)}
        done = subprocess.run(
            [str(Path(sys.executable).with_name("dbt")), "--no-use-colors", *arguments],
            capture_output=True,
            text=True,
            env={**os.environ, **environment},
            timeout=600,
        )
        if expect_success:
            assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
        return done

    def build_questionnaires(self, years: Sequence[int] = ()) -> Path:
        """Seeds, then all models and tests of the questionnaires; returns the database file."""
        self.dbt("seed")
        self.dbt(
            "build", "--exclude", "test_type:unit", "--indirect-selection", "cautious", "--select",
            "staging.reference", "staging.questionnaires", "intermediate.questionnaires", "marts.questionnaires",
            years=years,
        )  # fmt: skip
        return self.settings.warehouse_db
