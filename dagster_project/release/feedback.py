"""A feedback sheet per respondent: its own scores beside the quartiles of its peers.

The sheets are restricted: they go to the bank they speak of and are never part of a release. Peers
are the other respondents of the bank's type in the wave; where there are fewer than MIN_PEERS with a
score, all other respondents of the wave; where these are too few as well, no quartiles are shown.
Quartiles are rounded to whole points, so that none of them is one bank's exact score.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from dagster_project.errors import FengchaoError
from dagster_project.settings import Settings

MIN_PEERS = 5
_TEMPLATES = Path(__file__).parent / "templates"

# Quartiles by linear interpolation (type 7), as quantile_cont and most spreadsheets do.
_QUERY = """
with score as (
    select respondent_token, bank_type, dimension, score, is_synthetic
    from restricted.int_dimension_score
    inner join (
        select distinct wave, response_id, respondent_token from staging.stg_questionnaire__response
        where wave = $wave and is_counted
    ) using (wave, response_id)
    where wave = $wave
),
peer as (
    select own.respondent_token, own.dimension, other.score, other.bank_type = own.bank_type as is_same_type
    from score as own
    inner join score as other
        on own.dimension = other.dimension and own.respondent_token <> other.respondent_token
    where other.score is not null
),
quartile as (
    select
        respondent_token, dimension,
        count(*) filter (where is_same_type) as n_same,
        count(*) as n_all,
        quantile_cont(score, [0.25, 0.5, 0.75]) filter (where is_same_type) as same,
        quantile_cont(score, [0.25, 0.5, 0.75]) as whole
    from peer
    group by respondent_token, dimension
)
select
    score.respondent_token, score.bank_type, type.label_zh as type_zh, type.label_en as type_en,
    dimension.dimension_no, dimension.label_zh, dimension.label_en,
    round(score.score, 1) as score, score.is_synthetic,
    coalesce(n_same, 0) >= $min as peers_are_of_type,
    case when n_same >= $min then n_same when n_all >= $min then n_all end as n_peers,
    list_transform(case when n_same >= $min then same when n_all >= $min then whole end, q -> round(q)) as quartiles
from score
inner join framework.framework_dimension as dimension on score.dimension = dimension.dimension
inner join framework.framework_bank_type as type on score.bank_type = type.bank_type
left join quartile
    on score.respondent_token = quartile.respondent_token and score.dimension = quartile.dimension
order by score.respondent_token, dimension.dimension_no
"""


def write_feedback(settings: Settings, wave: int, token: str = "") -> list[Path]:
    """Write `FENGCHAO_HOME/feedback/<wave>/<token>.html` for one respondent, or for all of the wave.

    Scores in points of 0-100. Raises FengchaoError for a wave without scores or an unknown token.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from dagster_project.release.report_font import subset_for
    from dagster_project.warehouse.lock import open_warehouse
    from dagster_project.warehouse.records import records

    if not settings.is_built:
        raise FengchaoError(
            f"{settings.home / 'warehouse'} holds no tables. Load the wave first: fengchao run."
        )
    with open_warehouse(settings) as con:
        rows = records(con, _QUERY, {"wave": wave, "min": MIN_PEERS})
    by_token: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_token.setdefault(row["respondent_token"], []).append(row)
    if not by_token:
        raise FengchaoError(f"Wave {wave} has no scores. Load it first: fengchao run --years {wave}.")
    if token and token not in by_token:
        raise FengchaoError(
            f"Wave {wave} has no respondent {token!r}. Leave the token out to write all sheets."
        )
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    template = environment.get_template("feedback.html.j2")
    folder = settings.home / "feedback" / str(wave)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    pages = {
        folder / f"{name}.html": template.render(wave=wave, token=name, rows=by_token[name])
        for name in ([token] if token else sorted(by_token))
    }
    font = subset_for(frozenset("".join(pages.values()))).woff2
    for path, page in pages.items():
        path.write_text(page.replace("@@FONT@@", base64.b64encode(font).decode()), encoding="utf-8")
    return list(pages)
