"""Several files become visible together, wherever the process is killed on the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagster_project.errors import FengchaoError
from dagster_project.ingest.switch import switch, unlike
from dagster_project.settings import Settings
from dagster_project.warehouse.lock import warehouse_lock
from dagster_project.warehouse.unfinished import (
    BRANCHES,
    REBUILD,
    following,
    is_marked,
    mark,
    refuse_unfinished,
    unmark,
)

NAMES = ("one/year=2019/one.parquet", "two/year=2019/two.parquet", "three/year=2019/three.parquet")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", raw=tmp_path / "raw")


def _write(folder: Path, text: str) -> None:
    for name in NAMES:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _deliver(settings: Settings, text: str) -> None:
    with warehouse_lock(settings), switch(settings.landing, "input-2019") as folder:
        _write(folder, text)


def _seen(settings: Settings) -> set[str]:
    """What a reader sees: it takes the lock."""
    with warehouse_lock(settings):
        assert list((settings.landing / ".switch").glob("*")) == []
        return {path.read_text() for path in settings.landing.rglob("*.parquet")}


def test_all_files_are_switched(settings: Settings) -> None:
    _deliver(settings, "old")
    _deliver(settings, "new")
    assert _seen(settings) == {"new"}


def test_equal_files_are_not_touched(settings: Settings) -> None:
    _deliver(settings, "old")
    stamps = {path: path.stat().st_mtime_ns for path in settings.landing.rglob("*.parquet")}
    _deliver(settings, "old")
    assert {path: path.stat().st_mtime_ns for path in settings.landing.rglob("*.parquet")} == stamps


class Killed(BaseException):
    """Stands for SIGKILL: nothing after it runs, not even what would tidy up (see `_die`)."""


@pytest.mark.parametrize("call", range(12))
def test_a_kill_at_any_call_of_the_disk(
    settings: Settings, call: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The n-th rename or flush of the switch does not happen, and neither does anything after it."""
    _deliver(settings, "old")
    done = 0
    replace, rename = Path.replace, Path.rename

    def dying(real):  # type: ignore[no-untyped-def]
        def call_or_die(*arguments):  # type: ignore[no-untyped-def]
            nonlocal done
            if done == call:
                raise Killed
            done += 1
            return real(*arguments)

        return call_or_die

    from dagster_project.ingest import switch as module

    tidied = module.shutil.rmtree
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", dying(replace))
        patch.setattr(Path, "rename", dying(rename))
        patch.setattr(module, "sync", dying(module.sync))
        # A killed process does not tidy up.
        patch.setattr(module.shutil, "rmtree", lambda *a, **k: None if done == call else tidied(*a, **k))
        try:
            _deliver(settings, "new")
        except Killed:
            pass
        else:
            assert call > 10, "the switch has fewer steps than this test kills"
    expected = {"new"} if (settings.landing / ".switch" / "input-2019").exists() else None
    seen = _seen(settings)
    assert len(seen) == 1, "old and new mixed"
    assert expected is None or seen == expected, "what counts is not lost"
    _deliver(settings, "newer")
    assert _seen(settings) == {"newer"}


def test_an_error_inside_switches_nothing(settings: Settings) -> None:
    _deliver(settings, "old")
    with (
        pytest.raises(OSError, match="full"),
        warehouse_lock(settings),
        switch(settings.landing, "i") as folder,
    ):
        (folder / "one").mkdir()
        raise OSError("full")
    assert _seen(settings) == {"old"}


def test_unlike_lists_what_differs(settings: Settings, tmp_path: Path) -> None:
    _deliver(settings, "old")
    _write(tmp_path / "part", "old")
    (tmp_path / "part" / NAMES[0]).write_text("new")
    assert unlike(tmp_path / "part", settings.landing) == [Path(NAMES[0])]


def test_a_release_waits_for_the_steps_that_must_follow(settings: Settings) -> None:
    refuse_unfinished(settings)
    mark(settings, following("land_questionnaires"), 2023)
    mark(settings, ("reference",), None)
    with pytest.raises(
        FengchaoError, match=r"marts_robustness-2023.* load again: fengchao run --years 2023\."
    ):
        refuse_unfinished(settings)
    for step in following("land_questionnaires"):
        assert is_marked(settings, step, 2023) and not is_marked(settings, step, 2022)
        unmark(settings, step, 2023)
    with pytest.raises(FengchaoError, match=r"reference-all\. .* load again: fengchao run\."):
        refuse_unfinished(settings)
    unmark(settings, "reference", None)
    refuse_unfinished(settings)
    mark(settings, (REBUILD,), None)
    with pytest.raises(FengchaoError, match="Load them: fengchao rebuild"):
        refuse_unfinished(settings)


def test_the_steps_of_the_branches_exist() -> None:
    from dagster_project.ingest.assets import LANDING_ASSETS
    from dagster_project.warehouse.assets import DBT_ASSETS

    names = {definition.node_def.name for definition in (*LANDING_ASSETS, *DBT_ASSETS)}
    assert {step for branch in BRANCHES for step in branch} <= names
