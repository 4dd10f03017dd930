"""The dictionary of a release: every table with its grain and key, every column with type, unit and meaning.

Names, types and rows are those of the released tables; grain, key and meaning stand in the dbt YAML
(descriptions, and the tests `key` and `unique`); Chinese labels stand in `column_labels.csv`.
"""

from __future__ import annotations

import csv
import io
import re
from functools import cache
from pathlib import Path
from typing import Any

from dagster_project.errors import FengchaoError

_LABELS = Path(__file__).parent / "column_labels.csv"
COLUMNS = ("table", "grain", "key", "column_no", "column", "label_zh", "type", "unit", "description")

# Names carry their unit; what they do not tell stands in column_labels.csv.
_UNIT_BY_NAME = (
    (re.compile(r"_cny$"), "yuan (CNY)"),
    (re.compile(r"_pct$"), "percent (0-100)"),
    (re.compile(r"_pp$"), "percentage points"),
    (re.compile(r"^n_"), "count"),
)


@cache
def _labels() -> dict[str, tuple[str, str]]:
    with _LABELS.open(encoding="utf-8", newline="") as handle:
        return {row["column"]: (row["label_zh"], row["unit"]) for row in csv.DictReader(handle)}


def label_zh(column: str) -> str:
    """Chinese heading of a column; its own name where it has none yet."""
    return _labels().get(column, (column, ""))[0]


def labelled_columns() -> set[str]:
    return set(_labels())


def unit_of(column: str, data_type: str) -> str:
    """Unit of a numeric column, in words; empty for text, dates, truth values and plain numbers."""
    if data_type in ("VARCHAR", "BOOLEAN", "DATE"):
        return ""
    stated = _labels().get(column, ("", ""))[1]
    return stated or next((unit for name, unit in _UNIT_BY_NAME if name.search(column)), "")


def keys_of(manifest: dict[str, Any]) -> dict[str, list[str]]:
    """Columns that name a row, by table: the test `key`, or the first column that is tested `unique`.

    An expression in a key stands for the column it wraps.
    """
    keys: dict[str, list[str]] = {}
    unique: dict[str, list[str]] = {}
    for node in manifest["nodes"].values():
        test = node.get("test_metadata")
        if not test or not node.get("attached_node"):
            continue
        table = node["attached_node"].split(".")[-1]
        columns = set(manifest["nodes"][node["attached_node"]]["columns"])
        if test["name"] == "key":
            keys[table] = [_column_in(part, columns, table) for part in test["kwargs"]["columns"]]
        elif test["name"] == "unique":
            unique.setdefault(table, [test["kwargs"]["column_name"]])
    return unique | keys


def _column_in(part: str, columns: set[str], table: str) -> str:
    words = re.findall(r"[a-z_][a-z0-9_]*", part)
    if len(words) == 1:
        return words[0]
    found = [word for word in words if word in columns]
    if len(found) != 1:
        raise FengchaoError(
            f"{table}: the key {part!r} does not name one column. Write the column into the test."
        )
    return found[0]


def dictionary_rows(
    tables: dict[str, dict[str, Any]],
) -> list[tuple[str, str, str, int, str, str, str, str, str]]:
    """One row per column of every released table, in the order of `COLUMNS` above."""
    return [
        (
            name, table["description"], ", ".join(table["key"]), number, field["name"], label_zh(field["name"]),
            field["data_type"], field["unit"], field.get("description", ""),
        )
        for name, table in sorted(tables.items())
        for number, field in enumerate(table["fields"], start=1)
    ]  # fmt: skip


def write_dictionary(folder: Path, tables: dict[str, dict[str, Any]], release: dict[str, Any]) -> None:
    """`dictionary.csv` (with a byte order mark, as all CSV files here) and `dictionary.html`."""
    from dagster_project.release.page import render_page

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(dictionary_rows(tables))
    (folder / "dictionary.csv").write_text("\ufeff" + text.getvalue(), encoding="utf-8", newline="")
    labelled = {
        name: {
            **table,
            "fields": [{**field, "label_zh": label_zh(field["name"])} for field in table["fields"]],
        }
        for name, table in sorted(tables.items())
    }
    html = render_page(
        "dictionary.html.j2", "Fengchao 蜂巢: dictionary 数据字典", tables=labelled, release=release
    )
    (folder / "dictionary.html").write_text(html, encoding="utf-8", newline="\n")
