"""Whether reference data and framework are already what their files and the code would make of them.

Then the main job does not make them again. What they were made of is written down when they have been
made, and taken away before they are made anew: a run that was killed counts as none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from dagster_project.files import write_whole
from dagster_project.ingest.landing import landing_path
from dagster_project.ingest.sidecar import sha256_of
from dagster_project.ingest.sources import REFERENCE
from dagster_project.settings import EXPECTATIONS_DIR, Settings
from dagster_project.warehouse.built import built_names
from dagster_project.warehouse.manifest import project_fingerprint


def state(settings: Settings) -> str:
    """Hash of what they are made of: raw files, seeds and models, suites, code; and of where they stand."""
    digest = hashlib.sha256(f"{project_fingerprint()} {settings.home} {settings.target}".encode())
    package = Path(__file__).parent
    for folder, pattern in (
        (settings.raw / REFERENCE.name, "*"),
        (EXPECTATIONS_DIR, "*.json"),
        (package, "*.py"),
    ):
        for path in sorted(path for path in folder.rglob(pattern) if path.is_file()):
            digest.update(f"{path.relative_to(folder)} {sha256_of(path)}\n".encode())
    return digest.hexdigest()


def is_prepared(settings: Settings, now: str, tables: Iterable[str]) -> bool:
    """Whether they were made in the state `now`, and all of `tables` are in the build database."""
    path = _path(settings)
    landed = all(landing_path(settings, table, None).exists() for table in REFERENCE.tables)
    return path.exists() and path.read_text() == now and landed and set(tables) <= built_names(settings)


def note(settings: Settings, now: str | None) -> None:
    """They have been made in the state `now`; None: they are about to be made."""
    if now is None:
        _path(settings).unlink(missing_ok=True)
    else:
        write_whole(_path(settings), now)


def _path(settings: Settings) -> Path:
    return settings.home / "state" / "prepared"
