"""Writes one synthetic wave as the survey platform would export it."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dagster_project.errors import FengchaoError
from dagster_project.sample.assumptions import ACTIVITY_ID, COMPOSITION, SEED, TITLE
from dagster_project.sample.export import sequence_export, text_export
from dagster_project.sample.inputs import WaveInputs, read_inputs
from dagster_project.sample.respondents import assign, make_banks
from dagster_project.sample.tables import Tables, build_tables, calibration, score_table
from dagster_project.settings import DBT_DIR

CALIBRATION_COLUMNS = (
    "figure_id", "item_id", "option_ids", "population", "qualifier", "printed", "n", "target_count",
    "attained_count", "attained_share_pct", "counts", "reason",
)  # fmt: skip
SCORE_COLUMNS = (
    "wave", "population", "dimension", "printed", "attained", "difference", "within_0_05", "reason",
)  # fmt: skip
RECEIVED = "2026-11-21"


@dataclass
class GeneratedWave:
    """What was written, and how well it agrees with what is printed."""

    export: Path
    sidecar: Path
    tables: Tables
    inputs: WaveInputs
    calibration: list[dict[str, str]]
    scores: list[dict[str, str]]
    sequence: bytes


def generate_wave(
    wave: int, raw_dir: Path, out_dir: Path, seed: int = SEED, seeds_dir: Path | None = None
) -> GeneratedWave:
    """Write the synthetic export of `wave` and its sidecar into out_dir.

    raw_dir: raw folder with the codebook and the printed figures; seeds_dir: `dbt/seeds`.
    The same inputs, seed and versions of numpy and scipy give the same bytes.
    Raises FengchaoError for a wave without a known composition, InputError for unusable inputs.
    """
    if wave not in COMPOSITION:
        raise FengchaoError(
            f"No synthetic wave {wave}: the number of respondents by bank type is known for "
            f"{', '.join(map(str, COMPOSITION))} only. Add it in dagster_project/sample/assumptions.py."
        )
    inputs = read_inputs(wave, raw_dir, seeds_dir or DBT_DIR / "seeds")
    tables = build_tables(inputs)
    banks = make_banks(wave, seed)
    answers = assign(tables, banks, wave, seed)
    content = text_export(inputs, banks, answers, seed)
    n = len(banks)
    export = out_dir / f"{ACTIVITY_ID[wave]}_按文本_{TITLE}_{n}_{n}.csv"
    sidecar = export.with_name(export.name + ".meta.yaml")
    out_dir.mkdir(parents=True, exist_ok=True)
    export.write_bytes(content)
    sidecar.write_text(_sidecar(wave, n, seed, content), encoding="utf-8", newline="\n")
    return GeneratedWave(
        export,
        sidecar,
        tables,
        inputs,
        calibration(inputs, tables),
        score_table(inputs, tables),
        sequence_export(inputs, banks, answers, seed),
    )


def write_calibration(rows: Sequence[dict[str, str]], path: Path) -> None:
    """Write the figures that could not be met; an empty list leaves the header only."""
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, CALIBRATION_COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_scores(rows: Sequence[dict[str, str]], path: Path) -> None:
    """Put the scores of a wave into the table of all waves at `path`, in place of what it held of them."""
    kept: list[dict[str, str]] = []
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as handle:
            kept = [row for row in csv.DictReader(handle) if row["wave"] not in {r["wave"] for r in rows}]
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, SCORE_COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted([*kept, *rows], key=lambda row: row["wave"]))


def _sidecar(wave: int, n: int, seed: int, content: bytes) -> str:
    lines = {
        "document_id": f'"questionnaire-{wave}-synthetic"',
        "kind": '"questionnaire"',
        "title": f'"{TITLE} {wave}"',
        "producer": '"Fengchao project"',
        "citation": f'"Made by python -m dagster_project.sample {wave}; no bank gave these answers."',
        "published_date": "null",
        "received_date": f'"{RECEIVED}"',
        "licence": '"Apache-2.0 (synthetic data of this project)"',
        "sha256": hashlib.sha256(content).hexdigest(),
        "synthetic": "true",
        "synthetic_method": (
            '"Integer programs per item find counts by bank type that meet the printed shares; the counts '
            "and scores; they are spread over made-up respondents ranked by a noisy latent maturity. "
            f'Number and types of respondents are inferred, not printed. Seed {seed}."'
        ),
        "respondents": str(n),
    }
    return "".join(f"{key}: {value}\n" for key, value in lines.items())
