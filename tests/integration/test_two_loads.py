"""Two schedulers, or two people, load at once."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

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
