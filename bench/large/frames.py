"""The two marts as a user of pandas or polars would write them, straight from the landed files.

Both read the columns they need, texts as categories, and reduce the answers to tables of some thousand rows;
from there on (`publish`) both are pandas. The framework, the items and the population are given.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

MIN_GROUP = 5
ASKED = ("answered", "blank", "invalid")
KINDS = ("all", "bank_type", "region")
ANSWER = ["wave", "response_id", "item_id", "option_id", "value_num", "missing_code", "is_synthetic"]
DIMENSION_KEYS = ["wave", "population_kind", "population_value", "dimension", "scenario"]
SHARE_KEYS = ["wave", "population_kind", "population_value", "item_id", "option_id"]


def read_given(given: Path) -> dict[str, pd.DataFrame]:
    return {p.name.split(".")[1]: pq.read_table(p).to_pandas() for p in given.glob("*.*.parquet")}


def respondents(home: Path) -> pd.DataFrame:
    frame = _landed(home, "questionnaire_response")
    regions = pq.read_table(home / "landing" / "province" / "province.parquet").to_pandas()
    frame = frame[frame.is_counted].merge(regions[["province", "region"]], how="left", on="province")
    frame["bank_type"] = frame.bank_type.fillna("other")
    return frame[["wave", "response_id", "respondent_token", "bank_type", "region"]].assign(all="all")


def _landed(home: Path, table: str, columns: list[str] | None = None, texts: bool = False) -> pd.DataFrame:
    """A landed table; texts: as categories."""
    names = ["response_id", "item_id", "option_id", "missing_code"] if texts else []
    folder = home / "landing" / table
    files = [str(path) for path in sorted(folder.rglob("*.parquet")) if "year=0" not in str(path)]
    return (
        pq.ParquetDataset(files, read_dictionary=names, partitioning=None).read(columns=columns).to_pandas()
    )


def in_wave(table: pd.DataFrame, waves: list[int], first: str = "valid_from_wave") -> pd.DataFrame:
    """A framework table with a row per wave it is valid in."""
    crossed = table.merge(pd.DataFrame({"wave": waves}), how="cross")
    return crossed[(crossed.wave >= crossed[first]) & (crossed.wave <= crossed.valid_to_wave.fillna(9999))]


def options_of(tables: dict[str, pd.DataFrame]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Items, and their options with the score of a single choice."""
    items = tables["int_item"]
    options = in_wave(tables["framework_option"], sorted(items.wave.unique()))
    options = items.merge(options, on=["wave", "option_set"]).merge(
        tables["framework_range"][["option_set", "option_id", "value"]],
        how="left",
        on=["option_set", "option_id"],
    )
    start = np.where(options.direction == -1, options.upper, options.lower)
    goal = 100.0 * (options.value - start) / (options.upper - options.lower) * options.direction
    options["score"] = np.where(options.scoring == "goalpost", goal, options.points)
    options["score"] = options.score.clip(0.0, 100.0)
    return items, options


def with_pandas(home: Path, given: Path) -> dict[str, pd.DataFrame]:
    tables = read_given(given)
    items, options = options_of(tables)
    people = respondents(home)
    answers = _landed(home, "questionnaire_answer", ANSWER, texts=True)
    codes = people[["wave", "response_id"]].assign(n=np.arange(len(people)))
    codes["response_id"] = codes.response_id.astype(answers.response_id.dtype)
    answers = answers.merge(codes, on=["wave", "response_id"]).drop(columns="response_id")
    for column in ("item_id", "option_id"):
        for table in (items, options):
            if column in table:
                table[column] = table[column].astype(answers[column].dtype)
    # Counts.
    keys = ["wave", "item_id", "option_id", "missing_code"]
    people["cell"] = people.groupby(["bank_type", "region"], dropna=False).ngroup()
    counted = answers.assign(cell=people.cell.to_numpy()[answers.n], ticked=answers.value_num == 1)
    counts = counted.groupby([*keys, "cell", "ticked"], dropna=False, observed=True).agg(
        rows=("n", "size"), is_synthetic=("is_synthetic", "any")
    ).reset_index()  # fmt: skip
    del counted
    # Scores.
    answers = answers[answers.missing_code.isin(ASKED)]
    scored = items[items.indicator.notna()]
    wanted = ["wave", "item_id", "option_id", "score", "points", "is_exclusive"]
    columns = ["wave", "item_id", "item_type", "indicator", "dimension", "item_weight", "max_points"]
    answers = answers.merge(scored[columns], on=["wave", "item_id"]).merge(
        options[wanted], how="left", on=["wave", "item_id", "option_id"]
    )
    is_multi = answers.item_type == "multi"
    single = answers[~is_multi & (answers.option_id != "not_applicable")]
    single = single[["n", "wave", "indicator", "dimension", "item_weight", "score", "is_synthetic"]]
    many = answers[is_multi]
    del answers
    ticked = many.value_num == 1
    many = many.assign(
        unknown=many.missing_code != "answered", exclusive=ticked & many.is_exclusive.fillna(False).astype(bool),
        points=many.points.where(ticked, 0.0).fillna(0.0),
    )  # fmt: skip
    many = many.groupby(["n", "wave", "item_id", "indicator", "dimension"], observed=True).agg(
        item_weight=("item_weight", "first"), max_points=("max_points", "first"), unknown=("unknown", "any"),
        exclusive=("exclusive", "any"), points=("points", "sum"), is_synthetic=("is_synthetic", "any"),
    ).reset_index()  # fmt: skip
    many["score"] = (100.0 * many.points / many.max_points).clip(upper=100.0).mask(many.exclusive, 0.0)
    many["score"] = many.score.mask(many.unknown)
    score = pd.concat([single, many[single.columns]])
    score = _up(score, ["n", "wave", "dimension", "indicator"], "item_weight")
    weight = scored[["wave", "indicator", "indicator_weight"]].drop_duplicates()
    score = _up(score.merge(weight, on=["wave", "indicator"]), ["n", "wave", "dimension"], "indicator_weight")
    score = score[score.score.notna()]
    # Groups, and the banks that are in two waves.
    score = score.merge(people.assign(n=np.arange(len(people))).drop(columns="wave"), on="n")
    means = [
        score.groupby(["wave", "dimension", kind]).agg(
            n=("score", "size"), score=("score", "mean"), variance=("score", "var"),
            is_synthetic=("is_synthetic", "any"),
        ).reset_index(names=["wave", "dimension", "population_value"]).assign(population_kind=kind)
        for kind in KINDS
    ]  # fmt: skip
    earlier = score.assign(wave=score.wave + 1)
    pairs = score.merge(earlier, on=["wave", "dimension", "respondent_token"], suffixes=("", "_before"))
    pairs["change"] = pairs.score - pairs.score_before
    pairs["product"] = pairs.score * pairs.score_before
    matched = []
    for kind in KINDS:
        same = pairs[pairs[kind] == pairs[f"{kind}_before"]]
        group = same.groupby(["wave", "dimension", kind]).agg(
            n_matched=("change", "size"), matched_change=("change", "mean"), variance=("change", "var"),
            one=("score", "mean"), other=("score_before", "mean"), product=("product", "mean"),
        ).reset_index(names=["wave", "dimension", "population_value"])  # fmt: skip
        matched.append(group.assign(population_kind=kind))
    return publish(tables, people, counts, pd.concat(means), pd.concat(matched))


def _up(score: pd.DataFrame, keys: list[str], weight: str) -> pd.DataFrame:
    """Weighted means of the children present, where there are enough of them."""
    score = score.assign(present=score.score.notna(), part=score.score * score[weight])
    score["weight"] = score[weight].where(score.present)
    parent = score.groupby(keys, observed=True).agg(
        size=("present", "size"), present=("present", "sum"), part=("part", "sum"), weight=("weight", "sum"),
        is_synthetic=("is_synthetic", "any"),
    ).reset_index()  # fmt: skip
    enough = (parent.present > 0) & (parent.present >= 0.66 * parent["size"])
    return parent.assign(score=(parent.part / parent.weight).where(enough))


def with_polars(home: Path, given: Path) -> dict[str, pd.DataFrame]:
    import polars as pl

    tables = read_given(given)
    items, options = (pl.from_pandas(table).lazy() for table in options_of(tables))
    people = respondents(home)
    people["cell"] = people.groupby(["bank_type", "region"], dropna=False).ngroup()
    who = pl.from_pandas(people.assign(n=np.arange(len(people), dtype=np.int32))).lazy()
    files = [
        str(p) for p in sorted((home / "landing" / "questionnaire_answer").glob("year=[1-9]*/*.parquet"))
    ]
    answers = pl.scan_parquet(files, hive_partitioning=False).select(ANSWER)
    answers = answers.join(who.select("wave", "response_id", "n", "cell"), on=["wave", "response_id"])
    ticked = (pl.col("value_num") == 1).fill_null(False)
    counts = answers.group_by(
        "wave", "item_id", "option_id", "missing_code", "cell", ticked.alias("ticked")
    ).agg(rows=pl.len(), is_synthetic=pl.col("is_synthetic").any())
    scored = items.filter(pl.col("indicator").is_not_null()).select(
        "wave",
        "item_id",
        "item_type",
        "indicator",
        "dimension",
        "item_weight",
        "indicator_weight",
        "max_points",
    )
    coded = options.select("wave", "item_id", "option_id", "score", "points", "is_exclusive")
    asked = (
        answers.filter(pl.col("missing_code").is_in(ASKED))
        .join(scored, on=["wave", "item_id"])
        .join(coded, how="left", on=["wave", "item_id", "option_id"])
    )
    single = asked.filter(
        (pl.col("item_type") != "multi") & pl.col("option_id").ne_missing("not_applicable")
    ).select("n", "wave", "indicator", "dimension", "item_weight", "score", "is_synthetic")
    summed = 100.0 * pl.col("points").filter(ticked).sum() / pl.col("max_points").first()
    many = (
        asked.filter(pl.col("item_type") == "multi")
        .group_by("n", "wave", "item_id", "indicator", "dimension")
        .agg(
            pl.col("item_weight").first(),
            score=pl.when((pl.col("missing_code") != "answered").any()).then(None)
            .when((ticked & pl.col("is_exclusive").fill_null(False)).any()).then(0.0)
            .otherwise(pl.min_horizontal(summed, 100.0)),
            is_synthetic=pl.col("is_synthetic").any(),
        )
        .select("n", "wave", "indicator", "dimension", "item_weight", "score", "is_synthetic")
    )  # fmt: skip

    def up(children: Any, keys: list[str], weight: str) -> Any:
        present = pl.col("score").is_not_null()
        mean = (pl.col("score") * pl.col(weight)).sum() / pl.col(weight).filter(present).sum()
        enough = (present.sum() > 0) & (present.sum() >= 0.66 * pl.len())
        return children.group_by(keys).agg(
            score=pl.when(enough).then(mean), is_synthetic=pl.col("is_synthetic").any()
        )

    score = up(pl.concat([single, many]), ["n", "wave", "dimension", "indicator"], "item_weight")
    weights = scored.select("wave", "indicator", "indicator_weight").unique()
    score = up(score.join(weights, on=["wave", "indicator"]), ["n", "wave", "dimension"], "indicator_weight")
    score = score.filter(pl.col("score").is_not_null()).join(who.drop("wave", "response_id", "cell"), on="n")
    counts_frame, score_frame = pl.collect_all([counts, score])
    means = [
        score_frame.filter(pl.col(kind).is_not_null())
        .group_by("wave", "dimension", pl.col(kind).alias("population_value"))
        .agg(n=pl.len(), score=pl.col("score").mean(), variance=pl.col("score").var(), is_synthetic=pl.col("is_synthetic").any())
        .with_columns(population_kind=pl.lit(kind))
        for kind in KINDS
    ]  # fmt: skip
    earlier = score_frame.with_columns(wave=pl.col("wave") + 1)
    pairs = score_frame.join(earlier, on=["wave", "dimension", "respondent_token"], suffix="_before")
    change = pl.col("score") - pl.col("score_before")
    matched = [
        pairs.filter(pl.col(kind) == pl.col(f"{kind}_before"))
        .group_by("wave", "dimension", pl.col(kind).alias("population_value"))
        .agg(
            n_matched=pl.len(), matched_change=change.mean(), variance=change.var(), one=pl.col("score").mean(),
            other=pl.col("score_before").mean(), product=(pl.col("score") * pl.col("score_before")).mean(),
        )
        .with_columns(population_kind=pl.lit(kind))
        for kind in KINDS
    ]  # fmt: skip
    return publish(
        tables, people, counts_frame.to_pandas(), pl.concat(means).to_pandas(), pl.concat(matched).to_pandas()
    )


def hidden(frame: pd.DataFrame, n: str, within: list[str]) -> pd.Series:
    """Small groups, and with each the smallest of its kind, until two groups and MIN_GROUP respondents are hidden."""
    ordered = frame.sort_values([*within, n, "population_value"])
    groups = ordered.groupby(within, observed=True)[n]
    before = groups.cumsum() - ordered[n]
    small = groups.transform("min") < MIN_GROUP
    result = (ordered[n] < MIN_GROUP) | (small & ((groups.cumcount() < 2) | (before < MIN_GROUP)))
    return result.reindex(frame.index)


def publish(
    tables: dict[str, pd.DataFrame],
    people: pd.DataFrame,
    counts: pd.DataFrame,
    means: pd.DataFrame,
    matched: pd.DataFrame,
) -> dict[str, pd.DataFrame]:
    """The marts from counts by cell, and means and matched changes by group."""
    student = tables["student_t"]

    def t975(df: pd.Series) -> np.ndarray:
        place = np.searchsorted(student.df.to_numpy(), df.fillna(0).to_numpy(), side="right") - 1
        return np.where(df.notna() & (place >= 0), student.t975.to_numpy()[np.maximum(place, 0)], np.nan)

    return {
        "mart_dimension_score": _dimension_scores(tables, means, matched, t975),
        "mart_answer_share": _answer_shares(tables, people, counts, t975),
    }


def _dimension_scores(
    tables: dict[str, pd.DataFrame], means: pd.DataFrame, matched: pd.DataFrame, t975: Any
) -> pd.DataFrame:
    group = ["wave", "population_kind", "population_value"]
    mean = means.reset_index(drop=True).merge(tables["int_population"], how="left", on=group)
    known = mean.population_n.notna()
    free = (1.0 - mean.n / np.maximum(mean.n, mean.population_n)).where(known, 1.0)
    mean = mean.assign(
        scenario="headline", free=free, se=np.sqrt(free * mean.variance / mean.n), df=mean.n - 1,
        population_status=mean.population_status.fillna("unknown"),
        is_hidden=hidden(mean, "n", ["wave", "dimension", "population_kind"]),
    )  # fmt: skip
    strata = mean[(mean.population_kind == "bank_type") & known & ~mean.is_hidden]
    strata = strata.assign(
        weighted=strata.population_n * strata.score,
        spread=strata.population_n**2 * strata.free * strata.variance / strata.n,
    )
    total = strata.groupby(["wave", "dimension"]).agg(
        n=("n", "sum"), n_strata=("n", "size"), weighted=("weighted", "sum"), population_n=("population_n", "sum"),
        spread=("spread", lambda column: column.sum(skipna=False)), is_synthetic=("is_synthetic", "any"),
        population_status=("population_status", "max"),
    ).reset_index()  # fmt: skip
    total = total.assign(
        scenario="post_stratified", population_kind="all", population_value="all",
        score=total.weighted / total.population_n, se=np.sqrt(total.spread) / total.population_n,
        df=total.n - total.n_strata, is_hidden=total.n < MIN_GROUP,
    )  # fmt: skip
    columns = [
        *DIMENSION_KEYS,
        "n",
        "population_n",
        "population_status",
        "score",
        "se",
        "df",
        "is_hidden",
        "is_synthetic",
    ]
    mean = pd.concat([mean[columns], total[columns]], ignore_index=True)
    before = mean[[*DIMENSION_KEYS, "n", "score", "se", "df", "is_hidden"]].assign(wave=mean.wave + 1)
    mean = mean.merge(before, how="left", on=DIMENSION_KEYS, suffixes=("", "_before"))
    matched = matched.reset_index(drop=True)
    matched["covariance"] = (
        (matched["product"] - matched.one * matched.other) * matched.n_matched / (matched.n_matched - 1)
    )
    matched["matched_is_hidden"] = hidden(matched, "n_matched", ["wave", "dimension", "population_kind"])
    matched["scenario"] = "headline"
    wanted = [*DIMENSION_KEYS, "n_matched", "matched_change", "variance", "covariance", "matched_is_hidden"]
    mean = mean.merge(matched[wanted], how="left", on=DIMENSION_KEYS)
    overlap = mean.n_matched.fillna(0) / (mean.n * mean.n_before) - (1.0 / mean.population_n).fillna(0.0)
    change = mean.score - mean.score_before
    spread = (mean.se**2 + mean.se_before**2 - 2.0 * mean.covariance.fillna(0.0) * overlap).clip(lower=0.0)
    margin = t975(np.minimum(mean.df, mean.df_before)) * np.sqrt(spread)
    free = (1.0 - mean.n_matched / np.maximum(mean.n_matched, mean.population_n)).where(
        mean.population_n.notna(), 1.0
    )
    matched_margin = t975(mean.n_matched - 1) * np.sqrt(free * mean.variance / mean.n_matched)
    seen, seen_before = ~mean.is_hidden, mean.is_hidden_before.eq(False)
    seen_matched = mean.matched_is_hidden.eq(False)
    stratified = mean.scenario == "post_stratified"
    margin_now = t975(mean.df) * mean.se
    result = mean[DIMENSION_KEYS].assign(
        n=mean.n, population_n=mean.population_n, score=mean.score.where(seen), se=mean.se.where(seen),
        ci_low=(mean.score - margin_now).clip(lower=0.0).where(seen),
        ci_high=(mean.score + margin_now).clip(upper=100.0).where(seen),
        change=change.where(seen & seen_before), change_ci_low=(change - margin).where(seen & seen_before),
        change_ci_high=(change + margin).where(seen & seen_before),
        n_matched=mean.n_matched.fillna(0).where(mean.n_before.notna() & ~stratified),
        matched_change=mean.matched_change.where(seen_matched),
        matched_change_ci_low=(mean.matched_change - matched_margin).where(seen_matched),
        matched_change_ci_high=(mean.matched_change + matched_margin).where(seen_matched),
        composition_change=(change - mean.matched_change).where(seen_matched & seen & seen_before),
        suppressed=mean.is_hidden, is_synthetic=mean.is_synthetic.astype(bool),
    )  # fmt: skip
    ranked = (
        mean.score.round(8)
        .where(seen)
        .groupby([mean.wave, mean.dimension, mean.scenario, mean.population_kind])
    )
    result["rank"] = ranked.rank(method="min", ascending=False)
    return result


def _answer_shares(
    tables: dict[str, pd.DataFrame], people: pd.DataFrame, counts: pd.DataFrame, t975: Any
) -> pd.DataFrame:
    items = tables["int_item"].astype({"item_id": str})
    counts = counts.astype({"item_id": str, "missing_code": str, "option_id": object})
    counts = counts[counts.missing_code.isin(ASKED)].merge(
        items[items.option_set.notna()][["wave", "item_id", "item_type", "option_set", "is_comparable"]],
        on=["wave", "item_id"],
    )
    cells = pd.concat(
        people[["cell", kind]]
        .drop_duplicates()
        .dropna()
        .rename(columns={kind: "population_value"})
        .assign(population_kind=kind)
        for kind in KINDS
    )
    counts["chosen"] = counts.rows.where(
        (counts.missing_code == "answered") & ((counts.item_type != "multi") | counts.ticked), 0
    )
    keys = ["wave", "population_kind", "population_value", "item_id"]
    item = [*keys, "item_type", "option_set", "is_comparable"]
    summed = counts.merge(cells, on="cell").groupby([*item, "option_id"], dropna=False).agg(
        rows=("rows", "sum"), chosen=("chosen", "sum"), is_synthetic=("is_synthetic", "any")
    ).reset_index()  # fmt: skip
    is_multi, named = summed.item_type == "multi", summed.option_id.notna()
    # Whoever answers a multiple choice has a row for each of its options.
    answered = summed[is_multi & named].groupby(item).rows.max()
    eligible = answered.add(summed[~(is_multi & named)].groupby(item).rows.sum(), fill_value=0).rename(
        "n_eligible"
    )
    synthetic = summed.groupby(item).is_synthetic.any()
    share = pd.concat([eligible, synthetic], axis=1).reset_index()
    options = in_wave(tables["framework_option"], sorted(items.wave.unique()))
    share = share.merge(options[["wave", "option_set", "option_id", "option_no"]], on=["wave", "option_set"])
    share = share.merge(summed[[*SHARE_KEYS, "chosen"]], how="left", on=SHARE_KEYS)
    group = ["wave", "population_kind", "population_value"]
    share = share.merge(tables["int_population"][[*group, "population_n"]], how="left", on=group)
    n, chosen = share.n_eligible, share.chosen.fillna(0)
    p = chosen / n
    free = (1.0 - n / np.maximum(n, share.population_n)).where(share.population_n.notna(), 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        half, logit = t975(n - 1) * np.sqrt(free / (p * (1.0 - p) * (n - 1))), np.log(p / (1.0 - p))
        low = np.select(
            [chosen == 0, chosen == n], [0.0, 0.05 ** (1.0 / n)], 1.0 / (1.0 + np.exp(half - logit))
        )
        high = np.select(
            [chosen == 0, chosen == n], [1.0 - 0.05 ** (1.0 / n), 1.0], 1.0 / (1.0 + np.exp(-half - logit))
        )
    # The marts state intervals of shares to nine digits.
    share = share.assign(n_chosen=chosen, share=p, low=np.round(low, 9), high=np.round(high, 9))
    share["is_hidden"] = hidden(share, "n_eligible", ["wave", "item_id", "option_id", "population_kind"])
    before = share[[*SHARE_KEYS, "share", "low", "high", "is_hidden"]].assign(wave=share.wave + 1)
    share = share.merge(before, how="left", on=SHARE_KEYS, suffixes=("", "_before"))
    seen = ~share.is_hidden
    both = seen & share.is_hidden_before.eq(False)
    change = share.share - share.share_before
    down = np.sqrt((share.share - share.low) ** 2 + (share.high_before - share.share_before) ** 2)
    up = np.sqrt((share.high - share.share) ** 2 + (share.share_before - share.low_before) ** 2)
    return share[SHARE_KEYS].assign(
        option_no=share.option_no, n_eligible=share.n_eligible, n_chosen=share.n_chosen.where(seen),
        share_pct=100.0 * share.share.where(seen), ci_low_pct=100.0 * share.low.where(seen),
        ci_high_pct=100.0 * share.high.where(seen), change_pp=100.0 * change.where(both),
        change_ci_low_pp=100.0 * (change - down).where(both), change_ci_high_pp=100.0 * (change + up).where(both),
        comparable=share.is_comparable, suppressed=share.is_hidden, is_synthetic=share.is_synthetic.astype(bool),
    )  # fmt: skip


def write(name: str, home: Path, given: Path, folder: Path) -> None:
    """The marts of `pandas` or `polars` as Parquet files in the folder."""
    for mart, frame in {"pandas": with_pandas, "polars": with_polars}[name](home, given).items():
        frame.to_parquet(folder / f"{mart}.parquet")
