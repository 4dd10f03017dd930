"""Where things are, and every setting that is read from the environment.

Three environment variables move them; nothing else is configured by path.

`FENGCHAO_HOME`       everything that is produced (default: `var/` in the project)
`FENGCHAO_RAW`        the raw files as received (default: `data/raw/` in the project)
`FENGCHAO_SPILL_DIR`  what does not fit into memory while DuckDB works (default: below the home)

`FENGCHAO_TARGET` chooses the engine that builds the tables: `duckdb` (default) or `spark` (docs/scale.md).
"""

from __future__ import annotations

import contextlib
import difflib
import os
import re
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path

from dagster_project.errors import FengchaoError

ROOT = Path(__file__).resolve().parent.parent
DBT_DIR = ROOT / "dbt"
EXPECTATIONS_DIR = ROOT / "expectations"


@dataclass(frozen=True)
class Settings:
    """Resolved folders of one run.

    Reads: raw, dbt project, expectations. Writes: only below `home` (DuckDB also to `spill`), and the parsed dbt
    project in `dbt/target`.
    """

    home: Path
    raw: Path
    target: str = "duckdb"
    shared: str = ""  # what the cluster calls `home`; empty: the same path

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
    def spill(self) -> Path:
        """Where DuckDB puts what does not fit into memory; empty between runs."""
        return spill_folder(self.home)

    @property
    def spark_tables(self) -> Path:
        """Tables that Spark builds, as Parquet: `<schema>/<table>`."""
        return self.home / "warehouse" / "spark"

    @property
    def spark_catalog(self) -> Path:
        """Columns of those tables; see warehouse/spark.py."""
        return self.spark_tables / "catalog.json"

    @property
    def is_built(self) -> bool:
        """Whether the target has tables that can be opened."""
        return (self.spark_catalog if self.target == "spark" else self.warehouse_db).exists()

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
        return self.home / ("dbt" if self.target == "duckdb" else f"dbt_{self.target}")

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
            descriptor, temporary = tempfile.mkstemp(dir=path.parent)
            with os.fdopen(descriptor, "w") as handle:
                handle.write(secrets.token_hex(32))
            with contextlib.suppress(FileExistsError):
                path.hardlink_to(temporary)
            Path(temporary).unlink()
        return path.read_text().strip().encode()


# Settings that are numbers or sizes: default, and how a value must look.
NUMBERS = {
    "FENGCHAO_THREADS": 2, "FENGCHAO_QUALITY_RUNS": 500, "FENGCHAO_KEEP_RELEASES": 10, "FENGCHAO_SPARK_PORT": 10000,
}  # fmt: skip
TARGETS = ("duckdb", "spark")
SIZES = {"FENGCHAO_MEMORY_LIMIT": "3GB", "FENGCHAO_MAX_SPILL": "20GB"}
_SIZE = re.compile(r"\d+(\.\d+)? *([KMGT]i?B)", re.IGNORECASE)
_OTHERS = (
    "FENGCHAO_HOME", "FENGCHAO_RAW", "FENGCHAO_SPILL_DIR", "FENGCHAO_ENV", "FENGCHAO_TOKEN_SECRET", "FENGCHAO_ALERTS", "FENGCHAO_UI_URL",
    "FENGCHAO_TARGET", "FENGCHAO_SPARK_HOST", "FENGCHAO_SHARED_HOME",
    "FENGCHAO_DAGSTER_YAML", "FENGCHAO_DISCLOSURES_CRON", "FENGCHAO_QUESTIONNAIRES_CRON",
)  # fmt: skip


def number_setting(name: str) -> int:
    """A whole number from 1 on, from the environment. Raises FengchaoError for anything else."""
    text = os.environ.get(name) or str(NUMBERS[name])
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise FengchaoError(f"{name} is {text!r}. Give a whole number from 1 on, e.g. {NUMBERS[name]}.")
    return int(text)


def size_setting(name: str) -> str:
    """A size with its unit, from the environment. Raises FengchaoError for anything else."""
    text = os.environ.get(name) or SIZES[name]
    if not _SIZE.fullmatch(text):
        raise FengchaoError(f"{name} is {text!r}. Give a size with its unit, e.g. {SIZES[name]}.")
    return text


def spill_folder(home: Path) -> Path:
    """`FENGCHAO_SPILL_DIR`, else a folder beside the build database."""
    given = os.environ.get("FENGCHAO_SPILL_DIR")
    return Path(given).resolve() if given else home / "warehouse" / "spill"


def keep_releases() -> int:
    return number_setting("FENGCHAO_KEEP_RELEASES")


def target_setting() -> str:
    """The engine that builds the tables. Raises FengchaoError for one that is not known."""
    target = os.environ.get("FENGCHAO_TARGET") or TARGETS[0]
    if target not in TARGETS:
        raise FengchaoError(f"FENGCHAO_TARGET is {target!r}. Give one of {', '.join(TARGETS)}.")
    return target


def spark_host() -> str:
    return os.environ.get("FENGCHAO_SPARK_HOST") or "127.0.0.1"


def _check_environment() -> None:
    """Raises FengchaoError, with the name, for a value that cannot be understood and for a misspelt name."""
    for name in NUMBERS:
        number_setting(name)
    for name in SIZES:
        size_setting(name)
    known = (*NUMBERS, *SIZES, *_OTHERS)
    for name in sorted(set(os.environ) - {*known, "FENGCHAO_YEARS"}):  # the years are set for dbt
        if name.startswith("FENGCHAO_") and (meant := difflib.get_close_matches(name, known, 1, 0.85)):
            raise FengchaoError(f"{name} is no setting. Write {meant[0]}, or unset it.")


def load_settings() -> Settings:
    """Read the settings from the environment; called at use, so that tests can move them.

    Raises FengchaoError, with the name of the setting, for one that cannot be used.
    """
    _check_environment()
    home = Path(os.environ.get("FENGCHAO_HOME") or ROOT / "var").resolve()
    raw = Path(os.environ.get("FENGCHAO_RAW") or ROOT / "data" / "raw").resolve()
    for name, folder in (("FENGCHAO_HOME", home), ("FENGCHAO_SPILL_DIR", spill_folder(home))):
        if any(path.exists() and not path.is_dir() for path in (folder, *folder.parents)):
            raise FengchaoError(
                f"{name} is {folder}, which is a file or lies below one. Point it to a folder (it is made if need be)."
            )
    if not raw.is_dir():
        raise FengchaoError(
            f"FENGCHAO_RAW points to {raw}, which is not a folder. "
            "Unset it to use data/raw of the project, or point it to your raw files."
        )
    shared = (os.environ.get("FENGCHAO_SHARED_HOME") or "").rstrip("/")
    return Settings(home=home, raw=raw, target=target_setting(), shared=shared)
