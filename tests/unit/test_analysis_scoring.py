"""The scoring of draws against COINr, against numbers by hand, and its determinism."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.analysis.analyse import analyse
from dagster_project.analysis.draws import (
    AGGREGATIONS,
    NORMALISATIONS,
    Draws,
    headline,
    joined,
    monte_carlo,
)
from dagster_project.analysis.parameters import load_parameters
from dagster_project.analysis.scoring import (
    Population,
    copeland,
    evaluate,
    normalise,
    populations,
    ranks,
    respondent_scores,
    weighted_mean,
)
from dagster_project.settings import ROOT
from tests.mini_bank_scores import DIMENSIONS, mini_wave, table

PARAMETERS = load_parameters()


def test_the_200_draws_of_coinr_replay_to_1e_9() -> None:
    """Each bank is a group of its own; weights of the dimensions vary, nothing is under a threshold."""
    wave = mini_wave(2022)
    weights = table("ua_weights_draws")[list(DIMENSIONS)].to_numpy()
    nominal = replace(headline(wave, PARAMETERS), threshold=np.zeros(1))
    draws = joined([replace(nominal, dimension_weight=row[None, :]) for row in weights])
    banks = [Population("bank", str(n), np.array([n]), True) for n in range(wave.n)]
    result = evaluate(wave, draws, banks, 1, nominal)
    score, rank = result.score[:, :, -1], result.rank[:, :, -1]
    first = evaluate(wave, nominal, banks, 1, nominal)
    expected = table("expected_ua_2022")
    assert score.shape == (200, len(expected)) == (200, 68)
    for ours, column in (
        (first.score[0, :, -1], "nominal"),
        (first.rank[0, :, -1], "nominal_rank"),
        (score.mean(axis=0), "score_mean"),
        (np.quantile(score, 0.05, axis=0), "score_q05"),
        (np.quantile(score, 0.95, axis=0), "score_q95"),
        (np.median(rank, axis=0), "rank_median"),
        (np.quantile(rank, 0.05, axis=0), "rank_q05"),
        (np.quantile(rank, 0.95, axis=0), "rank_q95"),
    ):
        np.testing.assert_allclose(ours, expected[column], rtol=0, atol=1e-9, err_msg=column)


def test_the_geometric_index_of_coinr_reproduces() -> None:
    """COINr leaves the shifted mean (1-100) as it is; ours goes back to 0-100."""
    for year in (2021, 2022, 2023):
        wave = mini_wave(year)
        one = headline(wave, PARAMETERS)
        dimensions = respondent_scores(
            wave, "goalposts", 0.0, False, one.indicator_weight, one.dimension_weight
        )
        children = [dimensions[:, number, :] for number in range(6)]
        ours = weighted_mean(children, one.dimension_weight, geometric=True)[:, 0]
        expected = table("expected_agg_geom_shifted", year)["INDEX_GEOM"]
        np.testing.assert_allclose(1.0 + 0.99 * ours, expected, rtol=0, atol=1e-9)


def test_normalisations_by_hand() -> None:
    column = np.array([[10.0], [20.0], [20.0], [50.0], [np.nan]])
    assert normalise(column, "goalposts") is column
    expected = {
        "minmax": [0, 25, 25, 100],
        # mean 25, sd (n - 1) of (-15, -5, -5, 25) = sqrt(900 / 3)
        "zscore": 50 + 10 * np.array([-15, -5, -5, 25]) / np.sqrt(300),
        "percentile_rank": [0, 100 / 3, 100 / 3, 100],
    }
    for method, values in expected.items():
        ours = normalise(column, method)
        np.testing.assert_allclose(ours[:4, 0], values, atol=1e-9)
        assert np.isnan(ours[4, 0])
    constant = np.full((3, 1), 70.0)
    assert normalise(constant, "minmax").tolist() == normalise(constant, "zscore").tolist() == [[50.0]] * 3
    assert normalise(constant, "percentile_rank").tolist() == [[0.0]] * 3


def test_copeland_by_hand() -> None:
    """A beats B on 2 of 3 children and C on all, B ties with C on weight: 2, -1, -1 of at most 2."""
    children = [
        np.array([[3.0], [1.0], [1.0]]),
        np.array([[3.0], [4.0], [2.0]]),
        np.array([[3.0], [1.0], [2.0]]),
    ]
    unit = np.array([True, True, True])
    assert copeland(children, np.ones((1, 3)), unit)[:, 0].tolist() == [100.0, 25.0, 25.0]
    heavy = np.array([[1.0, 5.0, 1.0]])
    assert copeland(children, heavy, unit)[:, 0].tolist() == [50.0, 100.0, 0.0]
    hidden = copeland(children, np.ones((1, 3)), np.array([True, True, False]))[:, 0]
    assert hidden[:2].tolist() == [100.0, 0.0] and np.isnan(hidden[2])


def test_ranks_share_the_better_place_and_leave_out_the_unranked() -> None:
    score = np.array([[[5.0], [7.0], [7.0], [9.0], [np.nan]]])
    ranked = np.array([[True], [True], [True], [False], [True]])
    np.testing.assert_array_equal(ranks(score, ranked)[0, :, 0], [3, 1, 1, np.nan, np.nan])


def test_a_group_too_small_to_show_moves_no_rank() -> None:
    """PRI has 4 banks: with a minimum of 5 the others are ranked as if it were not there."""
    wave = mini_wave(2022)
    nominal = headline(wave, PARAMETERS)
    groups = populations(wave)
    small = [group.value for group in groups if group.is_unit and len(group.members) < 5]
    assert small == ["PRI"]
    draws = joined([nominal, monte_carlo(wave, PARAMETERS)])
    ours = evaluate(wave, draws, groups, 5, nominal)
    without = evaluate(wave, draws, [g for g in groups if g.value != "PRI"], 5, nominal)
    keep = [number for number, group in enumerate(groups) if group.value != "PRI"]
    np.testing.assert_array_equal(ours.rank[:, keep], without.rank)
    assert np.isnan(ours.rank[:, groups.index(next(g for g in groups if g.value == "PRI"))]).all()


def test_a_group_hidden_for_the_sake_of_another_moves_no_rank() -> None:
    """CCB is large enough and hidden: the others are ranked as if it were not there, in every dimension."""
    wave = mini_wave(2022)
    nominal, groups = headline(wave, PARAMETERS), populations(wave)
    places = [*wave.dimensions, "index"]
    covered = replace(wave, hidden=frozenset(("bank_type", "CCB", place) for place in places))
    keep = [number for number, group in enumerate(groups) if group.value != "CCB"]
    ours = evaluate(covered, nominal, groups, 1, nominal)
    without = evaluate(wave, nominal, [groups[number] for number in keep], 1, nominal)
    assert not np.array_equal(evaluate(wave, nominal, groups, 1, nominal).rank[:, keep], without.rank)
    np.testing.assert_array_equal(ours.rank[:, keep], without.rank)


def test_draws_stay_within_their_bounds_and_use_every_choice() -> None:
    wave = mini_wave(2022)
    draws = monte_carlo(wave, PARAMETERS)
    assert len(draws) == PARAMETERS.draws >= 1000
    for drawn, nominal in (
        (draws.indicator_weight, wave.indicator_weight),
        (draws.dimension_weight, wave.dimension_weight),
    ):
        ratio = drawn / nominal
        assert ratio.min() >= 0.75 and ratio.max() <= 1.25
        assert ratio.min() < 0.76 and ratio.max() > 1.24
    for column, options in (
        (draws.normalisation, NORMALISATIONS),
        (draws.aggregation, AGGREGATIONS),
        (draws.threshold, PARAMETERS.thresholds),
    ):
        counts = [int((column == option).sum()) for option in options]
        assert sum(counts) == len(draws)
        assert min(counts) > 0.85 * len(draws) / len(options)
    other = monte_carlo(replace(wave, wave=2023), PARAMETERS)
    assert not np.array_equal(other.indicator_weight, draws.indicator_weight)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_scores_stay_within_0_and_100(seed: int) -> None:
    random = np.random.default_rng(seed)
    wave = mini_wave(2021)
    score = random.choice([0.0, 25.0, 60.0, 100.0, np.nan], size=wave.item_score.shape)
    wave = replace(wave, item_score=score)
    few = replace(PARAMETERS, draws=60, seed=seed)
    nominal = headline(wave, few)
    result = evaluate(wave, monte_carlo(wave, few), populations(wave), 5, nominal)
    found = result.score[~np.isnan(result.score)]
    assert found.size and found.min() >= 0.0 and found.max() <= 100.0


def _few() -> object:
    return replace(PARAMETERS, thresholds=(0.5, 0.66), sobol_samples=16)


def test_the_order_and_the_names_of_respondents_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    _judged(monkeypatch)
    first = analyse(mini_wave(2022), _few())  # type: ignore[arg-type]
    banks = sorted(table("mini_responses", 2022)["bank"])
    renamed = dict(zip(banks, reversed(banks), strict=True))
    second = analyse(mini_wave(2022, renamed, order=7), _few())  # type: ignore[arg-type]
    for name in first:
        assert first[name].equals(second[name]), name


def test_two_runs_and_two_processors_give_the_same_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """The linear algebra kernel and numpy's vector units of an old and of this processor."""
    _judged(monkeypatch)
    here = digest(analyse(mini_wave(2023), _few()))  # type: ignore[arg-type]
    old = {"OPENBLAS_CORETYPE": "Prescott", "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL"}
    code = "from tests.unit.test_analysis_scoring import print_digest; print_digest()"
    for environment in ({}, old):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code],
            capture_output=True,
            text=True,
            env={**os.environ, **environment},
            cwd=ROOT,
        )
        assert done.stdout.strip() == here, done.stderr


def digest(tables: dict[str, pa.Table]) -> str:
    text = "".join(
        name + rows.to_pandas().to_csv(float_format="%.17g") for name, rows in sorted(tables.items())
    )
    return hashlib.sha256(text.encode()).hexdigest()


def print_digest() -> None:
    patch = pytest.MonkeyPatch()
    _judged(patch)
    print(digest(analyse(mini_wave(2023), _few())))  # type: ignore[arg-type]


def _judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """mini_bank names its dimensions otherwise than the framework: judge them all equal."""
    monkeypatch.setattr(
        "dagster_project.analysis.weights.read_judgements", lambda names: np.ones((len(names),) * 2)
    )


def test_joined_keeps_the_order_of_draws() -> None:
    wave = mini_wave(2022)
    both = joined([headline(wave, PARAMETERS), monte_carlo(wave, PARAMETERS)])
    assert isinstance(both, Draws) and both.kind[0] == "nominal" and set(both.kind[1:]) == {"monte_carlo"}
