"""docs/queries.md: every query runs on the release and prints what stands below it.

`python -m tests.integration.test_queries <release folder>` writes the results into the document anew.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.integration.conftest import ROOT, Home

pytestmark = pytest.mark.integration
DOCUMENT = ROOT / "docs" / "queries.md"
_BLOCK = re.compile(r"```sql\n(?P<query>.*?)```\n(?:\n```text\n(?P<result>.*?)```\n)?", re.S)


def printed(con: duckdb.DuckDBPyConnection, query: str) -> str:
    """Heading and rows with ` | ` between the values; nothing for a missing value."""
    result = con.execute(query)
    lines = [[column[0] for column in result.description or []]]
    lines += [["" if value is None else str(value) for value in row] for row in result.fetchall()]
    return "".join(" | ".join(line).rstrip() + "\n" for line in lines)


def _connect(release: Path) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(release / "fengchao.duckdb"), read_only=True)


def test_every_query_prints_what_the_document_says(
    loaded: tuple[Home, subprocess.CompletedProcess[str]],
) -> None:
    blocks = list(_BLOCK.finditer(DOCUMENT.read_text(encoding="utf-8")))
    assert len(blocks) == 10
    with _connect(loaded[0].home / "releases" / "current") as con:
        for block in blocks:
            shown = printed(con, block["query"])
            assert shown.count("\n") > 1, block["query"]
            assert block["result"] == shown, block["query"]


def test_the_python_lines_of_the_document_run(loaded: tuple[Home, subprocess.CompletedProcess[str]]) -> None:
    code = re.search(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.S)
    assert code is not None
    release = loaded[0].home / "releases" / "current"
    done = subprocess.run(
        [sys.executable, "-c", code[1].replace("var/releases/current", str(release)) + "\nprint(con.execute('select 1').fetchone())"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "(1,)\n"), done.stderr


if __name__ == "__main__":
    with _connect(Path(sys.argv[1])) as connection:
        text = DOCUMENT.read_text(encoding="utf-8")
        text = _BLOCK.sub(
            lambda m: f"```sql\n{m['query']}```\n\n```text\n{printed(connection, m['query'])}```\n", text
        )
        DOCUMENT.write_text(text, encoding="utf-8")
