"""What `fengchao run` prints at its end."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dagster_project.main_job import MainReport
from dagster_project.release.keep import current_release
from dagster_project.run_report import PHASES
from dagster_project.settings import Settings


def print_summary(console: Console, settings: Settings, report: MainReport, wall_seconds: float) -> None:
    """Runs, times by phase, checks, what was set aside, and where to find the results."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for heading, side in (
        ("run", "left"), ("state", "left"), ("rows", "right"), ("aside", "right"), ("passed", "right"),
        ("look", "right"), *((phase, "right") for phase in PHASES[1:]),
    ):  # fmt: skip
        table.add_column(heading, justify=side, no_wrap=True)  # type: ignore[arg-type]
    for run in report.runs:
        total = run.checks_passed + run.checks_failed + run.checks_warned
        table.add_row(
            run.years or run.job,
            "ok" if run.success else "[bold red]FAILED[/]",
            str(run.rows_landed or ""),
            str(run.rows_set_aside or ""),
            f"{run.checks_passed}/{total}",
            str(run.checks_warned or ""),
            *(f"{run.seconds[phase]:.1f}s" if phase in run.seconds else "" for phase in PHASES[1:]),
        )
    console.print(table)
    by_phase = {phase: sum(run.seconds.get(phase, 0.0) for run in report.runs) for phase in PHASES}
    by_phase["start-up"] = report.startup_seconds
    other = wall_seconds - sum(by_phase.values())
    parts = ", ".join(f"{phase} {seconds:.1f}" for phase, seconds in by_phase.items())
    console.print(
        f"Wall time {wall_seconds:.1f} s: {parts}, run bookkeeping {other:.1f}.",
        highlight=False,
        soft_wrap=True,
    )
    checks = sum(run.checks_passed for run in report.runs), sum(run.checks_failed for run in report.runs)
    warned = sum(run.checks_warned for run in report.runs)
    aside = sum(run.rows_set_aside for run in report.runs)
    console.print(
        f"Checks: {checks[0]} passed, {checks[1]} failed, {warned} to look at. "
        f"Set aside: {aside} rows" + (" (fengchao aside lists them)." if aside else "."),
        highlight=False,
        soft_wrap=True,
    )
    for text in _looks(report):
        console.print(f"[yellow]look[/] {escape(text)}", highlight=False, soft_wrap=True)
    for run in report.runs:
        for text in run.messages:
            console.print(f"[bold red]{run.label}[/] {escape(text)}", highlight=False, soft_wrap=True)
    _print_paths(console, settings, report)


def _looks(report: MainReport) -> Iterator[str]:
    """What stops nothing and somebody should know."""
    for text in report.ended:
        yield f"An earlier run was killed and is now marked as failed: {text}."
    for text in report.gone:
        yield (
            f"{text}: its raw files are gone and its rows are still there. "
            "Put the files back, or remove the rows: fengchao rebuild."
        )
    for run in report.apart:
        yield f"{run.label} failed as one run; its years were then loaded one by one."
    for run in report.runs:
        yield from run.warnings


def _print_paths(console: Console, settings: Settings, report: MainReport) -> None:
    release = report.runs[-1].release
    current = current_release(settings)
    if release:
        state = "new" if release["new_content"] else "unchanged, no byte of it was written"
        console.print(f"Release {release['release_id']} ({state}).", highlight=False)
    elif current is not None:
        console.print(f"No new release; {current.name} stays the current one.", highlight=False)
    else:
        console.print("No release was made.", highlight=False)
    if current is not None:
        link = settings.releases / "current"
        for label, path in (
            ("report", link / "report.html"),
            ("tables", link / "fengchao.duckdb"),
            ("package", link / "datapackage.json"),
        ):
            console.print(f"  {label:<8} {path}", highlight=False, soft_wrap=True)
    console.print(f"  checks   {settings.data_docs / 'index.html'}", highlight=False, soft_wrap=True)
