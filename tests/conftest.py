"""How the suite is spread over two workers, and where property tests take their examples from."""

from __future__ import annotations

import os
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# A run that decides whether a change may land tries the same examples each time; at a desk, new ones.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")

# `make test-spark` runs these in an environment that has Spark.
collect_ignore = [] if find_spec("pyspark") else ["spark"]

# The longest begin first, so that none is left alone at the end.
_LONGEST = ("loaded", "test_dagster_ui", "test_kill", "test_production_profile", "sample")


def group_of(nodeid: str) -> str:
    """Tests of a group run in one worker: those that share the loaded home, else those of a file."""
    file, _, name = nodeid.partition("::")
    if _uses_loaded_home(file):
        return "loaded"
    wave = re.search(r"byte_for_byte\[(\d+)\]|no_count\[(\d+)\]", name)
    return f"sample-{wave[1] or wave[2]}" if wave else Path(file).stem


@cache
def _uses_loaded_home(file: str) -> bool:
    path = Path(__file__).parents[1] / file
    return "loaded: " in path.read_text(encoding="utf-8")


def _rank(group: str) -> int:
    return next((at for at, name in enumerate(_LONGEST) if group.startswith(name)), len(_LONGEST))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _rank(group_of(item.nodeid)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from xdist.scheduler import LoadScopeScheduling

    class ByGroup(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid)

    return ByGroup(config, log)
