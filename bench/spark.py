"""Time of the scoring path on Spark with one and with two workers, and a model of it: T(N) = fixed + work / N.

    .venv-spark/bin/python bench/spark.py [answers, default 10000000] [waves, default 2]

Answers are synthetic (bench/large/data.py). Each cluster is a real standalone one on loopback with one core
per worker; it builds the models once without rows, so that compilers are warm, and then for the waves. The
model is drawn through two points: it says what the statements of the plan cost besides the work that is
divided, and nothing of networks and disks of other machines. Workers share the machine's cores with the
driver: with fewer than four cores two workers show that work is divided, not how much faster it gets, and
the second model, from what the tasks of one worker took of a processor, is the one to use.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.large.data import FIRST_WAVE, make_home, make_waves
from bench.large.project import build, models_of_the_path, start
from dagster_project.settings import Settings, load_settings
from dagster_project.warehouse import dbt_task
from dagster_project.warehouse.dbt_runner import run_nodes
from tests.spark.cluster import SMALL, SparkCluster

_MEMORY = "3g"
# Millions of rows: compiled plans, and a few partitions per core.
_SETTINGS = {**SMALL, "spark.sql.codegen.wholeStage": "true", "spark.sql.shuffle.partitions": "8"}
for _options in ("spark.driver.extraJavaOptions", "spark.executor.extraJavaOptions"):
    del _SETTINGS[_options]


def measure(
    settings: Settings, folder: Path, workers: int, waves: list[int]
) -> tuple[float, float, list[int]]:
    """Of the build on a new cluster: seconds, seconds of processors in tasks, tasks of each executor."""
    shutil.rmtree(settings.spark_tables, ignore_errors=True)
    with SparkCluster(folder, workers, _MEMORY, _SETTINGS) as cluster:
        os.environ["FENGCHAO_SPARK_PORT"] = str(cluster.port)
        dbt_task._project.cache_clear()  # it holds the profile, and with it the port of the cluster before
        start(settings, headline_only=True)
        run_nodes(settings, models_of_the_path(settings), [0])
        tasks, cpu = cluster.tasks_by_executor(), cluster.cpu_seconds()
        begun = time.perf_counter()
        build(settings, waves)
        took = time.perf_counter() - begun
        return took, cluster.cpu_seconds() - cpu, sorted((cluster.tasks_by_executor() - tasks).values())


def fit(one: float, two: float) -> tuple[float, float]:
    """(fixed, work) of T(N) = fixed + work / N from the times of one and of two workers."""
    work = 2 * (one - two)
    return one - work, work


def main() -> None:
    answers, n_waves = (int(given) for given in (*sys.argv[1:], *("10000000", "2")[len(sys.argv) - 1 :]))
    with tempfile.TemporaryDirectory() as scratch:
        settings = replace(load_settings(), home=Path(scratch) / "home", target="spark", shared="")
        make_home(settings)
        rows = make_waves(settings, answers, n_waves)
        waves = list(range(FIRST_WAVE, FIRST_WAVE + n_waves))
        print(
            f"{rows:,} answers, {n_waves} waves, {len(models_of_the_path(settings))} models, {os.cpu_count()} cores"
        )
        print("| workers | seconds | processor seconds in tasks | tasks per executor |\n|---|---|---|---|")
        took, cpu = {}, {}
        for workers in (1, 2):
            took[workers], cpu[workers], tasks = measure(
                settings, Path(scratch) / f"cluster-{workers}", workers, waves
            )
            print(
                f"| {workers} | {took[workers]:.1f} | {cpu[workers]:.1f} | {', '.join(map(str, tasks))} |",
                flush=True,
            )
        fixed, work = fit(took[1], took[2])
        print(f"\nThrough these two points: T(N) = {fixed:.0f} {work:+.0f} / N seconds.")
        fixed, work = took[1] - cpu[1], cpu[1]
        print(
            "With a core for every worker, from the processor seconds of one: "
            f"T(N) = {fixed:.0f} {work:+.0f} / N seconds."
        )
        for workers in (2, 4, 8, 16):
            print(f"  {workers} workers: {fixed + work / workers:.0f} s by that model, not measured")


if __name__ == "__main__":
    main()
