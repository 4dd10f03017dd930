"""Alternative weights: pairwise judgements (AHP), entropy, principal components."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dagster_project.analysis.coherence import Family, complete
from dagster_project.analysis.read import Floats, WaveScores
from dagster_project.analysis.scoring import DIGITS
from dagster_project.errors import InputError
from dagster_project.ingest.csvfile import read_csv_rows
from dagster_project.settings import DBT_DIR

JUDGEMENTS = DBT_DIR / "seeds" / "framework" / "framework_ahp_judgement.csv"
# Mean consistency index of random judgements by size of the matrix (Saaty 1980).
RANDOM_INDEX = (0.0, 0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49)
CONSISTENT_BELOW = 0.1


class Ahp(NamedTuple):
    """weights: (n,), summing to 1; largest_eigenvalue; consistency index and ratio."""

    weights: Floats
    largest_eigenvalue: float
    consistency_index: float
    consistency_ratio: float


def ahp(judgements: Floats) -> Ahp:
    """Principal eigenvector of a reciprocal matrix (n, n), n up to 10; a[i, j] = importance of i over j.

    CI = (lambda - n) / (n - 1), CR = CI / random index (0 for n < 3, which is always consistent).
    """
    values, vectors = np.linalg.eig(judgements)
    principal = int(np.argmax(values.real))
    vector = np.abs(vectors[:, principal].real)
    size, largest = len(judgements), float(values[principal].real)
    index = (largest - size) / (size - 1) if size > 1 else 0.0
    ratio = index / RANDOM_INDEX[size] if size > 2 else 0.0
    return Ahp(np.round(vector / vector.sum(), DIGITS), largest, index, round(ratio, DIGITS))


def entropy(scores: Floats) -> Floats:
    """Weights of the columns of (n, k), scores >= 0 and complete: what differs more weighs more.

    p = x / sum x, e = -sum p ln p / ln n, w = (1 - e) / sum (1 - e). A column without any points tells
    nothing and weighs 0; equal weights where no column tells anything.
    """
    n, k = scores.shape
    total = scores.sum(axis=0)
    share = scores / np.where(total > 0, total, 1.0)
    logs = np.log(np.where(share > 0, share, 1.0))
    told = 1.0 + (share * logs).sum(axis=0) / np.log(n) if n > 1 else np.zeros(k)
    told = np.where(total > 0, np.round(told, 12), 0.0)
    return np.round(told / told.sum(), DIGITS) if told.sum() > 0 else np.full(k, 1.0 / k)


def principal_components(scores: Floats) -> Floats:
    """Weights of the columns of (n, k), complete: squared loadings of the components with an eigenvalue of
    1 or more (the first at least), each component with its share of their variance. Equal weights where a
    column is constant or rows are fewer than columns + 1. Source: Nicoletti et al. 2000, without rotation.
    """
    n, k = scores.shape
    if k == 1 or n <= k or (np.ptp(scores, axis=0) == 0.0).any():
        return np.full(k, 1.0 / k)
    z = (scores - scores.mean(axis=0)) / scores.std(axis=0, ddof=1)
    matrix = np.array([[(z[:, a] * z[:, b]).sum() / (n - 1) for b in range(k)] for a in range(k)])
    values, vectors = np.linalg.eigh(np.round(matrix, 12))
    kept = values >= min(1.0 - 1e-9, values.max())
    weights = (vectors[:, kept] ** 2) @ (values[kept] / values[kept].sum())
    return np.round(weights / weights.sum(), DIGITS)


def read_judgements(names: tuple[str, ...], path: Path = JUDGEMENTS) -> Floats:
    """The reciprocal matrix (n, n) of `names` from rows (dimension, other_dimension, importance).

    One row per pair; importance: how many times more `dimension` matters. Raises InputError for a pair
    that is missing, doubled or not positive.
    """
    matrix = np.eye(len(names))
    seen: set[frozenset[str]] = set()
    for number, row in read_csv_rows(path, ("dimension", "other_dimension", "importance")):
        pair = frozenset((row["dimension"], row["other_dimension"]))
        if not pair <= set(names):
            continue  # a dimension that this wave does not have
        try:
            importance = float(row["importance"])
        except ValueError:
            importance = 0.0
        if len(pair) < 2 or pair in seen or not importance > 0:
            raise InputError(
                path, f"row {number}", f"{dict(row)}", "Give each pair once, with a positive importance."
            )
        seen.add(pair)
        one, other = names.index(row["dimension"]), names.index(row["other_dimension"])
        matrix[one, other], matrix[other, one] = importance, 1.0 / importance
    pairs = len(names) * (len(names) - 1) // 2
    if len(seen) < pairs:
        raise InputError(path, "rows", f"{len(seen)} of {pairs} pairs", "Judge every pair of dimensions.")
    return matrix


def weight_sets(wave: WaveScores, found: list[Family]) -> Iterator[dict[str, Any]]:
    """Rows of `weight_set`; AHP judges dimensions only, indicators keep their headline weights there."""
    judged = ahp(read_judgements(wave.dimensions))
    note = (
        f"principal eigenvector of the judgements; lambda {judged.largest_eigenvalue:.4f}, "
        f"CI {judged.consistency_index:.4f}, CR {judged.consistency_ratio:.4f}"
    )
    if judged.consistency_ratio >= CONSISTENT_BELOW:
        note += f"; inconsistent: CR is not under {CONSISTENT_BELOW}"
    yield from _rows(
        wave, "ahp", "dimension", wave.dimensions, judged.weights, note, judged.consistency_ratio
    )
    for dimension in range(len(wave.dimensions)):
        own = wave.children(dimension)
        weights = wave.indicator_weight[own] / wave.indicator_weight[own].sum()
        names = tuple(wave.indicators[k] for k in own)
        yield from _rows(wave, "ahp", "indicator", names, weights, "headline weights, not judged", None)
    for family in found:
        if family.child_level == "item":
            continue
        rows = complete(family.values)
        for name, method in (("entropy", entropy), ("pca", principal_components)):
            note = f"{len(rows)} complete respondents"
            yield from _rows(wave, name, family.child_level, family.children, method(rows), note, None)


def _rows(
    wave: WaveScores,
    weight_set: str,
    level: str,
    keys: tuple[str, ...],
    weights: Floats,
    note: str,
    consistency_ratio: float | None,
) -> Iterator[dict[str, Any]]:
    for key, weight in zip(keys, weights, strict=True):
        yield {
            "wave": wave.wave,
            "weight_set": weight_set,
            "level": level,
            "key": key,
            "weight": float(weight),
            "consistency_ratio": consistency_ratio,
            "note": note,
            "is_synthetic": wave.is_synthetic,
        }
