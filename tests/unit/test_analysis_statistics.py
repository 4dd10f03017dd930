"""Sensitivity, coherence and weights against analytic values, other software and numbers by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dagster_project.analysis.coherence import (
    coherence_rows,
    correlation,
    correlation_rows,
    cronbach_alpha,
    families,
)
from dagster_project.analysis.parameters import load_parameters
from dagster_project.analysis.scoring import populations
from dagster_project.analysis.sensitivity import leave_one_out, method_sensitivity, sobol_indices
from dagster_project.analysis.weights import ahp, entropy, principal_components, read_judgements, weight_sets
from dagster_project.errors import FengchaoError, InputError
from tests.mini_bank_scores import mini_wave, table

PARAMETERS = load_parameters()


def test_the_indices_of_ishigami_s_function() -> None:
    """f = sin x1 + a sin^2 x2 + b x3^4 sin x1 on [-pi, pi]^3; the variances are known in closed form."""
    a, b, pi = 7.0, 0.1, np.pi
    v1 = 0.5 * (1 + b * pi**4 / 5) ** 2
    v2, v13 = a**2 / 8, b**2 * pi**8 * (1 / 18 - 1 / 50)
    total = v1 + v2 + v13

    def model(x: np.ndarray) -> np.ndarray:
        value = np.sin(x[:, 0]) + a * np.sin(x[:, 1]) ** 2 + b * x[:, 2] ** 4 * np.sin(x[:, 0])
        return np.column_stack([value, np.ones(len(x))])

    found, constant = sobol_indices(["x1", "x2", "x3"], [(-pi, pi)] * 3, model, 8192, seed=1)
    assert found.groups == ("x1", "x2", "x3")
    np.testing.assert_allclose(found.first_order, [v1 / total, v2 / total, 0], atol=0.01)
    np.testing.assert_allclose(found.total, [(v1 + v13) / total, v2 / total, v13 / total], atol=0.01)
    np.testing.assert_allclose(found.total, [0.557589, 0.442411, 0.243684], atol=0.01)
    assert constant.total.tolist() == [0, 0, 0], "what does not vary has no driver"


def test_inputs_of_one_group_count_as_one_factor() -> None:
    """y = x1 + x2 + 10 x3: the group of the first two has 2/102 of the variance."""
    found = sobol_indices(
        ["small", "small", "large"], [(0, 1)] * 3, lambda x: x @ np.array([[1.0], [1], [10]]), 2048, 3
    )[0]
    np.testing.assert_allclose(found.first_order, [2 / 102, 100 / 102], atol=0.01)


def test_what_cannot_matter_has_no_sensitivity() -> None:
    """Nothing is missing: thresholds drive nothing; a dimension does not depend on the dimensions' weights."""
    wave = mini_wave(2022)
    wave = replace(wave, item_score=np.nan_to_num(wave.item_score, nan=50.0))
    rows = list(method_sensitivity(wave, populations(wave), replace(PARAMETERS, sobol_samples=64)))
    keys = {(r["target"], r["population_value"], r["dimension"], r["factor"]) for r in rows}
    assert len(keys) == len(rows) == (4 * 7 * 4) + (7 * 5)
    for row in rows:
        if row["factor"] == "availability_threshold":
            assert row["total"] == 0.0
        if row["factor"] == "dimension_weights" and row["dimension"] != "index":
            assert row["total"] == 0.0
    assert {r["factor"] for r in rows if r["target"] == "score"}.isdisjoint({"normalisation"})
    assert max(r["total"] for r in rows if r["factor"] == "aggregation") > 0.1


def test_without_one_indicator_by_hand() -> None:
    """The last dimension loses one of three: its score is the mean of the other two."""
    wave = mini_wave(2022)
    rows = {row["indicator"]: row for row in leave_one_out(wave, PARAMETERS)}
    assert list(rows) == list(wave.indicators) and len(rows) == 18
    assert all(0.9 < row["spearman"] <= 1.0 for row in rows.values())
    assert max(row["max_rank_shift"] for row in rows.values()) > 0
    complete = replace(wave, item_score=np.full(wave.item_score.shape, 40.0))
    item = wave.items.index("ECO3")
    complete.item_score[:, item] = 100.0
    row = {r["indicator"]: r for r in leave_one_out(complete, PARAMETERS)}["ECO3"]
    # ECO falls from 60 to 40 and weighs 0.1 of the index; all banks are equal, so no rank moves.
    assert row["mean_score_change"] == pytest.approx(-2.0) and row["max_rank_shift"] == 0
    assert row["spearman"] is None


@pytest.mark.parametrize("year", [2021, 2022, 2023])
def test_alpha_equals_psych_and_coinr(year: int) -> None:
    wave = mini_wave(year)
    rows = {
        r["key"]: r for r in coherence_rows(wave, families(wave, PARAMETERS)) if r["level"] == "dimension"
    }
    expected = table("expected_alpha", year)
    assert len(expected) == 6
    for line in expected.itertuples():
        assert rows[line.dim]["alpha"] == pytest.approx(line.alpha_raw, abs=1e-9)
        assert rows[line.dim]["n_alpha"] == line.n


def test_a_negative_alpha_is_reported() -> None:
    values = np.array([[1.0, 9, 4], [5, 5, 6], [9, 2, 5], [2, 8, 5]])
    k, total = 3, values.sum(axis=1).var(ddof=1)
    expected = k / (k - 1) * (1 - values.var(axis=0, ddof=1).sum() / total)
    assert expected < -1
    assert cronbach_alpha(values) == pytest.approx(expected)
    assert cronbach_alpha(values[:, :1]) is None, "one part"
    assert cronbach_alpha(np.array([[1.0, 3], [2, 2], [3, 1]])) is None, "the sum does not vary"


def test_item_rest_and_pairs_equal_pandas() -> None:
    wave = mini_wave(2022)
    found = families(wave, PARAMETERS)
    wide = table("expected_normalised_goalposts", 2022)
    complete = wide[["STR1", "STR2", "STR3"]].dropna()
    row = next(r for r in coherence_rows(wave, found) if r["key"] == "STR1" and r["level"] == "indicator")
    assert row["item_rest"] == pytest.approx(
        complete["STR1"].corr(complete["STR2"] + complete["STR3"]), abs=1e-9
    )
    assert row["n_item_rest"] == len(complete)
    pairs = {(r["key_a"], r["key_b"]): r for r in correlation_rows(wave, found) if r["level"] == "indicator"}
    assert len(pairs) == 6 * 3
    for (one, other), pair in pairs.items():
        assert pair["correlation"] == pytest.approx(wide[one].corr(wide[other]), abs=1e-9)
        assert pair["n"] == len(wide[[one, other]].dropna())
    assert correlation(np.ones(5), np.arange(5.0)) is None


def test_the_ahp_example() -> None:
    """The choice of a leader by experience, education, charisma and age, as text books print it."""
    result = ahp(np.array([[1, 4, 3, 7], [1 / 4, 1, 1 / 3, 3], [1 / 3, 3, 1, 5], [1 / 7, 1 / 3, 1 / 5, 1]]))
    np.testing.assert_allclose(result.weights, [0.5476, 0.1266, 0.2699, 0.0559], atol=5e-5)
    assert round(result.largest_eigenvalue, 4) == 4.1184
    assert round(result.consistency_ratio, 4) == 0.0439
    consistent = np.outer([4.0, 2, 1], 1 / np.array([4.0, 2, 1]))
    np.testing.assert_allclose(ahp(consistent).weights, [4 / 7, 2 / 7, 1 / 7], atol=1e-9)
    assert ahp(consistent).consistency_ratio == pytest.approx(0, abs=1e-9)


def test_entropy_by_hand() -> None:
    """Two rows: shares 1/4 and 3/4 have entropy 0.811278 bit, 1/3 and 2/3 have 0.918296, equal ones 1."""
    told = np.array([1 - 0.8112781244591328, 1 - 0.9182958340544896, 0.0, 0.0])
    ours = entropy(np.array([[1.0, 1, 5, 0], [3.0, 2, 5, 0]]))
    np.testing.assert_allclose(ours, told / told.sum(), atol=1e-9)
    assert entropy(np.full((4, 3), 7.0)).tolist() == [1 / 3] * 3


def test_principal_components_weigh_what_is_shared() -> None:
    """Two equal columns and one unrelated to them: the correlation matrix has eigenvalues 2, 1 and 0."""
    one = np.array([1.0, -1, 1, -1])
    ours = principal_components(np.column_stack([one, one, np.array([1.0, 1, -1, -1])]))
    np.testing.assert_allclose(ours, [1 / 3] * 3, atol=1e-9)
    # Eigenvalues 1 + r and 1 - r: the first component weighs both columns the same.
    np.testing.assert_allclose(
        principal_components(np.array([[1.0, 2], [2, 1], [3, 5], [4, 4]])), [0.5, 0.5], atol=1e-9
    )
    assert principal_components(np.array([[1.0, 2], [1, 3], [1, 5]])).tolist() == [0.5, 0.5], (
        "a constant column"
    )


def test_every_weight_set_sums_to_one_among_siblings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "dagster_project.analysis.weights.read_judgements", lambda names: np.ones((len(names),) * 2)
    )
    wave = mini_wave(2022)
    rows = list(weight_sets(wave, families(wave, PARAMETERS)))
    assert {row["weight_set"] for row in rows} == {"ahp", "entropy", "pca"}
    sums: dict[tuple[str, str], float] = {}
    for row in rows:
        family = row["key"][:3] if row["level"] == "indicator" else "index"
        sums[row["weight_set"], family] = sums.get((row["weight_set"], family), 0.0) + row["weight"]
    assert len(sums) == 3 * 7
    assert all(total == pytest.approx(1.0, abs=1e-8) for total in sums.values())


def test_the_judgements_of_the_framework_are_complete_and_consistent() -> None:
    names = ("strategy", "organisation", "technology", "data", "application", "ecosystem")
    assert ahp(read_judgements(names)).consistency_ratio < 0.1


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ("a,b,2\n", "1 of 3 pairs"),
        ("a,b,2\nb,a,3\na,c,1\nb,c,1\n", "row 3"),
        ("a,b,0\na,c,1\nb,c,1\n", "row 2"),
        ("a,b,much\na,c,1\nb,c,1\n", "row 2"),
    ],
)
def test_broken_judgements_say_where(tmp_path: Path, rows: str, found: str) -> None:
    path = tmp_path / "judgement.csv"
    path.write_text("dimension,other_dimension,importance\n" + rows)
    with pytest.raises(InputError, match=found):
        read_judgements(("a", "b", "c"), path)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("robustness_draws: 999", "robustness_draws"),
        ("robustness_sobol_samples: 100", "power of two"),
        ("robustness_thresholds: [0.5, 1.5]", "robustness_thresholds"),
        ("robustness_seed: many", "no number"),
        ("robustness_seeds: 1", "robustness_seed"),
    ],
)
def test_parameters_out_of_range_say_which(tmp_path: Path, line: str, found: str) -> None:
    from dagster_project.analysis.parameters import PROJECT_FILE

    text = PROJECT_FILE.read_text(encoding="utf-8")
    name = line.split(":")[0].removesuffix("s") if "seeds" in line else line.split(":")[0]
    old = next(row.strip() for row in text.splitlines() if row.strip().startswith(name + ":"))
    path = tmp_path / "dbt_project.yml"
    path.write_text(text.replace(old, line), encoding="utf-8")
    with pytest.raises(InputError, match=found):
        load_parameters(path)


def test_an_indicator_without_weight_is_named() -> None:
    from dagster_project.analysis.read import assemble

    one = np.array(["x"], dtype=object)
    rows = dict.fromkeys(("response_id", "bank_type", "item_id", "indicator", "dimension"), one)
    with pytest.raises(FengchaoError, match="indicator 'x' has items and no weight"):
        assemble(2023, {**rows, "is_synthetic": np.array([True])}, np.array([1.0]), {}, {"x": 1.0})
