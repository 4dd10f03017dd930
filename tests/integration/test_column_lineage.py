"""What a column is made of: read from the SQL of the real project, without a warehouse."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dagster_project.settings import Settings
from dagster_project.warehouse import assets
from dagster_project.warehouse.column_lineage import Lineage, column_lineage, prepare_column_lineage
from dagster_project.warehouse.manifest import manifest_path

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, dict[str, Any]]]:
    settings = Settings(home=tmp_path_factory.mktemp("home"), raw=Path("data/raw"))
    assert column_lineage(settings) == {}, "a home in which nobody has prepared it has none"
    prepare_column_lineage(settings)
    yield settings, json.loads(manifest_path(settings).read_text(encoding="utf-8"))


def origins(lineage: Lineage, node: str, column: str) -> set[tuple[str, str]]:
    """Everything below a column, down to the landed tables."""
    seen: set[tuple[str, str]] = set()
    waiting = [(node, column)]
    while waiting:
        at, name = waiting.pop()
        for parent, origin in lineage.get(at, {}).get(name, []):
            if (parent, origin) not in seen:
                seen.add((parent, origin))
                waiting.append((parent, origin))
    return seen


def test_every_described_column_is_found_and_comes_from_parents(
    prepared: tuple[Settings, dict[str, Any]],
) -> None:
    settings, manifest = prepared
    lineage = column_lineage(settings)
    models = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    assert set(lineage) == set(models)
    without = 0
    for key, node in models.items():
        assert set(node["columns"]) <= set(lineage[key]), key
        for column, parents in lineage[key].items():
            without += not parents
            for parent, name in parents:
                assert parent in node["depends_on"]["nodes"], (key, column, parent)
                assert parent not in lineage or name in lineage[parent], (key, column, parent, name)
    # Constants, counts of rows and generated numbers; if the parser lost its way there would be hundreds.
    assert 0 < without < 60


def test_an_amount_is_followed_to_the_printed_value(prepared: tuple[Settings, dict[str, Any]]) -> None:
    lineage = column_lineage(prepared[0])
    amount = origins(lineage, "model.fengchao.mart_fintech_investment", "investment_cny")
    assert ("source.fengchao.landing.disclosure_figure", "value") in amount
    assert not {name for _, name in amount} & {"note", "url"}
    score = origins(lineage, "model.fengchao.mart_dimension_score", "score")
    assert ("source.fengchao.landing.questionnaire_answer", "value_num") in score


def test_assets_carry_it_and_a_changed_project_has_none(
    prepared: tuple[Settings, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, manifest = prepared
    monkeypatch.setattr(assets, "_lineage", column_lineage(settings))
    node = manifest["nodes"]["model.fengchao.stg_disclosure__figure"]
    carried = assets.translator.get_metadata(node)["dagster/column_lineage"].deps_by_column
    assert carried["figure_id"] == [
        dg.TableColumnDep(dg.AssetKey(["landing", "disclosure_figure"]), "figure_id")
    ]
    path = settings.dbt_target / "target" / "column_lineage.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "project": "another"}))
    assert column_lineage(settings) == {}
