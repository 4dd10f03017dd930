"""Schedules of the two yearly loads. Off until an environment turns them on."""

import os

import dagster as dg

from dagster_project.errors import FengchaoError
from dagster_project.jobs import disclosure_year, questionnaire_wave

_STATES = {"local": dg.DefaultScheduleStatus.STOPPED, "production": dg.DefaultScheduleStatus.RUNNING}


def environment() -> str:
    """`FENGCHAO_ENV`: local (default, schedules and sensor off) or production (on)."""
    name = os.environ.get("FENGCHAO_ENV", "local")
    if name not in _STATES:
        raise FengchaoError(f"FENGCHAO_ENV is {name!r}. Use one of {', '.join(_STATES)}.")
    return name


def default_status() -> dg.DefaultScheduleStatus:
    return _STATES[environment()]


def year_of_tick(context: dg.ScheduleEvaluationContext, years_back: int) -> str:
    """The year a tick speaks of: taken from the tick, never from the clock."""
    return str(context.scheduled_execution_time.year - years_back)


@dg.schedule(
    job=disclosure_year,
    cron_schedule="0 6 15 5 *",
    execution_timezone="Asia/Shanghai",
    default_status=default_status(),
    description="15 May: annual reports of the fiscal year just ended.",
)
def disclosures_each_may(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    year = year_of_tick(context, years_back=1)
    return dg.RunRequest(run_key=f"disclosures-{year}", partition_key=year)


@dg.schedule(
    job=questionnaire_wave,
    cron_schedule="0 6 15 12 *",
    execution_timezone="Asia/Shanghai",
    default_status=default_status(),
    description="15 December: the questionnaire of the year.",
)
def questionnaires_each_december(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    year = year_of_tick(context, years_back=0)
    return dg.RunRequest(run_key=f"questionnaires-{year}", partition_key=year)


SCHEDULES = [disclosures_each_may, questionnaires_each_december]
