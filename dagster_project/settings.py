"""Where things are. Two environment variables move them; nothing else is configured by path.

`FENGCHAO_HOME`  everything that is produced (default: `var/` in the project)
`FENGCHAO_RAW`   the raw files as received (default: `data/raw/` in the project)
"""

from __future__ import annotations

import contextlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from dagster_project.errors import FengchaoError

ROOT = Path(__file__).resolve().parent.parent
DBT_DIR = ROOT / "dbt"
EXPECTATIONS_DIR = ROOT / "expectations"


@dataclass(frozen=True)
class Settings:
    """Resolved folders of one run.

    Reads: raw, dbt project, expectations. Writes: only below `home`.
    """

    home: Path
    raw: Path

    @property
    def landing(self) -> Path:
        return self.home / "landing"

    @property
    def analysis(self) -> Path:
        return self.home / "analysis"

    @property
    def quarantine(self) -> Path:
        return self.home / "landing" / "quarantine"

    @property
    def warehouse_db(self) -> Path:
        return self.home / "warehouse" / "fengchao_build.duckdb"

    @property
    def review(self) -> Path:
        """What the project proposes and a person decides."""
        return self.home / "review"

    @property
    def quality(self) -> Path:
        return self.home / "quality"

    @property
    def data_docs(self) -> Path:
        return self.quality / "data_docs"

    @property
    def releases(self) -> Path:
        return self.home / "releases"

    @property
    def dagster_home(self) -> Path:
        return self.home / "dagster"

    @property
    def dbt_target(self) -> Path:
        return self.home / "dbt"

    def token_secret(self) -> bytes:
        """Key of the respondent tokens: `FENGCHAO_TOKEN_SECRET`, or one made at first use.

        The same bank keeps its token across waves as long as the key stays; whoever has only a
        release cannot turn a token back into a bank.
        """
        given = os.environ.get("FENGCHAO_TOKEN_SECRET")
        if given:
            return given.encode()
        path = self.home / "secrets" / "token.key"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Whole or not at all, and the first of two processes wins: a lost key changes every token.
            temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
                handle.write(secrets.token_hex(32))
            with contextlib.suppress(FileExistsError):
                path.hardlink_to(temporary)
            temporary.unlink()
        return path.read_text().strip().encode()


def load_settings() -> Settings:
    """Read the settings from the environment; called at use, so that tests can move them."""
    home = Path(os.environ.get("FENGCHAO_HOME") or ROOT / "var").resolve()
    raw = Path(os.environ.get("FENGCHAO_RAW") or ROOT / "data" / "raw").resolve()
    if not raw.is_dir():
        raise FengchaoError(
            f"FENGCHAO_RAW points to {raw}, which is not a folder. "
            "Unset it to use data/raw of the project, or point it to your raw files."
        )
    return Settings(home=home, raw=raw)
