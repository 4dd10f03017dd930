"""Cost of the checks: their share of a yearly run, and time and memory on many answers.

    python bench/checks.py                       a run of 2023 in a home of its own, then 1 and 10 million answers
    python bench/checks.py <home> <millions>…    on a home that is loaded already

The answers are those of the loaded wave, repeated under new response ids; they are checked with the
staging suite as a run does it. Each size has a process of its own, whose peak memory is printed.
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
YEAR = 2023
SUITE = ("staging", "stg_questionnaire__answer")


def share_of_run(home: Path) -> None:
    command = [str(Path(sys.executable).with_name("fengchao")), "run", "--years", str(YEAR)]
    environment = {**os.environ, "FENGCHAO_HOME": str(home), "COLUMNS": "120"}
    for label in ("first", "second"):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=ROOT)
        line = re.search(r"Wall time ([\d.]+) s.*checks ([\d.]+)", done.stdout)
        if done.returncode or line is None:
            sys.exit(done.stdout + done.stderr)
        print(f"{label} run of {YEAR}: checks {100 * float(line[2]) / float(line[1]):.0f} % of {line[1]} s")


def check_answers(home: Path, millions: int) -> None:
    from dagster_project.quality.checks import check_partition
    from dagster_project.quality.suites import suite_for
    from dagster_project.settings import Settings

    with tempfile.TemporaryDirectory(prefix="fengchao-bench-") as folder:
        settings = Settings(home=Path(folder), raw=Path(folder))
        _multiply(home, settings.home, millions)
        started = time.perf_counter()
        outcome = check_partition(settings, suite_for(*SUITE), YEAR)
        seconds = time.perf_counter() - started
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(f"{outcome.n_rows:>11,} answers: {seconds:6.1f} s, {peak:.2f} GB, {len(outcome.stops)} stops")


def _multiply(home: Path, target: Path, millions: int) -> None:
    """A build database and a landed file with that many answers; made by another process, its memory is not ours."""
    code = f"""
import duckdb
from pathlib import Path
landed = Path({str(target)!r}, "landing", "questionnaire_answer", "year={YEAR}")
landed.mkdir(parents=True)
db = Path({str(target)!r}, "warehouse", "fengchao_build.duckdb")
db.parent.mkdir()
con = duckdb.connect(str(db))
con.execute("attach '{home}/warehouse/fengchao_build.duckdb' as loaded (read_only)")
con.execute("create schema staging; create schema framework")
con.execute("create table framework.framework_option as from loaded.framework.framework_option")
con.execute("create table staging.stg_questionnaire__item as from loaded.staging.stg_questionnaire__item")
n = con.sql("select count(*) from loaded.staging.stg_questionnaire__answer where wave = {YEAR}").fetchone()[0]
con.execute(f'''create table staging.stg_questionnaire__answer as
    select a.* replace (a.response_id || '-' || t.i as response_id)
    from loaded.staging.stg_questionnaire__answer as a, range({{{millions} * 1_000_000 // n}}) as t(i)
    where a.wave = {YEAR}''')
con.execute(f"copy (select wave from staging.stg_questionnaire__answer) to '{{landed}}/questionnaire_answer.parquet'")
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def main() -> None:
    if len(sys.argv) == 4 and sys.argv[1] == "--one":
        check_answers(Path(sys.argv[2]), int(sys.argv[3]))
        return
    made = None if len(sys.argv) > 1 else tempfile.mkdtemp(prefix="fengchao-bench-")
    home = Path(made or sys.argv[1])
    if made:
        share_of_run(home)
    for millions in sys.argv[2:] or ["1", "10"]:
        subprocess.run([sys.executable, __file__, "--one", str(home), millions], check=True, cwd=ROOT)
    if made:
        shutil.rmtree(made)


if __name__ == "__main__":
    main()
