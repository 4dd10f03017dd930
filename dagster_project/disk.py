"""Disks that are full, read-only or closed to this user: what is said about them, whoever met them.

Python, DuckDB, dbt and SQLite each say it in their own words; here the words become one message: file,
what was found, what to do.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from dagster_project.settings import spill_folder

_PATH = re.compile(r"[\"'](/[^\"'\n]+)[\"']")
_SPILL = re.compile(
    r"max_temp_directory_size|failed to offload data block|Could not write .*duckdb_temp_", re.I
)
_PROBLEMS = (
    (
        _SPILL,
        "the folder for what does not fit into memory is full",
        "Free space on that disk, raise FENGCHAO_MAX_SPILL, point FENGCHAO_SPILL_DIR to another disk, or raise FENGCHAO_MEMORY_LIMIT",
    ),
    (
        re.compile(r"No space left on device|database or disk is full|Disk quota exceeded", re.I),
        "no space left on the disk",
        "Free space there, or point FENGCHAO_HOME to another disk",
    ),
    (
        re.compile(
            r"Read-only file system|readonly database|Permission denied|unable to open database file"
            r"|Not a directory",
            re.I,
        ),
        "a place that cannot be written",
        "Give this user the right to write there, or point FENGCHAO_HOME to another folder",
    ),
)


def explain(text: str, home: Path) -> str:
    """The message for an error text that speaks of a disk; empty for any other."""
    for pattern, found, remedy in _PROBLEMS:
        if pattern.search(text):
            named = _PATH.search(text)
            place = Path(named[1]) if named else spill_folder(home) if pattern is _SPILL else _fullest(home)
            return (
                f"{place}: found {found} ({_free(place)}). {remedy}, then run again. "
                "Nothing that was there is lost; the last release stays."
            )
    return ""


def describe(error: BaseException, home: Path) -> str:
    """An error for people: the message about the disk where it is one, otherwise its own words."""
    seen: BaseException | None = error
    while seen is not None:
        if text := explain(str(seen), home):
            return text
        seen = seen.__cause__ or seen.__context__
    return str(error)


def _fullest(home: Path) -> Path:
    """Where an error names no file: the folder of the home whose disk has the least room."""
    folders = [path for path in (home, *home.glob("*")) if path.is_dir()]
    return min(folders, key=lambda path: shutil.disk_usage(path).free, default=home)


def _free(place: Path) -> str:
    folder = next(path for path in (place, *place.parents) if path.is_dir())
    usage = shutil.disk_usage(folder)
    return f"{usage.free / 1e6:.0f} MB free of {usage.total / 1e6:.0f} MB"
