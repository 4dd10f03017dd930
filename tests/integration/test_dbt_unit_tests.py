"""The unit tests of the dbt models pass, and no rule is without one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from dagster_project.settings import ROOT, Settings
from dagster_project.warehouse.dbt_runner import NodeResult, run_dbt, run_nodes
from dagster_project.warehouse.manifest import parsed_manifest
from dagster_project.warehouse.sources import ensure_sources

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(home=tmp_path_factory.mktemp("home"), raw=ROOT / "data" / "raw")


@pytest.fixture(scope="module")
def results(settings: Settings) -> list[NodeResult]:
    # Columns of the fixtures are looked up in the built models; without rows a build is quick.
    ensure_sources(settings)
    for command in ("seed", "run"):
        built = run_dbt(settings, command, [])
        assert [f"{node.unique_id}: {node.message}" for node in built if node.failed] == []
    return run_dbt(settings, "test", ["--select", "test_type:unit"])


@pytest.fixture(scope="module")
def manifest(settings: Settings) -> Any:
    return parsed_manifest(settings)


def test_all_pass(results: list[NodeResult], manifest: Any) -> None:
    assert [f"{node.unique_id}: {node.message}" for node in results if node.status != "pass"] == []
    assert {node.unique_id for node in results} == set(manifest.unit_tests)


def test_every_model_with_a_rule_has_one(manifest: Any) -> None:
    tested = {test.model for test in manifest.unit_tests.values()}
    models = {
        node.name
        for node in manifest.nodes.values()
        if node.resource_type == "model" and Path(node.path).parts[0] in ("intermediate", "marts")
    }
    assert len(models) > 10
    assert sorted(name for name in models - tested if not name.startswith("dim_")) == []


def test_every_yearly_rule_shows_its_window(manifest: Any) -> None:
    windowed = {
        test.model
        for test in manifest.unit_tests.values()
        if test.overrides and test.overrides.env_vars.get("FENGCHAO_YEARS")
    }
    yearly = {
        node.name
        for node in manifest.nodes.values()
        if node.resource_type == "model" and node.config.materialized == "yearly"
    }
    assert sorted(name for name in yearly - windowed if not name.startswith("dim_")) == []


def test_each_explains_itself(manifest: Any) -> None:
    assert [test.name for test in manifest.unit_tests.values() if len(test.description or "") < 25] == []


def test_a_step_builds_its_nodes_and_nothing_that_hangs_on_them(
    results: list[NodeResult], settings: Settings, manifest: Any
) -> None:
    tests = [node.name for node in manifest.nodes.values() if node.name.startswith("key_dim_item")]
    built = run_nodes(settings, ["dim_item", *tests], [2023])
    assert [(node.unique_id.split(".")[2], node.status) for node in built] == [
        ("dim_item", "success"),
        *((name, "pass") for name in tests),
    ]
    assert tests


def test_a_yearly_model_stops_where_its_table_has_other_columns(
    results: list[NodeResult], settings: Settings
) -> None:
    with duckdb.connect(str(settings.warehouse_db)) as con:
        con.sql("alter table marts.dim_item add column of_old integer")
    (stopped,) = run_nodes(settings, ["dim_item"], [2023])
    assert stopped.status == "error"
    assert "columns of the model are not those of its table" in str(stopped.message)
    assert "of_old INTEGER" in str(stopped.message)
    (rebuilt,) = run_dbt(settings, "run", ["--full-refresh", "--select", "dim_item"])
    assert rebuilt.status == "success"
    assert run_nodes(settings, ["dim_item"], [2023])[0].status == "success"
