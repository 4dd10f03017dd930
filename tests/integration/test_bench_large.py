"""The contestants of the large benchmark write the same marts, and a build goes on after it has spilled."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bench.large import duck, frames, project
from bench.large.compare import differences
from bench.large.data import make_home, make_waves
from dagster_project.settings import DBT_DIR, ROOT, Settings
from dagster_project.warehouse import dbt_task
from dagster_project.warehouse.connect import connect
from dagster_project.warehouse.dbt_runner import dbt_environment_set

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three waves with small groups, built by the project."""
    folder = tmp_path_factory.mktemp("large")
    settings = Settings(home=folder / "project", raw=ROOT / "data" / "raw")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FENGCHAO_HOME", str(settings.home))
        make_home(settings)
        assert make_waves(settings, 24_000, 3) == pytest.approx(24_000, rel=0.05)
        project.start(settings, headline_only=True)
        project.build(settings)
    project.write_given(settings, settings.home / "given")
    return folder


@pytest.mark.parametrize("name", ["limit", "floor", "polars", "pandas"])
def test_the_marts_are_the_same(folder: Path, name: str) -> None:
    home, other = folder / "project", folder / name
    other.mkdir()
    if name in ("limit", "floor"):
        getattr(duck, name)(home, home / "given", other)
    else:
        frames.write(name, home, home / "given", other)
    assert differences(home, other) == []


def test_a_difference_is_found(folder: Path) -> None:
    home, other = folder / "project", folder / "changed"
    duck.floor(home, home / "given", other)
    settings = Settings(home=other, raw=other)
    with connect(settings, settings.warehouse_db) as con:
        con.execute("update marts.mart_dimension_score set score = score + 1e-6 where wave = 2024")
        con.execute("delete from marts.mart_answer_share where wave = 2023 and population_kind = 'all'")
    found = "\n".join(differences(home, other))
    assert "mart_dimension_score.score: " in found and "mart_answer_share.n_eligible: " in found
    assert "mart_dimension_score.n: " not in found


def test_parts_of_years_give_the_same_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All waves at once, each wave as a part of its own, a wave again in the middle: with all scenarios."""
    from dbt.adapters.duckdb.environments.local import DuckDBCursorWrapper

    settings = Settings(home=tmp_path / "home", raw=ROOT / "data" / "raw")
    monkeypatch.setenv("FENGCHAO_HOME", str(settings.home))
    make_home(settings)
    make_waves(settings, 18_000, 3)
    project.start(settings, headline_only=False)
    variables = dbt_task._project(settings)[0].vars.vars
    statements: list[str] = []
    execute = DuckDBCursorWrapper.execute

    def heard(self: Any, sql: str, *rest: Any) -> Any:
        statements.append(sql)
        return execute(self, sql, *rest)

    monkeypatch.setattr(DuckDBCursorWrapper, "execute", heard)

    def built(
        respondents_at_once: int, waves: list[int] | None = None
    ) -> tuple[dict[str, pd.DataFrame], list[str]]:
        variables.update(respondents_at_once=respondents_at_once)
        statements.clear()
        project.build(settings, waves)
        bounds = [
            found[1] for sql in statements if (found := re.search(r"int_score_matched_first = (\d+)", sql))
        ]
        return _tables(settings), bounds

    at_once, bounds = built(40_000)
    assert bounds == ["2023"]
    assert {"restricted.int_scenario_indicator_score", "marts.mart_dimension_score"} <= set(at_once)
    in_parts, bounds = built(1)
    assert bounds == ["2023", "2024", "2025"]
    again, bounds = built(1, [2024])
    assert bounds == ["2024", "2025"]  # what compares a wave with the one before is made again for the next
    for other in (in_parts, again):
        assert other.keys() == at_once.keys()
        for name, table in at_once.items():
            pd.testing.assert_frame_equal(table, other[name], rtol=1e-12, atol=1e-12, obj=name)


def _tables(settings: Settings) -> dict[str, pd.DataFrame]:
    """The built tables that have rows, by name, sorted by all their columns that are no floats."""
    with connect(settings, settings.warehouse_db, read_only=True) as con:
        names = con.sql(
            "select schema_name || '.' || table_name from duckdb_tables() where schema_name in ('restricted', 'marts')"
        ).fetchall()
        tables = {name: con.table(name).df() for (name,) in names}
    return {
        name: table.sort_values(
            [column for column in table if table[column].dtype != float], ignore_index=True
        )
        for name, table in tables.items()
        if len(table)
    }


def test_a_thread_joins_after_the_build_has_spilled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """dbt gives its settings to every thread; DuckDB refuses some of them once it has spilled."""
    import yaml
    from dbt.adapters.duckdb.credentials import DuckDBCredentials
    from dbt.adapters.duckdb.environments.local import LocalEnvironment
    from jinja2 import Template

    monkeypatch.setenv("FENGCHAO_THREADS", "1")
    monkeypatch.setenv("FENGCHAO_MEMORY_LIMIT", "80MB")
    monkeypatch.setenv("FENGCHAO_SPILL_DIR", str(tmp_path / "spill"))
    settings = Settings(home=tmp_path / "home", raw=tmp_path)
    settings.warehouse_db.parent.mkdir(parents=True)
    profile = yaml.safe_load((DBT_DIR / "profiles.yml").read_text(encoding="utf-8"))["fengchao"]["outputs"][
        "duckdb"
    ]
    with dbt_environment_set(settings):

        def rendered(value: str) -> str:
            return Template(value).render(env_var=lambda name, default="": os.environ.get(name, default))

        options = {
            part: {name: rendered(value) for name, value in profile[part].items()}
            for part in ("config_options", "settings")
        }
        path = rendered(profile["path"])
        credentials = DuckDBCredentials.from_dict(
            {"database": Path(path).stem, "schema": "main", "path": path, **options}
        )
        environment = LocalEnvironment(credentials)
        one = environment.handle().cursor()
        one.execute(
            "create temp table t as select md5(i::varchar) as a from range(3_000_000) as r(i) order by a"
        )
        spilled = [path for path in (tmp_path / "spill").iterdir() if path.stat().st_size]
        other = environment.handle().cursor()
        other.execute("select 1")
        environment.close()
    assert spilled
