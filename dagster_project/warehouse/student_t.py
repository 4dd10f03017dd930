"""Quantiles of Student's t as a seed: SQL has none.

`python -m dagster_project.warehouse.student_t` writes dbt/seeds/statistics/student_t.csv anew. Between
listed degrees of freedom the next lower ones count, so that an interval is never too short.
"""

from __future__ import annotations

import csv
from pathlib import Path

from dagster_project.settings import DBT_DIR

SEED = DBT_DIR / "seeds" / "statistics" / "student_t.csv"
_LISTED = (*range(1, 301), *range(310, 1001, 10), *range(1100, 10001, 100), 20_000, 50_000, 100_000)


def student_t_rows() -> list[tuple[int, int | None, float]]:
    """(first df, last df, 97.5 % quantile) of each listed step; the last has no end."""
    from scipy.stats import t

    ends = [*(start - 1 for start in _LISTED[1:]), None]
    return [(df, end, round(float(t.ppf(0.975, df)), 12)) for df, end in zip(_LISTED, ends, strict=True)]


def write_student_t(path: Path = SEED) -> None:
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(("df", "df_to", "t975"))
        writer.writerows(student_t_rows())


if __name__ == "__main__":
    write_student_t()
