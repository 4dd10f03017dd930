"""Two small releases compared: every kind of change, keys, errors, and the command."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import duckdb
import pytest
from rich.console import Console

from dagster_project.errors import FengchaoError
from dagster_project.release.changes import change_lines
from dagster_project.release.compare import Move, TableChange, compare_releases, find_release
from dagster_project.release.compare_print import print_changes, write_csv

FACTS = {"framework_version": "f1", "code_fingerprint": "c1", "git_commit": "g1", "input_sha256": {"a.csv": "1", "b.csv": "2"}}  # fmt: skip


def make(folder: Path, sql: str, keys: dict[str, list[str]], facts: dict[str, object] = FACTS) -> Path:
    folder.mkdir(parents=True)
    with duckdb.connect(str(folder / "fengchao.duckdb")) as con:
        con.execute(sql)
    resources = [{"path": f"csv/{table}.csv", "schema": {"primaryKey": key}} for table, key in keys.items()]
    (folder / "datapackage.json").write_text(json.dumps({"fengchao": facts, "resources": resources}))
    return folder


@pytest.fixture
def releases(tmp_path: Path) -> Path:
    keys = {"scores": ["wave", "kind"], "gone": ["k"]}
    make(
        tmp_path / "2023-01-01-aaaa00000000",
        "create table scores as select * from (values (2020, 'all', 10.0, 'x', 1), (2021, 'all', 20.0, 'y', 1), "
        "(2022, null, 5.0, 'z', 1)) t(wave, kind, score, note, old); create table gone as select 1 as k;"
        "create table still as select 0.1 + 0.2 as v; create table unkeyed as select 1 as a",
        keys,
    )
    make(
        tmp_path / "2023-02-01-bbbb00000000",
        "create table scores as select * from (values (2020, 'all', 10.5, 'x', 1), (2022, null, 5.0, 'changed', 1), "
        "(2023, 'all', 7.0, null, 1)) t(wave, kind, score, note, fresh); create table still as select 0.3::double as v;"
        "create table unkeyed as select 2 as a; create table born as select * from range(3)",
        keys | {"still": ["v"]},
        FACTS | {"input_sha256": {"a.csv": "9", "c.csv": "3"}, "code_fingerprint": "c2"},
    )
    (tmp_path / "current").symlink_to("2023-02-01-bbbb00000000")
    return tmp_path


def compared(releases: Path) -> dict[str, TableChange]:
    changes = compare_releases(find_release(releases, "2023-01"), find_release(releases, "current"))
    return {change.table: change for change in changes}


def test_rows_are_matched_by_key_and_an_empty_part_of_a_key_is_a_value(releases: Path) -> None:
    scores = compared(releases)["scores"]
    assert (scores.added, scores.removed, scores.changed) == (1, 1, 2)
    assert (scores.rows_before, scores.rows_after) == (3, 3)
    assert (scores.columns_added, scores.columns_removed) == (("fresh",), ("old",))
    assert scores.changed_columns == (("score", 1), ("note", 1))
    assert scores.moves == (
        Move("wave=2020, kind=all", "score", "10.0", "10.5"),
        Move("wave=2022, kind=", "note", "z", "changed"),
    )


def test_tables_that_come_go_or_have_no_key(releases: Path) -> None:
    found = compared(releases)
    assert (found["born"].state, found["born"].added) == ("added", 3)
    assert (found["gone"].state, found["gone"].removed) == ("removed", 1)
    assert (found["unkeyed"].added, found["unkeyed"].removed) == (1, 1)


def test_the_last_bits_of_a_float_are_no_change(tmp_path: Path) -> None:
    keys = {"t": ["k"]}
    a = make(tmp_path / "a", "create table t as select 1 as k, 0.1::double + 0.2::double as v", keys)
    b = make(tmp_path / "b", "create table t as select 1 as k, 0.3::double as v", keys)
    c = make(tmp_path / "c", "create table t as select 1 as k, 0.3001::double as v", keys)
    d = make(tmp_path / "d", "create table t as select 1 as k, null::double as v", keys)
    assert [compare_releases(a, other)[0].changed for other in (b, c, d)] == [0, 1, 1]
    assert compare_releases(d, d)[0].state == "same"


@pytest.mark.parametrize("name", ["2023", "nothing", "", "../../etc"])
def test_an_unknown_or_ambiguous_release_is_refused_with_the_ids_there_are(releases: Path, name: str) -> None:
    with pytest.raises(FengchaoError, match=r"2023-01-01-aaaa00000000.*2023-02-01-bbbb00000000"):
        find_release(releases, name)


def test_changes_say_what_moved_and_why(releases: Path) -> None:
    old, new = find_release(releases, "2023-01"), find_release(releases, "current")
    facts = json.loads((new / "datapackage.json").read_text())["fengchao"]
    text = "\n".join(english for _, english in change_lines(old, new, facts))
    assert "new input files (1): c.csv" in text
    assert "removed input files (1): b.csv" in text
    assert "input files with other content (1): a.csv" in text
    assert "code of the release changed (c1 -> c2)" in text and "framework" not in text
    assert "`scores`: 1 rows added, 1 removed, 2 changed (3 -> 3)." in text
    assert "score: 10.0 → 10.5" in text
    assert "First release" in change_lines(None, new, facts)[0][1]
    same_facts = json.loads((old / "datapackage.json").read_text())["fengchao"]
    assert "Reason unknown" in str(change_lines(old, new, same_facts))
    assert [english for _, english in change_lines(new, new, facts)][1:] == ["0 of 4 tables changed."]


def test_the_command_prints_a_summary_and_writes_csv(releases: Path, tmp_path: Path) -> None:
    old, new = find_release(releases, "2023-01"), find_release(releases, "current")
    changes = compare_releases(old, new)
    console = Console(record=True, width=160)
    print_changes(console, old, new, changes)
    text = console.export_text()
    assert "4 of 5 tables changed" in text
    assert "score (1), note (1)" in text and "10.5" in text
    write_csv(tmp_path / "out.csv", changes)
    rows = list(csv.DictReader((tmp_path / "out.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert {"table": "scores", "state": "changed", "what": "rows_added", "count": "1"}.items() <= next(
        row for row in rows if row["table"] == "scores" and row["what"] == "rows_added"
    ).items()
    with pytest.raises(FengchaoError, match="--csv"):
        write_csv(tmp_path / "missing" / "out.csv", changes)
