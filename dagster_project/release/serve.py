"""The current release over HTTP, on this machine only, read-only.

`current` is read anew by every request, so that a new release is seen without a restart; the header
`X-Fengchao-Release` says which one answered.
"""

from __future__ import annotations

import html
import signal
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from dagster_project.errors import FengchaoError

HOST = "127.0.0.1"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".md": "text/markdown; charset=utf-8",
    ".cff": "application/yaml; charset=utf-8",
    ".json": "application/json",
    ".parquet": "application/vnd.apache.parquet",
    ".duckdb": "application/vnd.duckdb.file",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


class ReleaseHandler(SimpleHTTPRequestHandler):
    """GET and HEAD of the files of the current release; the list of them at `/`."""

    server_version = "fengchao"
    sys_version = ""

    def __init__(self, *arguments: Any, releases: Path, **named: Any) -> None:
        self.releases = releases
        self.release: Path | None = None
        super().__init__(*arguments, **named)

    def send_head(self) -> Any:
        self.release = None
        # Another name in Host is a page elsewhere whose name was pointed to this machine.
        if (self.headers.get("Host") or "").rsplit(":", 1)[0] not in (HOST, "localhost"):
            return self._refuse(HTTPStatus.MISDIRECTED_REQUEST)
        link = self.releases / "current"
        if not link.exists():
            return self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)
        self.release = link.resolve()
        path = unquote(urlsplit(self.path).path)
        if path == "/":
            return self._index()
        file = (self.release / path.lstrip("/")).resolve() if "\0" not in path else self.release
        if not file.is_relative_to(self.release) or not file.is_file():
            return self._refuse(HTTPStatus.NOT_FOUND)
        handle = file.open("rb")
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", _TYPES.get(file.suffix, "application/octet-stream"))
        self.send_header("Content-Length", str(file.stat().st_size))
        self.end_headers()
        return handle

    def _refuse(self, status: HTTPStatus) -> None:
        self.send_error(status)

    def _index(self) -> Any:
        import io

        assert self.release is not None
        files = sorted(
            (path.relative_to(self.release).as_posix(), path.stat().st_size)
            for path in self.release.rglob("*")
            if path.is_file()
        )
        first = ("report.html", "fengchao.xlsx", "dictionary.html")
        files.sort(key=lambda entry: first.index(entry[0]) if entry[0] in first else len(first))
        lines = "".join(
            f'<li><a href="/{quote(name)}">{html.escape(name)}</a> {size:,} B</li>' for name, size in files
        )
        title = f"Fengchao 蜂巢 {html.escape(self.release.name)}"
        body = (
            f'<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>{title}</title><h1>{title}</h1>'
            f"<p>调查部分为合成数据。 The survey part is SYNTHETIC.</p><ul>{lines}</ul></html>\n"
        ).encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", "default-src 'none'")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return io.BytesIO(body)

    def end_headers(self) -> None:
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        if self.release is not None:
            self.send_header("X-Fengchao-Release", self.release.name)
        super().end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:
        """Requests are not logged."""


def make_server(releases: Path, port: int) -> ThreadingHTTPServer:
    """A server bound to loopback. Raises FengchaoError without a release or with a port in use."""
    if not (releases / "current").exists():
        raise FengchaoError(f"There is no release in {releases} yet. Make one first: fengchao run.")
    try:
        return ThreadingHTTPServer((HOST, port), partial(ReleaseHandler, releases=releases))
    except (OSError, OverflowError) as error:
        raise FengchaoError(
            f"--port: {port} cannot be used: {error}. Choose another one, or 0 for any free port."
        ) from error


def serve(releases: Path, port: int) -> None:
    """Serve until Ctrl+C or TERM, and end without a traceback."""

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    with make_server(releases, port) as server:
        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)  # also where a shell started us with it ignored
        address = f"http://{HOST}:{server.server_address[1]}/"
        print(
            f"{address}  serves {(releases / 'current').resolve().name}, and what becomes current; Ctrl+C ends it",
            flush=True,
        )
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("Stopped.")
