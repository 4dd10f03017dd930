"""Suites: native Great Expectations 1.x JSON, read from `expectations/<stage>__<dataset>.json`.

Each expectation says in `meta` how serious it is (`severity`: stop or look), why it exists (`reason`)
and who looks after it (`owner`). The suite's `meta` names the table and the column of the year, and
`landed`, the landed table it is compared with; `restricted` marks rows that a schema does not.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

from dagster_project.errors import InputError
from dagster_project.settings import EXPECTATIONS_DIR

STAGES = ("raw", "staging", "intermediate", "analysis", "marts", "release")
_SCHEMA = Path(__file__).parent / "suite.schema.json"


@dataclass(frozen=True, eq=False)  # one object per file: what is made of it is kept
class SuiteFile:
    """One suite as text: nothing of Great Expectations is imported before it runs.

    relation: what it reads; a table in memory for the stages `raw` and `analysis`, a table of the release
    for `release`, `<schema>.<table>` otherwise.
    year_column: column that holds the year of the partition; None for tables without years.
    """

    path: Path
    stage: str
    dataset: str
    relation: str
    year_column: str | None
    content: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.stage}__{self.dataset}"

    @property
    def is_restricted(self) -> bool:
        """Rows of single respondents or of groups too small to show: no row of it is kept or shown."""
        return (
            "questionnaire" in self.dataset
            or self.relation.startswith("restricted.")
            or bool(self.content["meta"].get("restricted"))
        )


def read_suite(path: Path) -> SuiteFile:
    """Read and validate one suite file. Raises InputError naming the first problem."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise InputError(
            path, f"line {error.lineno}", f"invalid JSON ({error.msg})", "Correct the suite."
        ) from error
    schema = json.loads(_SCHEMA.read_text(encoding="utf-8"))
    for problem in jsonschema.Draft202012Validator(schema).iter_errors(content):
        place = ".".join(map(str, problem.path)) or "top level"
        raise InputError(path, place, problem.message, "Correct the suite; docs/quality.md shows one.")
    stage, _, dataset = path.stem.partition("__")
    if stage not in STAGES or content["name"] != path.stem:
        raise InputError(
            path,
            "name",
            f"{content['name']!r}",
            f"Name it <stage>__<dataset> like the file; stages: {', '.join(STAGES)}.",
        )
    meta = content["meta"]
    return SuiteFile(path, stage, dataset, meta["relation"], meta.get("year_column"), content)


@cache
def all_suites() -> tuple[SuiteFile, ...]:
    """Every suite of the project, by file name."""
    return tuple(read_suite(path) for path in sorted(EXPECTATIONS_DIR.glob("*.json")))


def suites_of(stage: str) -> tuple[SuiteFile, ...]:
    return tuple(suite for suite in all_suites() if suite.stage == stage)


def suite_for(stage: str, dataset: str) -> SuiteFile:
    for suite in all_suites():
        if suite.stage == stage and suite.dataset == dataset:
            return suite
    raise InputError(
        EXPECTATIONS_DIR,
        f"{stage}__{dataset}.json",
        "no such suite",
        "Every landed table and public mart has one.",
    )
