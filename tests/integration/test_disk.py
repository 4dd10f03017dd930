"""Disks that are full or read-only: one clear message, nothing lost, the old release stays."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from bench.kill_stress import deliver, tables_of
from dagster_project.disk import describe, explain
from dagster_project.errors import FengchaoError
from dagster_project.ingest.load import load
from dagster_project.ingest.sources import DISCLOSURES
from dagster_project.release.build import build_release
from dagster_project.release.package import verify_release
from dagster_project.settings import Settings
from dagster_project.warehouse.connect import connect
from dagster_project.warehouse.rebuild import remedy
from tests.integration.conftest import Home, copy_of

pytestmark = pytest.mark.integration

MiB = 1 << 20
Mount = Callable[[Path, int], None]


@pytest.fixture
def mount() -> Iterator[Mount]:
    """Put a small disk (tmpfs, in bytes) in the place of a folder, with what the folder holds."""
    if os.geteuid() != 0:
        pytest.skip("a small disk can be mounted by root only")
    mounted: list[Path] = []

    def put(folder: Path, size: int) -> None:
        aside = folder.with_name(f"{folder.name}-aside")
        folder.rename(aside)
        folder.mkdir()
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True, text=True
        )
        if done.returncode:
            pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
        mounted.append(folder)
        shutil.copytree(aside, folder, symlinks=True, dirs_exist_ok=True)

    yield put
    for folder in mounted:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.fixture
def home(loaded: tuple[Home, object], tmp_path: Path) -> Home:
    """A copy of the loaded home."""
    return copy_of(loaded[0], tmp_path)


@pytest.fixture
def settings(home: Home) -> Settings:
    return Settings(home=home.home, raw=home.raw)


def size_of(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*")) + len(list(folder.rglob("*"))) * 4096


def fill(folder: Path) -> Path:
    """Take the last byte of the disk."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as handle:
        for size in (MiB, 4096, 1):
            try:
                while True:
                    handle.write(b"\0" * size)
            except OSError:
                pass
    return filler


def assert_message(text: str, found: str, place: Path) -> None:
    assert f"found {found}" in text and str(place) in text and "MB free of" in text, text
    assert "run again" in text and "Nothing that was there is lost" in text


def test_landing(settings: Settings, home: Home, mount: Mount) -> None:
    before = home.hashes("landing")
    mount(settings.landing, size_of(settings.landing) + MiB)
    deliver(settings.raw, "B")
    filler = fill(settings.landing)
    with pytest.raises(OSError, match="No space left") as error:
        load(settings, DISCLOSURES, 2019, "full")
    assert_message(describe(error.value, settings.home), "no space left on the disk", settings.landing)
    filler.unlink()
    assert home.hashes("landing") == before
    loaded = load(settings, DISCLOSURES, 2019, "free")
    assert loaded is not None and loaded.landed
    changed = {name for name, digest in home.hashes("landing").items() if digest != before.get(name)}
    assert changed == {
        f"{table}/year=2019/{table}.parquet" for table in ("disclosure_figure", "disclosure_source")
    }


def test_build_database(settings: Settings, mount: Mount) -> None:
    from dagster_project.warehouse.dbt_runner import run_nodes

    before = tables_of(settings, None)
    mount(settings.warehouse_db.parent, size_of(settings.warehouse_db.parent) + MiB)
    filler = fill(settings.warehouse_db.parent)
    models = ["int_fact", "mart_fintech_investment", "mart_disclosure_conflict"]
    try:
        text = "\n".join(r.message or "" for r in run_nodes(settings, models, [2019]) if r.failed)
    except FengchaoError as error:
        text = str(error) + remedy(settings, str(error))
    assert_message(remedy(settings, text) or text, "no space left on the disk", settings.home)
    filler.unlink()
    assert tables_of(settings, None) == before
    assert not [r.message for r in run_nodes(settings, models, [2019]) if r.failed]
    assert tables_of(settings, None) == before


def test_release(settings: Settings, mount: Mount) -> None:
    from dagster_project.warehouse.manifest import manifest_content

    before = (settings.releases / "current").resolve().name
    mount(settings.releases, size_of(settings.releases) + MiB)
    with pytest.raises((OSError, duckdb.Error)) as error:
        build_release(settings, manifest_content(settings), "2030-01-01")
    assert_message(describe(error.value, settings.home), "no space left on the disk", settings.releases)
    assert (settings.releases / "current").resolve().name == before
    assert verify_release(settings.releases / "current") == []
    assert [path.name for path in settings.releases.iterdir() if path.name.startswith(".building")] == []


@pytest.mark.parametrize("limit", ["1MB", "1GB"])
def test_spill(
    limit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """What does not fit into memory does not fit on the disk: the limit is reached, or the disk is full."""
    spill = tmp_path / "spill"
    spill.mkdir()
    if limit == "1GB":
        request.getfixturevalue("mount")(spill, MiB)
    monkeypatch.setenv("FENGCHAO_THREADS", "1")
    monkeypatch.setenv("FENGCHAO_MEMORY_LIMIT", "40MB")
    monkeypatch.setenv("FENGCHAO_SPILL_DIR", str(spill))
    monkeypatch.setenv("FENGCHAO_MAX_SPILL", limit)
    settings = Settings(home=tmp_path / "home", raw=tmp_path)
    with connect(settings) as con, pytest.raises(duckdb.Error) as error:
        con.execute("create table t as select md5(i::varchar) as a from range(5_000_000) as r(i) order by a")
    text = explain(str(error.value), settings.home)
    assert text.startswith(str(spill))
    assert "found the folder for what does not fit into memory is full" in text or "no space left" in text, (
        str(error.value)
    )


def test_the_command_says_it_once_and_the_next_run_repairs(home: Home, mount: Mount) -> None:
    release = (home.home / "releases" / "current").resolve().name
    mount(home.home, size_of(home.home) + 8 * MiB)
    filler = fill(home.home)
    full = home.fengchao("run", "--years", "2019")
    assert full.returncode == 1
    assert_message(full.stdout + full.stderr, "no space left on the disk", home.home)
    assert "Traceback" not in full.stdout + full.stderr
    assert (home.home / "releases" / "current").resolve().name == release
    assert verify_release(home.home / "releases" / "current") == []
    filler.unlink()
    subprocess.run(["mount", "-o", "remount,ro", home.home], check=True)
    closed = home.fengchao("run", "--years", "2019")
    subprocess.run(["mount", "-o", "remount,rw,size=1g", home.home], check=True)
    assert closed.returncode == 1
    assert_message(closed.stdout + closed.stderr, "a place that cannot be written", home.home)
    assert "Traceback" not in closed.stdout + closed.stderr
    again = home.fengchao("run", "--years", "2019")
    assert again.returncode == 0, again.stdout + again.stderr
    assert (home.home / "releases" / "current").resolve().name == release
