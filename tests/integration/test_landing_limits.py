"""Landing a large export: memory bounded by a chunk, the same bytes with any number of threads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dagster_project.settings import ROOT

pytestmark = pytest.mark.integration

# Not `ru_maxrss`: a child starts with the peak of the process that made it, here the test runner's.
PEAK = """
import sys
from pathlib import Path
sys.path.insert(0, "bench")
import decode
decode.land(Path(sys.argv[1]))
print(next(int(line.split()[1]) // 1024 for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def _land(folder: Path, responses: int, threads: int = 2) -> int:
    """Land a made export below `folder` in a process of its own; its peak of memory in MB."""
    sys.path.insert(0, str(ROOT / "bench"))
    try:
        import decode as bench
    finally:
        sys.path.pop(0)
    bench.make(folder, responses)
    done = subprocess.run(
        [sys.executable, "-c", PEAK, str(folder)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
        env={**os.environ, "OMP_NUM_THREADS": str(threads)},
    )
    return int(done.stdout)


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """Four times the answers (a table of 3 million rows more) cost less than 150 MB more."""
    peaks = [_land(tmp_path / str(responses), responses) for responses in (10_000, 40_000)]
    assert peaks[1] - peaks[0] < 150, peaks
    assert peaks[1] < 600, peaks


def test_same_export_makes_same_bytes_with_any_number_of_threads(tmp_path: Path) -> None:
    landed = []
    for threads in (1, 4):
        _land(tmp_path / str(threads), 10_000, threads)
        files = sorted((tmp_path / str(threads) / "landing").glob("*.parquet"))
        landed.append({path.name: path.read_bytes() for path in files})
    assert set(landed[0]) == {"questionnaire_answer.parquet", "questionnaire_response.parquet"}
    assert landed[0] == landed[1]
