"""kill -9 in each phase of a real run: nothing is mixed or half, and the next run repairs by itself.

`bench/kill_stress.py` does the same at random moments.
"""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from bench.kill_stress import (
    YEAR,
    deliver,
    events_of,
    kill,
    landing_of,
    start,
    started_runs,
    state_of,
    tables_of,
)
from dagster_project.errors import FengchaoError
from dagster_project.release.package import verify_release
from dagster_project.settings import Settings
from dagster_project.warehouse.unfinished import refuse_unfinished
from tests.integration.conftest import Home, copy_of

pytestmark = pytest.mark.integration


def _kill_in(settings: Settings, step: str) -> None:
    """Start a run and kill it when `step` has begun."""
    since, process = time.time(), start(settings)
    while ("STEP_START", step) not in events_of(settings, since):
        assert process.poll() is None, f"the run ended before {step}"
        time.sleep(0.02)
    kill(process)


def test_a_run_killed_in_each_phase(
    loaded: tuple[Home, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    home = copy_of(loaded[0], tmp_path)
    settings = Settings(home=home.home, raw=home.raw)
    before, all_years = state_of(settings), tables_of(settings, None)
    others = {name: digest for name, digest in home.hashes("landing").items() if f"year={YEAR}" not in name}
    deliver(settings.raw, "B")
    seen = []
    for step in (
        "land_disclosures",
        "marts_disclosures",
        "marts_disclosures_expectations",
        "release_folder",
    ):
        _kill_in(settings, step)
        assert started_runs(settings) == 1
        current = settings.releases / "current"
        assert (verify_release(current), current.resolve().name) == ([], before.release), step
        seen.append((step, landing_of(settings), tables_of(settings)))
        if step == "marts_disclosures":
            with pytest.raises(
                FengchaoError, match=rf"marts_disclosures-{YEAR}.* fengchao run --years {YEAR}"
            ):
                refuse_unfinished(settings)

    repaired = home.fengchao("run", "--years", str(YEAR))
    assert repaired.returncode == 0, repaired.stdout + repaired.stderr
    assert "An earlier run was killed and is now marked as failed: release" in repaired.stdout
    assert started_runs(settings) == 0
    refuse_unfinished(settings)
    after = state_of(settings)
    assert after.release != before.release and verify_release(settings.releases / "current") == []
    for step, landing, tables in seen:
        assert landing in (before.landing, after.landing), f"{step}: two deliveries are mixed"
        assert tables.keys() == after.tables.keys(), step
        for name, digest in tables.items():
            assert digest in (before.tables[name], after.tables[name]), f"{step}: half of {name}"

    # What was loaded is what changed, and nothing else.
    now = home.hashes("landing")
    assert {name: digest for name, digest in now.items() if f"year={YEAR}" not in name} == others
    changed = {name for name, digest in tables_of(settings, None).items() if digest != all_years.get(name)}
    cross_year = {"mart_disclosure_check", "mart_reconciliation"}
    wrong = {name for name in changed if not name.endswith((f" {YEAR}", f" {YEAR + 1}"))}
    assert {name.split()[0] for name in wrong} <= cross_year, sorted(wrong)
    assert f"mart_fintech_investment {YEAR}" in changed
