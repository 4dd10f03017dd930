"""The parsed dbt project: made once per state of its files, for all homes.

Parsing is most of the time of starting in a new home. The homes differ in nothing but their path,
which stands in the locations of the sources. So the project is parsed for a home that is a mere mark,
below `dbt/target` (like any dbt project's), and each home puts its own path there.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

from dagster_project.errors import FengchaoError
from dagster_project.files import write_whole
from dagster_project.settings import DBT_DIR, Settings

_ANY_HOME = Path("/any-fengchao-home")
_STAMP = "fengchao_fingerprint"


def project_fingerprint() -> str:
    """Hash of everything the parsed project depends on: its files and the versions of dbt."""
    digest = hashlib.sha256(f"{version('dbt-core')} {version('dbt-duckdb')}".encode())
    for path in sorted(DBT_DIR.rglob("*")):
        name = path.relative_to(DBT_DIR)
        if path.suffix in (".sql", ".yml", ".csv", ".md") and name.parts[0] != "target" and path.is_file():
            digest.update(str(name).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


@cache
def manifest_path(settings: Settings) -> Path:
    """The home's manifest.json of the current state of the project."""
    path = settings.dbt_target / "target" / "manifest.json"
    stamp = path.with_name(_STAMP)
    fingerprint = f"{project_fingerprint()} {settings.home}"
    if not (path.exists() and stamp.exists() and stamp.read_text() == fingerprint):
        with _parsed_project(settings) as folder:
            text = (folder / "manifest.json").read_text(encoding="utf-8")
        write_whole(path, _at_home(text, settings))
        write_whole(stamp, fingerprint)
    return path


@cache
def manifest_content(settings: Settings) -> dict[str, Any]:
    """What stands in it, read once per process."""
    return json.loads(manifest_path(settings).read_text(encoding="utf-8"))


@cache
def parsed_manifest(settings: Settings) -> Any:
    """dbt's manifest object of the home; one state of the project per process."""
    from dbt.contracts.graph.manifest import Manifest
    from dbt.contracts.graph.nodes import SourceDefinition
    from dbt.parser.manifest import extended_mashumuro_decoder

    with _parsed_project(settings) as folder:
        content = (folder / "partial_parse.msgpack").read_bytes()
    manifest = Manifest.from_msgpack(content, decoder=extended_mashumuro_decoder)
    for key, source in manifest.sources.items():
        text = _at_home(json.dumps(source.to_dict()), settings)
        manifest.sources[key] = SourceDefinition.from_dict(json.loads(text))
    manifest.build_flat_graph()
    return manifest


def _at_home(text: str, settings: Settings) -> str:
    return text.replace(str(_ANY_HOME), json.dumps(str(settings.home))[1:-1])


@contextmanager
def _parsed_project(settings: Settings) -> Iterator[Path]:
    """The folder of the parsed project, locked: processes that start together parse it once."""
    from dagster_project.warehouse.dbt_runner import invoke

    folder, lock = _folder(settings)
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp, fingerprint = folder / _STAMP, project_fingerprint()
        if not (stamp.exists() and stamp.read_text() == fingerprint):
            stamp.unlink(missing_ok=True)
            home = Settings(home=_ANY_HOME, raw=settings.raw, target=settings.target)
            invoke(home, ["--log-path", str(folder), "parse", "--target-path", str(folder)])
            stamp.write_text(fingerprint)
        yield folder


def _folder(settings: Settings) -> tuple[Path, IO[str]]:
    """In the project, or in the home where the project cannot be written; with its open lock file."""
    folders = [base / f"any_home_{settings.target}" for base in (DBT_DIR / "target", settings.dbt_target)]
    for folder in folders:
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            return folder, (folder / "parse.lock").open("a")
    raise FengchaoError(
        f"Neither {folders[0]} nor {folders[1]} can be written. Make one of them writable: dbt parses into it."
    )
