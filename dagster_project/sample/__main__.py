"""`python -m dagster_project.sample WAVE OUT_DIR`: write a synthetic wave and say what it misses."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from dagster_project.errors import FengchaoError
from dagster_project.sample.assumptions import SEED
from dagster_project.sample.wave import GeneratedWave, generate_wave, write_calibration, write_scores
from dagster_project.settings import ROOT


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m dagster_project.sample", description=__doc__)
    parser.add_argument("wave", type=int, help="year of the wave")
    parser.add_argument("out_dir", type=Path, help="folder for the export and its sidecar")
    parser.add_argument("--raw", type=Path, default=ROOT / "data" / "raw", help="raw folder to read")
    parser.add_argument(
        "--docs", type=Path, default=ROOT / "docs", help="folder for the lists of what was attained"
    )
    parser.add_argument("--sequence", type=Path, help="file for the same answers by sequence")
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args(arguments)
    try:
        made = generate_wave(given.wave, given.raw, given.out_dir, given.seed)
    except FengchaoError as error:
        print(error, file=sys.stderr)
        return 1
    given.docs.mkdir(parents=True, exist_ok=True)
    write_calibration(made.calibration, given.docs / f"sample_calibration_{given.wave}.csv")
    write_scores(made.scores, given.docs / "sample_scores.csv")
    if given.sequence:
        given.sequence.parent.mkdir(parents=True, exist_ok=True)
        given.sequence.write_bytes(made.sequence)
    _report(made)
    return 0


def _report(made: GeneratedWave) -> None:
    print(f"{made.export}")
    print(f"{len(made.calibration)} printed figures are not met:")
    for row in made.calibration:
        print(
            f"  {row['figure_id']} {row['item_id']} {row['option_ids']} ({row['population']}): printed "
            f"{row['qualifier']} {row['printed']}, target {row['target_count']} of {row['n']}, "
            f"attained {row['attained_count']}; {row['reason']}"
        )
    print("Dimension scores, attained (printed):")
    for row in made.scores:
        print(
            f"  {row['dimension']:13} {row['population']:16} {row['attained']:>8} ({row['printed']}) "
            f"{row['difference']:>8} {row['reason']}"
        )


if __name__ == "__main__":
    raise SystemExit(main())
