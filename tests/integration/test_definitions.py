"""The code location as a whole: what every asset must have, and what schedules and sensor ask for."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
from pathlib import Path

import dagster as dg
import pytest

from dagster_project.ingest.sidecar import sha256_of
from dagster_project.ingest.tables import TABLES
from dagster_project.sensors import changes, year_fingerprints
from dagster_project.settings import DBT_DIR, ROOT

pytestmark = pytest.mark.integration

GROUPS = {"landing", "analysis", "reference", "framework", "staging", "intermediate", "marts", "release"}


@pytest.fixture(scope="module")
def defs(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    patch = pytest.MonkeyPatch()
    patch.setenv("FENGCHAO_HOME", str(tmp_path_factory.mktemp("home")))
    from dagster_project.definitions import defs as definitions

    yield definitions  # type: ignore[misc]
    patch.undo()


@pytest.fixture(scope="module")
def graph(defs: dg.Definitions):  # type: ignore[no-untyped-def]
    return defs.resolve_asset_graph()


def test_everything_loads_together(defs: dg.Definitions) -> None:
    """Two definitions of one name are found only when all of them are resolved, as the code server does."""
    dg.Definitions.validate_loadable(defs)


def test_every_asset_says_what_it_is(graph) -> None:  # type: ignore[no-untyped-def]
    nodes = [graph.get(key) for key in graph.get_all_asset_keys()]
    assert {node.group_name for node in nodes} == GROUPS
    for node in nodes:
        assert node.owners, node.key
        assert node.kinds, node.key
        assert "Grain:" in (node.description or ""), node.key
        assert {"stage", "branch", "access"} <= set(node.tags), node.key
        assert (ROOT / node.metadata["docs"].path).is_file(), node.key
    assert {node.tags["access"] for node in nodes if node.group_name in ("marts", "release")} <= {
        "public",
        "internal",
    }
    answers = graph.get(dg.AssetKey("int_item_score"))
    assert answers.tags["access"] == "restricted"


def test_every_landed_table_is_an_asset_and_every_asset_is_executable(graph) -> None:  # type: ignore[no-untyped-def]
    landed = {key.path[1] for key in graph.executable_asset_keys if key.path[0] == "landing"}
    assert landed == set(TABLES)
    written_by_checks = dg.AssetKey(["quality", "quality_result"])
    assert graph.get_all_asset_keys() - graph.executable_asset_keys == {written_by_checks}


def test_every_public_mart_is_reachable_from_raw_and_feeds_the_release(graph) -> None:  # type: ignore[no-untyped-def]
    marts = {key for key in graph.executable_asset_keys if graph.get(key).group_name == "marts"}
    assert {key.path[-1] for key in marts} == {
        path.stem for path in (DBT_DIR / "models/marts").rglob("*.sql")
    }
    release_parents = graph.get(dg.AssetKey("release")).parent_keys
    for mart in marts:
        assert mart in release_parents
        raw = {"quality"} if mart.path[-1] == "mart_quality_result" else {"landing"}
        assert raw & {parent.path[0] for parent in graph.get_ancestor_asset_keys(mart)}


def test_every_stage_has_blocking_checks(graph) -> None:  # type: ignore[no-untyped-def]
    checked = {(key.asset_key.to_user_string(), key.name) for key in graph.asset_check_keys}
    for table in TABLES:
        assert (f"landing/{table}", "raw_expectations") in checked
    for mart in (key for key in graph.executable_asset_keys if graph.get(key).group_name == "marts"):
        assert (mart.to_user_string(), "marts_expectations") in checked
    assert ("release", "release_readable") in checked
    for mart in ("mart_answer_share", "mart_dimension_score"):
        assert (mart, "disclosure_control") in checked
    ours = ("_expectations", "_readable", "disclosure_control")
    gates = [key for key in graph.asset_check_keys if key.name.endswith(ours)]
    assert all(graph.get_check_spec(key).blocking for key in gates)


def test_yearly_assets_share_one_partition_definition(graph) -> None:  # type: ignore[no-untyped-def]
    definitions = {
        graph.get(key).partitions_def for key in graph.executable_asset_keys if graph.get(key).partitions_def
    }
    assert len(definitions) == 1
    assert next(iter(definitions)).get_partition_keys()[:6] == [
        "2018",
        "2019",
        "2020",
        "2021",
        "2022",
        "2023",
    ]


@pytest.mark.parametrize(
    ("name", "tick", "year"),
    [
        ("disclosures_each_may", "2024-05-15T06:00+08:00", "2023"),
        ("questionnaires_each_december", "2023-12-15T06:00+08:00", "2023"),
        # Settings may move a tick: it is New Year in Shanghai and still the old year in UTC.
        ("disclosures_each_may", "2024-01-01T00:30+08:00", "2023"),
        ("questionnaires_each_december", "2024-01-15T06:00+08:00", "2023"),
    ],
)
def test_schedules_ask_for_the_year_of_their_tick(
    defs: dg.Definitions, name: str, tick: str, year: str
) -> None:
    assert defs.resolve_schedule_def(name).default_status == dg.DefaultScheduleStatus.STOPPED
    with dg.instance_for_test() as instance:
        assert asked(defs, instance, name, tick) == {year: f"{name}-{year}"}


def asked(defs: dg.Definitions, instance: dg.DagsterInstance, name: str, tick: str) -> dict[str, str]:
    """Run keys by year that a schedule asks for at a tick."""
    context = dg.build_schedule_context(
        instance, dt.datetime.fromisoformat(tick), repository_def=defs.get_repository_def()
    )
    found = defs.resolve_schedule_def(name).evaluate_tick(context).run_requests or []
    return {str(one.partition_key): str(one.run_key) for one in found}


def test_a_scheduler_that_was_down_catches_up(defs: dg.Definitions) -> None:
    """Dagster's own scheduler at given dates: the tick of 15 May 2024 fell into an outage of two months, then
    the machine stood still for two years. Nothing is executed; the runs wait in the queue."""
    from dagster._core.test_utils import create_test_daemon_workspace_context, freeze_time
    from dagster._core.workspace.load_target import ModuleTarget
    from dagster._daemon import get_default_daemon_logger
    from dagster._scheduler.scheduler import launch_scheduled_runs
    from dagster._time import get_current_datetime

    def requested(instance: dg.DagsterInstance) -> list[str]:
        return sorted(run.tags["dagster/partition"] for run in instance.get_runs())

    queue = {"run_coordinator": {"module": "dagster.core.run_coordinator", "class": "QueuedRunCoordinator"}}
    target = ModuleTarget("dagster_project.definitions", None, str(ROOT), "fengchao")
    with (
        dg.instance_for_test(overrides=queue) as instance,
        create_test_daemon_workspace_context(target, instance) as workspace,
    ):
        location = next(iter(workspace.create_request_context().code_locations))
        schedule = location.get_repository("__repository__").get_schedule("disclosures_each_may")

        def daemon_at(date: str) -> None:
            with freeze_time(dt.datetime.fromisoformat(date)):
                for _ in launch_scheduled_runs(
                    workspace, get_default_daemon_logger("scheduler"), get_current_datetime(), {}
                ):
                    pass

        with freeze_time(dt.datetime.fromisoformat("2024-05-01T00:00+08:00")):
            instance.start_schedule(schedule)
        daemon_at("2024-05-01T00:01+08:00")
        assert requested(instance) == []
        daemon_at("2024-07-15T09:00+08:00")
        assert requested(instance) == ["2023"]
        daemon_at("2024-07-15T09:01+08:00")
        assert requested(instance) == ["2023"], "once"
        daemon_at("2026-09-01T09:00+08:00")
        assert requested(instance) == ["2023", "2024", "2025"]


def test_a_bad_cron_raises_with_the_name_of_its_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    from dagster_project.errors import FengchaoError
    from dagster_project.schedules import cron, default_status

    assert cron("FENGCHAO_DISCLOSURES_CRON") == "0 6 15 5 *"
    monkeypatch.setenv("FENGCHAO_DISCLOSURES_CRON", "30 7 20 5 *")
    assert cron("FENGCHAO_DISCLOSURES_CRON") == "30 7 20 5 *"
    monkeypatch.setenv("FENGCHAO_DISCLOSURES_CRON", "15 May")
    with pytest.raises(FengchaoError, match="FENGCHAO_DISCLOSURES_CRON is '15 May'"):
        cron("FENGCHAO_DISCLOSURES_CRON")
    monkeypatch.setenv("FENGCHAO_ENV", "production")
    assert default_status() == dg.DefaultScheduleStatus.RUNNING


def test_an_unknown_environment_raises_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    from dagster_project.errors import FengchaoError
    from dagster_project.schedules import environment

    monkeypatch.setenv("FENGCHAO_ENV", "prod")
    with pytest.raises(FengchaoError, match="'prod'"):
        environment()


def test_the_sensor_waits_until_a_change_has_settled(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    shutil.copytree(Path(__file__).resolve().parents[2] / "data" / "raw" / "disclosures", raw / "disclosures")
    first = year_fingerprints(raw)
    asked, cursor = changes(None, first)
    assert not asked, "the first tick only looks"
    asked, cursor = changes(cursor, year_fingerprints(raw))
    assert list(asked) == ["2018", "2019", "2020", "2021", "2022", "2023"]
    asked, cursor = changes(cursor, year_fingerprints(raw))
    assert not asked

    growing = raw / "disclosures" / "2023" / "S099.csv"
    growing.write_text("bank_as_printed,\n")
    asked, cursor = changes(cursor, year_fingerprints(raw))
    assert not asked, "seen for the first time: it may still be copied"
    growing.write_text("bank_as_printed,fiscal_year\n")
    asked, cursor = changes(cursor, year_fingerprints(raw))
    assert not asked, "it grew between two ticks"
    asked, cursor = changes(cursor, year_fingerprints(raw))
    assert list(asked) == ["2023"]
    (raw / "disclosures" / "2023" / "S027.csv").touch()
    assert changes(cursor, year_fingerprints(raw))[0] == {}, "a new time stamp is no change"
    assert set(json.loads(cursor)) == {"loaded", "seen", "changes"}


def test_the_sensor_reads_a_file_again_only_when_it_may_have_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dagster_project import sensors

    raw, kept = tmp_path / "raw", tmp_path / "state" / "raw_hashes.json"
    shutil.copytree(ROOT / "data" / "raw" / "disclosures", raw / "disclosures")
    read: list[str] = []

    def counting(path: Path) -> str:
        read.append(path.name)
        return sha256_of(path)

    monkeypatch.setattr(sensors, "sha256_of", counting)
    first = year_fingerprints(raw, kept)
    assert len(read) == len(set(json.loads(kept.read_text()))) > 100
    assert first == year_fingerprints(raw), "what is kept changes no result"
    read.clear()
    assert year_fingerprints(raw, kept) == first
    assert read == [], "nothing has changed, nothing is read"

    file = raw / "disclosures" / "2023" / "S027.csv"
    (raw / "disclosures" / "2023" / "S014.csv").touch()
    assert year_fingerprints(raw, kept) == first
    assert read == ["S014.csv"], "a new time is looked into and is no change"
    stat = file.stat()
    file.write_bytes(file.read_bytes().replace(b"83.98", b"83.99"))
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    changed = year_fingerprints(raw, kept)
    assert {year for year in first if changed[year] != first[year]} == {"2023"}, "same size, time set back"

    for broken in (b"", b"[1]", b"\xff"):
        kept.write_bytes(broken)
        assert year_fingerprints(raw, kept) == changed


def test_the_sensor_keeps_its_cursor_and_asks_once(
    defs: dg.Definitions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sensor itself, over a restart between two ticks: the cursor stands in Dagster's storage, not in memory."""
    from dagster_project.sensors import raw_files_changed

    home = tmp_path / "home"
    monkeypatch.setenv("FENGCHAO_HOME", str(home))
    monkeypatch.setenv("FENGCHAO_RAW", str(tmp_path / "raw"))
    folder = tmp_path / "raw" / "disclosures" / "2023"
    folder.mkdir(parents=True)

    def tick(cursor: str | None) -> tuple[dict[str, str], str]:
        with dg.instance_for_test() as instance:
            context = dg.build_sensor_context(
                instance, cursor=cursor, repository_def=defs.get_repository_def()
            )
            found = raw_files_changed.evaluate_tick(context)
        return {str(one.partition_key): str(one.run_key) for one in found.run_requests or []}, str(
            found.cursor
        )

    asked_for, cursor = tick(None)
    assert asked_for == {}, "an empty folder is no year"
    (folder / ".S001.csv.part").write_text("half a file")
    asked_for, cursor = tick(tick(cursor)[1])
    assert asked_for == {}, "a hidden file, as copying programs make them, is no input"
    (folder / ".S001.csv.part").rename(folder / "S001.csv")
    assert tick(cursor)[0] == {}
    asked_for, cursor = tick(tick(cursor)[1])
    first = asked_for["2023"]
    shutil.rmtree(home)
    assert tick(cursor)[0] == {}, "a lost file of hashes is no change"

    (folder / "S001.csv").write_text("another content")
    asked_for, cursor = tick(tick(cursor)[1])
    assert asked_for["2023"] != first
    (folder / "S001.csv").write_text("half a file")
    asked_for, cursor = tick(tick(cursor)[1])
    assert asked_for.keys() == {"2023"}, "back to what it was is a change as well"
    assert asked_for["2023"] != first, "Dagster would drop a run key it has seen"


@pytest.mark.parametrize("name", ["questionnaire_wave", "disclosure_year", "yearly_load", "release"])
def test_a_blocking_check_stands_before_all_that_reads_its_asset(defs: dg.Definitions, name: str) -> None:
    """Raw, check, staging, check, marts, check, release, check: no step starts before the gates above it."""
    from dagster._core.execution.api import create_execution_plan

    parts = [part for part in [*(defs.assets or []), *(defs.asset_checks or [])] if hasattr(part, "node_def")]
    step_of = {key: part.node_def.name for part in parts for key in part.keys}
    readers: dict[dg.AssetKey, set[str]] = {}
    for part in parts:
        for key in part.keys:
            for parent in part.asset_deps[key] - set(part.keys):
                readers.setdefault(parent, set()).add(part.node_def.name)
    plan = create_execution_plan(defs.resolve_job_def(name)).get_executable_step_deps()

    def before(step: str) -> set[str]:
        above = set(plan[step])
        return above.union(*(before(one) for one in above))

    gates = 0
    for part in parts:
        step = part.node_def.name
        for spec in part.check_specs if step in plan else []:
            if not spec.blocking:
                continue
            gates += 1
            # Landing, analysis and dbt check within the step that writes; all others come after it.
            assert spec.asset_key in part.keys or step_of[spec.asset_key] in before(step), spec
            for reader in readers.get(spec.asset_key, set()) & set(plan):
                assert step in before(reader), f"{reader} does not wait for {step}"
    assert gates >= 3
