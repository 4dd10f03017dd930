"""The whole project on a real Spark cluster, against DuckDB: the four sample waves from raw files to a release.

One cluster with two workers serves all tests of this file. One of the workers is killed while the marts are
built, so everything that is compared was made by a cluster that lost a machine.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest

from dagster_project.ingest.landing import landing_path, write_parquet
from dagster_project.ingest.sidecar import sha256_of
from dagster_project.settings import DBT_DIR, ROOT, Settings
from dagster_project.warehouse import dbt_task
from dagster_project.warehouse.dbt_runner import dbt_environment, run_dbt, run_nodes
from dagster_project.warehouse.lock import open_warehouse
from dagster_project.warehouse.rebuild import remove_database
from dagster_project.warehouse.spark import read_catalog
from tests.spark.cluster import SMALL, SparkCluster

WAVES = (2020, 2021, 2022, 2023)
_RAW = ROOT / "data" / "raw"
_COMMAND = Path(sys.executable).with_name("fengchao")


@dataclass
class Loaded:
    """Both homes after a full load, the cluster, and what its executors had done before and after the kill."""

    duckdb: Path
    spark: Settings
    cluster: SparkCluster
    tasks_before: Counter[str]
    tasks_after: Counter[str]
    killed: list[int]
    output: str


def _environment(home: Path) -> dict[str, str]:
    return {
        **os.environ,
        "FENGCHAO_HOME": str(home),
        "FENGCHAO_RAW": str(_RAW),
        "FENGCHAO_TOKEN_SECRET": "the same key, so that both homes give the same tokens",
    }


def _on_spark(settings: Settings, cluster: SparkCluster) -> dict[str, str]:
    return _environment(settings.home) | {
        "FENGCHAO_TARGET": "spark",
        "FENGCHAO_SPARK_PORT": str(cluster.port),
        "FENGCHAO_SHARED_HOME": settings.shared,
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("spark")


@pytest.fixture(scope="module")
def cluster(folder: Path) -> Iterator[SparkCluster]:
    with SparkCluster(folder / "cluster", settings=SMALL) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def loaded(folder: Path, cluster: SparkCluster) -> Iterator[Loaded]:
    environment = _environment(folder / "duckdb")
    done = subprocess.run([str(_COMMAND), "run"], capture_output=True, text=True, env=environment, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr

    home = folder / "spark"
    # The cluster is told a URL, as it would be of a bucket or of HDFS.
    settings = Settings(home=home, raw=_RAW, target="spark", shared=home.as_uri())
    environment = _on_spark(settings, cluster)
    log = folder / "run.log"
    with log.open("w") as output:
        run = subprocess.Popen(
            [str(_COMMAND), "run"], stdout=output, stderr=output, env=environment, cwd=ROOT
        )
        try:
            # In the middle: the answers are coded, the scores are being built.
            begun = settings.spark_tables / "restricted" / "int_answer"
            while run.poll() is None and not begun.exists():
                time.sleep(0.2)
            assert run.poll() is None, log.read_text()
            before = cluster.tasks_by_executor()
            killed = cluster.kill_worker(1)
            assert run.wait(3000) == 0, log.read_text()
        finally:
            run.kill()
            run.wait()
    kept = {name: os.environ.get(name) for name in ("FENGCHAO_SPARK_PORT",)}
    os.environ["FENGCHAO_SPARK_PORT"] = str(cluster.port)
    yield Loaded(
        folder / "duckdb", settings, cluster, before, cluster.tasks_by_executor(), killed, log.read_text()
    )
    for name, value in kept.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})


def _files(folder: Path) -> dict[str, str]:
    """sha256 of every Parquet file below a folder."""
    return {str(path.relative_to(folder)): sha256_of(path) for path in sorted(folder.rglob("*.parquet"))}


def test_both_workers_ran_tasks_and_one_was_lost(loaded: Loaded) -> None:
    """The event log tells who did what: the executor that was killed did nothing more."""
    assert len(loaded.tasks_before) == 2
    assert min(loaded.tasks_before.values()) > 20
    more = loaded.tasks_after - loaded.tasks_before
    assert len(loaded.killed) == 2
    assert len(more) == 1
    assert sum(more.values()) > 100


def differences(ours: Path, theirs: Path) -> dict[str, int]:
    """Rows that stand in one release only, by table. Numbers are compared to nine significant digits: Spark adds
    in another order, and a number that was rounded may have been at the edge."""
    found = {}
    names = sorted(path.stem for path in ours.glob("*.parquet"))
    assert names == sorted(path.stem for path in theirs.glob("*.parquet"))
    for name in names:
        with duckdb.connect() as con:
            columns = con.sql(f"describe select * from '{ours / name}.parquet'").fetchall()
            assert columns == con.sql(f"describe select * from '{theirs / name}.parquet'").fetchall(), name
            exact = [f'"{column[0]}"' for column in columns if column[1] != "DOUBLE"]
            floats = [f'"{column[0]}"' for column in columns if column[1] == "DOUBLE"]
            for side, folder in (("a", ours), ("b", theirs)):
                # The same rows in the same order of what is exact; then number by number.
                con.execute(
                    f"create view {side} as select *, row_number() over (partition by {', '.join(exact) or '1'} "
                    f"order by {', '.join(f'round({column}, 3)' for column in floats) or '1'}) as place "
                    f"from '{folder / name}.parquet'"
                )
            keys = " and ".join(f"a.{column} is not distinct from b.{column}" for column in [*exact, "place"])
            close = " and ".join(
                f"coalesce(abs(a.{column} - b.{column}) <= 1e-9 * greatest(1, abs(a.{column})), "
                f"a.{column} is null and b.{column} is null)"
                for column in floats
            )
            (count,) = con.sql(
                f"select count(*) from a full outer join b on {keys} where not coalesce({close or 'true'}, false) "
                "or a.place is null or b.place is null"
            ).fetchone() or (-1,)
            found[name] = count
    return found


def test_every_public_mart_equals_that_of_duckdb(loaded: Loaded) -> None:
    ours, theirs = (home / "releases" / "current" for home in (loaded.spark.home, loaded.duckdb))
    found = differences(ours / "parquet", theirs / "parquet")
    assert {name: count for name, count in found.items() if count} == {}
    assert len(found) > 25
    with duckdb.connect(str(ours / "fengchao.duckdb"), read_only=True) as con:
        con.execute(f"attach '{theirs / 'fengchao.duckdb'}' as theirs (read_only)")
        tables = (
            "select table_name, column_name, data_type, comment from duckdb_columns() where database_name = "
        )
        mine = con.sql(f"{tables}'fengchao' order by all").fetchall()
        assert mine == con.sql(f"{tables}'theirs' order by all").fetchall()


def test_a_difference_would_be_seen(loaded: Loaded, tmp_path: Path) -> None:
    release = loaded.duckdb / "releases" / "current" / "parquet"
    copy = tmp_path / "parquet"
    shutil.copytree(release, copy)
    path = copy / "mart_index.parquet"
    duckdb.sql(
        f"copy (select * replace (if(rank = 1, index + 1e-6, index) as index) from '{release / path.name}') to '{path}'"
    )
    found = differences(release, copy)
    assert found.pop("mart_index") > 0
    assert not any(found.values())


def _rows(settings: Settings, tables: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Rows by what is exact first: last digits of floats differ from build to build."""
    found = {}
    with open_warehouse(settings) as con:
        for table in tables:
            columns = con.sql(f"describe {table}").fetchall()
            exact = [f'"{name}"' for name, kind, *_ in columns if kind != "DOUBLE"]
            floats = [f'round("{name}", 6)' for name, kind, *_ in columns if kind == "DOUBLE"]
            found[table] = con.sql(f"select * from {table} order by {', '.join([*exact, *floats])}").df()
    return found


def test_a_year_again_leaves_the_other_years(loaded: Loaded) -> None:
    """The same rows, in new files for the year (and for the next, which is compared with it) and no others."""
    wave, tables = WAVES[2], loaded.spark.spark_tables
    catalog = read_catalog(loaded.spark)
    schemas = ("restricted", "marts")
    names = sorted(
        key for key, entry in catalog.items() if key.startswith(schemas) and entry.get("year") == "wave"
    )
    files, rows = _files(tables), _rows(loaded.spark, names)
    results = run_nodes(loaded.spark, [name.split(".")[1] for name in names], [wave])
    assert {result.status for result in results} == {"success"}
    assert len(results) == len(names) > 25
    after = _files(tables)
    own = {name for name in files if name.startswith(schemas) and f"/wave={wave}/" in name}
    following = {name for name in files if name.startswith(schemas) and f"/wave={wave + 1}/" in name}
    assert len(own) >= len(names) and not own & set(after)
    others = set(files) - own - following
    assert {name: after.get(name) for name in others} == {name: files[name] for name in others}
    for name, again in _rows(loaded.spark, names).items():
        pd.testing.assert_frame_equal(again, rows[name], rtol=1e-9)


def test_a_year_that_became_empty_goes(loaded: Loaded) -> None:
    landed = landing_path(loaded.spark, "codebook_item", WAVES[3])
    rows = pq.read_table(landed)
    table = loaded.spark.spark_tables / "marts" / "dim_item"
    before = _files(table)
    models = ["stg_questionnaire__item", "dim_item"]
    try:
        write_parquet(rows.slice(0, 0), landed)
        assert [node.status for node in run_nodes(loaded.spark, models, [WAVES[3]])] == ["success"] * 2
        after = _files(table)
        assert (
            after
            == {name: value for name, value in before.items() if f"wave={WAVES[3]}" not in name}
            != before
        )
    finally:
        write_parquet(rows, landed)
    assert [node.status for node in run_nodes(loaded.spark, models, [WAVES[3]])] == ["success"] * 2
    assert len(_files(table)) == len(before)


def test_a_table_that_breaks_its_contract_stays_as_it_was(loaded: Loaded, tmp_path: Path) -> None:
    project = tmp_path / "dbt"
    shutil.copytree(DBT_DIR, project, ignore=shutil.ignore_patterns("target", "logs"))
    model = project / "models" / "marts" / "reference" / "dim_bank.sql"
    model.write_text(
        model.read_text(encoding="utf-8").replace("    bank_type,\n", "    1 as bank_type,\n", 1)
    )
    before = _files(loaded.spark.spark_tables / "marts" / "dim_bank")
    own = {"DBT_PROFILES_DIR": project, "DBT_PROJECT_DIR": project, "DBT_TARGET_PATH": tmp_path / "target"}
    done = subprocess.run(
        [str(_COMMAND.with_name("dbt")), "run", "--select", "dim_bank"],
        capture_output=True,
        text=True,
        env={
            **os.environ,
            **dbt_environment(loaded.spark),
            **{name: str(path) for name, path in own.items()},
        },
    )
    assert done.returncode == 1, done.stdout
    assert "contract" in done.stdout, done.stdout
    assert _files(loaded.spark.spark_tables / "marts" / "dim_bank") == before != {}


def test_unit_tests_of_the_models(loaded: Loaded) -> None:
    results = run_dbt(loaded.spark, "test", ["--select", "test_type:unit"])
    failed = {result.unique_id: result.message for result in results if result.status != "pass"}
    assert failed == {}
    assert len(results) > 100


def test_a_lost_catalog_says_so_and_is_made_anew(
    loaded: Loaded, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another cluster on the same home knows none of its tables, as one whose metastore was lost. Comes late: it
    takes the tables away that the other tests read."""
    with SparkCluster(folder / "forgetful", workers=1, settings=SMALL) as other:
        done = subprocess.run(
            [str(_COMMAND), "run", "--years", str(WAVES[3])],
            capture_output=True,
            text=True,
            env=_on_spark(loaded.spark, other),
            cwd=ROOT,
        )
        said = done.stdout + done.stderr
        assert done.returncode != 0, said
        assert "Spark's catalog has lost the tables of this home" in said and "fengchao rebuild" in said
        monkeypatch.setenv("FENGCHAO_SPARK_PORT", str(other.port))
        dbt_task._project.cache_clear()  # the port stands in its profile
        try:
            remove_database(loaded.spark)
            assert read_catalog(loaded.spark) == {}
            results = run_nodes(loaded.spark, ["stg_questionnaire__item"])
        finally:
            dbt_task._project.cache_clear()
        assert [result.status for result in results] == ["success"]
        (items,) = _rows(loaded.spark, ["staging.stg_questionnaire__item"]).values()
        assert set(items["wave"]) == set(WAVES)


def test_stop_ends_what_it_started_and_nothing_else(folder: Path) -> None:
    name = "org.apache.spark.deploy.worker.Worker"
    with subprocess.Popen(["bash", "-c", f"exec -a {name} sleep 600"]) as other:
        with SparkCluster(folder / "small", workers=1, settings=SMALL) as own:
            pids = [process.pid for process in own._started]
            assert len(pids) == 3
        assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
        assert other.poll() is None
        other.kill()
