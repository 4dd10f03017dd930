"""The release over HTTP: what is served, what is refused, and that it stops."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dagster_project.errors import FengchaoError
from dagster_project.release.serve import make_server


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for name, word in (("2023-01-01-a", "one"), ("2023-01-02-b", "two")):
        folder = tmp_path / "releases" / name / "csv"
        folder.mkdir(parents=True)
        (folder.parent / "report.html").write_text(f"<p>{word}</p>")
        (folder / "dim_bank.csv").write_text("bank_id\n")
        (folder.parent / "escape.html").symlink_to(tmp_path / "secret.txt")
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "releases" / "current").symlink_to("2023-01-01-a")
    return tmp_path


@pytest.fixture
def server(home: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    command = [str(Path(sys.executable).with_name("fengchao")), "serve", "--port", "0"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, "FENGCHAO_HOME": str(home)}
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("http://127.0.0.1:"), line
        yield process, int(line.split(":")[2].split("/")[0])
    finally:
        process.kill()
        process.wait()


def ask(port: int, path: str, method: str = "GET", host: str = "") -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest(method, path, skip_host=bool(host))
    if host:
        connection.putheader("Host", host)
    connection.endheaders()
    answer = connection.getresponse()
    return answer, answer.read()


def test_it_serves_the_current_release_and_stops_by_signal(
    home: Path, server: tuple[subprocess.Popen[str], int]
) -> None:
    process, port = server
    answer, body = ask(port, "/report.html")
    assert (answer.status, body) == (200, b"<p>one</p>")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["X-Fengchao-Release"] == "2023-01-01-a"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert ask(port, "/csv/dim_bank.csv")[0].headers["Content-Type"] == "text/csv; charset=utf-8"
    assert b"report.html" in ask(port, "/")[1]
    answer, body = ask(port, "/report.html", "HEAD")
    assert (answer.status, body, answer.headers["Content-Length"]) == (200, b"", "10")

    link = home / "releases" / "next"
    link.symlink_to("2023-01-02-b")
    link.replace(home / "releases" / "current")
    answer, body = ask(port, "/report.html")
    assert (body, answer.headers["X-Fengchao-Release"]) == (b"<p>two</p>", "2023-01-02-b")

    for path in ("/../secret.txt", "/%2e%2e/%2e%2e/secret.txt", "/csv/../../../secret.txt", "//etc/passwd", "/csv",
                 "/escape.html", "/none", "/a%00b", "/..%5csecret.txt"):  # fmt: skip
        answer, body = ask(port, path)
        assert answer.status == 404 and b"secret" not in body, path
    assert [ask(port, "/report.html", method)[0].status for method in ("POST", "PUT", "DELETE")] == [501] * 3
    assert ask(port, "/report.html", host="evil.example")[0].status == 421

    os.kill(process.pid, signal.SIGINT)
    assert process.wait(timeout=10) == 0
    assert process.stdout is not None and process.stdout.read() == "Stopped.\n"


def test_a_used_port_and_a_missing_release_are_said(home: Path, tmp_path: Path) -> None:
    with make_server(home / "releases", 0) as first, pytest.raises(FengchaoError, match="--port"):
        make_server(home / "releases", first.server_address[1])
    with pytest.raises(FengchaoError, match="fengchao run"):
        make_server(tmp_path / "nowhere", 0)
