"""One message per broken run, by e-mail, webhook and log.

`FENGCHAO_ALERTS` lists the channels as URLs, separated by spaces; empty: the log only.
- `smtp://user:password@host:587?from=a@x.cn&to=b@x.cn,c@x.cn` (STARTTLS where the server offers it;
  `smtps://` for TLS from the first byte)
- `slack+https://…`, `dingtalk+https://…`, `wecom+https://…`: the message shape of that service
- `json+https://…`: {"run_id", "job", "year", "text"}
The secrets of the channels stand in that variable and nowhere else. A channel that is down is tried
three times; the others are served all the same, and the failure is raised at the end.

A message names the run, the failed checks and where to look; rows with answers are never in it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import smtplib
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from dagster_project.errors import FengchaoError
from dagster_project.files import write_whole
from dagster_project.run_report import RunReport
from dagster_project.settings import Settings

_log = logging.getLogger("fengchao.alerts")
_TIMEOUT_SECONDS = 10
_ATTEMPTS = 3
_SHAPES: dict[str, Callable[[str, dict[str, Any]], dict[str, Any]]] = {
    "slack": lambda text, fields: {"text": text},
    "dingtalk": lambda text, fields: {"msgtype": "text", "text": {"content": text}},
    # WeCom cuts a text at 2048 bytes and then refuses a broken character.
    "wecom": lambda text, fields: {
        "msgtype": "text",
        "text": {"content": text.encode()[:2040].decode("utf-8", "ignore")},
    },
    "json": lambda text, fields: {**fields, "text": text},
}


@dataclass(frozen=True)
class Channel:
    """One address of `FENGCHAO_ALERTS`; `name` is safe to print, it holds no secret."""

    kind: str
    url: str

    @property
    def name(self) -> str:
        mark = hashlib.sha256(self.url.encode()).hexdigest()[:6]
        return f"{self.kind}:{urlsplit(self.url).hostname}#{mark}"


def channels() -> list[Channel]:
    """The channels of the environment. Raises FengchaoError for one that cannot be understood."""
    found = []
    for text in os.environ.get("FENGCHAO_ALERTS", "").split():
        scheme = urlsplit(text).scheme
        kind, _, transport = scheme.partition("+")
        if kind in _SHAPES and transport in ("http", "https"):
            found.append(Channel(kind, text.removeprefix(f"{kind}+")))
        elif scheme in ("smtp", "smtps"):
            query = parse_qs(urlsplit(text).query)
            if "from" not in query or "to" not in query or not urlsplit(text).hostname:
                raise FengchaoError(
                    "FENGCHAO_ALERTS: an e-mail channel needs a host, from and to: "
                    "smtp://host:587?from=a@x.cn&to=b@x.cn"
                )
            found.append(Channel(scheme, text))
        else:
            raise FengchaoError(
                f"FENGCHAO_ALERTS: a channel of kind {scheme!r}. Use smtp, smtps, "
                f"or one of {', '.join(sorted(_SHAPES))} followed by +https."
            )
    return found


def message(report: RunReport, settings: Settings) -> tuple[str, str]:
    """Subject and text for a broken run: what failed and where to look."""
    subject = f"Fengchao: {report.label} failed"
    lines = [subject, f"Run {report.run_id}"]
    # The first line of a message says which check or file; the lines after it may quote rows.
    lines += [f"- {text.strip().splitlines()[0][:300]}" for text in report.messages[:10] if text.strip()]
    if len(report.messages) > 10:
        lines.append(f"- and {len(report.messages) - 10} more")
    lines.append("The last release stays what readers see.")
    ui = os.environ.get("FENGCHAO_UI_URL", "").rstrip("/")
    lines.append(f"Run: {ui}/runs/{report.run_id}" if ui else f"Checks: {settings.data_docs / 'index.html'}")
    return subject, "\n".join(lines)


def alert(settings: Settings, report: RunReport) -> list[str]:
    """Send one message for a failed run to every channel that has not had it yet.

    A retried run is the same incident as the run it repeats. Returns the channels served now. Raises
    FengchaoError when one could not be reached; the others have been served.
    """
    path = settings.home / "state" / "alerts" / f"{report.incident}.json"
    done: list[str] = json.loads(path.read_text()) if path.exists() else []
    subject, text = message(report, settings)
    if "log" not in done:
        _log.error(text)
    served, failed = ["log"] if "log" not in done else [], []
    for channel in channels():
        if channel.name in done:
            continue
        error = _deliver(channel, subject, text, report)
        if error is None:
            served.append(channel.name)
        else:
            failed.append(f"{channel.name} ({error})")
    write_whole(path, json.dumps([*done, *served]))
    if failed:
        raise FengchaoError(
            f"Alert for run {report.run_id} did not reach {', '.join(failed)}. Check FENGCHAO_ALERTS."
        )
    return served


def _deliver(channel: Channel, subject: str, text: str, report: RunReport) -> str | None:
    """None when delivered, otherwise the last error."""
    error = ""
    for attempt in range(_ATTEMPTS):
        if attempt:
            time.sleep(attempt)
        try:
            if channel.kind in _SHAPES:
                _post(channel, text, report)
            else:
                _mail(channel, subject, text)
            return None
        except Exception as problem:  # whatever it is, the other channels must be served
            error = f"{type(problem).__name__}: {problem}".replace(channel.url, channel.name)
    return error


def _post(channel: Channel, text: str, report: RunReport) -> None:
    import requests

    fields = {"run_id": report.run_id, "job": report.job, "year": report.year}
    answer = requests.post(channel.url, json=_SHAPES[channel.kind](text, fields), timeout=_TIMEOUT_SECONDS)
    if answer.status_code >= 300:
        raise FengchaoError(f"HTTP {answer.status_code}")
    # DingTalk and WeCom answer 200 and say in the body that they refused.
    if channel.kind in ("dingtalk", "wecom") and answer.json().get("errcode", 0) != 0:
        raise FengchaoError(f"refused: {answer.json().get('errmsg')}")


def _mail(channel: Channel, subject: str, text: str) -> None:
    parts = urlsplit(channel.url)
    query = parse_qs(parts.query)
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = subject, query["from"][0], query["to"][0]
    mail.set_content(text)
    kind = smtplib.SMTP_SSL if channel.kind == "smtps" else smtplib.SMTP
    with kind(parts.hostname or "", parts.port or 0, timeout=_TIMEOUT_SECONDS) as server:
        server.ehlo()
        if channel.kind == "smtp" and server.has_extn("starttls"):
            server.starttls()
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(mail)
