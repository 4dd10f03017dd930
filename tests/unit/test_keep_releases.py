"""Retention, listing and rollback on real release folders (one file and its data package each)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dagster_project.errors import FengchaoError
from dagster_project.ingest.sidecar import sha256_of
from dagster_project.release.keep import current_release, made, releases, roll_back, switch_to
from dagster_project.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, raw=tmp_path)


def _make(settings: Settings, *names: str) -> None:
    """Releases as build_release leaves them, made in this order."""
    for name in names:
        folder = settings.releases / name
        folder.mkdir(parents=True, exist_ok=True)
        table = folder / "table.csv"
        table.write_text(f"id\n{name}\n")
        resource = {"path": "table.csv", "bytes": table.stat().st_size, "hash": f"sha256:{sha256_of(table)}"}
        (folder / "datapackage.json").write_text(json.dumps({"resources": [resource]}))
        switch_to(settings, name)
        made(settings, name)


def _names(settings: Settings) -> list[str]:
    return [path.name for path in releases(settings)]


def _current(settings: Settings) -> str:
    current = current_release(settings)
    assert current is not None
    return current.name


def test_the_newest_releases_stay(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FENGCHAO_KEEP_RELEASES", "2")
    # Not in the order of their names: the date in an id may be given.
    _make(settings, "2026-03-01-c", "2026-01-01-a", "2026-02-01-b")
    assert _names(settings) == ["2026-01-01-a", "2026-02-01-b"]
    assert sorted(path.name for path in settings.releases.iterdir()) == [
        ".order", "2026-01-01-a", "2026-02-01-b", "current",
    ]  # fmt: skip


def test_the_release_rolled_back_to_is_never_removed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    _make(settings, "a", "b", "c")
    assert roll_back(settings, "a") == ("c", "a")
    monkeypatch.setenv("FENGCHAO_KEEP_RELEASES", "1")
    made(settings, "c")
    assert (_names(settings), _current(settings)) == (["a", "c"], "a")


def test_content_that_is_released_again_is_the_newest(settings: Settings) -> None:
    _make(settings, "a", "b", "a")
    assert (_names(settings), _current(settings)) == (["b", "a"], "a")
    assert roll_back(settings) == ("a", "b")


def test_rollback_goes_to_the_release_made_before(settings: Settings) -> None:
    _make(settings, "a", "b", "c")
    assert roll_back(settings) == ("c", "b")
    assert roll_back(settings) == ("b", "a")
    with pytest.raises(FengchaoError, match=r"no release before a\. .* holds: a, b, c"):
        roll_back(settings)
    assert roll_back(settings, "c") == ("a", "c")
    assert (settings.releases / "current" / "table.csv").read_text() == "id\nc\n"


def test_unknown_and_damaged_releases_are_refused(settings: Settings) -> None:
    with pytest.raises(FengchaoError, match="holds no current release"):
        roll_back(settings)
    _make(settings, "a", "b")
    for name in ("x", "current", "../b", ".order"):
        with pytest.raises(FengchaoError, match=r"There is no release .* holds: a, b"):
            roll_back(settings, name)
    (settings.releases / "a" / "table.csv").write_text("id\nchanged\n")
    with pytest.raises(
        FengchaoError, match=r"Release a is not whole, b stays: .*table\.csv: content differs"
    ):
        roll_back(settings)
    assert _current(settings) == "b"


def test_the_same_release_again_touches_no_file(settings: Settings) -> None:
    _make(settings, "a", "b")
    stamps = {path: path.lstat().st_mtime_ns for path in settings.releases.rglob("*")}
    switch_to(settings, "b")
    made(settings, "b")
    assert {path: path.lstat().st_mtime_ns for path in settings.releases.rglob("*")} == stamps


def test_releases_without_a_list_are_ordered_by_age(settings: Settings) -> None:
    _make(settings, "z", "a")
    (settings.releases / ".order").unlink()
    assert _names(settings) == ["z", "a"]


def test_what_a_killed_removal_left_is_removed(settings: Settings) -> None:
    _make(settings, "a")
    (settings.releases / "a").rename(settings.releases / ".removed-a")
    _make(settings, "b")
    assert _names(settings) == ["b"]
    assert not list(settings.releases.glob(".removed-*"))
