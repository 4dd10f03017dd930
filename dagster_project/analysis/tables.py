"""Columns, types and files of the analysis tables: `analysis/<table>/year=<wave>/<table>.parquet`."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from dagster_project.ingest.landing import ensure_columns
from dagster_project.settings import Settings

_S, _I, _F, _B = pa.string(), pa.int32(), pa.float64(), pa.bool_()


def _columns(**kinds: pa.DataType) -> pa.Schema:
    return pa.schema(kinds)


TABLES: dict[str, pa.Schema] = {
    # Draw 0 is the headline; kind: nominal, monte_carlo, or weight_set (an alternative set of weights).
    "robustness_draw": _columns(
        wave=_I, draw_no=_I, kind=_S, weight_set=_S, normalisation=_S, aggregation=_S, threshold=_F, seed=_I,
    ),
    # The weights of each draw before they are re-normalised. level: indicator or dimension.
    "robustness_weight": _columns(wave=_I, draw_no=_I, level=_S, key=_S, weight=_F),
    # What each draw gives. Restricted: also groups that are too small to be shown.
    "robustness_score": _columns(
        wave=_I, draw_no=_I, population_kind=_S, population_value=_S, dimension=_S, n=_I, score=_F, rank=_I,
        dimension_rank=_I, is_ranked=_B, is_synthetic=_B,
    ),
    # Sobol indices. target: score or rank_shift; the latter is one number for all ranked groups.
    "sensitivity": _columns(
        wave=_I, target=_S, population_kind=_S, population_value=_S, dimension=_S, factor=_S,
        first_order=_F, first_order_conf=_F, total=_F, total_conf=_F, n_samples=_I, seed=_I, is_synthetic=_B,
    ),
    # The index without one indicator; ranks are those of the respondents.
    "leave_one_out": _columns(
        wave=_I, dimension=_S, indicator=_S, n=_I, spearman=_F, max_rank_shift=_I, mean_score_change=_F,
        is_synthetic=_B,
    ),
    # level: item, indicator, dimension or index. alpha is over the children, item_rest over the siblings.
    "coherence": _columns(
        wave=_I, level=_S, key=_S, parent=_S, n_children=_I, n_alpha=_I, alpha=_F, n_item_rest=_I,
        item_rest=_F, is_synthetic=_B,
    ),
    # Correlation of each pair of siblings.
    "coherence_correlation": _columns(
        wave=_I, level=_S, parent=_S, key_a=_S, key_b=_S, n=_I, correlation=_F, is_synthetic=_B,
    ),
    # Alternative weights, summing to 1 among siblings. weight_set: ahp, entropy or pca.
    "weight_set": _columns(
        wave=_I, weight_set=_S, level=_S, key=_S, weight=_F, consistency_ratio=_F, note=_S, is_synthetic=_B,
    ),
}  # fmt: skip


def analysis_path(settings: Settings, table: str, year: int) -> Path:
    return settings.analysis / table / f"year={year}" / f"{table}.parquet"


def ensure_empty_analysis(settings: Settings) -> None:
    """An empty file per table carries the columns before any wave has been analysed; see landing."""
    for table, columns in TABLES.items():
        ensure_columns(columns, analysis_path(settings, table, 0), is_carrier=True)
