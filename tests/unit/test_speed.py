"""What makes a run quicker changes nothing that is seen."""

import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.filterwarnings("ignore")


def test_event_log_keeps_one_engine_per_file(tmp_path: Path) -> None:
    import sqlalchemy as db
    from dagster._core.storage.event_log.sqlite import SqliteEventLogStorage

    from dagster_project.event_log import keep_engines

    keep_engines()
    seen, connections = [], []
    first, second = SqliteEventLogStorage(str(tmp_path / "a")), SqliteEventLogStorage(str(tmp_path / "b"))
    for storage in (first, first, second):
        with storage.index_connection() as connection:
            seen.append(connection.engine)
            assert connection.execute(db.text("PRAGMA journal_mode")).scalar() == "wal"
            assert connection.execute(db.text("PRAGMA synchronous")).scalar() == 1
            # The connection before this one was closed and is the same.
            connections.append(connection.connection.dbapi_connection)
    assert connections[0] is connections[1]
    assert seen[0] is seen[1]
    assert seen[0] is not seen[2]


def test_kept_configuration_follows_the_expectation() -> None:
    from great_expectations.expectations import ExpectColumnValuesToBeBetween

    from dagster_project.quality.gx_speed import quicken

    quicken()
    one = ExpectColumnValuesToBeBetween(column="x", min_value=1, max_value=9)
    other = ExpectColumnValuesToBeBetween(column="y", min_value=2)
    assert one._get_runtime_kwargs()["min_value"] == 1
    assert other._get_runtime_kwargs()["column"] == "y"
    one.min_value = 3
    assert one._get_runtime_kwargs()["min_value"] == 3
    assert one.configuration.kwargs["min_value"] == 3


def test_ids_of_metrics_are_those_of_great_expectations() -> None:
    from great_expectations.core.id_dict import IDDict

    from dagster_project.quality.gx_speed import quicken

    quicken()
    plain = {"column": "x", "batch_id": "b", "value_set": ["甲", 1, None], "row_condition": None}
    # What is no plain JSON takes the way of Great Expectations; as text the two are the same here.
    assert IDDict(plain).to_id() == IDDict({**plain, "value_set": ("甲", 1, None)}).to_id()
    assert IDDict(plain).to_id() == IDDict(plain).to_id(id_keys=list(plain))
    assert IDDict(plain).to_id() != IDDict({**plain, "column": "y"}).to_id()
    assert IDDict({"column": "x"}).to_id() == "column=x"
    assert IDDict({"a": 1, "b": {1, 2}}).to_id() != IDDict({"a": 1, "b": {1, 3}}).to_id()


def test_a_template_is_compiled_once_and_rendered_anew() -> None:
    from dbt_common.clients.jinja import MacroFuzzEnvironment, get_template, render_template

    from dagster_project.warehouse.dbt_speed import keep_templates

    keep_templates()
    text = "select {{ year }}"
    texts = [render_template(get_template(text, {}), {"year": year}) for year in (2022, 2023)]
    assert texts == ["select 2022", "select 2023"]
    assert MacroFuzzEnvironment().compile(text) is MacroFuzzEnvironment().compile(text)


def test_homes_share_the_parsed_project_and_read_their_own_files(tmp_path: Path) -> None:
    from dagster_project.settings import DBT_DIR, ROOT, Settings
    from dagster_project.warehouse.manifest import manifest_path, parsed_manifest

    stamps = []
    for name in ("one", 'two with " and space'):
        settings = Settings(home=tmp_path / name, raw=ROOT / "data" / "raw")
        locations = {source.relation_name for source in parsed_manifest(settings).sources.values()}
        assert {str(settings.home) in location for location in locations} == {True}
        written = json.loads(manifest_path(settings).read_text(encoding="utf-8"))
        assert {source["relation_name"] for source in written["sources"].values()} == locations
        stamps.append((DBT_DIR / "target" / "any_home_duckdb" / "manifest.json").stat().st_mtime_ns)
    assert stamps[0] == stamps[1]
