"""Workbook and lineage in a process of their own, while the release is checked and the report is written.

They take a third of the time of a release and need nothing of the rest. The process only writes into the
folder that is being built, so one that outlives a killed run does no harm.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from dagster_project.errors import FengchaoError
from dagster_project.settings import ROOT, Settings


@contextmanager
def written_beside(
    folder: Path,
    tables: dict[str, dict[str, Any]],
    workbook: dict[str, Any],
    settings: Settings,
) -> Iterator[None]:
    """Write `fengchao.xlsx` and `lineage.html` while the block runs; they are there when it has ended.

    workbook: release, sources and changes for `build_workbook`; settings: whose models the lineage is of.
    Raises FengchaoError where they could not be written; a block that raises ends the process.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "dagster_project.release.beside", str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    assert process.stdin is not None and process.stderr is not None
    try:
        facts = {"tables": tables, "workbook": workbook, "home": settings.home, "raw": settings.raw}
        # A process that has ended already says why on its stderr.
        with suppress(BrokenPipeError), process.stdin as pipe:
            pipe.write(json.dumps(facts, default=str).encode())
        yield
        errors = process.stderr.read().decode(errors="replace").strip()
        if process.wait():
            raise FengchaoError(
                f"No release: workbook or lineage could not be written: {errors.splitlines()[-1:]}"
            )
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stderr.close()


def main() -> None:
    """Write both into the folder named on the command line, from what stands on standard input."""
    import duckdb

    from dagster_project.release.lineage import column_edges, write_lineage
    from dagster_project.release.workbook import build_workbook
    from dagster_project.warehouse.manifest import manifest_content

    folder = Path(sys.argv[1])
    facts = json.load(sys.stdin)
    with duckdb.connect(str(folder / "fengchao.duckdb"), read_only=True) as con:
        build_workbook(con, folder / "fengchao.xlsx", tables=facts["tables"], **facts["workbook"])
    settings = Settings(home=Path(facts["home"]), raw=Path(facts["raw"]))
    write_lineage(folder, facts["tables"], column_edges(settings, manifest_content(settings)))


if __name__ == "__main__":
    main()
