"""Schedules of the two yearly loads. Off until an environment turns them on.

`FENGCHAO_DISCLOSURES_CRON`, `FENGCHAO_QUESTIONNAIRES_CRON`: when they are due, in Shanghai time; the
defaults stand here. A scheduler that was down evaluates the last tick it missed when it is back, and
that one only; a tick therefore asks for every year since the last one that its schedule has asked for.
"""

import os
from zoneinfo import ZoneInfo

import dagster as dg

from dagster_project.errors import FengchaoError
from dagster_project.jobs import disclosure_year, questionnaire_wave
from dagster_project.partitions import FIRST_YEAR

_STATES = {"local": dg.DefaultScheduleStatus.STOPPED, "production": dg.DefaultScheduleStatus.RUNNING}
_TIMEZONE = "Asia/Shanghai"
CRONS = {"FENGCHAO_DISCLOSURES_CRON": "0 6 15 5 *", "FENGCHAO_QUESTIONNAIRES_CRON": "0 6 15 12 *"}


def environment() -> str:
    """`FENGCHAO_ENV`: local (default, schedules and sensor off) or production (on)."""
    name = os.environ.get("FENGCHAO_ENV", "local")
    if name not in _STATES:
        raise FengchaoError(f"FENGCHAO_ENV is {name!r}. Use one of {', '.join(_STATES)}.")
    return name


def default_status() -> dg.DefaultScheduleStatus:
    return _STATES[environment()]


def cron(variable: str) -> str:
    """The cron text of a setting. Raises FengchaoError with its name where it cannot be understood."""
    from dagster._utils.schedules import is_valid_cron_schedule

    text = os.environ.get(variable) or CRONS[variable]
    if not is_valid_cron_schedule(text):
        raise FengchaoError(
            f"{variable} is {text!r}, which is no cron schedule. "
            f"Write minute, hour, day, month and weekday, e.g. {CRONS[variable]!r}."
        )
    return text


def fiscal_year(context: dg.ScheduleEvaluationContext) -> int:
    """The fiscal year whose annual reports are out at a tick: the one before the tick's."""
    return context.scheduled_execution_time.astimezone(ZoneInfo(_TIMEZONE)).year - 1


def wave(context: dg.ScheduleEvaluationContext) -> int:
    """The wave that has come in at a tick: it is asked in the second half of its year."""
    tick = context.scheduled_execution_time.astimezone(ZoneInfo(_TIMEZONE))
    return tick.year if tick.month >= 7 else tick.year - 1


def requests(context: dg.ScheduleEvaluationContext, schedule: str, year: int) -> list[dg.RunRequest]:
    """One run for `year`, and one for each year that was missed before it. A year is asked for once."""
    asked = context.instance.get_runs(dg.RunsFilter(tags={"dagster/schedule_name": schedule}), limit=100)
    last = max((int(run.tags["dagster/partition"]) for run in asked), default=year - 1)
    due = [*range(max(last + 1, FIRST_YEAR), year), year]
    return [dg.RunRequest(run_key=f"{schedule}-{each}", partition_key=str(each)) for each in due]


@dg.schedule(
    job=disclosure_year,
    cron_schedule=cron("FENGCHAO_DISCLOSURES_CRON"),
    execution_timezone=_TIMEZONE,
    default_status=default_status(),
    description="15 May unless set otherwise: annual reports of the fiscal year just ended.",
)
def disclosures_each_may(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest]:
    return requests(context, "disclosures_each_may", fiscal_year(context))


@dg.schedule(
    job=questionnaire_wave,
    cron_schedule=cron("FENGCHAO_QUESTIONNAIRES_CRON"),
    execution_timezone=_TIMEZONE,
    default_status=default_status(),
    description="15 December unless set otherwise: the questionnaire of the year.",
)
def questionnaires_each_december(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest]:
    return requests(context, "questionnaires_each_december", wave(context))


SCHEDULES = [disclosures_each_may, questionnaires_each_december]
