"""The seed of t quantiles is what its command writes, has no gap and is never too small."""

from __future__ import annotations

import csv
import itertools
from pathlib import Path

import pytest
from scipy.stats import t

from dagster_project.warehouse.student_t import SEED, student_t_rows, write_student_t


def test_the_committed_seed_is_made_again(tmp_path: Path) -> None:
    write_student_t(tmp_path / "student_t.csv")
    assert (tmp_path / "student_t.csv").read_bytes() == SEED.read_bytes()


def test_every_degree_of_freedom_has_one_row() -> None:
    rows = student_t_rows()
    assert rows[0][0] == 1 and rows[-1][1] is None
    assert all(
        end is not None and end + 1 == following[0] for (_, end, _), following in itertools.pairwise(rows)
    )


@pytest.mark.parametrize("df", [1, 4, 79, 300, 305, 4_321, 1_000_000])
def test_quantile_is_exact_or_slightly_large(df: int) -> None:
    with SEED.open(encoding="utf-8", newline="") as handle:
        (row,) = [row for row in csv.DictReader(handle) if int(row["df"]) <= df <= int(row["df_to"] or 10**9)]
    excess = float(row["t975"]) - float(t.ppf(0.975, df))
    assert -1e-11 < excess < 2e-4
    if df <= 300:
        assert abs(excess) < 1e-11
