"""Alerts against a real SMTP server and a real HTTP server on loopback."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from dagster_project.alerts import alert, channels
from dagster_project.errors import FengchaoError
from dagster_project.run_report import RunReport
from dagster_project.settings import Settings


class Mailbox:
    """An SMTP server's handler that keeps what it was given."""

    def __init__(self) -> None:
        self.mails: list[Any] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append(envelope)
        return "250 taken"


@pytest.fixture
def smtp() -> Iterator[tuple[Mailbox, int]]:
    def authenticate(
        server: Any, session: Any, envelope: Any, mechanism: str, data: LoginPassword
    ) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"robot", b"p@ss"))

    mailbox = Mailbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(
        mailbox, hostname="127.0.0.1", port=port, authenticator=authenticate, auth_require_tls=False
    )
    controller.start()
    yield mailbox, port
    controller.stop()


class Hook(HTTPServer):
    """A webhook that keeps every body and answers as told."""

    def __init__(self) -> None:
        self.bodies: list[tuple[str, Any]] = []
        self.answers: list[tuple[int, str]] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.bodies.append((self.path, json.loads(body)))
                code, text = hook.answers.pop(0) if hook.answers else (200, '{"errcode": 0}')
                self.send_response(code)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, format: str, *args: Any) -> None:
                """Keep the test's output clean."""

        super().__init__(("127.0.0.1", 0), Handler)


@pytest.fixture
def hook() -> Iterator[Hook]:
    server = Hook()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def _report(run_id: str = "run-1", incident: str = "") -> RunReport:
    report = RunReport("yearly_load", 2023, False, run_id, incident or run_id)
    report.messages = [
        "raw__disclosure_figure (2023): 1 of 9 expectations do not hold on 14 rows.\n- First: bank_id mybank 36"
    ]
    return report


def _settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, raw=tmp_path)


def test_one_mail_with_what_failed_and_no_rows(
    smtp: tuple[Mailbox, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox, port = smtp
    monkeypatch.setenv(
        "FENGCHAO_ALERTS", f"smtp://robot:p%40ss@127.0.0.1:{port}?from=a@x.cn&to=b@x.cn,c@x.cn"
    )
    monkeypatch.setenv("FENGCHAO_UI_URL", "https://dagster.example/")
    assert [name.split("#")[0] for name in alert(_settings(tmp_path), _report())] == ["log", "smtp:127.0.0.1"]
    (mail,) = mailbox.mails
    assert mail.rcpt_tos == ["b@x.cn", "c@x.cn"]
    text = mail.content.decode()
    assert "Subject: Fengchao: yearly_load 2023 failed" in text
    assert "raw__disclosure_figure (2023): 1 of 9" in text
    assert "https://dagster.example/runs/run-1" in text
    assert "mybank" not in text


@pytest.mark.parametrize(
    ("kind", "read"),
    [
        ("slack", lambda body: body["text"]),
        ("dingtalk", lambda body: body["text"]["content"]),
        ("wecom", lambda body: body["text"]["content"]),
        ("json", lambda body: body["text"]),
    ],
)
def test_each_webhook_gets_its_own_shape(
    kind: str, read: Any, hook: Hook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FENGCHAO_ALERTS", f"{kind}+http://127.0.0.1:{hook.server_port}/x?key=secret")
    alert(_settings(tmp_path), _report())
    ((path, body),) = hook.bodies
    assert path == "/x?key=secret"
    assert read(body).startswith("Fengchao: yearly_load 2023 failed\nRun run-1\n")
    if kind == "json":
        assert (body["run_id"], body["job"], body["year"]) == ("run-1", "yearly_load", 2023)


def test_a_repeated_run_alerts_once_and_another_run_again(
    hook: Hook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FENGCHAO_ALERTS", f"slack+http://127.0.0.1:{hook.server_port}/x")
    alert(_settings(tmp_path), _report("run-1"))
    assert alert(_settings(tmp_path), _report("run-2", incident="run-1")) == []
    alert(_settings(tmp_path), _report("run-3"))
    assert len(hook.bodies) == 2


def test_two_groups_of_one_service_both_hear_of_it(
    hook: Hook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"slack+http://127.0.0.1:{hook.server_port}"
    monkeypatch.setenv("FENGCHAO_ALERTS", f"{address}/one {address}/two")
    alert(_settings(tmp_path), _report())
    assert [path for path, _ in hook.bodies] == ["/one", "/two"]


def test_a_channel_that_fails_is_tried_again_and_does_not_silence_the_others(
    hook: Hook, smtp: tuple[Mailbox, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox, port = smtp
    monkeypatch.setattr("dagster_project.alerts.time.sleep", lambda seconds: None)
    monkeypatch.setenv(
        "FENGCHAO_ALERTS",
        f"dingtalk+http://127.0.0.1:{hook.server_port}/secret smtp://127.0.0.1:{port}?from=a@x.cn&to=b@x.cn",
    )
    hook.answers = [(500, ""), (200, '{"errcode": 310000, "errmsg": "keywords"}'), (502, "")]
    with pytest.raises(
        FengchaoError, match=r"dingtalk:127\.0\.0\.1#\w+ \(FengchaoError: HTTP 502\)"
    ) as error:
        alert(_settings(tmp_path), _report())
    assert "secret" not in str(error.value)
    assert len(hook.bodies) == 3 and len(mailbox.mails) == 1
    # The next tick serves the one that is missing, and only that one.
    (served,) = alert(_settings(tmp_path), _report())
    assert served.startswith("dingtalk:127.0.0.1#")
    assert len(hook.bodies) == 4 and len(mailbox.mails) == 1


@pytest.mark.parametrize("text", ["ftp://x", "slack://hooks", "smtp://mail.x.cn", "smtp://m?from=a@x.cn"])
def test_a_channel_that_cannot_be_understood_is_said(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FENGCHAO_ALERTS", text)
    with pytest.raises(FengchaoError, match="FENGCHAO_ALERTS"):
        channels()


def test_a_long_message_fits_wecom(hook: Hook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FENGCHAO_ALERTS", f"wecom+http://127.0.0.1:{hook.server_port}/x")
    report = _report()
    report.messages = ["检查未通过" * 60] * 30
    alert(_settings(tmp_path), report)
    text = hook.bodies[0][1]["text"]["content"]
    assert len(text.encode()) <= 2048 and "�" not in text
