"""The tables of a release as the report carries them: whole, by column, deflated.

The page reads its charts from them and writes each back as CSV, with the bytes of `csv/<table>.csv`.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import duckdb

_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")


@dataclass(frozen=True)
class Table:
    """One table: its columns as DuckDB's text of each value, in the order of the released CSV."""

    name: str
    description: str
    columns: tuple[str, ...]
    types: tuple[str, ...]
    descriptions: tuple[str, ...]
    values: list[list[str | None]]

    @property
    def rows(self) -> int:
        return len(self.values[0])

    def text(self, columns: Iterable[str]) -> set[str]:
        """Characters that stand in these columns."""
        found: set[str] = set()
        for column in columns:
            found.update(*(value for value in set(self.values[self.columns.index(column)]) if value))
        return found

    def packed(self) -> dict[str, Any]:
        """What the page unpacks (`js/01-tables.js`); `kinds` says which columns are numbers and booleans."""
        plain = json.dumps(self.values, ensure_ascii=False, separators=(",", ":")).encode()
        return {
            "columns": self.columns,
            "kinds": "".join(_kind(type_) for type_ in self.types),
            "rows": self.rows,
            "deflated": base64.b64encode(zlib.compress(plain, 9)).decode(),
        }


def _kind(type_: str) -> str:
    if type_ == "BOOLEAN":
        return "b"
    return "n" if type_.startswith(_NUMBERS) else "t"


def read_tables(con: duckdb.DuckDBPyConnection) -> dict[str, Table]:
    """All tables of schema `main` by name, with their comments; rows ordered by all columns, as released."""
    comments = dict(
        con.execute(
            "select table_name, comment from duckdb_tables() where schema_name = 'main' order by table_name"
        ).fetchall()
    )
    described: dict[str, list[tuple[str, str, str]]] = {name: [] for name in comments}
    for name, column, type_, comment in con.execute(
        "select table_name, column_name, data_type, comment from duckdb_columns() "
        "where schema_name = 'main' order by table_name, column_index"
    ).fetchall():
        if name in described:
            described[name].append((column, type_, comment or ""))
    tables = {}
    for name, columns in described.items():
        as_text = ", ".join(f'cast("{column}" as varchar)' for column, _, _ in columns)
        order = ", ".join(f'"{column}"' for column, _, _ in columns)
        read = con.execute(
            f'select {as_text} from (select * from "{name}" order by {order})'
        ).to_arrow_table()
        names, types, descriptions = zip(*columns, strict=True)
        tables[name] = Table(
            name, comments[name] or "", names, types, descriptions, [c.to_pylist() for c in read.columns]
        )
    return tables
