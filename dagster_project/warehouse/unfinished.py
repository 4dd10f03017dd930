"""Years whose tables do not yet follow from what was landed: `state/unfinished/<step>-<year>`.

A step that writes leaves a mark for itself and for the steps that must follow it, and each takes away
its own when it has ended. A killed run leaves its marks: no release is made until those steps have
run, so no reader ever sees half a year.
"""

from __future__ import annotations

from pathlib import Path

from dagster_project.errors import FengchaoError
from dagster_project.files import sync
from dagster_project.settings import Settings

# Steps that write public marts, and the steps they rest on, in their order.
BRANCHES = (
    ("land_questionnaires", "intermediate_questionnaires", "marts_questionnaires", "marts_robustness"),
    ("land_disclosures", "marts_disclosures"),
)

REBUILD = "rebuild"  # the whole database; see warehouse/rebuild.py


def following(step: str) -> tuple[str, ...]:
    """Steps that must run after `step`, so that the marts follow from what it wrote."""
    return next((branch[branch.index(step) + 1 :] for branch in BRANCHES if step in branch), ())


def mark(settings: Settings, steps: tuple[str, ...], year: int | None) -> None:
    """These steps must run for `year` before a release."""
    folder = _folder(settings)
    folder.mkdir(parents=True, exist_ok=True)
    for step in steps:
        (folder / f"{step}-{year or 'all'}").touch()
    sync(folder)


def is_marked(settings: Settings, step: str, year: int | None) -> bool:
    return (_folder(settings) / f"{step}-{year or 'all'}").exists()


def unmark(settings: Settings, step: str, year: int | None) -> None:
    (_folder(settings) / f"{step}-{year or 'all'}").unlink(missing_ok=True)


def refuse_unfinished(settings: Settings) -> None:
    """Raises FengchaoError while a step must still run; the caller holds the warehouse lock."""
    marks = sorted(path.name for path in _folder(settings).glob("*-*"))
    if not marks:
        return
    if f"{REBUILD}-all" in marks:
        raise FengchaoError(
            "No release: the build database was removed, and not all years have been loaded again. "
            "Load them: fengchao rebuild. The last release stays."
        )
    years = sorted({name.rpartition("-")[2] for name in marks} - {"all"})
    command = f"fengchao run --years {','.join(years)}" if years else "fengchao run"
    raise FengchaoError(
        f"No release: these steps were begun by a run that did not end, or is still going on: {', '.join(marks)}. "
        f"Let that run end, or load again: {command}. The last release stays."
    )


def _folder(settings: Settings) -> Path:
    return settings.home / "state" / "unfinished"
