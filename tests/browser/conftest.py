"""One Chromium for all browser tests. Every page is watched: its console and its requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
# Without the first two Chromium needs a user namespace and a GPU, which containers lack.
CHROMIUM_ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@dataclass
class Watched:
    """A page with the console messages, errors and non-file requests it made."""

    page: Page
    problems: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.fail(f"{CHROMIUM} is missing; install Debian's Chromium: apt-get install -y chromium", False)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=CHROMIUM_ARGS)
        yield chromium
        chromium.close()


def _opener(browser: Browser) -> Iterator[Callable[..., Watched]]:
    """Open an address in a fresh context: `open_page(url, width=1280, height=900, color_scheme="light")`."""
    contexts: list[BrowserContext] = []

    def open_(url: str, *, width: int = 1280, height: int = 900, color_scheme: str = "light") -> Watched:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=color_scheme,  # type: ignore[arg-type]
        )
        contexts.append(context)
        watched = Watched(context.new_page())
        watched.page.on(
            "console",
            lambda m: watched.problems.append(m.text) if m.type in ("error", "warning") else None,
        )
        watched.page.on("pageerror", lambda error: watched.problems.append(str(error)))
        watched.page.on(
            "request",
            # A blob is a file that the page itself made to be saved.
            lambda r: (
                None
                if r.url == url.split("#")[0] or r.url.startswith(("data:", "blob:"))
                else watched.requests.append(r.url)
            ),
        )
        watched.page.goto(url)
        return watched

    yield open_
    for context in contexts:
        context.close()


open_page = pytest.fixture(_opener, name="open_page")
open_module_page = pytest.fixture(_opener, scope="module", name="open_module_page")
