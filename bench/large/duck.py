"""Hand-written DuckDB SQL on the landed files: what the project's models are measured against.

`limit` writes the tables the project writes, `floor` only the two marts. Both know what the models may not
assume: that a multiple choice has a row per option, and that an item's score follows from its option. The
framework, the items and the population are given; the last steps, from groups to marts, are tables of some
thousand rows and use the project's compiled SQL.
"""

from __future__ import annotations

import re
from pathlib import Path

import duckdb

from dagster_project.settings import Settings
from dagster_project.warehouse.connect import connect

GIVEN = ("restricted.int_item", "restricted.int_population", "restricted.int_comparability")
# From groups to marts, in order.
SMALL = (
    "int_answer_interval", "int_answer_share", "mart_answer_share", "int_score_estimate", "mart_dimension_score",
)  # fmt: skip
MARTS = ("mart_dimension_score", "mart_answer_share")

SETUP = """
create temp view answer as
select * from read_parquet('{home}/landing/questionnaire_answer/**/*.parquet', hive_partitioning = false);
create temp table respondent as
select r.wave, r.response_id, r.respondent_token, coalesce(r.bank_type, 'other') as bank_type, p.region,
    cast(dense_rank() over (order by coalesce(r.bank_type, 'other'), p.region) as utinyint) as cell,
    cast(row_number() over () as integer) as n
from read_parquet('{home}/landing/questionnaire_response/**/*.parquet', hive_partitioning = false) as r
left join read_parquet('{home}/landing/province/*.parquet') as p using (province)
where r.is_counted;
create temp table item as
select i.*, t.threshold from restricted.int_item as i
join framework.framework_threshold as t
    on t.level = 'indicator' and i.wave between t.valid_from_wave and coalesce(t.valid_to_wave, 9999);
create temp table coded as
select i.wave, i.item_id, o.option_id, o.points, o.is_exclusive,
    least(100.0, greatest(0.0, case
        when i.scoring = 'goalpost'
            then 100.0 * (g.value - case when i.direction = -1 then i.upper else i.lower end)
                / (i.upper - i.lower) * i.direction
        else o.points
    end)) as score
from item as i
join framework.framework_option as o
    on i.option_set = o.option_set and i.wave between o.valid_from_wave and coalesce(o.valid_to_wave, 9999)
left join framework.framework_range as g on i.option_set = g.option_set and o.option_id = g.option_id
where o.points is not null or g.value is not null;
"""

# Scores of items with one row by a look-up, of the others by a sum; then indicator and dimension.
INDICATOR = """
with item_score as (
    select r.n, a.wave, i.indicator, i.dimension, i.item_weight, c.score, a.is_synthetic
    from answer as a
    join respondent as r on a.wave = r.wave and a.response_id = r.response_id
    join item as i on a.wave = i.wave and a.item_id = i.item_id
    left join coded as c on a.wave = c.wave and a.item_id = c.item_id and a.option_id = c.option_id
    where i.indicator is not null and i.item_type <> 'multi'
        and a.missing_code in ('answered', 'blank', 'invalid') and a.option_id is distinct from 'not_applicable'
    union all
    select n, wave, any_value(indicator), any_value(dimension), any_value(item_weight),
        case
            when bool_or(missing_code <> 'answered') then null
            when bool_or(ticked and is_exclusive) then 0.0
            else least(100.0, 100.0 * coalesce(sum(points) filter (where ticked), 0.0) / any_value(max_points))
        end,
        bool_or(is_synthetic)
    from (
        select r.n, a.wave, i.item_id, i.indicator, i.dimension, i.item_weight, i.max_points, a.missing_code,
            a.value_num = 1 as ticked, c.points, c.is_exclusive, a.is_synthetic
        from answer as a
        join respondent as r on a.wave = r.wave and a.response_id = r.response_id
        join item as i on a.wave = i.wave and a.item_id = i.item_id
        left join coded as c on a.wave = c.wave and a.item_id = c.item_id and a.option_id = c.option_id
        where i.indicator is not null and i.item_type = 'multi'
            and a.missing_code in ('answered', 'blank', 'invalid')
    ) as many
    group by n, wave, item_id
)

select n, wave, indicator, any_value(dimension) as dimension, count(*) as n_children, count(score) as n_children_present,
    case when count(score) > 0 and count(score) >= 0.66 * count(*)
        then sum(score * item_weight) / sum(item_weight) filter (where score is not null) end as score,
    bool_or(is_synthetic) as is_synthetic
from item_score
group by n, wave, indicator
"""

UP = """
select i.n, i.wave, {parent}, count(*) as n_children, count(i.score) as n_children_present,
    case when count(i.score) > 0 and count(i.score) >= 0.66 * count(*)
        then sum(i.score * w.weight) / sum(w.weight) filter (where i.score is not null) end as score,
    bool_or(i.is_synthetic) as is_synthetic
from {children} as i
join (select distinct wave, {child}, {child}_weight as weight from item where indicator is not null) as w
    on i.wave = w.wave and i.{child} = w.{child}
group by {keys}
"""

WRITTEN = """
create table restricted.{table} as
select s.wave, r.response_id, r.bank_type, {columns}, n_children as n_{of}, n_children_present as n_{of}_present, s.score,
    case when n_children_present = 0 then 'no_answer' when s.score is null then 'under_availability_threshold' end as reason,
    s.is_synthetic
from {scores} as s
join respondent as r on s.n = r.n
"""

MEMBER = """
create table restricted.int_population_member as
select wave, response_id, 'all' as population_kind, 'all' as population_value from respondent
union all
select wave, response_id, 'bank_type', bank_type from respondent
union all
select wave, response_id, 'region', region from respondent where region is not null
"""

MEAN = """
with population as (select * from restricted.int_population),

grouped as (
    select s.wave, s.level, s.code, r.bank_type, r.region,
        case when grouping(r.bank_type) = 0 then 'bank_type' when grouping(r.region) = 0 then 'region' else 'all' end as kind,
        count(*) as n, avg(s.score) as score, var_samp(s.score) as variance, bool_or(s.is_synthetic) as is_synthetic
    from ({scores}) as s
    join respondent as r on s.n = r.n
    where s.score is not null
    group by grouping sets ((s.wave, s.level, s.code), (s.wave, s.level, s.code, r.bank_type), (s.wave, s.level, s.code, r.region))
    having kind <> 'region' or region is not null
),

by_group as (
    select wave, wave as source_wave, 'headline' as scenario, level, code, kind as population_kind,
        case kind when 'bank_type' then bank_type when 'region' then region else 'all' end as population_value,
        n, score, variance, is_synthetic
    from grouped
),

{tail}
"""

PAIRS = """
create temp table pair as
select l.wave, l.n, e.n as earlier_n, l.bank_type = e.bank_type as same_type, l.region = e.region as same_region,
    l.bank_type, l.region
from respondent as l
join respondent as e on l.wave = e.wave + 1 and l.respondent_token = e.respondent_token
"""

MATCHED = """
with changed as (
    select p.wave, s.level, s.code, s.score - e.score as change, s.score, e.score as earlier_score,
        case when p.same_type then p.bank_type end as bank_type, case when p.same_region then p.region end as region
    from pair as p
    join ({scores}) as s on p.n = s.n
    join ({scores}) as e on p.earlier_n = e.n and s.level = e.level and s.code = e.code
    where s.score is not null and e.score is not null
),

grouped as (
    select wave, 'headline' as scenario, level, code,
        case when grouping(bank_type) = 0 then 'bank_type' when grouping(region) = 0 then 'region' else 'all' end as population_kind,
        coalesce(bank_type, region, 'all') as population_value,
        count(*) as n_matched, avg(change) as change, var_samp(change) as variance,
        covar_samp(score, earlier_score) as covariance
    from changed
    group by grouping sets ((wave, level, code), (wave, level, code, bank_type), (wave, level, code, region))
    having population_kind = 'all' or coalesce(bank_type, region) is not null
)

{tail}
"""

COUNT = """
with histogram as (
    select a.wave, r.cell, a.item_id, a.option_id, a.missing_code, a.value_num = 1 as ticked, count(*) as n,
        bool_or(a.is_synthetic) as is_synthetic
    from answer as a
    join respondent as r on a.wave = r.wave and a.response_id = r.response_id
    group by all
),

cell as (
    select distinct cell, kind.population_kind,
        case kind.population_kind when 'all' then 'all' when 'region' then region else bank_type end as population_value
    from respondent cross join (values ('all'), ('bank_type'), ('region')) as kind (population_kind)
),

summed as (
    select h.wave, c.population_kind, c.population_value, h.item_id, h.option_id, i.item_type, i.option_set, i.is_comparable,
        sum(h.n) as n,
        sum(h.n) filter (where h.missing_code = 'answered' and (i.item_type <> 'multi' or h.ticked)) as n_chosen,
        bool_or(h.is_synthetic) as is_synthetic
    from histogram as h
    join cell as c using (cell)
    join item as i on h.wave = i.wave and h.item_id = i.item_id
    where i.option_set is not null and h.missing_code in ('answered', 'blank', 'invalid') and c.population_value is not null
    group by all
),

eligible as (
    select wave, population_kind, population_value, item_id, option_set, is_comparable,
        case when item_type = 'multi'
            then coalesce(max(n) filter (where option_id is not null), 0) + coalesce(sum(n) filter (where option_id is null), 0)
            else sum(n) end as n_eligible,
        bool_or(is_synthetic) as is_synthetic
    from summed
    group by wave, population_kind, population_value, item_id, option_set, is_comparable, item_type
)

select e.wave, e.population_kind, e.population_value, e.item_id, o.option_id, o.option_no,
    cast(e.n_eligible as integer) as n_eligible, cast(coalesce(s.n_chosen, 0) as integer) as n_chosen,
    e.is_comparable, e.is_synthetic
from eligible as e
join framework.framework_option as o
    on e.option_set = o.option_set and e.wave between o.valid_from_wave and coalesce(o.valid_to_wave, 9999)
left join summed as s
    on e.wave = s.wave and e.population_kind = s.population_kind and e.population_value = s.population_value
    and e.item_id = s.item_id and o.option_id = s.option_id
order by 1, 2, 3, 4, 6
"""


def limit(home: Path, given: Path, folder: Path) -> None:
    """The marts and the tables on the way to them, as the project writes them."""
    with _connect(home, given, folder) as con:
        _scores(con)
        con.execute(MEMBER)
        for level, table, columns, of in (
            ("indicator", "int_indicator_score", "s.dimension, s.indicator", "items"),
            ("dimension", "int_dimension_score", "s.dimension", "indicators"),
            ("index", "int_index_score", "1 as one", "dimensions"),
        ):
            con.execute(WRITTEN.format(table=table, columns=columns, of=of, scores=f"{level}_score"))
        levels = {"indicator": "indicator", "dimension": "dimension", "index": "'index'"}
        _publish(con, given, levels, "create table")


def floor(home: Path, given: Path, folder: Path) -> None:
    """The marts and nothing else: only dimensions are brought together."""
    with _connect(home, given, folder) as con:
        _scores(con)
        _publish(con, given, {"dimension": "dimension"}, "create temp table")


def _connect(home: Path, given: Path, folder: Path) -> duckdb.DuckDBPyConnection:
    settings = Settings(home=folder, raw=folder)
    con = connect(settings, settings.warehouse_db)
    for schema in ("restricted", "framework", "marts"):
        con.execute(f"create schema {schema}")
    for path in sorted(given.glob("*.*.parquet")):
        con.execute(f"create table {path.name.removesuffix('.parquet')} as from '{path}'")
    for statement in SETUP.format(home=home).split(";"):
        con.execute(statement) if statement.strip() else None
    return con


def _scores(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(f"create temp table indicator_score as {INDICATOR}")
    up = {"parent": "i.dimension", "children": "indicator_score", "child": "indicator"}
    con.execute("create temp table dimension_score as " + UP.format(**up, keys="i.n, i.wave, i.dimension"))
    up = {"parent": "'index' as one", "children": "dimension_score", "child": "dimension"}
    con.execute("create temp table index_score as " + UP.format(**up, keys="i.n, i.wave"))


def _publish(con: duckdb.DuckDBPyConnection, given: Path, levels: dict[str, str], create: str) -> None:
    scores = " union all ".join(
        f"select n, wave, '{level}' as level, {code} as code, score, is_synthetic from {level}_score"
        for level, code in levels.items()
    )
    mean, matched = _compiled(given, "int_score_mean"), _compiled(given, "int_score_matched")
    schema = "restricted." if create == "create table" else ""
    tail = mean[mean.index("with_population as (") :]
    con.execute(f"{create} {schema}int_score_mean as " + MEAN.format(scores=scores, tail=tail))
    con.execute(PAIRS)
    tail = matched[matched.rindex("select\n    *,") :]
    con.execute(f"{create} {schema}int_score_matched as " + MATCHED.format(scores=scores, tail=tail))
    con.execute(f"{create} {schema}int_answer_count as {COUNT}")
    for name in SMALL:
        query = _compiled(given, name)
        if not schema:
            # Temporary tables have no schema.
            query = re.sub(r'"fengchao_build"\."restricted"\."(int_(?:answer|score)_\w+)"', r"\1", query)
        if name in MARTS:
            con.execute(f"create table marts.{name} as {query}")
        else:
            con.execute(f"{create} {schema}{name} as {query}")


def _compiled(given: Path, name: str) -> str:
    return (given / f"{name}.sql").read_text(encoding="utf-8")
