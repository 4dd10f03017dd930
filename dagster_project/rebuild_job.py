"""The job `rebuild_all`: what `fengchao rebuild` does, started in the UI."""

import dagster as dg

from dagster_project.run_owner import owning_executor


@dg.op
def load_all_years(context: dg.OpExecutionContext) -> None:
    """The runs are those of the command, each in the list of runs."""
    from dagster_project.main_job import run_all
    from dagster_project.settings import load_settings

    report = run_all(load_settings(), progress=lambda text, done, total: context.log.info(text), anew=True)
    if not report.success:
        failed = [text for run in report.runs for text in run.messages]
        raise dg.Failure(description="\n".join(failed), allow_retries=False)


@dg.job(
    executor_def=owning_executor,
    description="Removes the build database, loads every year of the raw folder and makes a release.",
)
def rebuild_all() -> None:
    load_all_years()
