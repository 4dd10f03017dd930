"""Column lineage on two small models: CTEs, unions, stars, cases, and what a column rests on in the end."""

from __future__ import annotations

from dagster_project.release.lineage import column_edges, origins

STAGING = {
    "model": "staging.stg",
    "sql": """
        with raw as (select *, 1 as unused from "landing"."answer"),
        both as (select a, b from raw union all select c as a, null as b from "landing"."more")
        select a as first, case when b > 0 then "map".z end as second, 'constant' as third, row_number() over (order by a) as no
        from both left join "framework"."map" as "map" on both.a = "map".k
    """,
    "reads": {
        "landing.answer": {"a": "varchar", "b": "varchar"},
        "landing.more": {"c": "varchar"},
        "framework.map": {"k": "varchar", "z": "varchar"},
    },
}
MART = {
    "model": "marts.mart_x",
    "sql": 'select first || second as joined, count(*) as n, max(third) as third from "staging"."stg" group by all',
    "reads": {"staging.stg": {"first": "varchar", "second": "varchar", "third": "varchar"}},
}


def test_columns_are_followed_through_ctes_unions_and_stars() -> None:
    edges = column_edges([STAGING])
    assert edges["staging.stg.first"] == ["landing.answer.a", "landing.more.c"]
    assert edges["staging.stg.second"] == ["framework.map.z", "landing.answer.b"]
    assert edges["staging.stg.third"] == []


def test_a_mart_column_rests_on_what_was_landed() -> None:
    edges = column_edges([STAGING, MART])
    assert edges["marts.mart_x.joined"] == ["staging.stg.first", "staging.stg.second"]
    assert origins("marts.mart_x.joined", edges) == [
        "framework.map.z", "landing.answer.a", "landing.answer.b", "landing.more.c",
    ]  # fmt: skip
    assert origins("marts.mart_x.n", edges) == []
