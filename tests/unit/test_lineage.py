"""Column lineage of a small query: CTEs, unions, stars, cases; and what a column rests on in the end."""

from __future__ import annotations

from sqlglot import parse_one
from sqlglot.schema import MappingSchema

from dagster_project.release.lineage import origins
from dagster_project.warehouse.column_lineage import columns_of

SQL = """
    with raw as (select *, 1 as unused from "landing"."answer"),
    both as (select a, b from raw union all select c as a, null as b from "landing"."more")
    select a as first, case when b > 0 then m.z end as second, 'constant' as third, row_number() over (order by a) as no
    from both left join "framework"."map" as m on both.a = m.k
"""
TABLES = {"landing": {"answer": ["a", "b"], "more": ["c"]}, "framework": {"map": ["k", "z"]}}


def test_columns_are_followed_through_ctes_unions_and_stars() -> None:
    schema = MappingSchema(dialect="duckdb")
    parents = {}
    for database, tables in TABLES.items():
        for table, columns in tables.items():
            schema.add_table(f"{database}.{table}", dict.fromkeys(columns, "text"), dialect="duckdb")
            parents[database, table] = table
    found = columns_of(parse_one(SQL, dialect="duckdb"), schema, parents)
    assert found["first"] == [("answer", "a"), ("more", "c")]
    assert found["second"] == [("answer", "b"), ("map", "z")]
    assert found["third"] == []


def test_a_column_rests_on_what_no_model_makes() -> None:
    edges = {
        "marts.x.joined": ["staging.stg.first", "framework.map.z"],
        "staging.stg.first": ["landing.answer.a", "landing.more.c"],
    }
    assert origins("marts.x.joined", edges) == ["framework.map.z", "landing.answer.a", "landing.more.c"]
    assert origins("marts.x.n", edges) == []
