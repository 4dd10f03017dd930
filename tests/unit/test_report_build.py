"""Building the report: stable bytes, safe embedding, clear errors. No browser."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import shutil
import zlib
from pathlib import Path

import duckdb
import pytest
from fontTools.ttLib import TTFont

from dagster_project.errors import FengchaoError
from dagster_project.release.documents import documents
from dagster_project.release.report import build_report, read_strings, render_report
from dagster_project.release.report_font import subset_for
from dagster_project.settings import ROOT
from tests.report_fixture import build_database, release_meta


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_database(tmp_path_factory.mktemp("report") / "release.duckdb", figures=12)


@pytest.fixture
def database(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(built, tmp_path / "release.duckdb"))


def page_of(database: Path, meta: dict | None = None) -> str:
    with duckdb.connect(str(database), read_only=True) as con:
        return render_report(con, meta or release_meta()).html


def payload_of(html: str) -> dict:
    found = re.search(r'<script type="application/json" id="fengchao-data">(.*?)</script>', html, re.S)
    assert found
    return json.loads(found[1])


def column_of(payload: dict, table: str, column: str) -> list:
    """The texts of one column, unpacked as the page does it."""
    packed = payload["tables"][table]
    values = json.loads(zlib.decompress(base64.b64decode(packed["deflated"])))
    return values[packed["columns"].index(column)]


def test_same_input_gives_same_bytes(database, tmp_path):
    subset_for.cache_clear()
    with duckdb.connect(str(database), read_only=True) as con:
        first = build_report(con, tmp_path / "a" / "report.html", release_meta()).read_bytes()
        subset_for.cache_clear()
        second = build_report(con, tmp_path / "b.html", release_meta()).read_bytes()
    assert first == second


def test_row_order_in_the_database_does_not_matter(database, tmp_path):
    before = page_of(database)
    with duckdb.connect(str(database)) as con:
        for table in ("mart_dimension_score", "mart_fintech_investment", "mart_reconciliation"):
            con.execute(f"create temp table moved as select * from {table} order by random()")
            con.execute(f"delete from {table}; insert into {table} from moved; drop table moved")
    assert page_of(database) == before


def test_markup_in_data_cannot_leave_its_block(database):
    attack = "</script><script>alert(1)</script><!--"
    with duckdb.connect(str(database)) as con:
        con.execute("update mart_fintech_investment set name_zh = ? where fiscal_year = 2023", [attack])
    meta = release_meta()
    meta["release_id"] = attack
    meta["sources"][0]["title"] = attack
    html = page_of(database, meta)
    assert attack not in html
    assert html.count("<script") == 3
    assert attack in column_of(payload_of(html), "mart_fintech_investment", "name_zh"), (
        "the text arrives whole"
    )


def test_policy_allows_exactly_the_inlined_blocks(database):
    html = page_of(database)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)[1].replace("&#39;", "'")
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "http" not in policy
    blocks = re.findall(r"<script>(.*?)</script>", html, re.S) + re.findall(
        r"<style>(.*?)</style>", html, re.S
    )
    assert len(blocks) == 3
    for block in blocks:
        digest = base64.b64encode(hashlib.sha256(block.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert not re.search(r"<[^>]+\sstyle=", html.split("<body>")[1].split("<script")[0])


def test_payload_holds_what_the_tables_hold(database):
    payload = payload_of(page_of(database))
    with duckdb.connect(str(database), read_only=True) as con:
        names = [row[0] for row in con.execute("select table_name from duckdb_tables()").fetchall()]
        assert sorted(payload["tables"]) == sorted(names)
        for name in names:
            assert (
                payload["tables"][name]["rows"] == con.execute(f"select count(*) from {name}").fetchone()[0]
            )
        shares = con.execute("select share_pct::varchar from mart_answer_share order by all").fetchall()
    assert column_of(payload, "mart_answer_share", "share_pct").count(None) == shares.count((None,))
    assert set(column_of(payload, "mart_answer_share", "share_pct")) == {row[0] for row in shares}
    assert payload["waves"] == [
        {"wave": 2020, "n": 74, "synthetic": True},
        {"wave": 2023, "n": 80, "synthetic": False},
    ]


def test_every_column_that_the_page_reads_is_in_a_script(database):
    """A column that no script names would only make the page and its font larger."""
    scripts = page_of(database).split("<script>")[-1]
    for table, columns in payload_of(page_of(database))["reads"].items():
        unused = [c for c in columns if not re.search(rf"\b{c}\b", scripts)]
        assert not unused, f"{table}: {unused}"


def test_texts_stand_in_both_languages():
    for texts in read_strings().values():
        for key, text in texts.items():
            assert set(text) == {"zh", "en"}, key
            assert not re.search("[\u4e00-\u9fff]", text["en"]) or key == "language_to", key
            assert sorted(re.findall(r"{\w+}", text["zh"])) == sorted(re.findall(r"{\w+}", text["en"])), key


def test_every_character_of_the_page_is_in_the_font(database):
    with duckdb.connect(str(database), read_only=True) as con:
        report = render_report(con, release_meta())
    assert report.missing_characters == ()
    font = base64.b64decode(re.search(r"data:font/woff2;base64,([A-Za-z0-9+/=]+)", report.html)[1])
    assert len(font) == report.font_bytes
    covered = set(TTFont(io.BytesIO(font)).getBestCmap())
    payload = payload_of(report.html)
    shown = json.dumps([payload["strings"], payload["dictionary"]], ensure_ascii=False)
    for table, columns in payload["reads"].items():
        shown += "".join(text or "" for column in columns for text in column_of(payload, table, column))
    assert {c for c in shown if c.isprintable() and ord(c) not in covered} == set()


def test_unknown_characters_are_listed(database):
    meta = release_meta()
    meta["sources"][0]["title"] = "𰻝面银行"
    with duckdb.connect(str(database), read_only=True) as con:
        assert render_report(con, meta).missing_characters == ("𰻝",)


def test_missing_marts_and_columns_are_named(database):
    with duckdb.connect(str(database)) as con:
        con.execute("drop table mart_reconciliation")
        con.execute("alter table mart_fintech_investment drop column scope")
    with pytest.raises(
        FengchaoError, match=r"lacks mart_fintech_investment\.scope, mart_reconciliation in schema"
    ):
        page_of(database)


def test_missing_meta_is_named(database):
    meta = release_meta()
    del meta["sources"]
    with pytest.raises(FengchaoError, match="meta lacks sources"):
        page_of(database, meta)


def test_empty_marts_still_give_a_page(database):
    with duckdb.connect(str(database)) as con:
        for (table,) in con.execute("select table_name from duckdb_tables()").fetchall():
            if table.startswith("mart_"):
                con.execute(f"delete from {table}")
    html = page_of(database)
    assert payload_of(html)["waves"] == []
    assert 'id="synthetic"' not in html


def test_documents_are_one_entry_each_with_licence():
    found = documents(ROOT / "data" / "raw")
    ids = [entry["document_id"] for entry in found]
    assert ids == sorted(set(ids))
    assert all(entry["licence"] and (entry["title"] or entry["url"]) for entry in found)
    assert {entry["document_id"] for entry in found if entry["synthetic"]} == {
        f"questionnaire-{wave}-synthetic" for wave in (2020, 2021, 2022, 2023)
    }


def test_vendored_files_are_those_of_the_readme():
    folder = ROOT / "dagster_project" / "release" / "vendor"
    stated = dict(
        re.findall(r"^\| `([^`]+)` .*`([0-9a-f]{64})` \|$", (folder / "README.md").read_text("utf-8"), re.M)
    )
    assert set(stated) == {"libraries.min.js", "tabulator.min.css", "fonts/NotoSansSC-GB2312.woff2"}
    for name, digest in stated.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name


def test_embedded_font_stands_before_generic_families(database):
    """Else Chromium keeps the boxes of a generic font for words laid out before the embedded one was ready."""
    css = "".join(
        p.read_text("utf-8") for p in (ROOT / "dagster_project/release/templates/css").glob("*.css")
    )
    families = re.findall(r"(?:font-family|--sans|--mono|font):([^;{}]*,[^;{}]*);", css)
    assert len(families) >= 3
    for family in families:
        names = [name.strip().strip('"') for name in family.replace("\n", " ").split(",")]
        generic = [i for i, n in enumerate(names) if n in ("system-ui", "sans-serif", "monospace", "serif")]
        assert names.index("Fengchao Sans") < min(generic), family
