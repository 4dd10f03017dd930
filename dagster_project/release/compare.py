"""Two releases compared: rows by key, columns, values. One engine for `fengchao diff` and CHANGES.md.

Keys come from the data packages of the releases (`primaryKey`, made from the dbt tests). A table
without a key is compared by whole rows.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.errors import FengchaoError

# Sums in another order may move the last bits of a float; below this no value has changed.
TOLERANCE = 1e-9
LARGEST = 5


@dataclass(frozen=True)
class Move:
    """A value that differs: the row by its key (`column=value, …`), the column, before and after as text."""

    key: str
    column: str
    before: str
    after: str


@dataclass(frozen=True)
class TableChange:
    """What happened to one table. state: added, removed, changed, same.

    changed_columns: rows that differ, by column. moves: the largest differences, relative to the size
    of the value, numbers first.
    """

    table: str
    state: str
    rows_before: int
    rows_after: int
    added: int = 0
    removed: int = 0
    changed: int = 0
    columns_added: tuple[str, ...] = ()
    columns_removed: tuple[str, ...] = ()
    changed_columns: tuple[tuple[str, int], ...] = ()
    moves: tuple[Move, ...] = ()


def find_release(releases: Path, name: str) -> Path:
    """Folder of a release: an id, the beginning of one, `current`, or a path.

    Raises FengchaoError for what is no release, with the ids there are.
    """
    given = Path(name)
    for folder in (releases / name, given):
        if name and (folder / "fengchao.duckdb").is_file():
            return folder.resolve()
    ids = sorted(path.name for path in releases.glob("*-*") if (path / "fengchao.duckdb").is_file())
    matching = [release_id for release_id in ids if name and release_id.startswith(name)]
    if len(matching) == 1:
        return releases / matching[0]
    known = ", ".join(ids) or "none yet; make one with `fengchao run`"
    if matching:
        raise FengchaoError(f"{name!r} begins several releases: {', '.join(matching)}. Write more of the id.")
    raise FengchaoError(
        f"{name!r} is no release in {releases} and no folder with fengchao.duckdb. Releases: {known}."
    )


def read_package(folder: Path) -> dict[str, Any]:
    """The data package of a release; empty where it has none."""
    path = folder / "datapackage.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _keys(folder: Path) -> dict[str, list[str]]:
    return {
        Path(resource["path"]).stem: list(resource["schema"]["primaryKey"])
        for resource in read_package(folder).get("resources", [])
        if resource.get("schema", {}).get("primaryKey")
    }


def compare_releases(before: Path, after: Path) -> list[TableChange]:
    """Compare every table of two release folders, ordered by name. Reads both, writes nothing."""
    keys = _keys(before) | _keys(after)
    with duckdb.connect() as con:
        con.execute(f"attach '{_quoted(before / 'fengchao.duckdb')}' as before (read_only)")
        con.execute(f"attach '{_quoted(after / 'fengchao.duckdb')}' as after (read_only)")
        old, new = _columns(con, "before"), _columns(con, "after")
        return [
            _compare(con, name, old.get(name), new.get(name), keys.get(name, []))
            for name in sorted(old | new)
        ]


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _columns(con: duckdb.DuckDBPyConnection, database: str) -> dict[str, dict[str, str]]:
    tables: dict[str, dict[str, str]] = {}
    for table, column, kind in con.execute(
        "select table_name, column_name, data_type from duckdb_columns() "
        "where database_name = ? and schema_name = 'main' and not internal order by table_name, column_index",
        [database],
    ).fetchall():
        tables.setdefault(table, {})[column] = kind
    return tables


def _count(con: duckdb.DuckDBPyConnection, query: str) -> int:
    row = con.execute(query).fetchone()
    return int(row[0]) if row else 0


def _compare(
    con: duckdb.DuckDBPyConnection,
    table: str,
    old: dict[str, str] | None,
    new: dict[str, str] | None,
    key: Sequence[str],
) -> TableChange:
    before = _count(con, f'select count(*) from before."{table}"') if old else 0
    after = _count(con, f'select count(*) from after."{table}"') if new else 0
    if old is None or new is None:
        return TableChange(
            table, "removed" if new is None else "added", before, after, added=after, removed=before
        )
    columns_added = tuple(name for name in new if name not in old)
    columns_removed = tuple(name for name in old if name not in new)
    common = [name for name in new if name in old]
    if not key or not set(key) <= set(common):
        listed = ", ".join(f'"{name}"' for name in common)
        added, removed = (
            _count(con, f'select count(*) from (select {listed} from {a}."{table}" except all select {listed} from {b}."{table}")')
            for a, b in (("after", "before"), ("before", "after"))
        )  # fmt: skip
        found: _Rows = (added, removed, 0, (), ())
    else:
        found = _by_key(con, table, key, common, old, new)
    added, removed, changed, by_column, moves = found
    same = not (added or removed or changed or columns_added or columns_removed)
    return TableChange(
        table, "same" if same else "changed", before, after, added, removed, changed,
        columns_added, columns_removed, by_column, moves,
    )  # fmt: skip


# Rows added, removed and changed, changed rows by column, largest moves.
_Rows = tuple[int, int, int, tuple[tuple[str, int], ...], tuple[Move, ...]]
_NUMBERS = ("INTEGER", "BIGINT", "DOUBLE", "DECIMAL")


def _by_key(
    con: duckdb.DuckDBPyConnection,
    table: str,
    key: Sequence[str],
    common: Sequence[str],
    old: dict[str, str],
    new: dict[str, str],
) -> _Rows:
    on = " and ".join(f'b."{name}" is not distinct from a."{name}"' for name in key)
    for side, other in (("after", "before"), ("before", "after")):
        con.execute(
            f'create or replace temp view only_{side} as select * from {side}."{table}" as a '
            f'where not exists (select 1 from {other}."{table}" as b where {on})'
        )
    differs = {}
    for name in common:
        if name in key:
            continue
        if _is_float(old[name]) and _is_float(new[name]):
            same = (
                f'coalesce(abs(b."{name}" - a."{name}") <= {TOLERANCE} * greatest(1, abs(b."{name}"), abs(a."{name}")), '
                f'b."{name}" is not distinct from a."{name}")'
            )
        else:
            same = f'cast(b."{name}" as varchar) is not distinct from cast(a."{name}" as varchar)'
            if old[name] == new[name]:
                same = f'b."{name}" is not distinct from a."{name}"'
        differs[name] = f"not ({same})"
    added, removed = (_count(con, f"select count(*) from only_{side}") for side in ("after", "before"))
    if not differs:
        return added, removed, 0, (), ()
    joined = f'before."{table}" as b inner join after."{table}" as a on {on}'
    counts = con.execute(
        f"select count(*) filter (where {' or '.join(differs.values())}), "
        + ", ".join(f"count(*) filter (where {test})" for test in differs.values())
        + f" from {joined}"
    ).fetchone() or (0,)
    by_column = tuple((name, n) for name, n in zip(differs, counts[1:], strict=True) if n)
    return added, removed, int(counts[0]), by_column, _moves(con, joined, key, dict(by_column), differs, new)


def _is_float(kind: str) -> bool:
    return kind == "DOUBLE"


def _moves(
    con: duckdb.DuckDBPyConnection,
    joined: str,
    key: Sequence[str],
    changed: dict[str, int],
    differs: dict[str, str],
    kinds: dict[str, str],
) -> tuple[Move, ...]:
    """The largest differences over all columns: relative to the larger value; other changes rank last."""
    if not changed:
        return ()
    words = " || ', ' || ".join(f"'{name}=' || coalesce(cast(a.\"{name}\" as varchar), '')" for name in key)
    parts = []
    for name in changed:
        size = "0.0"
        if kinds[name].startswith(_NUMBERS):
            b, a = (f'try_cast({side}."{name}" as double)' for side in ("b", "a"))
            size = f"coalesce(abs({a} - {b}) / nullif(greatest(abs({a}), abs({b})), 0), 0)"
        parts.append(
            f"select {words} as row_key, '{name}' as name, cast(b.\"{name}\" as varchar) as before_text, "
            f'cast(a."{name}" as varchar) as after_text, {size} as size from {joined} where {differs[name]}'
        )
    rows = con.execute(
        f"select row_key, name, coalesce(before_text, ''), coalesce(after_text, '') from ({' union all '.join(parts)}) "
        f"order by round(size, 9) desc, row_key, name limit {LARGEST}"
    ).fetchall()
    return tuple(Move(*row) for row in rows)
