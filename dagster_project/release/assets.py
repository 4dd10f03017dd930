"""The release as an asset, and the check that what was written can be read."""

import dagster as dg

from dagster_project.catalogue import docs, tags
from dagster_project.disk import describe
from dagster_project.errors import FengchaoError
from dagster_project.ownership import OWNER
from dagster_project.settings import load_settings
from dagster_project.warehouse.manifest import manifest_content


def _public_keys() -> list[dg.AssetKey]:
    from dagster_project.release.build import public_marts

    return [dg.AssetKey(name) for name in public_marts(manifest_content(load_settings()))]


class ReleaseConfig(dg.Config):
    """release_date: ISO day written into the release id; empty: the day the newest input was received."""

    release_date: str = ""


# A step may not be named like a job, and the job is `release`: hence a step name of its own.
@dg.multi_asset(
    name="release_folder",
    specs=[
        dg.AssetSpec(
            "release",
            deps=_public_keys(),
            group_name="release",
            owners=[OWNER],
            kinds={"duckdb", "parquet", "html"},
            tags=tags("release", "release"),
            metadata=docs("release", "release"),
            description="Grain: one folder per content. What analysts open: DuckDB, Parquet, CSV, workbook, "
            "report, dictionary, lineage, data package, what moved.",
        )
    ],
)
def release(context: dg.AssetExecutionContext, config: ReleaseConfig) -> dg.MaterializeResult:
    """Build the release folder and switch `current`; the same content is not written twice."""
    import duckdb

    from dagster_project.quality.results import incident_of
    from dagster_project.release.build import build_release

    settings = load_settings()
    try:
        built = build_release(
            settings, manifest_content(settings), config.release_date or None, incident_of(context)
        )
    except (FengchaoError, OSError, duckdb.Error) as error:
        raise dg.Failure(description=describe(error, settings.home), allow_retries=False) from error
    return dg.MaterializeResult(
        metadata={
            "release_id": built.release_id,
            "folder": dg.MetadataValue.path(str(built.folder)),
            "report": dg.MetadataValue.path(str(built.folder / "report.html")),
            "new_content": built.is_new,
            "tables": built.n_tables,
            "dagster/row_count": built.n_rows,
            "bytes": sum(path.stat().st_size for path in built.folder.rglob("*") if path.is_file()),
        }
    )


@dg.asset_check(
    asset=release,
    blocking=True,
    description="Every file has the sha256 of the data package, and the DuckDB file holds the rows of the Parquet files.",
)
def release_readable() -> dg.AssetCheckResult:
    from dagster_project.release.keep import current_release
    from dagster_project.release.verify import read_back

    folder = current_release(load_settings())
    problems = ["there is no current release"] if folder is None else read_back(folder)
    return dg.AssetCheckResult(
        passed=not problems,
        description="\n".join(problems) or "All files are whole and agree.",
        metadata={"problems": len(problems)},
    )
