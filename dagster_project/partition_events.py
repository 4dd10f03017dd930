"""What a step says of each of its partitions, in a run of one year and in a run of several.

Dagster says one thing of all partitions of a run, and of no partition which check belongs to it; in a
run of several years each year is said here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import dagster as dg

_VERSION = "dagster/data_version"


def check_events(spec: dg.AssetCheckSpec, results: Mapping[int | None, dg.AssetCheckResult]) -> Iterator[Any]:
    """Results of one check by year (None: the table has no years)."""
    if len(results) == 1:
        yield from results.values()
        return
    for year, result in results.items():
        yield dg.AssetCheckEvaluation(
            asset_key=spec.asset_key,
            check_name=spec.name,
            passed=result.passed,
            metadata=result.metadata,
            severity=result.severity,
            description=result.description,
            blocking=spec.blocking,
            partition=str(year),
        )
    yield dg.Output(None, output_name=spec.get_python_identifier())


def file_events(key: dg.AssetKey, files: Mapping[int | None, tuple[str, Mapping[str, Any]]]) -> Iterator[Any]:
    """A table that is a file per year: the sha256 of the file, which is its data version, and metadata by year.

    The same bytes leave what was made of them fresh.
    """
    if len(files) == 1:
        ((content, metadata),) = files.values()
        yield dg.MaterializeResult(key, data_version=dg.DataVersion(content), metadata=metadata)
        return
    yield dg.MaterializeResult(key)
    for year, (content, metadata) in files.items():
        yield dg.AssetMaterialization(
            key,
            partition=str(year),
            metadata=metadata,
            tags={_VERSION: content, f"{_VERSION}_is_user_provided": "true"},
        )


def loaded_years(context: Any) -> list[int]:
    """The years of a run, in order."""
    if context.has_partition_key:
        return [int(context.partition_key)]
    first, last = context.partition_key_range
    return list(range(int(first), int(last) + 1))


def refuse_gaps(source: str, wanted: Collection[int | None], found: Collection[int | None]) -> None:
    """Dagster counts a step of several years as done for all of them: each of them needs input.

    Raises Failure that names the years without.
    """
    if missing := sorted(str(year) for year in wanted if year not in found):
        raise dg.Failure(
            description=f"{source}: {', '.join(missing)} stand in one run with years that have input and have none. "
            "Load each year in a run of its own.",
            allow_retries=False,
        )
