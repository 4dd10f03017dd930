"""A spool leaves nothing behind: not when it is done, not when its process was killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest

from dagster_project.ingest.batch import Spool
from dagster_project.ingest.landing import move_parquet
from dagster_project.settings import ROOT

SCHEMA = pa.schema([("n", pa.int64())])
HOLD = """
import sys, time
from pathlib import Path
import pyarrow as pa
from dagster_project.ingest.batch import Spool
spool = Spool("t", pa.schema([("n", pa.int64())]), Path(sys.argv[1]))
print(spool.path.name, flush=True)
time.sleep(600)
"""


def held_by_another(folder: Path) -> tuple[subprocess.Popen[str], Path]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout is not None
    return process, folder / process.stdout.readline().strip()


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.mark.parametrize("moved", [True, False])
def test_nothing_is_left(tmp_path: Path, moved: bool) -> None:
    spool = Spool("t", SCHEMA, tmp_path / ".spool")
    spool.write(pa.table({"n": [1, 2]}, schema=SCHEMA))
    if moved:
        move_parquet(spool, tmp_path / "landed" / "t.parquet")
    spool.remove()
    assert not (tmp_path / ".spool").exists()
    assert (tmp_path / "landed" / "t.parquet").exists() == moved


def test_what_a_killed_run_left_goes_and_what_another_writes_stays(tmp_path: Path) -> None:
    folder = tmp_path / ".spool"
    dead, stale = held_by_another(folder)
    alive, living = held_by_another(folder)
    try:
        kill(dead)
        assert stale.exists()
        spool = Spool("t", SCHEMA, folder)
        assert set(folder.iterdir()) == {living, spool.path}
        spool.remove()
        assert set(folder.iterdir()) == {living}
    finally:
        kill(alive)
    Spool("t", SCHEMA, folder).remove()
    assert not folder.exists()


def test_many_at_once_do_not_hinder_each_other(tmp_path: Path) -> None:
    """The folder comes and goes while others use it."""

    def one(number: int) -> int:
        spool = Spool("t", SCHEMA, tmp_path / ".spool")
        spool.write(pa.table({"n": [number]}, schema=SCHEMA))
        found = spool.to_table()["n"].to_pylist()
        spool.remove()
        return found[0]

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(one, range(300))) == list(range(300))
    assert not (tmp_path / ".spool").exists()
    assert len(list(Path("/proc/self/fd").iterdir())) < 100
