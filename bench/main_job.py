"""Times of the main job by phase, next to plain `dbt build` of the same models, in one run.

    make bench

The first run starts from nothing, the second has everything in place (the usual case); `dbt build`
runs warm on the same database in a process of its own.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "FENGCHAO_HOME": folder, "COLUMNS": "120"}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # users have compiled bytecode
        for label in ("first run", "second run"):
            started = time.perf_counter()
            done = subprocess.run(
                [BIN / "fengchao", "run"], env=environment, capture_output=True, text=True, cwd=ROOT
            )
            if done.returncode:
                sys.exit(done.stdout + done.stderr)
            line = re.search(r"Wall time.*", done.stdout)
            print(f"{label:<12} {time.perf_counter() - started:6.1f} s   {line[0] if line else ''}")
        environment |= {
            "DBT_PROFILES_DIR": str(ROOT / "dbt"), "DBT_PROJECT_DIR": str(ROOT / "dbt"), "FENGCHAO_YEARS": "2023",
            "DBT_TARGET_PATH": f"{folder}/bench_target", "DBT_LOG_PATH": f"{folder}/bench_logs",
        }  # fmt: skip
        for label in ("cold", "warm"):
            started = time.perf_counter()
            done = subprocess.run(
                [BIN / "dbt", "build", "--quiet", "--exclude-resource-type", "unit_test"],
                env=environment,
                cwd=ROOT,
            )
            print(f"dbt build {label} (2023) {time.perf_counter() - started:6.1f} s   exit {done.returncode}")
        started = time.perf_counter()
        done = subprocess.run(
            [BIN / "fengchao", "run", "--years", "2023"],
            env=environment,
            capture_output=True,
            text=True,
            cwd=ROOT,
        )
        line = re.search(r"Wall time.*", done.stdout)
        print(f"year 2023    {time.perf_counter() - started:6.1f} s   {line[0] if line else done.stdout}")


if __name__ == "__main__":
    main()
