"""Time of one release of everything that FENGCHAO_HOME holds, built in a copy of that home.

    python bench/release.py [seconds it may take, default 10]

Prints the wall and CPU seconds of each part and of the whole; workbook and lineage are written by
a second process meanwhile, whose CPU seconds are in the whole. Ends with 1 where the whole took longer.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from dagster_project.release import build
from dagster_project.settings import Settings, load_settings
from dagster_project.warehouse.manifest import manifest_path

PARTS = (
    "_export", "check_tables", "_report", "change_lines", "write_dictionary", "write_dbt_docs",
    "write_datapackage",
)  # fmt: skip


def timed(name: str) -> None:
    """Let a part of the build print its seconds."""
    inner = getattr(build, name)

    @functools.wraps(inner)
    def outer(*arguments: Any, **named: Any) -> Any:
        wall, cpu = time.perf_counter(), time.process_time()
        result = inner(*arguments, **named)
        print(f"{name:20} {time.perf_counter() - wall:6.2f} s  CPU {time.process_time() - cpu:6.2f} s")
        return result

    setattr(build, name, outer)


def main() -> int:
    limit = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    settings = load_settings()
    manifest = json.loads(manifest_path(settings).read_text(encoding="utf-8"))
    for name in PARTS:
        timed(name)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        for part in ("warehouse", "quality", "state", "landing", "dbt"):
            if (settings.home / part).exists():
                shutil.copytree(settings.home / part, home / part)
        # The release before, so that what moved is worked out as well.
        before = build.current_release(settings)
        if before:
            shutil.copytree(before, home / "releases" / before.name)
            (home / "releases" / "current").symlink_to(before.name)
        wall, cpu = time.perf_counter(), sum(os.times()[:4])
        release = build.build_release(Settings(home, settings.raw), manifest, "2100-01-01")
        wall, cpu = time.perf_counter() - wall, sum(os.times()[:4]) - cpu
        size = sum(path.stat().st_size for path in release.folder.rglob("*") if path.is_file())
    load = os.getloadavg()[0]
    print(
        f"{'whole release':20} {wall:6.2f} s  CPU {cpu:6.2f} s  {release.n_tables} tables, {release.n_rows:,} rows, ",
        end="",
    )
    print(f"{size / 1e6:.1f} MB; load {load:.1f}; limit {limit:.0f} s")
    return int(wall > limit)


if __name__ == "__main__":
    sys.exit(main())
