"""Jobs: what is run together, and in which process."""

from __future__ import annotations

from typing import Any

import dagster as dg
from dagster import AssetSelection

from dagster_project.analysis.assets import analyse_scores
from dagster_project.audit.assets import published_audit
from dagster_project.ingest import assets as landing
from dagster_project.ingest.load import Source
from dagster_project.ingest.sources import DISCLOSURES, PUBLISHED, QUESTIONNAIRES, REPORTS
from dagster_project.rebuild_job import rebuild_all
from dagster_project.run_owner import owning_executor
from dagster_project.warehouse import assets as warehouse

_EXECUTOR = owning_executor

_PREPARE = AssetSelection.assets(
    landing.land_reference, warehouse.framework, warehouse.reference, warehouse.staging_robustness
)
# By kind of input: its steps.
BRANCHES: dict[Source, tuple[dg.AssetsDefinition, ...]] = {
    QUESTIONNAIRES: (
        landing.land_questionnaires,
        warehouse.staging_questionnaires,
        warehouse.intermediate_questionnaires,
        warehouse.marts_questionnaires,
        analyse_scores,
        warehouse.marts_robustness,
    ),
    DISCLOSURES: (landing.land_disclosures, warehouse.staging_disclosures, warehouse.marts_disclosures),
    REPORTS: (landing.land_reports,),
    PUBLISHED: (landing.land_published,),
}
_QUESTIONNAIRES = AssetSelection.assets(*BRANCHES[QUESTIONNAIRES])
_DISCLOSURES = AssetSelection.assets(*BRANCHES[DISCLOSURES], *BRANCHES[REPORTS])
_PUBLISHED = AssetSelection.assets(*BRANCHES[PUBLISHED])
_CROSS_YEAR = AssetSelection.assets(
    published_audit,
    warehouse.staging_published,
    warehouse.marts_published,
    warehouse.marts_cross_year,
    warehouse.marts_quality,
)

prepare = dg.define_asset_job(
    "prepare",
    _PREPARE,
    executor_def=_EXECUTOR,
    description="Reference data and the scoring framework: what every year needs.",
)
questionnaire_wave = dg.define_asset_job(
    "questionnaire_wave",
    _PREPARE | _QUESTIONNAIRES,
    executor_def=_EXECUTOR,
    description="One survey wave from its export to its scores, shares and their robustness.",
)
disclosure_year = dg.define_asset_job(
    "disclosure_year",
    _PREPARE | _DISCLOSURES,
    executor_def=_EXECUTOR,
    description="One fiscal year of printed figures to the investment marts.",
)
yearly_load = dg.define_asset_job(
    "yearly_load",
    _PREPARE | _QUESTIONNAIRES | _DISCLOSURES | _PUBLISHED,
    executor_def=_EXECUTOR,
    description="Everything a year has: its wave, its disclosed figures and its report.",
)
release = dg.define_asset_job(
    "release",
    _CROSS_YEAR | AssetSelection.keys("release"),
    executor_def=_EXECUTOR,
    description="Cross-year marts, then a new release folder and the switch of `current`.",
)


JOBS: list[Any] = [prepare, questionnaire_wave, disclosure_year, yearly_load, release, rebuild_all]
