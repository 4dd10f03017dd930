"""Every setting that cannot be used is refused at load, by its name."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest

from dagster_project.errors import FengchaoError
from dagster_project.settings import _OTHERS as OTHERS
from dagster_project.settings import NUMBERS, ROOT, SIZES, Settings, load_settings, number_setting


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FENGCHAO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FENGCHAO_RAW", str(tmp_path / "raw"))


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5", "²", "1 0"])
def test_numbers(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(FengchaoError, match=rf"{name} is '{re.escape(value)}'\. Give a whole number"):
        load_settings()


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("value", ["4", "GB", "4XB", "-4GB", "much"])
def test_sizes(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(FengchaoError, match=f"{name} is '{value}'. Give a size with its unit"):
        load_settings()


@pytest.mark.parametrize("value", ["4GB", "512MiB", "1.5 TB", "20gb", ""])
def test_sizes_that_duckdb_takes(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import duckdb

    monkeypatch.setenv("FENGCHAO_MEMORY_LIMIT", value)
    load_settings()
    with duckdb.connect(config={"memory_limit": value or SIZES["FENGCHAO_MEMORY_LIMIT"]}):
        pass


@pytest.mark.parametrize("below", ["", "home", "a/b"])
def test_a_home_that_is_a_file(below: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FENGCHAO_HOME", str(tmp_path / "file" / below))
    with pytest.raises(FengchaoError, match=r"FENGCHAO_HOME is .* which is a file or lies below one"):
        load_settings()


@pytest.mark.parametrize("below", ["", "a/b"])
def test_a_spill_folder_that_is_a_file(below: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FENGCHAO_SPILL_DIR", str(tmp_path / "file" / below))
    with pytest.raises(FengchaoError, match=r"FENGCHAO_SPILL_DIR is .* which is a file or lies below one"):
        load_settings()


def test_every_connection_has_the_settings_of_duckdb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dagster_project.warehouse.lock import open_warehouse

    limits = {"MEMORY_LIMIT": "300MiB", "THREADS": "1", "MAX_SPILL": "7MiB"}
    for name, value in {**limits, "SPILL_DIR": str(tmp_path / "other" / "disk")}.items():
        monkeypatch.setenv(f"FENGCHAO_{name}", value)
    settings = load_settings()
    settings.warehouse_db.parent.mkdir(parents=True)
    names = ("memory_limit", "threads", "temp_directory", "max_temp_directory_size", "disabled_optimizers")
    with open_warehouse(settings, read_only=False) as con:
        found = con.execute("select " + ", ".join(f"current_setting('{name}')" for name in names)).fetchone()
    assert found == ("300.0 MiB", 1, str(tmp_path / "other" / "disk"), "7.0 MiB", "common_subplan")


@pytest.mark.parametrize("name", ["file", "nowhere"])
def test_raw_files_that_are_not_there(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FENGCHAO_RAW", str(tmp_path / name))
    with pytest.raises(FengchaoError, match=f"FENGCHAO_RAW points to .*{name}, which is not a folder"):
        load_settings()


def test_a_misspelt_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FENGCHAO_THREAD", "8")
    with pytest.raises(FengchaoError, match=r"FENGCHAO_THREAD is no setting\. Write FENGCHAO_THREADS"):
        load_settings()


def test_every_name_in_the_code_is_known_and_documented() -> None:
    """A setting that is not in the list would be taken for a misspelt one, or never be checked."""
    files = [*(ROOT / "dagster_project").rglob("*.py"), *(ROOT / "dbt").glob("*.yml")]
    used = set().union(
        *(re.findall(r"FENGCHAO_[A-Z_]+\b", path.read_text(encoding="utf-8")) for path in files)
    )
    known = {*NUMBERS, *SIZES, *OTHERS}
    assert used - {"FENGCHAO_", "FENGCHAO_YEARS"} == known
    documented = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert {name for name in known if f"`{name}`" not in documented} == set()


def test_the_defaults_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, default in NUMBERS.items():
        monkeypatch.delenv(name, raising=False)
        assert number_setting(name) == default


def test_two_at_once_make_one_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FENGCHAO_TOKEN_SECRET", raising=False)
    settings = Settings(home=tmp_path / "home", raw=tmp_path)
    keys: list[bytes] = []
    threads = [threading.Thread(target=lambda: keys.append(settings.token_secret())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(keys)) == 1 and len(keys[0]) == 64
    (key,) = (settings.home / "secrets").iterdir()
    assert key.stat().st_mode & 0o777 == 0o600
