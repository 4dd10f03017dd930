"""The synthetic waves are made again from their seed, byte for byte."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from dagster_project.sample.respondents import assign, make_banks
from dagster_project.sample.wave import GeneratedWave, generate_wave
from dagster_project.settings import ROOT
from tests.unit.test_sample import RAW, SEED, SEQUENCE, WAVES, export_path, read_rows, scores

pytestmark = pytest.mark.integration


@pytest.fixture(
    scope="module",
    # Each takes the better part of a minute of the solver: the two workers share them.
    params=WAVES,
)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> GeneratedWave:
    # In a process of its own, as the documented command runs: libraries that other tests have loaded
    # may change how floating-point numbers are handled, and with it the path of the solver.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(generate_wave, request.param, RAW, tmp_path_factory.mktemp("wave")).result()


def test_the_committed_wave_is_made_again_byte_for_byte(made: GeneratedWave) -> None:
    wave = made.inputs.wave
    assert made.export.name == export_path(wave).name
    assert made.export.read_bytes() == export_path(wave).read_bytes()
    committed = export_path(wave).with_name(made.sidecar.name)
    assert made.sidecar.read_bytes() == committed.read_bytes()
    listed = read_rows(ROOT / "docs" / f"sample_calibration_{wave}.csv")
    assert listed == made.calibration
    assert [row for row in scores() if row["wave"] == str(wave)] == made.scores
    if wave == 2023:
        assert made.sequence == SEQUENCE.read_bytes()


def test_another_seed_moves_respondents_and_no_count(made: GeneratedWave) -> None:
    wave = made.inputs.wave
    ours, others = (assign(made.tables, make_banks(wave, seed), wave, seed) for seed in (SEED, SEED + 1))
    assert ours != others
    for part in made.tables.parts:
        for answers in (ours, others):
            chosen = Counter(option for row in answers[part.item.item_id] for option in row)
            for option, count in zip(part.options, part.counts.sum(axis=0), strict=True):
                if part.option is None:
                    assert chosen[option] == count
        if part.option is not None:
            # Ticks may pass from one option to another bank, never away from the option.
            assert sum(part.option in row for row in ours[part.item.item_id]) == part.counts[:, 1].sum()
