"""Two schedulers, or two people, load at once."""

from __future__ import annotations

import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dagster_project.warehouse.lock import file_lock
from tests.integration.conftest import Home, copy_of

pytestmark = pytest.mark.integration


def test_two_loads_at_once_wait_for_each_other(
    loaded: tuple[Home, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    home = copy_of(loaded[0], tmp_path)
    release = (home.home / "releases" / "current").resolve().name
    with ThreadPoolExecutor(2) as both:
        done = list(both.map(lambda year: home.fengchao("run", "--years", year), ("2018", "2019")))
    for one in done:
        assert one.returncode == 0, one.stdout + one.stderr
        assert f"Release {release}" in one.stdout


def test_a_rebuild_waits_before_it_removes_anything(
    loaded: tuple[Home, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    home = copy_of(loaded[0], tmp_path)
    database = home.home / "warehouse" / "fengchao_build.duckdb"
    with file_lock(home.home / "state" / "load.lock", 0):
        rebuild = home.start("rebuild")
        try:
            with pytest.raises(subprocess.TimeoutExpired):
                rebuild.wait(15)  # its start takes four of them
            assert database.exists()
        except BaseException:
            rebuild.kill()
            raise
    try:
        ends = time.monotonic() + 120
        while database.exists() and time.monotonic() < ends:
            time.sleep(0.02)  # seconds pass until dbt makes the next one
        assert not database.exists()
    finally:
        rebuild.kill()
        rebuild.wait()
