"""The Dagster UI as an engineer uses it: `fengchao dev` and a real Chromium, on a copy of the raw files."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.integration.conftest import ROOT, Home, new_home
from tests.unit.test_alerts import Hook

pytestmark = [pytest.mark.browser, pytest.mark.integration]

START_SECONDS = 120
ALERT_SECONDS = 120
RUN_SECONDS = 180
STOP_SECONDS = 60
JOB_PAGE = "/locations/fengchao/jobs/yearly_load"
_LAUNCH = """
mutation($params: ExecutionParams!) {
  launchPipelineExecution(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
  }
}"""
_RUN = "query($id: ID!) { runOrError(runId: $id) { ... on Run { status stepStats { stepKey status } } } }"
_LOCATION = """
{ workspaceOrError { ... on Workspace { locationEntries {
    loadStatus locationOrLoadError { __typename ... on PythonError { message } } } } } }"""
_SCHEDULE = """
{ scheduleOrError(scheduleSelector: {
    repositoryLocationName: "fengchao", repositoryName: "__repository__", scheduleName: "disclosures_each_may"})
  { ... on Schedule { scheduleState { status } } } }"""


@dataclass
class Dev:
    """A running `fengchao dev`, with the home and the raw files it works on."""

    home: Home
    url: str
    log: Path
    hook: Hook | None = None

    def graphql(self, query: str, **variables: Any) -> dict[str, Any]:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"{self.url}/graphql", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            content = json.load(answer)
        assert "errors" not in content, content["errors"]
        return content["data"]

    def is_loaded(self) -> bool:
        """Whether the server answers and has loaded the code location, without an error."""
        try:
            entries = self.graphql(_LOCATION)["workspaceOrError"]["locationEntries"]
        except OSError:
            return False
        if not entries or entries[0]["loadStatus"] != "LOADED":
            return False
        location = entries[0]["locationOrLoadError"]
        assert location["__typename"] == "RepositoryLocation", location
        return True

    def launch(self, job: str, year: str | None = None) -> str:
        params = {
            "selector": {
                "repositoryLocationName": "fengchao",
                "repositoryName": "__repository__",
                "pipelineName": job,
            },
            "mode": "default",
            "runConfigData": {},
            "executionMetadata": {"tags": [{"key": "dagster/partition", "value": year}] if year else []},
        }
        launched = self.graphql(_LAUNCH, params=params)["launchPipelineExecution"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        return launched["run"]["runId"]

    def wait_for_run(self, run_id: str, seconds: float = RUN_SECONDS) -> tuple[str, dict[str, str]]:
        """Status of the run once it has ended, and of its steps."""

        def ended() -> dict[str, Any] | None:
            run = self.graphql(_RUN, id=run_id)["runOrError"]
            return run if run["status"] in ("SUCCESS", "FAILURE", "CANCELED") else None

        run = wait_until(ended, seconds, f"run {run_id} to end")
        return run["status"], {step["stepKey"]: step["status"] for step in run["stepStats"]}


def wait_until(ready: Callable[[], Any], seconds: float, what: str) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := ready():
            return value
        time.sleep(0.2)
    pytest.fail(f"waited {seconds:.0f} s for {what}", pytrace=False)


def members(session: int) -> list[int]:
    """Living processes of a session: everything that `fengchao dev` has started."""
    alive = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        if int(fields[3]) == session and fields[0] not in "ZX":
            alive.append(int(stat.parent.name))
    return alive


def stop(process: subprocess.Popen[bytes]) -> list[int]:
    """End the session of `process`, gently first; returns what had to be killed."""
    process.send_signal(signal.SIGTERM)
    end = time.monotonic() + STOP_SECONDS
    while members(process.pid) and time.monotonic() < end:
        process.poll()
        time.sleep(0.1)
    left = members(process.pid)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    process.wait(timeout=10)
    return left


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    folder = tmp_path_factory.mktemp("dev")
    home = new_home(folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        name: value for name, value in os.environ.items() if name not in ("FENGCHAO_ENV", "DAGSTER_HOME")
    }
    hook = Hook()
    threading.Thread(target=hook.serve_forever, daemon=True).start()
    environment |= {
        "FENGCHAO_HOME": str(home.home),
        "FENGCHAO_RAW": str(home.raw),
        "FENGCHAO_ALERTS": f"json+http://127.0.0.1:{hook.server_port}/x",
    }
    log = folder / "dev.log"
    command = [str(Path(sys.executable).with_name("fengchao")), "dev", "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            # As a script has it that starts the UI in the background.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
        )
    running = Dev(home, f"http://127.0.0.1:{port}", log, hook)

    def loaded() -> bool:
        assert process.poll() is None, f"fengchao dev ended:\n{log.read_text()}"
        return running.is_loaded()

    try:
        wait_until(loaded, START_SECONDS, f"the UI (log: {log})")
        expect.set_options(timeout=30_000)
        yield running
    finally:
        expect.set_options(timeout=5_000)  # Playwright's own
        killed = stop(process)
        hook.shutdown()
        hook.server_close()
        left = members(process.pid)
    assert not left, f"processes {left} are still alive"
    assert not killed, f"processes {killed} did not end on SIGTERM:\n{log.read_text()[-2000:]}"


@pytest.fixture
def page(dev: Dev, browser: Browser) -> Iterator[Page]:
    """A page of the UI; it must reach nothing but the UI."""
    context = browser.new_context(base_url=dev.url, viewport={"width": 1600, "height": 1000})
    context.set_default_timeout(30_000)
    outside: list[str] = []
    opened = context.new_page()
    opened.on(
        "request",
        lambda r: None if r.url.startswith((dev.url, "data:", "blob:")) else outside.append(r.url),
    )
    yield opened
    context.close()
    assert outside == []


def launch_dialog(page: Page, partitions: str) -> Locator:
    """The dialog of "Materialize all" on the page of the job, with the partitions filled in."""
    page.goto(JOB_PAGE)
    page.get_by_role("button", name="Materialize all").click()
    dialog = page.get_by_role("dialog")
    text = dialog.get_by_role("textbox")
    text.fill(partitions)
    text.press("Enter")
    return dialog


def run_links(page: Page, year: str) -> Locator:
    """Links to the runs of a year in the table of runs, newest first."""
    rows = page.locator("tr, [role=row], div").filter(has_text=f"partition: {year}")
    return rows.get_by_role("link", name=re.compile(r"^run [0-9a-f]{8}$"))


@pytest.fixture(scope="module")
def loaded_2023(dev: Dev, browser: Browser) -> str:
    """2023 loaded by clicks alone; the address of its run."""
    context = browser.new_context(base_url=dev.url, viewport={"width": 1600, "height": 1000})
    page = context.new_page()
    launch_dialog(page, "2023").get_by_role("button", name="Launch 1 run").click()
    expect(page.get_by_role("dialog")).to_have_count(0, timeout=30_000)
    page.goto(f"{JOB_PAGE}/runs")
    link = run_links(page, "2023").first
    link.wait_for(timeout=30_000)
    address = link.get_attribute("href")
    assert address
    page.goto(address)
    ended = page.get_by_text(re.compile("^(Success|Failure|Canceled)$")).first
    expect(ended).to_be_visible(timeout=RUN_SECONDS * 1000)
    assert ended.inner_text() == "Success", dev.log.read_text()[-4000:]
    context.close()
    return address


def hashes(home: Home) -> dict[str, str]:
    return {
        f"{folder}/{name}": value
        for folder in ("landing", "releases")
        for name, value in home.hashes(folder).items()
    }


def test_the_asset_graph_shows_the_stages(page: Page) -> None:
    page.goto("/asset-groups")
    for group in ("landing", "staging", "intermediate", "marts", "release"):
        expect(page.get_by_role("button", name=f"asset_group {group}")).to_be_visible()
        # The boxes of the graph are drawn in SVG.
        expect(page.locator("foreignObject").get_by_text(group, exact=True)).to_be_visible()
    page.goto("/locations/fengchao/asset-groups/marts/lineage")
    # The boxes shorten long names in the middle.
    expect(page.get_by_text(re.compile(r"^mart_dimens.*score$")).first).to_be_visible()


def test_a_year_is_materialized_by_clicking(dev: Dev, page: Page, loaded_2023: str) -> None:
    page.goto(loaded_2023)
    expect(page.get_by_text("partition: 2023")).to_be_visible()
    expect(page.get_by_text(re.compile(r"^Succeeded \((1[5-9]|[2-9]\d)\)$"))).to_be_visible()
    expect(page.get_by_text("Errored (0)")).to_be_visible()

    page.goto("/assets/mart_dimension_score?view=partitions&partition=2023")
    expect(page.get_by_text("Materialized (1)")).to_be_visible()
    expect(page.get_by_text("Materialized", exact=True)).to_be_visible()
    with duckdb.connect(str(dev.home.home / "warehouse" / "fengchao_build.duckdb"), read_only=True) as con:
        row = con.execute("select count(*) from marts.mart_dimension_score where wave = 2023").fetchone()
    assert row and row[0] > 0
    expect(page.get_by_role("row", name=f"dagster/row_count {row[0]}")).to_be_visible()

    page.goto("/assets/mart_dimension_score?view=checks&checkDetail=marts_expectations")
    expect(page.get_by_text("Passed", exact=True)).to_be_visible()
    expect(page.get_by_text(re.compile(r"^marts__mart_dimension_score \(2023\): all"))).to_be_visible()


def test_a_failed_check_says_which_row_and_stops_its_year(dev: Dev, page: Page, loaded_2023: str) -> None:
    release_status, _ = dev.wait_for_run(dev.launch("release"))
    assert release_status == "SUCCESS"
    before = hashes(dev.home)
    assert any(name.startswith("landing/disclosure_figure/year=2023/") for name in before)
    assert any(name.endswith("report.html") for name in before)
    figures = dev.home.raw / "disclosures" / "2023" / "S014.csv"
    sound = figures.read_bytes()
    # Five printed decimals can be read, and are yet no print of any bank.
    dev.home.edit("disclosures/2023/S014.csv", lambda text: text.replace(b"272.46", b"272.46000"))
    try:
        run_id = dev.launch("yearly_load", "2023")
        status, steps = dev.wait_for_run(run_id)
    finally:
        dev.home.edit("disclosures/2023/S014.csv", lambda _: sound)
    assert status == "FAILURE"
    assert steps["land_disclosures"] == "FAILURE"
    assert "staging_disclosures" not in steps and "marts_disclosures" not in steps
    assert steps["marts_questionnaires"] == "SUCCESS", "the wave of the year has its own sound files"
    after = hashes(dev.home)
    assert {name: after.get(name) for name in before} == before
    assert set(after) == set(before)

    page.goto(f"/runs/{run_id}")
    expect(page.get_by_text("Errored (1)")).to_be_visible()
    page.get_by_text(re.compile(r"^Not executed \(\d+\)$")).click()
    expect(page.get_by_text("marts_disclosures", exact=True).last).to_be_visible()

    page.goto("/assets/landing/disclosure_figure?view=checks&checkDetail=raw_expectations")
    expect(page.get_by_text("This is a blocking asset check.")).to_be_visible()
    expect(page.get_by_text("Failed", exact=True).last).to_be_visible()
    expect(
        page.get_by_text(re.compile(r"^raw__disclosure_figure \(2023\): 1 of \d+ expectations do not hold"))
    ).to_be_visible()
    finding = page.get_by_role("listitem").filter(has_text="expect_column_values_to_be_between(decimals)")
    expect(finding).to_contain_text("more than four is a conversion, not print.")
    expect(finding).to_contain_text("source_file disclosures/2023/S014.csv, source_row 2")
    page.get_by_text("[Show JSON]").click()
    expect(page.get_by_role("dialog")).to_contain_text("disclosures/2023/S014.csv")

    # The sensor of the daemon tells of the run once, and names the check.
    assert dev.hook
    wait_until(lambda: dev.hook.bodies, ALERT_SECONDS, "the alert")
    repaired, _ = dev.wait_for_run(dev.launch("yearly_load", "2023"))
    assert repaired == "SUCCESS", "the file is whole again"
    assert hashes(dev.home) == before
    ((_, sent),) = dev.hook.bodies
    assert sent["year"] == 2023 and "raw__disclosure_figure (2023)" in sent["text"]
    page.goto("/assets/landing/disclosure_figure?view=checks&checkDetail=raw_expectations")
    expect(page.get_by_text("Passed", exact=True).last).to_be_visible()


def test_a_schedule_is_switched_on_and_off(dev: Dev, page: Page) -> None:
    def status() -> str:
        return dev.graphql(_SCHEDULE)["scheduleOrError"]["scheduleState"]["status"]

    assert status() == "STOPPED", "off unless the environment says so"
    page.goto("/locations/fengchao/schedules/disclosures_each_may")
    switch = page.get_by_role("row", name="Running").get_by_role("checkbox")
    for state, checked in (("RUNNING", True), ("STOPPED", False)):
        expect(switch).to_be_enabled()
        # The box itself is covered by its drawing; people click the drawing.
        page.get_by_role("row", name="Running").locator("label").click()
        expect(switch).to_be_checked(checked=checked)
        wait_until(lambda state=state: status() == state, 30, f"the schedule to be {state}")
        if checked:
            expect(page.get_by_role("row", name="Next tick")).to_contain_text("May 15")


def test_a_backfill_loads_two_years(dev: Dev, page: Page, loaded_2023: str) -> None:
    """2023 was loaded by itself, two years before it by a backfill, one after the other; 2019 has no wave."""
    launch_dialog(page, "2019, 2022").get_by_role("button", name="Launch backfill").click()
    expect(page.get_by_role("dialog")).to_have_count(0, timeout=30_000)
    page.goto("/runs?view=backfills")
    page.get_by_role("link", name=re.compile("^run_with_subruns ")).first.click()
    # targeted, in progress, succeeded, failed
    row = page.get_by_role("row").filter(has_text="yearly_load_partition_set")
    expect(row.get_by_role("cell")).to_have_text(
        [re.compile("100% completed"), "2", "0", "2", "0"], timeout=2 * RUN_SECONDS * 1000
    )

    with duckdb.connect(str(dev.home.home / "warehouse" / "fengchao_build.duckdb"), read_only=True) as con:
        rows = {
            mart: dict(con.execute(f"select wave, count(*) from marts.{mart} group by wave").fetchall())
            for mart in ("dim_item", "mart_answer_share", "mart_dimension_score")
        }
        banks = dict(
            con.execute(
                "select wave, count(*) from staging.stg_questionnaire__response group by wave"
            ).fetchall()
        )
    assert banks == {2022: 73, 2023: 80}
    for mart, counts in rows.items():
        assert sorted(counts) == [2022, 2023]
        for wave, count in counts.items():
            page.goto(f"/assets/{mart}?view=partitions&partition={wave}")
            expect(page.get_by_text("Materialized", exact=True)).to_be_visible()
            # Scores of a wave gain rows when the wave before it is loaded; the other tables stay as they were.
            if mart != "mart_dimension_score":
                expect(page.get_by_role("row", name=f"dagster/row_count {count}")).to_be_visible()
    for year in ("2019", "2022"):
        page.goto(f"/assets/mart_fintech_investment?view=partitions&partition={year}")
        expect(page.get_by_text("Materialized", exact=True)).to_be_visible()
        count = page.get_by_role("row").filter(has_text="dagster/row_count").get_by_role("cell").nth(1)
        expect(count).to_have_text(re.compile(r"^[1-9]\d*$"))
    # There is no wave of 2019: nothing is materialized, and nothing has failed.
    page.goto("/assets/mart_dimension_score?view=partitions&partition=2019")
    expect(page.get_by_text("Failed (0)")).to_be_visible()
    expect(page.get_by_role("row", name="No metadata entries")).to_be_visible()


def test_the_log_of_the_services_is_clean(dev: Dev, loaded_2023: str) -> None:
    """No telemetry, no preview or deprecation warnings, no traceback but that of the broken file."""
    lines = dev.log.read_text(encoding="utf-8").splitlines()
    noise = re.compile(r"telemetry|Warning:|WARNING|DEBUG|deprecat|emitted no result", re.IGNORECASE)
    assert [line for line in lines if noise.search(line)] == []
    errors = [line for line in lines if "ERROR" in line]
    assert all("yearly_load" in line for line in errors), errors
