"""Landed files appear whole or not at all, and the same rows make the same bytes."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dagster_project.ingest import landing
from dagster_project.ingest.batch import Reject, to_arrow
from dagster_project.ingest.landing import (
    REFERENCE_TABLES,
    clear_quarantined_tables,
    ensure_empty_tables,
    landed_years,
    landing_path,
    quarantine_tables,
    write_parquet,
    write_rejects,
)
from dagster_project.ingest.tables import TABLES
from dagster_project.settings import Settings

OLD = {"province": "zj", "label_zh": "浙江", "label_en": "Zhejiang", "region": "east", "source_row": 2}
NEW = {**OLD, "province": "js", "label_zh": "江苏", "label_en": "Jiangsu"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", raw=tmp_path / "raw")


def _province(*rows: dict[str, object]) -> pa.Table:
    return to_arrow("province", rows)


def test_same_rows_make_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_parquet(_province(OLD, NEW), tmp_path / name / "province.parquet")
    write_parquet(_province(OLD), tmp_path / "c.parquet")
    same = (tmp_path / "a" / "province.parquet").read_bytes()
    assert same == (tmp_path / "b" / "province.parquet").read_bytes()
    assert same != (tmp_path / "c.parquet").read_bytes()
    assert pq.read_table(tmp_path / "a" / "province.parquet").to_pylist() == _province(OLD, NEW).to_pylist()


def test_failing_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "province.parquet"
    write_parquet(_province(OLD), path)
    before = path.read_bytes()

    def half_a_file(table: pa.Table, handle: object, **_: object) -> None:
        handle.write(b"PAR1 half")  # type: ignore[attr-defined]
        raise OSError("no space left on device")

    monkeypatch.setattr(landing.pq, "write_table", half_a_file)
    with pytest.raises(OSError, match="no space left"):
        write_parquet(_province(NEW), path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["province.parquet"]


def test_failing_rename_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "province.parquet"
    write_parquet(_province(OLD), path)
    before = path.read_bytes()

    def refuse(source: Path, target: Path) -> None:
        assert pq.read_table(source).num_rows == 1, "complete before it takes the place of the old file"
        raise PermissionError("read only")

    monkeypatch.setattr("os.replace", refuse)
    with pytest.raises(PermissionError):
        write_parquet(_province(NEW), path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["province.parquet"]


def test_empty_tables_have_the_declared_columns(settings: Settings) -> None:
    ensure_empty_tables(settings)
    for name, schema in TABLES.items():
        year = None if name in REFERENCE_TABLES else 0
        table = pq.read_table(landing_path(settings, name, year), partitioning=None)
        assert (table.num_rows, table.schema.names) == (0, schema.names)
        assert landed_years(settings, name) == []


def test_empty_tables_leave_landed_data_alone(settings: Settings) -> None:
    row = {"wave": 2023, "response_id": "2023-1", "source_row": 2}
    for name, year, table in (
        ("province", None, _province(OLD)),
        ("questionnaire_response", 2023, to_arrow("questionnaire_response", [row])),
    ):
        write_parquet(table, landing_path(settings, name, year))
    ensure_empty_tables(settings)
    ensure_empty_tables(settings)
    assert pq.read_metadata(landing_path(settings, "province", None)).num_rows == 1
    assert pq.read_metadata(landing_path(settings, "questionnaire_response", 2023)).num_rows == 1
    assert landed_years(settings, "questionnaire_response") == [2023]


def test_empty_table_follows_a_changed_schema(settings: Settings) -> None:
    path = landing_path(settings, "questionnaire_response", 0)
    write_parquet(pa.table({"wave": pa.array([], pa.int32())}), path)
    ensure_empty_tables(settings)
    assert pq.read_schema(path).names == TABLES["questionnaire_response"].names


def test_undeclared_columns_are_refused() -> None:
    with pytest.raises(Exception, match=r"province: undeclared columns \['capital'\]"):
        _province({**OLD, "capital": "杭州"})


def test_rejects_are_kept_and_replaced(settings: Settings) -> None:
    reject = Reject(
        "province", "reference/province.csv", 7, "unknown_region", "'北'", "Correct it.", raw={"地区": "北"}
    )
    path = write_rejects(settings, "reference", None, [reject, reject])
    assert path == settings.quarantine / "reference" / "year=all" / "set_aside.parquet"
    rows = pq.read_table(path, partitioning=None).to_pylist()
    assert len(rows) == 2
    assert (rows[0]["source_file"], rows[0]["source_row"], rows[0]["reason"]) == (
        "reference/province.csv", 7, "unknown_region",
    )  # fmt: skip
    assert json.loads(rows[0]["raw_row"]) == {"地区": "北"}

    write_rejects(settings, "reference", None, [reject])
    assert pq.read_table(path, partitioning=None).num_rows == 1
    assert write_rejects(settings, "reference", None, []) is None
    assert not path.exists()


def test_quarantine_keeps_rows_and_report_out_of_landing(settings: Settings) -> None:
    landed = landing_path(settings, "questionnaire_response", 2023)
    write_parquet(to_arrow("questionnaire_response", [{"response_id": "2023-1"}]), landed)
    before = landed.read_bytes()
    bad = to_arrow("questionnaire_response", [{"response_id": "2023-1"}, {"response_id": "2023-1"}])

    quarantine_tables(settings, "questionnaires", 2023, {"left_over": bad}, {})
    folder = quarantine_tables(
        settings, "questionnaires", 2023, {"questionnaire_response": bad}, {"结果": "response_id 重复"}
    )
    assert sorted(path.name for path in folder.iterdir()) == [
        "questionnaire_response.parquet",
        "report.json",
    ]
    assert pq.read_table(folder / "questionnaire_response.parquet", partitioning=None).num_rows == 2
    assert "response_id 重复" in (folder / "report.json").read_text(encoding="utf-8")
    assert landed.read_bytes() == before

    clear_quarantined_tables(settings, "questionnaires", 2023)
    assert not folder.exists()
    clear_quarantined_tables(settings, "questionnaires", 2023)
