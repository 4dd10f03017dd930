"""The profile of `deploy/` on a real PostgreSQL: services from its files, runs through the API, one instance."""

from __future__ import annotations

import os
import pwd
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template

import pytest

from dagster_project.release.verify import read_back
from tests.browser.test_dagster_ui import Dev, stop, wait_until
from tests.integration.conftest import ROOT, new_home

BINARIES = max(Path("/usr/lib/postgresql").glob("*/bin/postgres"), default=None)
pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(
        BINARIES is None, reason="no PostgreSQL below /usr/lib/postgresql: apt-get install postgresql"
    ),
]
BIN = Path(sys.executable).parent
# A year that can be released alone: it has a wave, figures and a report.
YEAR = "2023"
RUN_SECONDS = 400


@dataclass
class Profile:
    """The running services of a server: its UI, the read-only one, and the environment they share."""

    ui: Dev
    read_only: Dev
    environment: dict[str, str]
    postgres_url: str

    def count(self, table: str) -> int:
        import psycopg2

        with psycopg2.connect(self.postgres_url) as connection, connection.cursor() as cursor:
            cursor.execute(f"select count(*) from {table}")
            return int(cursor.fetchone()[0])  # type: ignore[index]


@contextmanager
def postgres() -> Iterator[str]:
    """A cluster of its own in a temporary folder, on a socket only; PostgreSQL refuses to run as root."""
    assert BINARIES is not None
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    become = {"user": user, "group": user, "extra_groups": []} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="fengchao-pg-"))
    folder.chmod(0o755)
    if become:
        shutil.chown(folder, user, user)
    data = folder / "data"
    server = None
    try:
        subprocess.run(
            [BINARIES.with_name("initdb"), "-D", data, "-A", "trust", "-U", user, "-N", "-E", "UTF8"],
            check=True, capture_output=True, cwd=folder, **become,
        )  # fmt: skip
        settings = {"listen_addresses": "", "unix_socket_directories": folder, "fsync": "off"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [BINARIES, "-D", data, *options], stdout=log, stderr=log, cwd=folder, **become
            )
        url = f"postgresql://{user}@/%s?host={folder}"

        def answers() -> bool:
            command = [BINARIES.with_name("createdb"), "-h", folder, "-U", user, "dagster"]
            return subprocess.run(command, capture_output=True).returncode == 0

        wait_until(answers, 30, f"PostgreSQL (log: {folder / 'log'})")
        yield url % "dagster"
    finally:
        if server is not None:
            server.terminate()
            server.wait(timeout=30)
        shutil.rmtree(folder)


@contextmanager
def service(environment: dict[str, str], log: Path, *command: str) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(BIN / command[0]), *command[1:]],
            env=environment, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True,
        )  # fmt: skip
    try:
        yield
        assert process.poll() is None, f"{command[0]} ended:\n{log.read_text()[-3000:]}"
    finally:
        stop(process)


def command_of(unit: str, environment: dict[str, str]) -> tuple[str, ...]:
    """What a systemd unit of `deploy/` starts, as systemd would expand it."""
    text = (ROOT / "deploy" / "systemd" / f"{unit}.service").read_text(encoding="utf-8")
    start = next(line for line in text.splitlines() if line.startswith("ExecStart="))
    program, *arguments = shlex.split(Template(start.removeprefix("ExecStart=")).substitute(environment))
    return Path(program).name, *arguments


def free_ports(n: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(n)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Profile]:
    folder = tmp_path_factory.mktemp("production")
    home = new_home(folder)
    # Short, as a socket's path must be.
    run_folder = Path(tempfile.mkdtemp(prefix="fengchao-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, run_folder)
        url = stack.enter_context(postgres())
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("DAGSTER")},
            # With `production` the sensor would load all the other years as well.
            "FENGCHAO_ENV": "local",
            "FENGCHAO_HOME": str(home.home),
            "FENGCHAO_RAW": str(home.raw),
            "FENGCHAO_DAGSTER_YAML": str(ROOT / "deploy" / "dagster.yaml"),
            "FENGCHAO_CODE_SOCKET": str(run_folder / "code.sock"),
            "FENGCHAO_POSTGRES_URL": url,
            "FENGCHAO_TOKEN_SECRET": "of this test",
            "DAGSTER_HOME": str(home.home / "dagster"),
        }
        prepared = subprocess.run(
            [BIN / "fengchao", "instance"], env=environment, cwd=ROOT, capture_output=True, text=True
        )
        assert prepared.returncode == 0, prepared.stdout + prepared.stderr
        assert "PostgresEventLogStorage" in prepared.stdout
        stack.enter_context(
            service(environment, folder / "code.log", *command_of("fengchao-code", environment))
        )
        wait_until(Path(environment["FENGCHAO_CODE_SOCKET"]).exists, 120, "the code server")
        pages = []
        for port, unit in zip(free_ports(2), ("fengchao-web", "fengchao-web-readonly"), strict=True):
            log = folder / f"{unit}.log"
            command = command_of(unit, environment)
            at = command.index("--port") + 1
            command = (*command[:at], str(port), *command[at + 1 :])
            stack.enter_context(service(environment, log, *command))
            pages.append(Dev(home, f"http://127.0.0.1:{port}", log))
        daemon = command_of("fengchao-daemon", environment)
        stack.enter_context(service(environment, folder / "daemon.log", *daemon))
        for page in pages:
            wait_until(page.is_loaded, 120, f"the UI (log: {page.log})")
        yield Profile(pages[0], pages[1], environment, url)


def test_a_year_and_a_release_run_from_the_queue(profile: Profile) -> None:
    status, steps = profile.ui.wait_for_run(profile.ui.launch("yearly_load", YEAR), RUN_SECONDS)
    assert status == "SUCCESS", steps
    status, steps = profile.ui.wait_for_run(profile.ui.launch("release"), RUN_SECONDS)
    assert status == "SUCCESS", steps
    current = profile.ui.home.home / "releases" / "current"
    assert read_back(current) == [], "every file has the sha256 that the data package names"
    assert profile.count("runs") == 2
    assert profile.count("event_logs") > 100
    assert not list(profile.ui.home.home.rglob("dagster/**/*.db")), "nothing of it stands in SQLite"


def test_the_command_line_runs_into_the_same_instance(profile: Profile) -> None:
    """Nothing has changed since the run before, so the release is the same, byte by byte."""
    if not (profile.ui.home.home / "releases" / "current").exists():
        pytest.fail("the test before this one made no release", pytrace=False)
    runs, before = profile.count("runs"), profile.ui.home.hashes("releases")
    started = time.monotonic()
    done = subprocess.run(
        [BIN / "fengchao", "run", "--years", YEAR],
        env=profile.environment, cwd=ROOT, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    print(f"fengchao run on PostgreSQL: {time.monotonic() - started:.1f} s")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "unchanged, no byte of it was written" in done.stdout
    assert profile.ui.home.hashes("releases") == before
    assert profile.count("runs") == runs + 3, "prepare, the year, the release"
    found = profile.ui.graphql("{ runsOrError(limit: 1) { ... on Runs { results { jobName status } } } }")
    assert found["runsOrError"]["results"] == [{"jobName": "release", "status": "SUCCESS"}]


def test_analysts_see_and_start_nothing(profile: Profile) -> None:
    with pytest.raises(AssertionError, match="UnauthorizedError"):
        profile.read_only.launch("release")
    instance = "{ instance { runQueuingSupported daemonHealth { allDaemonStatuses { daemonType required healthy } } } }"
    shown = profile.read_only.graphql(instance)["instance"]
    assert shown["runQueuingSupported"]
    required = {one["daemonType"] for one in shown["daemonHealth"]["allDaemonStatuses"] if one["required"]}
    assert {"SCHEDULER", "SENSOR", "QUEUED_RUN_COORDINATOR", "MONITORING", "EVENT_LOG_CONSUMER"} <= required
