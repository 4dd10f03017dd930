"""From landed answers to two marts, at sizes one machine is made for: the project beside SQL, pandas and polars.

    python -m bench.large [ANSWERS ...]      default 1,000,000; `make bench-large`: 1, 10, 50 and 200 million

Per size, one after the other on the same landed files of 20 waves, each in a process of its own:

- `project`  the dbt models from the landed files to the marts, by the project's runner, without dbt's start-up
             (its own column) and without tests;
- `limit`    hand-written DuckDB SQL that writes the same tables;
- `floor`    hand-written DuckDB SQL that writes only the two marts;
- `polars`, `pandas`  what a user would write, with texts as categories.

The marts are compared first: every row, to a unit of the ninth digit, to which they are rounded. Seconds
are wall time; on a machine that does other things compare ratios, and CPU seconds. Peak is the resident
memory of the process, with Python. Every size is scored in the headline alone, as the project does it by
itself from 20,000 respondents to a wave on (at 50 million); up to a million answers the project's time
with all scenarios is printed beside it.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import os
import platform
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

from dagster_project.settings import size_setting

ROOT = Path(__file__).resolve().parents[2]
WAVES = 20
CONTESTANTS = ("project", "limit", "floor", "polars", "pandas")
MiB = 2**20
# pandas and polars may take this much and no more, so that the machine stays usable.
MOST_MEMORY = 20 * 1024 * MiB


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("answers", nargs="*", type=int, default=[1_000_000])
    parser.add_argument("--child", nargs=2, metavar=("CONTESTANT", "FOLDER"), help=argparse.SUPPRESS)
    parser.add_argument("--without", action="append", default=[], choices=CONTESTANTS[1:])
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(child(arguments.child[0], Path(arguments.child[1]))))
        return
    print(machine())
    measured: dict[int, dict[str, dict[str, Any]]] = {}
    for answers in arguments.answers:
        with tempfile.TemporaryDirectory(prefix="bench-large-", dir=os.environ.get("BENCH_DIR")) as name:
            rows, results = one_size(
                Path(name), answers, [c for c in CONTESTANTS if c not in arguments.without]
            )
        measured[rows] = results
    if len(measured) > 1:
        print_growth(measured)


def machine() -> str:
    names = ("duckdb", "dbt-core", "dbt-duckdb", "pandas", "polars", "pyarrow")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in names)
        + f"; DuckDB: {size_setting('FENGCHAO_MEMORY_LIMIT')} of memory"
    )


def one_size(folder: Path, answers: int, contestants: list[str]) -> tuple[int, dict[str, dict[str, Any]]]:
    """Make the input, run all, compare, print; the answers there were and the results by contestant."""
    from bench.large.compare import differences
    from bench.large.data import FIRST_WAVE, make_home, make_waves

    settings = settings_of(folder / "project")
    make_home(settings)
    rows = make_waves(settings, answers, WAVES)
    results: dict[str, dict[str, Any]] = {}
    for name in contestants:
        results[name] = run_child(name, folder)
        if name == "project":
            results["rerun"] = run_child(f"rerun-{FIRST_WAVE + WAVES - 1}", folder)
            results["rerun middle"] = run_child(f"rerun-{FIRST_WAVE + WAVES // 2}", folder)
        elif "error" not in results[name] and (found := differences(folder / "project", folder / name)):
            sys.exit(f"{name} and project differ:\n" + "\n".join(found))
        if name != "project":
            shutil.rmtree(folder / name, ignore_errors=True)
    alone = folder / "alone"
    make_home(settings_of(alone / "project"))
    make_waves(settings_of(alone / "project"), answers // WAVES, 1)
    results["alone"] = run_child("project", alone)
    results["rerun alone"] = run_child(f"rerun-{FIRST_WAVE}", alone)
    if answers <= 1_000_000:
        shutil.rmtree(folder / "project" / "warehouse")
        results["project, all scenarios"] = run_child("scenarios", folder)
    print_size(rows, results, contestants)
    return rows, results


def settings_of(home: Path) -> Any:
    from dagster_project.settings import Settings

    os.environ["FENGCHAO_HOME"] = str(home)
    return Settings(home=home, raw=ROOT / "data" / "raw")


def run_child(name: str, folder: Path) -> dict[str, Any]:
    (folder / name).mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "bench.large", "--child", name, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    if done.returncode == 0:
        result = dict(json.loads(done.stdout.splitlines()[-1]))
        # The sizes take long: say what is done.
        said = (
            f"{name}: {result['seconds']:.1f} s, CPU {result['cpu']:.1f} s, {result['peak'] / MiB:,.0f} MiB"
        )
        print(said, file=sys.stderr, flush=True)
        return result
    if name in ("pandas", "polars") and (
        done.returncode < 0
        or re.search("MemoryError|ArrowMemory|Unable to allocate|memory allocation", done.stderr)
    ):
        return {"error": f"did not fit into {MOST_MEMORY / MiB / 1024:.0f} GiB"}
    if name in ("limit", "floor") and "OutOfMemoryException" in done.stderr:
        return {"error": f"did not fit into {size_setting('FENGCHAO_MEMORY_LIMIT')}, in spite of spilling"}
    sys.exit(f"{name}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")


def child(name: str, folder: Path) -> dict[str, Any]:
    """Run one contestant; seconds, CPU seconds, peak memory in bytes."""
    home, given = folder / "project", folder / "project" / "given"
    started = time.perf_counter()
    work: Callable[[], Any]
    if name in ("project", "scenarios") or name.startswith("rerun-"):
        from bench.large import project

        settings, years = settings_of(home), [int(name[6:])] if name.startswith("rerun-") else []
        project.start(settings, headline_only=name != "scenarios")
        work = lambda: project.build(settings, years)  # noqa: E731
    elif name in ("limit", "floor"):
        from bench.large import duck

        work = lambda: getattr(duck, name)(home, given, folder / name)  # noqa: E731
    else:
        from bench.large import frames

        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
        work = lambda: frames.write(name, home, given, folder / name)  # noqa: E731
    gc.collect()
    start_up, cpu, begun = time.perf_counter() - started, sum(os.times()[:2]), time.perf_counter()
    outcome = work()
    seconds, cpu = time.perf_counter() - begun, sum(os.times()[:2]) - cpu
    result = {"seconds": seconds, "cpu": cpu, "peak": peak(), "start": start_up}
    if name == "project":
        project.write_given(settings, given)
        slowest = sorted(outcome, key=lambda node: -node.seconds)[:5]
        result["nodes"] = len(outcome)
        result["slowest"] = [(node.unique_id.split(".")[2], round(node.seconds, 1)) for node in slowest]
    return result


def peak() -> int:
    """Largest resident memory of this process, in bytes; not that of its parent, as ru_maxrss may be."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024  # type: ignore[index]


def print_size(rows: int, results: dict[str, dict[str, Any]], contestants: list[str]) -> None:
    project = results["project"]
    print(f"\n{rows:,} answers, {WAVES} waves; load {os.getloadavg()[0]:.1f}; marts equal to 1e-9")
    print(f"{'':<24}{'seconds':>9}{'CPU s':>9}{'peak MiB':>10}   project takes: x time, x CPU, x memory")
    for name in (*contestants, "project, all scenarios"):
        if name not in results:
            continue
        result = results[name]
        if "error" in result:
            print(f"{name:<24}{result['error']}")
            continue
        ratios = [project[key] / result[key] for key in ("seconds", "cpu", "peak")]
        print(
            f"{name:<24}{result['seconds']:>9.1f}{result['cpu']:>9.1f}{result['peak'] / MiB:>10,.0f}   "
            + "  ".join(f"{ratio:.2f}" for ratio in ratios)
        )
    print(f"start-up of dbt and seeds {project['start']:.1f} s; {project['nodes']} models, slowest: " + ", ".join(
        f"{name} {seconds} s" for name, seconds in project["slowest"]
    ))  # fmt: skip
    alone = results["rerun alone"]
    for name, label in (("rerun", "newest wave"), ("rerun middle", "a wave in the middle, with the next")):
        ratios = [results[name][key] / alone[key] for key in ("seconds", "cpu")]
        print(
            f"rerun, {label}: {results[name]['seconds']:.1f} s with {WAVES} waves, {alone['seconds']:.1f} s with one: "
            f"{ratios[0]:.2f} in time, {ratios[1]:.2f} in CPU"
        )
    goals = {
        "rerun of the newest wave at most 1.3 of one": results["rerun"]["seconds"] <= 1.3 * alone["seconds"]
    }
    if rows > 40_000_000 and "seconds" in results.get("limit", {}):
        goals["at most 1.5 x limit"] = project["seconds"] <= 1.5 * results["limit"]["seconds"]
    if rows > 40_000_000 and "seconds" in results.get("pandas", {}):
        pandas = results["pandas"]
        goals["3 x faster than pandas"] = 3 * project["seconds"] <= pandas["seconds"]
        goals["a tenth of its memory"] = 10 * project["peak"] <= pandas["peak"]
    if rows > 150_000_000:
        goals["memory within 4 GB"] = project["peak"] <= 4e9
    print(
        "goals: " + ", ".join(f"{goal}: {'met' if met else 'NOT MET'}" for goal, met in goals.items()),
        flush=True,
    )


def print_growth(measured: dict[int, dict[str, dict[str, Any]]]) -> None:
    print("\nexponent of growth with the answers, from one size to the next")
    sizes = sorted(measured)
    for small, large in pairwise(sizes):
        parts = []
        for key in ("seconds", "cpu"):
            grown = measured[large]["project"][key] / measured[small]["project"][key]
            parts.append(f"{key} {math.log(grown) / math.log(large / small):.2f}")
        print(f"  {small:,} to {large:,}: " + ", ".join(parts) + " (goal: at most 1.1)")


if __name__ == "__main__":
    main()
