"""The code location: every asset, check, job, schedule and sensor."""

from __future__ import annotations

import logging
import os
import warnings

import dagster as dg

from dagster_project.settings import load_settings

# Partitioned checks are what this project stands on; that they are a preview is known and tested for.
warnings.filterwarnings("ignore", category=dg.PreviewWarning)
# A year without input has no check result to wait for; what stands downstream is skipped all the same.
logging.getLogger("dagster._core.execution.plan.active").addFilter(
    lambda record: "emitted no result" not in record.getMessage()
)

# dbt reads the home from the environment when the project is parsed.
os.environ["FENGCHAO_HOME"] = str(load_settings().home)

from dagster_project.alerts import channels  # noqa: E402
from dagster_project.analysis.assets import analyse_scores  # noqa: E402
from dagster_project.audit.assets import published_audit  # noqa: E402
from dagster_project.ingest.assets import LANDING_ASSETS  # noqa: E402
from dagster_project.jobs import JOBS  # noqa: E402
from dagster_project.quality.checks import CHECKS, QUALITY_RESULT  # noqa: E402
from dagster_project.quality.disclosure_check import disclosure_checks  # noqa: E402
from dagster_project.release.assets import release, release_readable  # noqa: E402
from dagster_project.run_owner import owning_executor  # noqa: E402
from dagster_project.schedules import SCHEDULES  # noqa: E402
from dagster_project.sensors import SENSORS  # noqa: E402
from dagster_project.warehouse.assets import DBT_ASSETS  # noqa: E402

channels()  # a channel that cannot be understood is said at load, not when the first run breaks

defs = dg.Definitions(
    # Also for what is materialized from an asset's page or in a backfill: a process per step costs minutes.
    executor=owning_executor,
    assets=[*LANDING_ASSETS, *DBT_ASSETS, analyse_scores, published_audit, release, QUALITY_RESULT],
    asset_checks=[*CHECKS, disclosure_checks, release_readable],
    jobs=JOBS,
    schedules=SCHEDULES,
    sensors=SENSORS,
)
