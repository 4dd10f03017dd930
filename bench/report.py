"""The report of the current release: time to build it, its size, and the time to its first chart.

    python bench/report.py [RELEASE_FOLDER]      default: releases/current of FENGCHAO_HOME

Times are CPU seconds of this process (building), and milliseconds since navigation in Chromium (page).
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

import duckdb
from playwright.sync_api import sync_playwright

from dagster_project.release.documents import documents
from dagster_project.release.report import build_report
from dagster_project.settings import load_settings

CHROMIUM = "/usr/bin/chromium"


def build(release: Path, raw: Path, out: Path) -> None:
    meta = {
        "release_id": release.name,
        "release_date": release.name[:10],
        "git_commit": "bench",
        "citation": "bench",
    }
    for note in ("first", "again"):
        wall, cpu = time.perf_counter(), time.process_time()
        with duckdb.connect(str(release / "fengchao.duckdb"), read_only=True) as con:
            build_report(con, out, {**meta, "sources": documents(raw)})
        print(
            f"build ({note}): {time.process_time() - cpu:.2f} s CPU, {time.perf_counter() - wall:.2f} s wall"
        )
    print(f"size: {out.stat().st_size / 1e6:.2f} MB")


def open_page(out: Path, times: int = 5) -> None:
    marks: dict[str, list[float]] = {"first-chart": [], "all-drawn": []}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for _ in range(times):
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(out.as_uri())
            page.wait_for_selector("html[data-ready=true]", timeout=60_000)
            for name, found in marks.items():
                found.append(page.evaluate(f"performance.getEntriesByName('{name}')[0].startTime"))
            page.close()
        browser.close()
    load = os.getloadavg()[0]
    for name, found in marks.items():
        ordered = sorted(found)
        print(
            f"{name}: {ordered[times // 2]:.0f} ms (median of {times}, {ordered[0]:.0f}-{ordered[-1]:.0f}; load {load:.1f})"
        )


if __name__ == "__main__":
    settings = load_settings()
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else settings.releases / "current"
    with tempfile.TemporaryDirectory() as scratch:
        page_file = Path(scratch) / "report.html"
        build(folder.resolve(), settings.raw, page_file)
        open_page(page_file)
