"""`deploy/nginx` in a real nginx on loopback: who is asked for a password, and what reaches the services."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
import urllib3

from tests.browser.test_dagster_ui import wait_until
from tests.integration.conftest import ROOT

NGINX, OPENSSL = shutil.which("nginx", path="/usr/sbin:/usr/bin"), shutil.which("openssl")
pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not (NGINX and OPENSSL), reason="no nginx: apt-get install nginx-light openssl"),
    pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning"),
]
ENGINEERS, ANALYSTS = "fengchao.example", "fengchao-read.example"
PASSWORDS = {"engineers": ("wang", "with queen"), "analysts": ("li", "reads only")}


class _Service(BaseHTTPRequestHandler):
    """Answers with its own name and the headers it was sent."""

    def do_GET(self) -> None:
        said = {"service": self.server.name, **{key.lower(): value for key, value in self.headers.items()}}  # type: ignore[attr-defined]
        body = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def _service(name: str) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Service)
    server.name = name  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """nginx reads as another user, who may not look into pytest's folders."""
    folder = Path(tempfile.mkdtemp(prefix="fengchao-nginx-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def proxy(folder: Path) -> Iterator[tuple[int, int]]:
    """Ports of https and http. The files of `deploy/nginx` with other ports and places, and nothing else."""
    assert NGINX and OPENSSL
    subprocess.run(
        [OPENSSL, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={ENGINEERS}", "-days", "2",
         "-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    for group, (name, password) in PASSWORDS.items():
        made = subprocess.run(
            [OPENSSL, "passwd", "-apr1", password], check=True, capture_output=True, text=True
        )
        (folder / f"fengchao-{group}.htpasswd").write_text(f"{name}:{made.stdout}")
    (folder / "releases" / "current").mkdir(parents=True)
    (folder / "releases" / "current" / "report.html").write_text("the report")
    with _service("engineers") as ui, _service("analysts") as read_only:
        https, http = _free_port(), _free_port()
        text = (ROOT / "deploy" / "nginx" / "fengchao.conf").read_text(encoding="utf-8")
        for ours, theirs in (
            ("listen 443 ssl", f"listen 127.0.0.1:{https} ssl"),
            ("listen 80", f"listen 127.0.0.1:{http}"),
            ("127.0.0.1:3000", f"127.0.0.1:{ui}"),
            ("127.0.0.1:3001", f"127.0.0.1:{read_only}"),
            ("/etc/ssl/fengchao/", f"{folder}/"),
            ("/etc/nginx/fengchao-", f"{folder}/fengchao-"),
            ("/srv/fengchao/home/", f"{folder}/"),
            ("/opt/fengchao/", f"{ROOT}/"),
        ):
            assert ours in text, ours
            text = text.replace(ours, theirs)
        (folder / "fengchao.conf").write_text(text)
        (folder / "nginx.conf").write_text(
            f"daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
            f"http {{ access_log off; include {folder}/fengchao.conf; }}\n"
        )
        process = subprocess.Popen([NGINX, "-p", folder, "-c", folder / "nginx.conf"])
        try:
            wait_until(lambda: _answers(https), 20, f"nginx (log: {folder / 'error.log'})")
            yield https, http
        finally:
            process.terminate()
            process.wait(timeout=20)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _get(port: int, host: str, path: str = "/", group: str = "", **headers: str) -> requests.Response:
    urllib3.disable_warnings()
    return requests.get(
        f"https://127.0.0.1:{port}{path}",
        headers={"Host": host, **headers},
        auth=PASSWORDS.get(group),
        verify=False,
        timeout=20,
    )


def test_each_group_has_its_own_door(proxy: tuple[int, int]) -> None:
    https, _ = proxy
    for host, mine, other in ((ENGINEERS, "engineers", "analysts"), (ANALYSTS, "analysts", "engineers")):
        for path in ("/", "/graphql", "/assets/mart_index"):
            assert _get(https, host, path).status_code == 401
            assert _get(https, host, path, other).status_code == 401
            assert _get(https, host, path, mine).json()["service"] == mine


def test_the_service_learns_who_asked_and_how(proxy: tuple[int, int]) -> None:
    said = _get(
        proxy[0], ENGINEERS, "/graphql", "engineers", Connection="Upgrade", Upgrade="websocket"
    ).json()
    assert (said["host"], said["x-forwarded-proto"], said["x-forwarded-for"]) == (
        ENGINEERS,
        "https",
        "127.0.0.1",
    )
    assert (said["upgrade"], said["connection"]) == ("websocket", "upgrade")


def test_the_release_is_files_for_analysts(proxy: tuple[int, int]) -> None:
    https, _ = proxy
    assert _get(https, ANALYSTS, "/release/report.html").status_code == 401
    assert _get(https, ANALYSTS, "/release/report.html", "analysts").text == "the report"
    assert _get(https, ANALYSTS, "/release/../privkey.pem", "analysts").text != "the report"
    assert _get(https, ANALYSTS, "/release../privkey.pem", "analysts").json()["service"] == "analysts"


def test_plain_http_is_sent_to_https(proxy: tuple[int, int]) -> None:
    answer = requests.get(
        f"http://127.0.0.1:{proxy[1]}/runs", headers={"Host": ENGINEERS}, allow_redirects=False, timeout=20
    )
    assert (answer.status_code, answer.headers["Location"]) == (301, f"https://{ENGINEERS}/runs")
