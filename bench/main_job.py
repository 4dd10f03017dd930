"""Where the time of the main job goes, beside a plain `dbt build` of the same models, in one run.

    python bench/main_job.py

Runs in a home of their own: all years from nothing; 2023 again, with everything in place (the usual
case: reference data and framework have not changed and are not made again); and `dbt build` of the same
models and their tests for 2023 on the same database, warm, by dbt's own command line, without and with
seeds and reference data. The environment is prepared: bytecode is compiled and the dbt project parsed.
Seconds of wall time by phase; CPU is what the processes used, user and system. The ratio is to `dbt
build` of what the run of 2023 builds, in wall time and CPU; goals: all years in 60 s, 2023 at most 2.0
times `dbt build`, checks at most 30 % of a year.
"""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
YEAR = "2023"
PHASES = ("start-up", "landing", "dbt", "analysis", "checks", "release", "run bookkeeping")


@dataclass
class Measured:
    """One command: seconds of wall time and CPU, and of wall time by phase where it says so."""

    label: str
    wall: float
    cpu: float
    phases: dict[str, float] = field(default_factory=dict)


def measure(label: str, command: list[str], environment: dict[str, str]) -> Measured:
    """Run the command to its end; leaves the benchmark with its output when it fails."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=ROOT)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    said = re.search(r"^Wall time.*$", done.stdout, re.MULTILINE)
    phases = {name: float(re.search(rf"{name} (\d+\.\d)", said[0])[1]) for name in PHASES} if said else {}  # type: ignore[index]
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measured(label, wall, cpu, phases)


def print_table(rows: list[Measured], plain: Measured) -> None:
    heads = ["wall", "CPU", *(name.removeprefix("run ") for name in PHASES), "checks %", "x wall", "x CPU"]
    print(f"{'':<16}" + "".join(f"{head:>13}" for head in heads))
    for row in rows:
        cells = [f"{row.wall:.1f}", f"{row.cpu:.1f}"]
        cells += [f"{row.phases[name]:.1f}" if row.phases else "" for name in PHASES]
        cells += [f"{100 * row.phases['checks'] / row.wall:.0f}" if row.phases else ""]
        cells += [f"{row.wall / plain.wall:.2f}", f"{row.cpu / plain.cpu:.2f}"]
        print(f"{row.label:<16}" + "".join(f"{cell:>13}" for cell in cells))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "FENGCHAO_HOME": f"{folder}/home"}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        fengchao, prepare = str(BIN / "fengchao"), "import dagster_project.definitions"
        measure("", [sys.executable, "-c", prepare], {**environment, "FENGCHAO_HOME": f"{folder}/other"})
        dbt = {
            "DBT_PROFILES_DIR": str(ROOT / "dbt"),
            "DBT_PROJECT_DIR": str(ROOT / "dbt"),
            "DBT_TARGET_PATH": f"{folder}/target",
            "DBT_LOG_PATH": f"{folder}/logs",
            "FENGCHAO_YEARS": YEAR,
        }
        build = [str(BIN / "dbt"), "--quiet", "build", "--exclude-resource-type", "unit_test"]
        prepared = [f"fqn:fengchao.{stage}.reference" for stage in ("staging", "intermediate", "marts")]
        prepared += ["fqn:fengchao.staging.robustness", "resource_type:seed"]
        rows = [
            measure("all years, cold", [fengchao, "run"], environment),
            measure(f"{YEAR} again", [fengchao, "run", "--years", YEAR], environment),
        ]
        measure("", build, environment | dbt)  # makes it warm
        whole = measure("dbt build, all", build, environment | dbt)
        plain = measure(f"dbt build {YEAR}", [*build, "--exclude", *prepared], environment | dbt)
        print_table([*rows, plain, whole], plain)


if __name__ == "__main__":
    main()
