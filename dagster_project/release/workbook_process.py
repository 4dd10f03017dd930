"""The workbook in a process of its own, while the release is checked and the report is written.

It takes a third of the time of a release and needs nothing of the rest. It only writes into the folder
that is being built, so a process that outlives a killed run does no harm.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from dagster_project.errors import FengchaoError
from dagster_project.settings import ROOT


@contextmanager
def workbook_beside(
    folder: Path,
    release: dict[str, Any],
    tables: dict[str, dict[str, Any]],
    sources: Sequence[dict[str, Any]],
    changes: Sequence[tuple[str, str]],
) -> Iterator[None]:
    """Write `folder/fengchao.xlsx` while the block runs; it is there when the block has ended.

    The values are those of `build_workbook`. Raises FengchaoError where it could not be written; a block
    that raises ends the process.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "dagster_project.release.workbook_process", str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    assert process.stdin is not None and process.stderr is not None
    try:
        facts = {"release": release, "tables": tables, "sources": sources, "changes": changes}
        # A process that has ended already says why on its stderr.
        with suppress(BrokenPipeError), process.stdin as pipe:
            pipe.write(json.dumps(facts, default=str).encode())
        yield
        errors = process.stderr.read().decode(errors="replace").strip()
        if process.wait():
            raise FengchaoError(f"No release: the workbook could not be written: {errors.splitlines()[-1:]}")
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stderr.close()


def main() -> None:
    """Write the workbook of the folder named on the command line, with what stands on standard input."""
    import duckdb

    from dagster_project.release.workbook import build_workbook

    folder = Path(sys.argv[1])
    facts = json.load(sys.stdin)
    with duckdb.connect(str(folder / "fengchao.duckdb"), read_only=True) as con:
        build_workbook(con, folder / "fengchao.xlsx", **facts)


if __name__ == "__main__":
    main()
