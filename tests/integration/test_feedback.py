"""Feedback sheets against the respondents' scores of a loaded home."""

from __future__ import annotations

import re
import stat
import subprocess

import duckdb

from tests.integration.conftest import Home


def test_a_sheet_shows_own_score_and_quartiles_of_its_peers(
    loaded: tuple[Home, subprocess.CompletedProcess[str]],
) -> None:
    home, _ = loaded
    done = home.fengchao("feedback", "2023")
    assert done.returncode == 0, done.stderr
    folder = home.home / "feedback" / "2023"
    assert len(list(folder.glob("*.html"))) == 80
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    with duckdb.connect(str(home.home / "warehouse" / "fengchao_build.duckdb"), read_only=True) as con:
        scores = con.sql(
            "select respondent_token, s.bank_type, s.score from restricted.int_dimension_score as s "
            "inner join staging.stg_questionnaire__response as r using (wave, response_id) "
            "where wave = 2023 and s.dimension = 'strategy' and r.is_counted"
        ).df()
    for kind, peers in (("rural_commercial", "same type"), ("other", "fewer than 5")):
        own = scores[scores["bank_type"] == kind].iloc[0]
        others = scores[scores["respondent_token"] != own["respondent_token"]]
        if kind == "rural_commercial":
            others = others[others["bank_type"] == kind]
        page = (folder / f"{own['respondent_token']}.html").read_text(encoding="utf-8")
        row = re.search(r'<th scope="row">战略.*?</tr>', page, re.S)
        assert row is not None
        cells = re.findall(r"<td[^>]*>([^<]*)</td>", row[0])
        q1, median, q3 = (round(others["score"].quantile(q)) for q in (0.25, 0.5, 0.75))
        assert cells[:4] == [f"{own['score']:.1f}", str(median), f"{q1}–{q3}", str(len(others))]
        assert "模拟数据" in page and peers in page
        assert "http" not in page.replace("Content-Security-Policy", "").replace("http-equiv", "")


def test_an_unknown_wave_or_token_is_said(loaded: tuple[Home, subprocess.CompletedProcess[str]]) -> None:
    home, _ = loaded
    assert "Wave 2019 has no scores" in home.fengchao("feedback", "2019").stderr
    assert "no respondent 'abc'" in home.fengchao("feedback", "2023", "--token", "abc").stderr
