"""Which releases stay, in which order they were made, and the way back to an earlier one."""

from __future__ import annotations

import shutil
from pathlib import Path

from dagster_project.errors import FengchaoError
from dagster_project.files import sync, write_whole
from dagster_project.release.package import verify_release
from dagster_project.settings import Settings, keep_releases
from dagster_project.warehouse.lock import warehouse_lock

_ORDER = ".order"  # ids, one per line, in the order in which they were last made
_REMOVED = ".removed-"


def current_release(settings: Settings) -> Path | None:
    """Folder that `current` points to, or None before the first release."""
    link = settings.releases / "current"
    return link.resolve() if link.exists() else None


def releases(settings: Settings) -> list[Path]:
    """Folders of all releases, the one made first in front."""
    folders = [path.parent for path in settings.releases.glob("[!.]*/datapackage.json")]
    there = {path.name: path for path in folders if not path.is_symlink()}
    order = settings.releases / _ORDER
    known = [name for name in order.read_text().split() if name in there] if order.exists() else []
    # Those of a version without this list are older than it.
    older = sorted(there.keys() - set(known), key=lambda name: (there[name].stat().st_mtime_ns, name))
    return [there[name] for name in (*older, *known)]


def switch_to(settings: Settings, release_id: str) -> None:
    """Point `current` to the release: readers see the old one or the new one, never neither."""
    link, temporary = settings.releases / "current", settings.releases / ".current.tmp"
    if not (link.is_symlink() and link.readlink() == Path(release_id)):
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(release_id)
        temporary.replace(link)
    sync(settings.releases)


def made(settings: Settings, release_id: str) -> None:
    """Note that this release was made last, and remove the oldest beyond `FENGCHAO_KEEP_RELEASES`.

    The current release stays, wherever it stands in the order. The caller holds the warehouse lock.
    """
    names = [path.name for path in releases(settings) if path.name != release_id]
    order, text = settings.releases / _ORDER, "\n".join([*names, release_id]) + "\n"
    if not order.exists() or order.read_text() != text:  # the same release again touches no file
        write_whole(order, text)
    current = current_release(settings)
    for folder in releases(settings)[: -keep_releases()]:
        if folder != current:
            # Away in one step: a killed removal leaves no half release under an id.
            folder.rename(folder.with_name(f"{_REMOVED}{folder.name}"))
    for left in settings.releases.glob(f"{_REMOVED}*"):
        shutil.rmtree(left, ignore_errors=True)


def roll_back(settings: Settings, release_id: str = "") -> tuple[str, str]:
    """Switch `current` to an earlier release (default: the one made before it); returns the ids from, to.

    Raises FengchaoError where there is none, for an unknown id, and for a release that is not whole;
    `current` then stays as it is.
    """
    with warehouse_lock(settings):
        current = current_release(settings)
        if current is None:
            raise FengchaoError(
                f"{settings.releases} holds no current release. Make one first: fengchao run."
            )
        names = [path.name for path in releases(settings)]
        before = names[: names.index(current.name)] if current.name in names else []
        if not release_id and not before:
            raise FengchaoError(
                f"There is no release before {current.name}. {settings.releases} holds: {', '.join(names)}."
            )
        wanted = release_id or before[-1]
        if wanted not in names:
            raise FengchaoError(
                f"There is no release {wanted!r}. {settings.releases} holds: {', '.join(names)}."
            )
        problems = verify_release(settings.releases / wanted)
        if problems:
            raise FengchaoError(
                f"Release {wanted} is not whole, {current.name} stays: {problems[0]}"
                + (f" (and {len(problems) - 1} more)" if len(problems) > 1 else "")
                + ". Restore it from a backup, or choose another: fengchao releases."
            )
        switch_to(settings, wanted)
    return current.name, wanted
