"""What stands in a release beside the report: workbook, dictionary, data package, citation, changes."""

from __future__ import annotations

import csv
import datetime
import io
import json
import re
import subprocess
import zipfile
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

import duckdb
import frictionless
import jsonschema
import openpyxl
import pytest
import yaml

from dagster_project.release.build import FRAMEWORK_TABLES, public_marts
from dagster_project.release.changes import change_lines, write_changes
from dagster_project.release.citation import write_citation
from dagster_project.release.compare import find_release
from dagster_project.release.dbt_docs import write_dbt_docs
from dagster_project.release.dictionary import labelled_columns, write_dictionary
from dagster_project.release.lineage import column_edges, origins, write_lineage
from dagster_project.release.package import verify_release
from dagster_project.release.workbook import HEADER_ROW, build_workbook
from dagster_project.release.workbook_sheets import SHEETS
from dagster_project.settings import Settings
from tests.integration.conftest import Home

pytestmark = pytest.mark.integration
Loaded = tuple[Home, subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def folder(loaded: Loaded) -> Path:
    return find_release(loaded[0].home / "releases", "current")


@pytest.fixture(scope="module")
def con(folder: Path) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(folder / "fengchao.duckdb"), read_only=True)


@pytest.fixture(scope="module")
def package(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def book(folder: Path) -> openpyxl.Workbook:
    return openpyxl.load_workbook(folder / "fengchao.xlsx", read_only=True)


def _release(package: dict[str, Any]) -> dict[str, Any]:
    return {"release_id": package["id"], "release_date": package["version"], **package["fengchao"]}


def _tables(package: dict[str, Any], con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, Any]]:
    return {
        Path(resource["path"]).stem: {
            "description": resource["description"],
            "key": resource["schema"].get("primaryKey", []),
            "fields": resource["schema"]["fields"],
            "rows": con.execute(f'select count(*) from "{Path(resource["path"]).stem}"').fetchone()[0],  # type: ignore[index]
        }
        for resource in package["resources"]
        if resource["path"].startswith("csv/")
    }


def _as_shown(value: Any) -> Any:
    """A value of DuckDB as the workbook shows it."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime.date):
        return datetime.datetime(value.year, value.month, value.day)  # noqa: DTZ001
    return value


def _plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
    # The reader gives whole floats back as integers.
    return tuple(round(float(v), 9) if isinstance(v, (int, float)) else v or None for v in row)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_every_sheet_holds_the_values_of_its_mart(book: openpyxl.Workbook, con: duckdb.DuckDBPyConnection, sheet: Any) -> None:  # fmt: skip
    lines = list(book[sheet.name].iter_rows(values_only=True))
    head = [str(cell).split("\n")[1] for cell in lines[HEADER_ROW] if cell]
    mart = {row[0] for row in con.execute(f'describe "{sheet.mart}"').fetchall()}
    shared = [name for name in head if name in mart and not name.startswith("label_")]
    places = [head.index(name) for name in shared]
    assert len(shared) >= 5
    listed = ", ".join(f'"{name}"' for name in shared)
    expected = con.execute(f'select {listed} from "{sheet.mart}" where {sheet.where}').fetchall()
    shown = [tuple(line[place] for place in places) for line in lines[HEADER_ROW + 1 :]]
    hidden = [
        tuple(None if isinstance(cell, str) and cell.startswith("隐去") else cell for cell in row)
        for row in shown
    ]
    assert sorted(map(repr, map(_plain, hidden))) == sorted(
        repr(_plain(tuple(_as_shown(value) for value in row))) for row in expected
    )


def test_hidden_results_say_why_and_numbers_are_numbers(book: openpyxl.Workbook) -> None:
    lines = list(book["维度得分 Dimensions"].iter_rows(values_only=True))
    head = [str(cell).split("\n")[1] for cell in lines[HEADER_ROW]]
    score, reason = head.index("score"), head.index("suppressed_reason")
    words = {"small_group": "隐去·小样本", "complementary": "隐去·防推算"}
    seen = {(row[reason], row[score]) for row in lines[HEADER_ROW + 1 :] if row[reason]}
    assert seen == set(words.items())
    assert all(isinstance(row[score], (int, float)) for row in lines[HEADER_ROW + 1 :] if not row[reason])


def test_every_sheet_is_marked_synthetic_and_has_frozen_filtered_headings(
    folder: Path, book: openpyxl.Workbook
) -> None:
    assert len(book.sheetnames) == len(SHEETS) + 6
    for name in book.sheetnames:
        (second,) = book[name].iter_rows(min_row=2, max_row=2, max_col=1, values_only=True)
        assert "SYNTHETIC" in second[0], name
    with zipfile.ZipFile(folder / "fengchao.xlsx") as archive:
        charts = [
            archive.read(n).decode() for n in sorted(archive.namelist()) if n.startswith("xl/charts/chart")
        ]
        sheets = [
            archive.read(f"xl/worksheets/sheet{n}.xml").decode() for n in range(1, len(book.sheetnames) + 1)
        ]
    for name, sheet in zip(book.sheetnames, sheets, strict=True):
        assert re.search("<oddFooter>[^<]*SYNTHETIC", sheet), name
        assert "<f>" not in sheet, "no formula anywhere"
        if name in {spec.name for spec in SHEETS}:
            assert 'state="frozen"' in sheet and "<autoFilter ref=" in sheet, name
    radar = next(chart for chart in charts if "radarChart" in chart)
    assert len(re.findall("<c:ser>", radar)) <= 3
    assert '<c:max val="100"/><c:min val="0"/>' in radar
    assert [len(re.findall(kind, "".join(charts))) for kind in ("<c:radarChart>", "<c:barChart>")] == [1, 3]


def test_two_builds_give_the_same_bytes(loaded: Loaded, folder: Path, con: duckdb.DuckDBPyConnection, package: dict[str, Any], tmp_path: Path) -> None:  # fmt: skip
    """Built again from the data package and the released database alone."""
    release, tables = _release(package), _tables(package, con)
    sources = [
        {"document_id": s["name"], "title": s["title"], "url": s.get("path", "")}
        | {key: s.get(key) for key in ("producer", "published_date", "licence")}
        for s in package["sources"]
    ]
    write_dictionary(tmp_path, tables, release)
    write_citation(tmp_path, release)
    for name in ("dictionary.csv", "dictionary.html", "CITATION.cff"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name
    text = (folder / "CHANGES.md").read_text(encoding="utf-8")
    manifest = json.loads((loaded[0].home / "dbt" / "target" / "manifest.json").read_text(encoding="utf-8"))
    write_dbt_docs(tmp_path, manifest, tables, loaded[0].home)
    assert (tmp_path / "dbt_docs.html").read_bytes() == (folder / "dbt_docs.html").read_bytes()
    lines = re.findall(r"^- (.*)\n  <br>(.*)$", text, re.M)
    write_changes(tmp_path, release, lines)
    assert (tmp_path / "CHANGES.md").read_text(encoding="utf-8") == text
    with duckdb.connect(str(folder / "fengchao.duckdb"), read_only=True) as own:
        build_workbook(own, tmp_path / "fengchao.xlsx", release, tables, sources, lines)
    assert (tmp_path / "fengchao.xlsx").read_bytes() == (folder / "fengchao.xlsx").read_bytes()


def test_the_first_release_says_so(folder: Path, package: dict[str, Any]) -> None:
    assert change_lines(None, folder, _release(package))[0][1].startswith("First release")


def test_dictionary_dbt_and_released_tables_agree_in_both_directions(folder: Path, con: duckdb.DuckDBPyConnection, loaded: Loaded) -> None:  # fmt: skip
    text = (folder / "dictionary.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    dictionary = {(row["table"], row["column"]): (row["type"], row["description"]) for row in rows}
    released = {
        (table, column): kind
        for table, column, kind in con.execute(
            "select table_name, column_name, data_type from information_schema.columns where table_schema = 'main'"
        ).fetchall()
    }
    assert {key: kind for key, (kind, _) in dictionary.items()} == released
    manifest = json.loads((loaded[0].home / "dbt" / "target" / "manifest.json").read_text(encoding="utf-8"))
    nodes = [
        node
        for node in manifest["nodes"].values()
        if (node["resource_type"] == "model" and node.get("access") == "public")
        or node["name"] in FRAMEWORK_TABLES
    ]
    declared = {
        (node["name"], name): (column["data_type"], column["description"])
        for node in nodes
        for name, column in node["columns"].items()
    }
    assert {key: text for key, (_, text) in declared.items()} == {
        key: text for key, (_, text) in dictionary.items()
    }
    assert all(text for _, text in declared.values())
    aliases = {"decimal(20,2)": "DECIMAL(20,2)", "string": "VARCHAR"}
    for key, (kind, _) in declared.items():
        if kind:  # the seeds state their types beside, in dbt_project.yml
            assert aliases.get(kind, kind.upper()) == released[key], key
    assert all(row["grain"].startswith("Grain:") and row["key"] for row in rows)
    assert {row["column"] for row in rows} - labelled_columns() == set(), "a column without a Chinese label"
    assert [row for row in rows if row["type"] == "DOUBLE" and not row["unit"]] == [], (
        "a number without a unit"
    )


@pytest.mark.parametrize("name", ["dictionary.html", "lineage.html"])
def test_the_pages_are_self_contained(folder: Path, name: str) -> None:
    html = unescape((folder / name).read_text(encoding="utf-8"))
    assert not re.findall(r"""(?:src|href)\s*=\s*["'](?!#|data:)""", html)
    assert "<script" not in html and "default-src 'none'" in html
    assert html.index('"Fengchao Sans", system-ui') > 0


def test_the_lineage_page_shows_every_mart_column_down_to_what_was_landed(loaded: Loaded, folder: Path, package: dict[str, Any], con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:  # fmt: skip
    home = Settings(loaded[0].home, loaded[0].raw)
    manifest = json.loads((home.dbt_target / "target" / "manifest.json").read_text(encoding="utf-8"))
    edges = column_edges(home, manifest)
    assert {"landing.disclosure_figure.value", "framework.unit.factor"} <= set(
        origins("marts.mart_fintech_investment.investment_cny", edges)
    )
    assert "landing.questionnaire_answer.option_id" in origins("marts.mart_index.index", edges)
    html = (folder / "lineage.html").read_text(encoding="utf-8")
    for name in public_marts(manifest):
        for column in con.execute(f'describe "{name}"').fetchall():
            assert f'id="{name}.{column[0]}"' in html
    assert str(loaded[0].home) not in html
    again = write_lineage(tmp_path, _tables(package, con), edges)
    assert again.read_bytes() == (folder / "lineage.html").read_bytes()


def test_the_page_of_dbt_asks_nothing_of_the_outside_and_tells_no_path(loaded: Loaded, folder: Path) -> None:
    page = (folder / "dbt_docs.html").read_text(encoding="utf-8")
    assert "connect-src 'none'" in page and "default-src 'none'" in page
    assert not re.findall(r"""<(?:script|link|img|iframe)[^>]+(?:src|href)=["']?(?:https?:)?//""", page)
    assert (
        str(loaded[0].home) not in page
        and "invocation_id" not in page.split('"model.fengchao.mart_index"')[1]
    )
    assert "fuzzed.getdbt.com" not in page and "model.fengchao.mart_index" in page


def test_the_data_package_is_valid_and_complete(folder: Path, package: dict[str, Any]) -> None:
    files = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()} - {
        "datapackage.json"
    }
    assert {resource["path"] for resource in package["resources"]} == files
    described = frictionless.Package(str(folder / "datapackage.json"))
    tables = [resource for resource in described.resources if resource.path.startswith("csv/")]
    assert len(tables) == len({path for path in files if path.startswith("csv/")}) >= 30
    for resource in tables:  # bytes, sha256, types, key
        assert resource.validate().flatten(["type", "note"]) == [], resource.path
    facts = package["fengchao"]
    assert verify_release(folder) == []  # also what is no table
    assert re.fullmatch(r"[0-9a-f]{12}", facts["framework_version"])
    assert facts["input_sha256"] and facts["git_commit"] and package["licenses"] and package["sources"]


# The parts of the Citation File Format 1.2.0 that we write.
_CFF = {
    "type": "object",
    "required": ["authors", "cff-version", "message", "title"],
    "additionalProperties": False,
    "properties": {
        "cff-version": {"const": "1.2.0"},
        "message": {"type": "string", "minLength": 1},
        "title": {"type": "string", "minLength": 1},
        "type": {"enum": ["dataset", "software"]},
        "version": {"type": "string", "minLength": 1},
        "date-released": {
            "type": "string",
            "pattern": r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$",
        },
        "commit": {"type": "string", "minLength": 1},
        "license": {"const": "Apache-2.0"},
        "abstract": {"type": "string", "minLength": 1},
        "keywords": {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"type": "string"}},
        "authors": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
        },
    },
}


def test_the_citation_is_valid(folder: Path, package: dict[str, Any]) -> None:
    content = yaml.safe_load((folder / "CITATION.cff").read_text(encoding="utf-8"))
    jsonschema.validate(content, _CFF)
    assert content["version"] == package["id"] and content["date-released"] == package["version"]
