"""What makes a run quicker changes nothing that is seen."""

from pathlib import Path

import pytest

pytestmark = pytest.mark.filterwarnings("ignore")


def test_event_log_keeps_one_engine_per_file(tmp_path: Path) -> None:
    import sqlalchemy as db
    from dagster._core.storage.event_log.sqlite import SqliteEventLogStorage

    from dagster_project.event_log import keep_engines

    keep_engines()
    seen = []
    first, second = SqliteEventLogStorage(str(tmp_path / "a")), SqliteEventLogStorage(str(tmp_path / "b"))
    for storage in (first, first, second):
        with storage.index_connection() as connection:
            seen.append(connection.engine)
            assert connection.execute(db.text("PRAGMA journal_mode")).scalar() == "wal"
            assert connection.execute(db.text("PRAGMA synchronous")).scalar() == 1
    assert seen[0] is seen[1]
    assert seen[0] is not seen[2]


def test_kept_configuration_follows_the_expectation() -> None:
    from great_expectations.expectations import ExpectColumnValuesToBeBetween

    from dagster_project.quality.gx_speed import keep_configurations

    keep_configurations()
    one = ExpectColumnValuesToBeBetween(column="x", min_value=1, max_value=9)
    other = ExpectColumnValuesToBeBetween(column="y", min_value=2)
    assert one._get_runtime_kwargs()["min_value"] == 1
    assert other._get_runtime_kwargs()["column"] == "y"
    one.min_value = 3
    assert one._get_runtime_kwargs()["min_value"] == 3
    assert one.configuration.kwargs["min_value"] == 3
