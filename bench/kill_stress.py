"""Kill `fengchao run` with SIGKILL at random moments and count what was lost.

    make stress                      # 50 kills, the moments follow from the seed
    python bench/kill_stress.py --kills 10 --seed 7 --home var   # start from a copy of a loaded home

Two deliveries of one year (2019; B differs from A in a figure and in a sidecar) are loaded in turn, so that
a mixture would show. Each kill ends the process group of a real run; the moments are spread evenly over the
CPU time that an undisturbed run takes, each at random within its share. After each kill:

- the build database opens, and the rows of the year in each table are those of A or those of B;
- the landing, as the next to take the warehouse lock finds it, is all of A or all of B;
- `current` is whole (every file has the sha256 of its data package) and is the release of A or that of B.

At the end an undisturbed run of A must give the files and rows of the first one, and no run may be left
`started`. Prints the kills by step, and the losses; exit code 1 if there is any.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from dagster_project.ingest.sidecar import sha256_of, sidecar_path  # noqa: E402
from dagster_project.release.package import verify_release  # noqa: E402
from dagster_project.settings import Settings  # noqa: E402
from dagster_project.warehouse.lock import open_warehouse, warehouse_lock  # noqa: E402

YEAR = 2019
FIGURES = f"disclosures/{YEAR}/S026.csv"


def deliver(raw: Path, delivery: str) -> None:
    """Put delivery A (as it is in the project) or B of the year into the raw folder."""
    for name in (FIGURES, sidecar_path(Path(FIGURES))):
        shutil.copyfile(ROOT / "data" / "raw" / name, raw / name)
    if delivery == "B":
        path, side = raw / FIGURES, sidecar_path(raw / FIGURES)
        path.write_bytes(path.read_bytes().replace(b",196,", b",197,"))
        text = side.read_text(encoding="utf-8").replace("title: ", "title: B ", 1)
        old = sha256_of(ROOT / "data" / "raw" / FIGURES)
        side.write_text(text.replace(old, sha256_of(path)), encoding="utf-8")


@dataclass(frozen=True)
class State:
    """Hashes of what stands: landed files of the year, rows of the year by table, and the release's name."""

    landing: dict[str, str]
    tables: dict[str, str]
    release: str


def landing_of(settings: Settings) -> dict[str, str]:
    """sha256 of the year's landed files and of what was set aside, as the next holder of the lock finds them."""
    with warehouse_lock(settings):
        files = sorted(settings.landing.glob(f"**/year={YEAR}/*.parquet"))
        return {str(path.relative_to(settings.landing)): sha256_of(path) for path in files}


def tables_of(settings: Settings, year: int | None = YEAR) -> dict[str, str]:
    """Hash of the rows of `year` (None: of each year) in each yearly table: `<table> <year>`."""
    hashes: dict[str, str] = {}
    with open_warehouse(settings) as con:
        yearly = con.sql(
            "select table_schema, table_name, min(column_name) from information_schema.columns "
            "inner join information_schema.tables using (table_schema, table_name) "
            "where column_name in ('wave', 'fiscal_year', 'document_year') and table_type = 'BASE TABLE' "
            "and table_schema in ('restricted', 'intermediate', 'marts') and table_name <> 'mart_quality_result' "
            "group by all order by all"
        ).fetchall()
        for schema, table, column in yearly:
            where = "" if year is None else f"where {column} = {year:d}"
            for value, digest in con.sql(
                f"select {column}, md5(string_agg(md5(t::text), '' order by md5(t::text))) "
                f'from "{schema}"."{table}" as t {where} group by all order by all'
            ).fetchall():
                hashes[f"{table} {value}"] = digest
    return hashes


def state_of(settings: Settings) -> State:
    return State(landing_of(settings), tables_of(settings), (settings.releases / "current").resolve().name)


def start(settings: Settings) -> subprocess.Popen[bytes]:
    """A real run of the year, leader of its own process group."""
    environment = {
        **os.environ,
        "FENGCHAO_HOME": str(settings.home),
        "FENGCHAO_RAW": str(settings.raw),
        "FENGCHAO_TOKEN_SECRET": "a fixed key",
    }
    return subprocess.Popen(
        [Path(sys.executable).with_name("fengchao"), "run", "--years", str(YEAR)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def kill(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def run(settings: Settings) -> float:
    """An undisturbed run; seconds of CPU time."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    if start(settings).wait() != 0:
        raise SystemExit(
            f"An undisturbed run failed. Run fengchao with FENGCHAO_HOME={settings.home} to see why."
        )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def events_of(settings: Settings, since: float) -> list[tuple[str, str]]:
    """Starts and ends of steps of the newest run, the last one first; none if it is older than `since`."""
    files = [p for p in (settings.dagster_home / "history" / "runs").glob("*.db") if p.stem != "index"]
    newest = max(files, key=lambda path: path.stat().st_mtime, default=None)
    if newest is None or newest.stat().st_mtime < since:
        return []
    with sqlite3.connect(f"file:{newest}?mode=ro", uri=True, timeout=30) as con:
        try:
            return con.execute(
                "select dagster_event_type, step_key from event_logs where dagster_event_type in "
                "('STEP_START', 'STEP_SUCCESS') order by id desc"
            ).fetchall()
        except sqlite3.OperationalError:  # the file is there and its table is not yet
            return []


def losses(settings: Settings, known: dict[str, State]) -> list[str]:
    """What is not as it must be after a kill; empty if all is well."""
    found = [f"release: {problem}" for problem in verify_release(settings.releases / "current")]
    if (settings.releases / "current").resolve().name not in {state.release for state in known.values()}:
        found.append("release: current is neither that of A nor that of B")
    landing = landing_of(settings)
    if landing not in [state.landing for state in known.values()]:
        found.append("landing: mixed")
    tables = tables_of(settings)
    for name in sorted(tables.keys() | known["A"].tables.keys()):
        if tables.get(name) not in {state.tables.get(name) for state in known.values()}:
            found.append(f"build database: {name} is neither A nor B")
    return found


def wait_for_cpu(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Wait until the run has used so much CPU time: a busy machine then shifts no moment. False if it ended."""
    while process.poll() is None:
        used = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        if sum(map(int, used)) / os.sysconf("SC_CLK_TCK") >= seconds:
            return True
        time.sleep(0.02)
    return False


def started_runs(settings: Settings) -> int:
    """Runs that Dagster takes for running."""
    with sqlite3.connect(settings.dagster_home / "history" / "runs.db", timeout=30) as con:
        return int(
            con.execute("select count(*) from runs where status in ('STARTED', 'STARTING')").fetchone()[0]
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=2019)
    parser.add_argument("--home", type=Path, help="loaded home to copy; default: load everything first")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="no more kills after this time")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kill-stress-") as folder:
        settings = Settings(home=Path(folder) / "home", raw=Path(folder) / "raw")
        shutil.copytree(ROOT / "data" / "raw", settings.raw)
        if arguments.home:
            shutil.copytree(arguments.home, settings.home, symlinks=True)
        sys.exit(1 if stress(settings, arguments.kills, arguments.seed, arguments.minutes) else 0)


def stress(settings: Settings, kills: int, seed: int, minutes: float) -> int:
    """Kill and check; returns the number of losses."""
    known: dict[str, State] = {}
    seconds = 0.0
    if not settings.releases.exists():
        subprocess.run(
            [Path(sys.executable).with_name("fengchao"), "run"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL,
            env={**os.environ, "FENGCHAO_HOME": str(settings.home), "FENGCHAO_RAW": str(settings.raw)},
        )  # fmt: skip
    for delivery in ("B", "A"):
        deliver(settings.raw, delivery)
        seconds = run(settings)
        known[delivery] = state_of(settings)
    print(
        f"undisturbed {seconds:.1f} s of CPU time, releases {known['A'].release} and {known['B'].release}",
        flush=True,
    )
    generator = random.Random(seed)
    moments = [(number + generator.random()) / kills * seconds for number in range(kills)]
    generator.shuffle(moments)
    by_step: Counter[str] = Counter()
    found: list[str] = []
    ended = 0
    end = time.monotonic() + 60 * minutes
    for number, moment in enumerate(moments, 1):
        if time.monotonic() > end:
            break
        deliver(settings.raw, "AB"[number % 2])
        since, process = time.time(), start(settings)
        if not wait_for_cpu(process, moment):
            ended += 1
            continue
        kill(process)
        last = next(iter(events_of(settings, since)), ("STEP_START", "start-up"))
        step = last[1] if last[0] == "STEP_START" else f"after {last[1]}"
        by_step[step] += 1
        now = losses(settings, known)
        found += now
        print(
            f"{number:3d} killed at {moment:5.1f} s of CPU time, {step}: {'; '.join(now) or 'whole'}",
            flush=True,
        )
    deliver(settings.raw, "A")
    run(settings)
    if state_of(settings) != known["A"]:
        found.append("the last run gives other files or rows than the first")
    if started_runs(settings):
        found.append(f"{started_runs(settings)} run(s) are still started")
    print(json.dumps(dict(by_step.most_common()), indent=1))
    print(
        f"seed {seed}: {sum(by_step.values())} kills, {ended} runs ended before theirs, {len(found)} losses"
    )
    for text in found:
        print(f"  {text}")
    return len(found)


if __name__ == "__main__":
    main()
