"""Several files become visible together: `<base>/.switch/` is the journal of their renames.

1. every file is written and synced below `.switch/<name>.part/`, at the path that it is to have
2. that folder is renamed to `.switch/<name>`: from here on the new files count
3. its files are renamed into place one by one, then the folder goes

Killed before 2, nothing has happened. Killed after it, whoever takes the warehouse lock next does the
rest. All of it happens under that lock, and readers hold it: nobody sees old and new files mixed.
"""

from __future__ import annotations

import filecmp
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dagster_project.files import sync
from dagster_project.settings import Settings

_FOLDER, _PART = ".switch", ".part"


@contextmanager
def switch(base: Path, name: str) -> Iterator[Path]:
    """A folder to write into, at paths as below `base`; what it holds at the end is switched at once.

    Files equal to those in place are not touched. The caller holds the warehouse lock. With an error
    inside, nothing is switched.
    """
    part = base / _FOLDER / f"{name}{_PART}"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        yield part
        if changed := unlike(part, base):
            for path in part.rglob("*"):
                sync(path)
            for relative in changed:  # what a full disk can refuse is done before the files count
                (base / relative).parent.mkdir(parents=True, exist_ok=True)
            sync(part)
            whole = part.with_suffix("")
            part.rename(whole)
            sync(whole.parent)
            _finish(whole, base)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def unlike(part: Path, base: Path) -> list[Path]:
    """Files of `part` that differ from those in place, as paths below `base`; removes the equal ones."""
    changed = []
    for path in sorted(path for path in part.rglob("*") if path.is_file()):
        relative = path.relative_to(part)
        if (base / relative).exists() and filecmp.cmp(path, base / relative, shallow=False):
            path.unlink()
        else:
            changed.append(relative)
    return changed


def finish_switches(settings: Settings) -> None:
    """Do the rest of what a killed process had begun to rename; the caller holds the warehouse lock."""
    for base in (settings.landing, settings.analysis):
        for folder in sorted((base / _FOLDER).glob("*")):
            if folder.suffix == _PART:
                shutil.rmtree(folder, ignore_errors=True)
            else:
                _finish(folder, base)


def _finish(whole: Path, base: Path) -> None:
    for path in sorted(path for path in whole.rglob("*") if path.is_file()):
        target = base / path.relative_to(whole)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
        sync(target.parent)
    shutil.rmtree(whole)
