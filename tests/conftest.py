"""How the suite is spread over two workers, and where property tests take their examples from."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# A run that decides whether a change may land tries the same examples each time; at a desk, new ones.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")

# The longest begin first, so that none is left alone at the end.
_LONGEST = ("loaded", "test_dagster_ui", "test_main_job", "sample")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share something dear run in one worker: the loaded home, else what their file makes."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            name = "loaded" if "loaded" in getattr(item, "fixturenames", ()) else item.path.stem
            item.add_marker(pytest.mark.xdist_group(name))
    items.sort(key=lambda item: _rank(item.get_closest_marker("xdist_group").args[0]))  # type: ignore[union-attr]


def _rank(group: str) -> int:
    return next((at for at, name in enumerate(_LONGEST) if group.startswith(name)), len(_LONGEST))
