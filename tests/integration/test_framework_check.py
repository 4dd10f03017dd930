"""A framework with a breach stops the run before anything is scored."""

from __future__ import annotations

import csv

import duckdb
import pytest

from tests.mini_bank import WAVES, land_wave, mini_bank_case

pytestmark = pytest.mark.integration


def test_a_breach_blocks_all_scores(tmp_path_factory: pytest.TempPathFactory) -> None:
    case = mini_bank_case(tmp_path_factory.mktemp("breach"))
    land_wave(case, WAVES[0])
    (path,) = case.project.glob("seeds/*/framework_item.csv")
    with path.open(encoding="utf-8", newline="") as handle:
        items = list(csv.DictReader(handle))
    items[0]["weight"] = "0"
    case.seed("framework_item", [row for row in items if row["item_id"] != "ECO3"])
    case.dbt("seed")
    done = case.dbt(
        "build", "--exclude", "test_type:unit", "--indirect-selection", "cautious", "--select",
        "staging.questionnaires", "intermediate.questionnaires", expect_success=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "is_empty_int_framework_problem" in done.stdout
    with duckdb.connect(str(case.settings.warehouse_db), read_only=True) as con:
        found = con.execute(
            "select wave, rule, subject from restricted.int_framework_problem order by all"
        ).fetchall()
        tables = {
            row[0] for row in con.execute("select table_name from information_schema.tables").fetchall()
        }
    assert found == [
        (2021, "indicator_without_item", "ECO3"),
        (2021, "item_not_in_framework", "ECO3"),
        (None, "weight_not_positive", "STR1"),
    ]
    assert "int_item" not in tables and "int_item_score" not in tables
