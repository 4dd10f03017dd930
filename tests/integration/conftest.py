"""A loaded home that the tests of this folder share, and helpers to break copies of the raw files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from dagster_project.ingest.sidecar import sha256_of, sidecar_path

ROOT = Path(__file__).resolve().parents[2]
_COMMAND = str(Path(sys.executable).with_name("fengchao"))


@dataclass
class Home:
    """One FENGCHAO_HOME with its own copy of the raw files; `fengchao` runs the real command."""

    home: Path
    raw: Path
    secret: str = "a fixed key, so that two homes give the same tokens"

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "FENGCHAO_HOME": str(self.home),
            "FENGCHAO_RAW": str(self.raw),
            "FENGCHAO_TOKEN_SECRET": self.secret,
            "COLUMNS": "160",
        }

    def fengchao(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [_COMMAND, *arguments],
            capture_output=True,
            text=True,
            env=self.environment,
            cwd=ROOT,
            timeout=600,
        )

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """The command as a process that the caller ends; what it prints is not kept."""
        return subprocess.Popen(
            [_COMMAND, *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=self.environment,
            cwd=ROOT,
        )

    def hashes(self, folder: str) -> dict[str, str]:
        base = self.home / folder
        return {
            str(path.relative_to(base)): sha256_of(path)
            for path in sorted(base.rglob("*"))
            if path.is_file() and "quarantine" not in path.parts
        }

    def edit(self, relative: str, change: Callable[[bytes], bytes], reseal: bool = True) -> Path:
        """Change a raw file; `reseal` writes its new sha256 into the sidecar, as a new delivery would."""
        path = self.raw / relative
        path.write_bytes(change(path.read_bytes()))
        if reseal:
            side = sidecar_path(path)
            lines = side.read_text(encoding="utf-8").splitlines()
            lines = [f"sha256: {sha256_of(path)}" if line.startswith("sha256:") else line for line in lines]
            side.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path


def new_home(folder: Path) -> Home:
    shutil.copytree(ROOT / "data" / "raw", folder / "raw")
    return Home(folder / "var", folder / "raw")


def copy_of(home: Home, folder: Path) -> Home:
    """A loaded home of one's own, to break."""
    shutil.copytree(home.raw, folder / "raw")
    shutil.copytree(home.home, folder / "var", symlinks=True)
    return Home(folder / "var", folder / "raw")


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, subprocess.CompletedProcess[str]]:
    """All years loaded and released once; tests read it and do not change it."""
    home = new_home(tmp_path_factory.mktemp("loaded"))
    done = home.fengchao("run")
    assert done.returncode == 0, done.stdout + done.stderr
    return home, done
