"""How every DuckDB connection of the project is opened; dbt's by its profile, with the same values."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dagster_project.settings import Settings, number_setting, size_setting

if TYPE_CHECKING:
    import duckdb


def connect(
    settings: Settings, database: Path | str = ":memory:", read_only: bool = False
) -> duckdb.DuckDBPyConnection:
    """A connection within the limits of the settings: threads, memory, and what may spill where."""
    import duckdb

    settings.spill.parent.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect(
        str(database),
        read_only=read_only,
        config={
            "memory_limit": size_setting("FENGCHAO_MEMORY_LIMIT"),
            "threads": number_setting("FENGCHAO_THREADS"),
            "temp_directory": str(settings.spill),
            "disabled_optimizers": "common_subplan",
        },
    )
    # Given when the file is opened it is forgotten as soon as something spills.
    con.execute(f"set max_temp_directory_size = '{size_setting('FENGCHAO_MAX_SPILL')}'")
    return con
