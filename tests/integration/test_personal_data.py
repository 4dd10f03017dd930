"""What names a person or a bank stays in the restricted landing: planted in a raw file, looked for everywhere else."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.integration.conftest import Home, new_home

pytestmark = pytest.mark.integration

FORMULA = "=cmd|' /C calc'!A0"
TIME, IP, PLACE = "07:07:17", "203.0.113.77", "XPLACE7"
SOURCE, NAME, TEXT, TYPED, LABEL = "XSOURCE7", "XBANK7", "XTEXT7", "XTYPED7", "XLABEL7"
PLANTED = (TIME, IP, PLACE, SOURCE, NAME, TEXT, TYPED, LABEL, FORMULA)
# Never landed at all; the others are the free texts that landing keeps.
NOWHERE = (TIME, IP, PLACE, SOURCE, NAME)
WAVE = "questionnaires/2023"


def _table(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def _bytes(rows: list[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode("utf-8-sig")


def _plant(content: bytes) -> bytes:
    rows = _table(content)
    header, first, second = rows[:3]
    for row in rows[1:]:
        row.append("(空)")
    header.append("99、您的建议")
    first[1] = f"2023/10/9 {TIME}"
    first[4:7] = [SOURCE, f"{IP}({PLACE})", f"合成{NAME}银行"]
    first[-1], second[-1] = FORMULA, TEXT
    third, at = next((row, row.index("其他")) for row in rows[3:] if "其他" in row)
    third[at] = f"其他〖{TYPED}〗"
    second[11] = LABEL  # of a question without consequence: a bank without a type would stop the wave
    return _bytes(rows)


def _add_question(content: bytes) -> bytes:
    rows = _table(content)
    columns = {name: at for at, name in enumerate(rows[0])}
    new = [""] * len(rows[0])
    last = max(int(row[columns["column_no"]]) for row in rows[1:] if row[columns["column_no"]])
    for name, cell in {
        "column_no": str(last + 1),
        "question_no": "99",
        "question_id": "suggestion",
        "item_id": "suggestion",
        "item_type": "text",
        "dimension": "environment",
        "header": "99、您的建议",
        "label_zh": "您的建议",
        "label_en": "Suggestion",
        "change_type": "new",
        "comparable": "false",
        "inferred": "false",
    }.items():
        new[columns[name]] = cell
    return _bytes([*rows, new])


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, str]:
    home = new_home(tmp_path_factory.mktemp("planted"))
    export = next((home.raw / WAVE).glob("9*.csv")).name
    home.edit(f"{WAVE}/{export}", _plant)
    home.edit(f"{WAVE}/codebook.csv", _add_question)
    done = home.fengchao("run", "--years", "2023")
    assert done.returncode == 0, done.stdout + done.stderr
    return home, done.stdout + done.stderr


def texts(path: Path) -> Iterator[str]:
    """The content of a file as text; of tables, every cell, since their bytes are packed."""
    if path.suffix == ".parquet":
        yield from _cells(duckdb.connect(), f"read_parquet('{path}')")
    elif path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as con:
            for schema, name in con.execute(
                "select table_schema, table_name from information_schema.tables"
            ).fetchall():
                yield from _cells(con, f'"{schema}"."{name}"')
    elif path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as archive:
            yield from (archive.read(name).decode() for name in archive.namelist())
    else:
        yield path.read_bytes().decode("utf-8", "replace")


def _cells(con: duckdb.DuckDBPyConnection, relation: str) -> Iterator[str]:
    for row in con.sql(f"select * from {relation}").fetchall():
        yield "\n".join(str(cell) for cell in row)


def found_in(paths: list[Path], words: tuple[str, ...]) -> set[tuple[str, str]]:
    return {(path.name, word) for path in paths for text in texts(path) for word in words if word in text}


def test_planted_texts_are_in_landing_and_flagged(planted: tuple[Home, str]) -> None:
    """What is looked for is there: else the other tests could not fail."""
    landing = sorted((planted[0].home / "landing").rglob("*.parquet"))
    assert {word for _, word in found_in(landing, PLANTED)} == {TEXT, TYPED, LABEL, FORMULA}
    reasons = duckdb.sql(
        f"select reason from read_parquet('{planted[0].home}/landing/quarantine/questionnaires/**/set_aside.parquet')"
    ).fetchall()
    assert {"unknown_option", "csv_injection"} <= {row[0] for row in reasons}


def test_nothing_of_it_is_released(planted: tuple[Home, str]) -> None:
    files = [path for path in (planted[0].home / "releases").rglob("*") if path.is_file()]
    assert {path.suffix for path in files} >= {
        ".csv",
        ".parquet",
        ".duckdb",
        ".html",
        ".json",
        ".xlsx",
        ".md",
        ".cff",
    }
    assert found_in(files, PLANTED) == set()
    for path in files:
        if path.suffix == ".csv":
            rows = _table(path.read_bytes())
            assert not [cell for row in rows for cell in row if cell.startswith("=")], path


def test_nothing_of_it_is_in_marts_or_in_the_build_database_outside_restricted(
    planted: tuple[Home, str],
) -> None:
    with duckdb.connect(str(planted[0].home / "warehouse" / "fengchao_build.duckdb"), read_only=True) as con:
        tables = con.execute("select table_schema, table_name from information_schema.tables").fetchall()
        found: dict[str, set[str]] = {}
        for schema, name in tables:
            for text in _cells(con, f'"{schema}"."{name}"'):
                found.setdefault(schema, set()).update(word for word in PLANTED if word in text)
    assert "marts" in found and found["marts"] == set()
    assert {word for words in found.values() for word in words} <= set(PLANTED) - set(NOWHERE)
    assert {schema for schema, words in found.items() if words} <= {"staging", "restricted"}


def test_nothing_of_it_is_in_logs_events_or_pages(planted: tuple[Home, str]) -> None:
    home, printed = planted
    apart = {"landing", "releases", "warehouse"}
    files = [
        path
        for path in home.home.rglob("*")
        if path.is_file() and path.relative_to(home.home).parts[0] not in apart
    ]
    assert any(path.suffix == ".db" for path in files), "the event storage is among them"
    assert found_in(files, PLANTED) == set()
    assert [word for word in PLANTED if word in printed] == []
