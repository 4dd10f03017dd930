"""Whether two contestants wrote the same marts."""

from __future__ import annotations

from pathlib import Path

import duckdb

from bench.large.duck import MARTS
from bench.large.frames import DIMENSION_KEYS, SHARE_KEYS

KEYS = dict(zip(MARTS, (DIMENSION_KEYS, SHARE_KEYS), strict=True))
_FRACTIONS = ("DOUBLE", "FLOAT")
# The marts are rounded to nine digits, shares before they become percent: sums in another order may end in the
# next one.
_TOLERANCE, _TOLERANCE_IN_PERCENT = 1.5e-9, 1.5e-7


def differences(project: Path, other: Path) -> list[str]:
    """One line per column of the other's marts in which a row differs by more than a ninth digit, or is missing."""
    found = []
    with duckdb.connect() as con:
        con.execute(f"attach '{project}/warehouse/fengchao_build.duckdb' as project (read_only)")
        database = other / "warehouse" / "fengchao_build.duckdb"
        if database.exists():
            con.execute(f"attach '{database}' as other (read_only)")
        for mart, keys in KEYS.items():
            theirs = f"other.marts.{mart}" if database.exists() else f"read_parquet('{other / mart}.parquet')"
            con.execute(f"create or replace temp table ours as from project.marts.{mart}")
            con.execute(f"create or replace temp table theirs as from {theirs}")
            types = dict(con.sql("select column_name, column_type from (describe theirs)").fetchall())
            join = f"ours full join theirs using ({', '.join(keys)})"
            for column in (name for name in types if name not in keys):
                one, two = f"ours.{column}", f"theirs.{column}"
                if types[column] in _FRACTIONS:
                    most = _TOLERANCE_IN_PERCENT if column.endswith(("_pct", "_pp")) else _TOLERANCE
                    one, two = f"cast({one} as double)", f"nullif({two}, 'nan'::double)"
                    differs = f"abs({one} - {two}) > {most} or ({one} is null) <> ({two} is null)"
                else:
                    differs = f"{one} is distinct from {two}"
                row = con.sql(
                    f"select count(*), any_value(concat_ws(' ', {', '.join(keys)}, {one}, {two})) from {join} where {differs}"
                ).fetchone()
                if row and row[0]:
                    found.append(f"{mart}.{column}: {row[0]} rows, e.g. {row[1]}")
    return found
