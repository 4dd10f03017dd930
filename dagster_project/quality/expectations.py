"""Expectations that Great Expectations does not have, as its own classes; a suite names them like any other.

Each looks at the rows of the partition (a pandas frame) and marks those that fail. What an expectation
compares with (allowed ranges, counts, the wave before) is a suite parameter, `{"$PARAMETER": name}`,
resolved at run time by `parameters.py`: such numbers are never typed into a suite. Importing this
module makes the classes known to Great Expectations.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

import pandas as pd
from great_expectations.core.suite_parameters import SuiteParameterDict
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
from great_expectations.render import LegacyRendererType, RenderedStringTemplateContent
from great_expectations.render.renderer.renderer import renderer

_FRAME = "table.fengchao_frame"


class _Frame(TableMetricProvider):
    """The whole partition, for expectations that look at several columns and rows at once."""

    metric_name = _FRAME

    @metric_value(engine=PandasExecutionEngine)
    def _pandas(cls, execution_engine: Any, metric_domain_kwargs: Any, **_: Any) -> pd.DataFrame:
        return execution_engine.get_domain_records(metric_domain_kwargs)


class _FrameExpectation(BatchExpectation):
    """Base: a subclass says in `_failing` which rows fail and what is to be said about them."""

    metric_dependencies: ClassVar[tuple[str, ...]] = (_FRAME,)
    domain_keys: ClassVar[tuple[str, ...]] = ("batch_id",)

    # Look only at rows with these values: column -> value.
    only: dict[str, Any] | None = None

    def _failing(self, frame: pd.DataFrame, given: dict[str, Any]) -> tuple[pd.Series, str]:
        """A mask over the rows of `frame`, and one sentence that says what was found ("" : nothing)."""
        raise NotImplementedError

    def _validate(
        self, metrics: dict[str, Any], runtime_configuration: Any = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        frame, given = metrics[_FRAME], self.configuration.kwargs
        for column, value in (given.get("only") or {}).items():
            frame = frame[frame[column] == value]
        mask, found = self._failing(frame, given)
        index = list(frame.index[mask.to_numpy(bool)])
        return {
            "success": not found,
            "result": {
                "element_count": len(frame),
                "unexpected_count": len(index),
                "unexpected_percent": 100 * len(index) / max(1, len(frame)),
                "unexpected_index_list": index,
                "observed_value": found or "holds",
                "details": found,
            },
        }

    @classmethod
    @renderer(renderer_type=LegacyRendererType.PRESCRIPTIVE)
    def _prescriptive_renderer(
        cls, configuration: Any = None, result: Any = None, runtime_configuration: Any = None
    ) -> list[Any]:
        """In the data docs the first sentence of the docstring: the parameters may be long lists."""
        columns = [
            str(configuration.kwargs[key]) for key in ("group_by", "column") if key in configuration.kwargs
        ]
        text = f"{(cls.__doc__ or '').splitlines()[0]} {', '.join(columns)}".replace("$", "")
        return [
            RenderedStringTemplateContent(
                content_block_type="string_template", string_template={"template": text, "params": {}}
            )
        ]


def _none(frame: pd.DataFrame) -> pd.Series:
    return pd.Series(False, index=frame.index)


def _first(items: list[str]) -> str:
    return "; ".join(items[:5]) + (f"; and {len(items) - 5} more" if len(items) > 5 else "")


class ExpectGroupSumsToEqual(_FrameExpectation):
    """Within each group the values of `column` add up to `total`, within `tolerance`.

    group_by: columns. total: one number for all groups, or a mapping from the group's values, joined by
    `|`, to its number; a group that the mapping lacks is not looked at, and one that the rows lack fails.
    A group with a hidden (NULL) value is not looked at: its sum cannot be known.
    Shares of a single choice over those who answered (100 within rounding), parts against their total.
    """

    group_by: list[str]
    column: str
    total: float | dict[str, float] | SuiteParameterDict
    tolerance: float = 0.0
    success_keys: ClassVar[tuple[str, ...]] = ("group_by", "column", "total", "tolerance", "only")

    def _failing(self, frame: pd.DataFrame, given: dict[str, Any]) -> tuple[pd.Series, str]:
        total, tolerance = given["total"], given.get("tolerance", 0.0)
        key = _joined(frame, given["group_by"])
        grouped = pd.to_numeric(frame[given["column"]]).groupby(key)
        sums = grouped.sum()[grouped.count() == grouped.size()]
        hidden = set(key) - set(sums.index)
        wanted = total if isinstance(total, dict) else dict.fromkeys(sums.index, total)
        found = {
            name: f"{name}: {sums.get(name, 0):g} instead of {number:g}"
            for name, number in sorted(wanted.items())
            if name not in hidden and abs(sums.get(name, 0) - number) > tolerance
        }
        return key.isin(found.keys()), _first(list(found.values()))


class ExpectGroupCountsToEqual(_FrameExpectation):
    """The numbers of rows by group are exactly those that were reviewed.

    group_by: columns. counts: mapping from the group's values, joined by `|`, to its number of rows; an
    empty mapping: nothing was reviewed for this partition, and nothing is looked at.
    A reviewed group without rows fails, as does a group that nobody reviewed: a missing year is the first.
    """

    group_by: list[str]
    counts: dict[str, int] | SuiteParameterDict
    success_keys: ClassVar[tuple[str, ...]] = ("group_by", "counts", "only")

    def _failing(self, frame: pd.DataFrame, given: dict[str, Any]) -> tuple[pd.Series, str]:
        if not given["counts"]:
            return _none(frame), ""
        key = _joined(frame, given["group_by"])
        seen = key.value_counts().to_dict()
        found = {
            name: f"{name}: {seen.get(name, 0)} rows instead of {given['counts'].get(name, 0)}"
            for name in sorted({*seen, *given["counts"]})
            if seen.get(name, 0) != given["counts"].get(name, 0)
        }
        return key.isin(found.keys()), _first(list(found.values()))


class ExpectValuesInRangeOfTheirKind(_FrameExpectation):
    """Each value of `column` lies in the range of its kind (the column `kind_column`).

    ranges: mapping from kind to [lowest or null, highest or null, whether the bounds themselves are
    allowed]; a kind without a range fails. NULL values are not looked at.
    The ranges of the measures stand in the measure registry and nowhere else.
    """

    column: str
    kind_column: str
    ranges: dict[str, Any] | SuiteParameterDict
    success_keys: ClassVar[tuple[str, ...]] = ("column", "kind_column", "ranges")

    def _failing(self, frame: pd.DataFrame, given: dict[str, Any]) -> tuple[pd.Series, str]:
        kind, failed = frame[given["kind_column"]], _none(frame)
        value = pd.to_numeric(frame[given["column"]])
        for name, (low, high, inclusive) in given["ranges"].items():
            rows = (kind == name) & value.notna()
            if low is not None:
                failed |= rows & ((value < low) if inclusive else (value <= low))
            if high is not None:
                failed |= rows & (value > high)
        failed |= value.notna() & ~kind.isin(given["ranges"].keys())
        kinds = sorted({str(name) for name in kind[failed]})
        return failed, _first(
            [f"{name} outside {given['ranges'].get(name, 'the registry')}" for name in kinds]
        )


class ExpectDistributionNearReference(_FrameExpectation):
    """The distribution within each group is near the one of the partition before.

    group_by, category: columns; value: column with the weight of the category (a share, a count).
    reference: mapping from group and category, joined by `|`, to the weight before; what it lacks is not
    looked at. max_distance: highest total variation distance in per cent (half the sum of the absolute
    differences, once the weights of a group add up to 100; so a multiple choice fits too). Source: Levin and Peres, Markov Chains and Mixing Times, 4.1.
    """

    group_by: list[str]
    category: str
    value: str
    reference: dict[str, float] | SuiteParameterDict
    max_distance: float
    success_keys: ClassVar[tuple[str, ...]] = (
        "group_by", "category", "value", "reference", "max_distance", "only",
    )  # fmt: skip

    def _failing(self, frame: pd.DataFrame, given: dict[str, Any]) -> tuple[pd.Series, str]:
        group = _joined(frame, given["group_by"])
        before = _joined(frame, [*given["group_by"], given["category"]]).map(given["reference"])
        now = pd.to_numeric(frame[given["value"]]).where(before.notna())
        now, before = (100 * weight / weight.groupby(group).transform("sum") for weight in (now, before))
        distance = (now - before).abs().groupby(group).sum() / 2
        far = distance[distance > given["max_distance"]]
        return group.isin(far.index), _first([f"{name} moved by {moved:.1f}" for name, moved in far.items()])


class ExpectNoPersonalDataColumn(_FrameExpectation):
    """No column holds what identifies a person: no name, phone, mail, network or postal address.

    Names of columns are looked at, word by word (`respondent_name`, `ip`); contents are the matter of
    the expectations about free text. allowed: columns that only look so (names of banks).
    forbidden: further columns that must not be there (a respondent's token in a release).
    """

    allowed: list[str] | None = None
    forbidden: list[str] | None = None
    success_keys: ClassVar[tuple[str, ...]] = ("allowed", "forbidden")
    _WORDS: ClassVar[re.Pattern[str]] = re.compile(
        r"(?:^|_)(?:name|phone|mobile|tel|e?mail|ip|wechat|openid|address|contact|id_?card|birthday|gender)(?:_|$)"
        r"|姓名|电话|手机|邮箱|微信|地址|身份证"
    )

    def _failing(self, frame: pd.DataFrame, given: dict[str, Any]) -> tuple[pd.Series, str]:
        names = [str(name) for name in frame.columns if name not in (given.get("allowed") or [])]
        forbidden = given.get("forbidden") or []
        return _none(frame), _first([n for n in names if n in forbidden or self._WORDS.search(n.lower())])


class ExpectPairsToBeKnown(_FrameExpectation):
    """The two `columns` of each row hold a pair that is listed in `known`; rows with a NULL in one are left out.

    Great Expectations has `expect_column_pair_values_to_be_in_set`, which compares each row with each pair:
    minutes for a million answers and a few hundred options of items.
    """

    columns: list[str]
    known: list[Any] | SuiteParameterDict
    success_keys: ClassVar[tuple[str, ...]] = ("columns", "known", "only")

    def _failing(self, frame: pd.DataFrame, given: dict[str, Any]) -> tuple[pd.Series, str]:
        pairs = frame[given["columns"]].dropna()
        known = pd.MultiIndex.from_tuples([tuple(pair) for pair in given["known"]])
        failed = pd.Series(~pd.MultiIndex.from_frame(pairs).isin(known), index=pairs.index)
        failed = failed.reindex(frame.index, fill_value=False)
        names = sorted(set(_joined(frame[failed], given["columns"])))
        return failed, _first([f"{name} is not listed" for name in names])


CUSTOM = (
    ExpectPairsToBeKnown,
    ExpectGroupSumsToEqual,
    ExpectGroupCountsToEqual,
    ExpectValuesInRangeOfTheirKind,
    ExpectDistributionNearReference,
    ExpectNoPersonalDataColumn,
)


def _joined(frame: pd.DataFrame, columns: list[str]) -> pd.Series:
    """The values of the columns as one text, joined by `|`."""
    key = frame[columns[0]].astype(str)
    for column in columns[1:]:
        key = key + "|" + frame[column].astype(str)
    return key
