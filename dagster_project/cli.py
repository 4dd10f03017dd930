"""The command `fengchao`."""

from __future__ import annotations

import os
import signal
import sys
import time
import warnings
from pathlib import Path
from typing import Annotated

import typer

from dagster_project.errors import FengchaoError

app = typer.Typer(
    help="Fengchao 蜂巢: yearly questionnaires and printed figures of banks, from raw files to a checked release.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _quiet() -> None:
    """Warnings of libraries about their own previews are not the user's concern."""
    warnings.filterwarnings("ignore")
    os.environ.setdefault("PYTHONWARNINGS", "ignore")


@app.command()
def run(
    years: Annotated[
        str, typer.Option(help="Years to load, e.g. `2020,2023`; default: all in data/raw.")
    ] = "",
    release_date: Annotated[
        str, typer.Option(help="ISO day of the release id; default: the day the newest input was received.")
    ] = "",
) -> None:
    """Load every year from raw to release and print what happened."""
    _load([_year(text) for text in years.split(",") if text.strip()], release_date)


@app.command()
def rebuild(
    release_date: Annotated[
        str, typer.Option(help="ISO day of the release id; default: the day the newest input was received.")
    ] = "",
) -> None:
    """Make the build database anew: remove it, load every year of data/raw, and release."""
    _load([], release_date, anew=True)


def _load(years: list[int], release_date: str, anew: bool = False) -> None:
    _quiet()
    from rich.console import Console

    from dagster_project.main_job import run_all
    from dagster_project.settings import load_settings
    from dagster_project.summary import print_summary

    console = Console()
    settings = load_settings()
    started = time.perf_counter()
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    with Progress(
        SpinnerColumn(), TextColumn("{task.description:<32}"), BarColumn(), TimeElapsedColumn(), console=console,
        transient=True,
    ) as bar:  # fmt: skip
        task = bar.add_task("starting", total=1)
        report = run_all(
            settings,
            years,
            release_date or None,
            lambda text, done, total: bar.update(task, description=text, completed=done, total=total),
            anew,
        )
    print_summary(console, settings, report, time.perf_counter() - started)
    if not report.success:
        raise typer.Exit(1)


def _year(text: str) -> int:
    if not text.strip().isdigit():
        raise FengchaoError(f"--years: {text!r} is not a year. Write years with commas, e.g. 2020,2023.")
    return int(text)


@app.command()
def instance() -> None:
    """Prepare FENGCHAO_HOME for the services of a server: settings and storage of Dagster, the dbt project."""
    _quiet()
    from dagster import DagsterInstance

    from dagster_project.main_job import prepare_ui
    from dagster_project.settings import load_settings

    settings = load_settings()
    prepare_ui(settings)
    with DagsterInstance.get() as dagster:
        dagster.upgrade()
        print(f"{settings.dagster_home} is ready: {type(dagster.event_log_storage).__name__}.")


@app.command()
def dev(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port of the UI.")] = 3000,
) -> None:
    """Open the Dagster UI and daemon on this machine, with their state in FENGCHAO_HOME."""
    _quiet()
    from dagster_project.main_job import prepare_ui
    from dagster_project.settings import ROOT, load_settings

    settings = load_settings()
    prepare_ui(settings)
    command = Path(sys.executable).with_name("dagster")
    arguments = ["dagster", "dev", "-w", str(ROOT / "workspace.yaml"), "-h", host, "-p", str(port)]
    print(f"Dagster UI: http://{host}:{port}  (state in {settings.home}; Ctrl+C ends it)", flush=True)
    # Dagster ends on SIGTERM as it does on SIGINT, which a script that starts this in the background has ignored.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.execv(command, arguments)


@app.command()
def sidecar(
    file: Annotated[Path, typer.Argument(help="Raw file.")],
    write: Annotated[bool, typer.Option(help="Write it beside the file instead of printing it.")] = False,
) -> None:
    """Print a draft of the sidecar of a raw file: fill in where it comes from."""
    from dagster_project.ingest.sidecar import sha256_of, sidecar_path

    if not file.is_file():
        raise FengchaoError(f"{file}: no such file.")
    draft = (
        f"document_id: {file.stem.split('_')[0]}\nkind: FILL IN (questionnaire, codebook, annual report, regulator, "
        "research note, press, report, reference)\ntitle: FILL IN\nproducer: FILL IN\nurl: FILL IN (or citation: …)\n"
        "published_date: null\nreceived_date: FILL IN\nreliability: FILL IN (primary, press, second-hand, unreliable)\n"
        f"licence: FILL IN\nsha256: {sha256_of(file)}\nsynthetic: false\n"
    )
    if write:
        target = sidecar_path(file)
        if target.exists():
            raise FengchaoError(f"{target} exists already. Remove it first if it is to be written anew.")
        target.write_text(draft, encoding="utf-8")
        print(f"Wrote {target}: replace every FILL IN.")
    else:
        print(draft, end="")


@app.command("new-wave")
def new_wave(
    wave: Annotated[int, typer.Argument(help="Year of the new wave, e.g. 2024.")],
    file: Annotated[Path, typer.Argument(help="Its 问卷星 export by text (CSV or XLSX).")],
    previous: Annotated[
        int, typer.Option(help="Wave to compare with; 0: the latest before it that has a codebook.")
    ] = 0,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the drafts; default: new-wave/<wave> in FENGCHAO_HOME.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace drafts that are there already.")] = False,
) -> None:
    """Propose the codebook of a wave that was never seen, and list what a person must decide."""
    from rich.console import Console

    from dagster_project.ingest.codebook import option_sets, read_codebook
    from dagster_project.ingest.newwave.files import print_proposal, write_proposal
    from dagster_project.ingest.propose import propose
    from dagster_project.settings import load_settings

    settings = load_settings()
    folder = settings.raw / "questionnaires"
    if not previous:
        waves = [path.parent.name for path in folder.glob("*/codebook.csv")]
        previous = max((int(year) for year in waves if year.isdigit() and int(year) < wave), default=0)
    elif previous == wave:
        raise FengchaoError(f"--previous: {previous} is the new wave itself. Name an earlier one.")
    items = read_codebook(folder / str(previous) / "codebook.csv", previous) if previous else []
    proposal = propose(file, wave, items, previous or None, option_sets(wave))
    files = write_proposal(proposal, file, out or settings.home / "new-wave" / str(wave), force)
    print_proposal(Console(), proposal, files)


@app.command()
def aside(
    year: Annotated[int, typer.Option(help="Only this year; 0: all.")] = 0,
    limit: Annotated[int, typer.Option(help="Rows to show.")] = 50,
) -> None:
    """List what was set aside at landing: file, row, what was found, what to do."""
    import duckdb
    from rich.console import Console
    from rich.table import Table

    from dagster_project.settings import load_settings

    folder = load_settings().quarantine
    files = sorted(folder.glob("*/*/set_aside.parquet"))
    if not files:
        print(f"Nothing was set aside ({folder}).")
        return
    where = f"where year = {year:d}" if year else ""
    rows = duckdb.sql(
        f"select source_file, source_row, source_column, reason, found, remedy "
        f"from read_parquet({[str(f) for f in files]}) {where} order by all limit {limit:d}"
    ).fetchall()
    if not rows:
        print(f"Nothing was set aside in {year} ({folder}).")
        return
    table = Table("file", "row", "column", "reason", "found", "what to do", show_lines=True)
    for row in rows:
        table.add_row(*(str(value) for value in row))
    Console().print(table)


@app.command()
def feedback(
    wave: Annotated[int, typer.Argument(help="Wave, e.g. 2023.")],
    token: Annotated[str, typer.Option(help="Token of one respondent; default: all of the wave.")] = "",
) -> None:
    """Write each respondent's feedback sheet: its scores beside its peers' quartiles. Restricted."""
    from dagster_project.release.feedback import write_feedback
    from dagster_project.settings import load_settings

    written = write_feedback(load_settings(), wave, token)
    print(f"Wrote {len(written)} sheet(s) to {written[0].parent}. Each is for the bank it speaks of only.")


@app.command()
def review(year: Annotated[int, typer.Option(help="Fiscal year of the reports.")]) -> None:
    """List the statements found in reports (PDF) that wait for a person's decision."""
    from rich.console import Console
    from rich.table import Table

    from dagster_project.ingest.reports.review import FOLDER, waiting
    from dagster_project.settings import load_settings

    settings = load_settings()
    folder, reports = settings.review / str(year), settings.raw / "disclosures" / str(year) / FOLDER
    rows = waiting(folder, reports)
    if not rows:
        print(f"Nothing waits for a decision in {year} ({folder}).")
        return
    table = Table("report", "page", "year", "measure", "printed", "confidence", "decided", "sentence")
    for report, cells in rows:
        table.add_row(
            report, cells["page"], cells["fiscal_year"], cells["measure"], cells["value_as_printed"],
            cells["confidence"], cells["accept"], cells["sentence"][:60],
        )  # fmt: skip
    console = Console()
    console.print(table)
    console.print(
        f"{len(rows)} wait. Fill in accept (yes or no) and reviewer in {folder}/, then copy the file into {reports}/.",
        highlight=False,
        soft_wrap=True,
    )


@app.command()
def trace(
    bank: Annotated[str, typer.Argument(help="Any name of a bank or group, e.g. 招商银行, 六大行, cmb.")],
    year: Annotated[int, typer.Argument(help="Fiscal year.")],
    measure: Annotated[
        str, typer.Argument(help="Measure, e.g. tech_investment or 科技投入.")
    ] = "tech_investment",
) -> None:
    """Print the path of one number of the release: source, page, printed text, parse, checks, choice."""
    from rich.console import Console

    from dagster_project.settings import load_settings
    from dagster_project.trace import print_trace
    from dagster_project.trace import trace as find

    settings = load_settings()
    print_trace(Console(), find(settings, bank, year, measure), settings.raw)


@app.command()
def diff(
    before: Annotated[str, typer.Argument(help="Release id, the beginning of one, `current`, or a path.")],
    after: Annotated[str, typer.Argument(help="The release to compare with it.")] = "current",
    csv: Annotated[Path | None, typer.Option(help="Also write every difference by table as CSV.")] = None,
) -> None:
    """Compare two releases: tables, rows by key, columns, largest moves."""
    from rich.console import Console

    from dagster_project.release.compare import compare_releases, find_release
    from dagster_project.release.compare_print import print_changes, write_csv
    from dagster_project.settings import load_settings

    releases = load_settings().releases
    old, new = find_release(releases, before), find_release(releases, after)
    changes = compare_releases(old, new)
    print_changes(Console(), old, new, changes)
    if csv:
        write_csv(csv, changes)
        print(f"Wrote {csv}.")


@app.command()
def serve(
    port: Annotated[int, typer.Option(help="Port on this machine; 0: any free one.")] = 8787,
) -> None:
    """Serve the current release on this machine, read-only, until Ctrl+C."""
    from dagster_project.release.serve import serve as run_server
    from dagster_project.settings import load_settings

    run_server(load_settings().releases, port)


@app.command()
def releases() -> None:
    """List the releases, the newest last; an arrow marks the current one."""
    import json

    from dagster_project.release.keep import current_release
    from dagster_project.release.keep import releases as all_releases
    from dagster_project.settings import load_settings

    settings = load_settings()
    current = current_release(settings)
    for folder in all_releases(settings):
        resources = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))["resources"]
        size = sum(resource["bytes"] for resource in resources) / 1e6
        mark = "->" if folder == current else "  "
        print(f"{mark} {folder.name}  {len(resources):>4} files {size:>8.1f} MB  {folder}")
    if current is None:
        print(f"No release yet ({settings.releases}). Make one: fengchao run.")


@app.command()
def rollback(
    release: Annotated[
        str, typer.Argument(help="Id of the release; default: the one made before the current one.")
    ] = "",
) -> None:
    """Let readers see an earlier release again, after its files were compared with their sha256."""
    from dagster_project.release.keep import roll_back
    from dagster_project.settings import load_settings

    settings = load_settings()
    before, now = roll_back(settings, release)
    print(
        f"{settings.releases / 'current'} now points to {now}, which is whole; before, it pointed to {before}."
    )
    print(f"The next release becomes current again. To come back: fengchao rollback {before}.")


def main() -> None:
    """Entry point: errors that a user can act on are printed as one message, without a traceback."""
    try:
        app()
    except FengchaoError as error:
        print(f"fengchao: {error}", file=sys.stderr)
        sys.exit(1)
    except Exception as error:
        from dagster_project.disk import describe
        from dagster_project.settings import load_settings

        if (text := describe(error, load_settings().home)) == str(error):
            raise
        print(f"fengchao: {text}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
