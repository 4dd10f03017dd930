"""The code location as a whole: what every asset must have, and what schedules and sensor ask for."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path

import dagster as dg
import pytest

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
        ("disclosures_each_may", (2024, 5, 15), "2023"),
        ("questionnaires_each_december", (2023, 12, 15), "2023"),
    ],
)
def test_schedules_ask_for_the_year_of_their_tick(
    defs: dg.Definitions, name: str, tick: tuple[int, int, int], year: str
) -> None:
    schedule = defs.resolve_schedule_def(name)
    assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED
    context = dg.build_schedule_context(
        scheduled_execution_time=dt.datetime(*tick, 6, tzinfo=dt.UTC),
        repository_def=defs.get_repository_def(),
    )
    request = schedule.evaluate_tick(context).run_requests[0]  # type: ignore[index]
    assert request.partition_key == year


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
    assert asked == [], "the first tick only looks"
    asked, cursor = changes(cursor, year_fingerprints(raw))
    assert asked == ["2018", "2019", "2020", "2021", "2022", "2023"]
    asked, cursor = changes(cursor, year_fingerprints(raw))
    assert asked == []

    growing = raw / "disclosures" / "2023" / "S099.csv"
    growing.write_text("bank_as_printed,\n")
    asked, cursor = changes(cursor, year_fingerprints(raw))
    assert asked == [], "seen for the first time: it may still be copied"
    growing.write_text("bank_as_printed,fiscal_year\n")
    asked, cursor = changes(cursor, year_fingerprints(raw))
    assert asked == [], "it grew between two ticks"
    asked, cursor = changes(cursor, year_fingerprints(raw))
    assert asked == ["2023"]
    (raw / "disclosures" / "2023" / "S027.csv").touch()
    assert changes(cursor, year_fingerprints(raw))[0] == [], "a new time stamp is no change"
    assert set(json.loads(cursor)) == {"loaded", "seen"}
