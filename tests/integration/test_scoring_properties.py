"""What holds for every survey: order does not matter, waves stand alone, scores stay within their scale."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.compiled import CompiledModels
from tests.dbt_case import DbtCase

pytestmark = pytest.mark.integration

WAVES = (2022, 2023)
MARTS = ("mart_answer_share", "mart_indicator_score", "mart_dimension_score", "mart_index")
# item -> (type, option set, dimension, indicator, comparable in 2023)
ITEMS = {
    "plan": ("single", "scale", "strategy", "planning", True),
    "team": ("single", "scale", "strategy", "planning", False),
    "means": ("multi", "ticks", "strategy", "means", True),
    "share": ("number", None, "data", "spending", True),
}
OPTIONS = {"scale": {"low": 0.0, "middle": 50.0, "high": 100.0}, "ticks": {"a": 60.0, "b": 60.0, "none": 0.0}}
MISSING = ("blank", "skipped_by_logic", "not_asked_this_wave", "invalid")
Survey = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> CompiledModels:
    case = DbtCase(tmp_path_factory.mktemp("properties"))
    valid = {"valid_from_wave": 2022}
    indicators = {indicator: dimension for _, _, dimension, indicator, _ in ITEMS.values()}
    case.seed(
        "framework_dimension",
        [
            {"dimension": name, "dimension_no": i, "weight": i, **valid}
            for i, name in enumerate(("strategy", "data"), 1)
        ],
    )
    case.seed(
        "framework_indicator",
        [
            {"indicator": name, "dimension": dimension, "indicator_no": i, "weight": 4 - i, **valid}
            for i, (name, dimension) in enumerate(indicators.items(), 1)
        ],
    )
    case.seed(
        "framework_item",
        [
            {"item_id": item, "indicator": indicator, "weight": i, "max_points": 100 if kind == "multi" else None,
             "scoring": "goalpost" if kind == "number" else "points", **valid}
            for i, (item, (kind, _, _, indicator, _)) in enumerate(ITEMS.items(), 1)
        ],
    )  # fmt: skip
    case.seed("framework_goalpost", [{"item_id": "share", "lower": 0, "upper": 10, "direction": -1, **valid}])
    case.seed(
        "framework_option",
        [
            {"option_set": name, "option_id": option, "option_no": i, "points": points,
             "is_exclusive": str(option == "none").lower(), **valid}
            for name, options in OPTIONS.items()
            for i, (option, points) in enumerate(options.items(), 1)
        ],
    )  # fmt: skip
    for name in ("framework_range", "framework_comparability", "framework_weight"):
        case.seed(name, [])
    return CompiledModels(case)


@st.composite
def surveys(draw: st.DrawFn) -> Survey:
    """Two waves of up to nine banks, any of them in both; every kind of answer and of missing answer."""
    responses: list[dict[str, Any]] = []
    answers: list[dict[str, Any]] = []
    for wave in WAVES:
        for bank in draw(st.lists(st.integers(1, 9), unique=True, min_size=1, max_size=9)):
            key = {"wave": wave, "response_id": f"{wave}-{bank}"}
            responses.append(
                {
                    **key, "respondent_token": f"t{bank}", "is_counted": draw(st.booleans()) or bank < 4,
                    "bank_type": draw(st.sampled_from(["private", "city_commercial"])), "province": "beijing",
                    "is_synthetic": True,
                }
            )  # fmt: skip
            for item, (kind, option_set, *_) in ITEMS.items():
                base = {**key, "item_id": item, "missing_code": "answered", "is_synthetic": True}
                missing = draw(st.sampled_from([None, None, None, *MISSING]))
                if missing:
                    answers.append({**base, "missing_code": missing})
                elif kind == "multi":
                    answers.extend(
                        {**base, "option_id": option, "value_num": float(draw(st.booleans()))}
                        for option in OPTIONS["ticks"]
                    )
                elif kind == "number":
                    answers.append({**base, "value_num": draw(st.floats(-5, 15, width=16))})
                else:
                    assert option_set
                    answers.append({**base, "option_id": draw(st.sampled_from(sorted(OPTIONS[option_set])))})
    return {"response": responses, "answer": answers}


def _staging(survey: Survey) -> dict[str, pa.Table]:
    text, number, flag, whole = pa.string(), pa.float64(), pa.bool_(), pa.int32()

    def table(rows: list[dict[str, Any]], **columns: pa.DataType) -> pa.Table:
        return pa.table(
            {name: [row.get(name) for row in rows] for name in columns}, schema=pa.schema(columns)
        )

    items = [
        {"wave": wave, "item_id": item, "item_type": kind, "option_set": option_set, "dimension": dimension,
         "indicator": indicator, "is_comparable": comparable and wave > WAVES[0], "change_type": "same"}
        for wave in sorted({row["wave"] for row in survey["response"]})
        for item, (kind, option_set, dimension, indicator, comparable) in ITEMS.items()
    ]  # fmt: skip
    population = [
        {"as_of_date": dt.date(2021, 12, 31), "institution_type": kind, "n_institutions": 12}
        for kind in ("民营银行", "城市商业银行")
    ]
    return {
        "stg_questionnaire__response": table(
            survey["response"], wave=whole, response_id=text, respondent_token=text, bank_type=text, province=text,
            is_counted=flag, is_synthetic=flag,
        ),
        "stg_questionnaire__answer": table(
            survey["answer"], wave=whole, response_id=text, item_id=text, option_id=text, value_num=number,
            missing_code=text, is_synthetic=flag,
        ),
        "stg_questionnaire__item": table(
            items, wave=whole, item_id=text, question_id=text, question_no=whole, row_id=text, item_type=text,
            option_set=text, dimension=text, indicator=text, label_zh=text, label_en=text, change_type=text,
            is_comparable=flag, is_inferred=flag,
        ),
        "stg_reference__population": table(
            population, as_of_date=pa.date32(), institution_type=text, n_institutions=whole
        ),
        "stg_reference__province": table([{"province": "beijing", "region": "east"}], province=text, region=text),
    }  # fmt: skip


def _marts(models: CompiledModels, survey: Survey) -> dict[str, list[tuple[Any, ...]]]:
    with models.run(_staging(survey)) as con:
        return {
            mart: con.execute(f"select * from fengchao_build.marts.{mart} order by all").fetchall()
            for mart in MARTS
        }


RUNS = settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@RUNS
@given(surveys(), st.randoms(use_true_random=False))
def test_order_does_not_matter(models: CompiledModels, survey: Survey, random: Any) -> None:
    """Respondents, options and files in another order: the same marts to the last digit."""
    shuffled = {name: random.sample(rows, len(rows)) for name, rows in survey.items()}
    assert _marts(models, shuffled) == _marts(models, survey)


@RUNS
@given(surveys())
def test_a_wave_changes_no_earlier_one(models: CompiledModels, survey: Survey) -> None:
    first = {name: [row for row in rows if row["wave"] == WAVES[0]] for name, rows in survey.items()}
    alone = _marts(models, first)
    both = {
        mart: [row for row in rows if row[0] == WAVES[0]] for mart, rows in _marts(models, survey).items()
    }
    assert both == alone


@RUNS
@given(surveys())
def test_scores_stay_on_their_scale(models: CompiledModels, survey: Survey) -> None:
    with models.run(_staging(survey)) as con:
        outside = con.execute(
            """
            select * from fengchao_build.restricted.int_score where score not between -1e-9 and 100 + 1e-9
            """
        ).fetchall()
        assert outside == []
        broken = con.execute(
            """
            select * from fengchao_build.restricted.int_score_estimate
            where ci_low > score or ci_high < score or ci_low < 0 or ci_high > 100
                or score is null or (n > 1) <> (se is not null) or se < 0
                or rank not between 1 and (select count(*) from fengchao_build.restricted.int_score_estimate)
            """
        ).fetchall()
        # The post-stratified mean has no error where a type has one respondent.
        assert [row for row in broken if row[1] != "post_stratified"] == []
        shown = con.execute(
            """
            select * from fengchao_build.marts.mart_index where n < 5 and (index is not null or se is not null
                or ci_low is not null or rank is not null or change is not null or grade is not null)
            """
        ).fetchall()
        assert shown == []


@RUNS
@given(surveys())
def test_no_reason_without_a_gap(models: CompiledModels, survey: Survey) -> None:
    """A missing score has a reason, a score has none; and each scored item counts once per respondent."""
    with models.run(_staging(survey)) as con:
        for level in ("item", "indicator", "dimension", "index"):
            table = f"fengchao_build.restricted.int_{level}_score"
            assert (
                con.execute(f"select * from {table} where (score is null) <> (reason is not null)").fetchall()
                == []
            )
        counted = {row["response_id"] for row in survey["response"] if row["is_counted"]}
        asked = {
            (row["response_id"], row["item_id"])
            for row in survey["answer"]
            if row["missing_code"] not in ("skipped_by_logic", "not_asked_this_wave")
        }
        scored = con.execute(
            "select response_id, item_id from fengchao_build.restricted.int_item_score"
        ).fetchall()
        assert sorted(scored) == sorted(pair for pair in asked if pair[0] in counted)
