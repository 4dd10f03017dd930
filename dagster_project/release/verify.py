"""Read a release as a user does and compare its formats."""

from __future__ import annotations

from pathlib import Path

import duckdb

from dagster_project.release.package import verify_release


def read_back(folder: Path) -> list[str]:
    """Problems found when the release is read: hashes, and Parquet against DuckDB, table by table."""
    problems = verify_release(folder)
    with duckdb.connect(str(folder / "fengchao.duckdb"), read_only=True) as con:
        for path in sorted(folder.glob("parquet/*.parquet")):
            difference = con.sql(
                f"select count(*) from (select * from \"{path.stem}\" except all select * from read_parquet('{path}'))"
            ).fetchone()
            rows = con.sql(
                f"select (select count(*) from \"{path.stem}\"), (select count(*) from read_parquet('{path}'))"
            ).fetchone()
            if difference is None or rows is None or difference[0] or rows[0] != rows[1]:
                problems.append(f"{path.stem}: DuckDB and Parquet differ ({rows})")
    return problems
