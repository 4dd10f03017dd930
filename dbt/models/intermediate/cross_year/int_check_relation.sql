{{ config(materialized='table') }}

-- Printed shares and growth against the chosen amounts (seed measure_relation): 100 * part / whole,
-- for growth 100 * (this year / the year before - 1). The tolerance is the figure's own rounding
-- plus what the rounding of both amounts can move the quotient, to first order.
with relation as (
    select *, case when kind = 'growth' then 1 else 0 end as years_back from {{ ref('measure_relation') }}
),

figure as (
    select * from {{ ref('int_figure') }} where excluded_reason is null and value is not null and exactness < 2
),

chosen as (
    select
        fact_id, measure, fiscal_year, document_id, value_as_printed || ' ' || unit_as_printed as printed,
        cast(value as double) as value, cast(tolerance as double) as tolerance
    from {{ ref('int_figure_chosen') }}
    where qualifier in ('eq', 'approx') and value is not null
)

select
    relation.relation as rule,
    figure.figure_id,
    100.0 * part.value / nullif(whole.value, 0) - 100.0 * relation.years_back as computed,
    figure.tolerance
    + 100.0 * (
        part.tolerance / nullif(abs(whole.value), 0)
        + abs(part.value) * whole.tolerance / nullif(whole.value * whole.value, 0)
    ) as tolerance,
    part.measure || ' ' || part.fiscal_year || ' = ' || part.printed || ' [' || part.document_id || ']; '
    || whole.measure || ' ' || whole.fiscal_year || ' = ' || whole.printed || ' [' || whole.document_id || ']' as parts
from figure
inner join relation on figure.measure = relation.measure
inner join chosen as part
    on part.fact_id
    = {{ fact_id('figure.entity_kind', 'figure.entity_id', 'figure.fiscal_year', 'relation.part_measure',
                 'figure.period') }}
inner join chosen as whole
    on whole.fact_id
    = {{ fact_id('figure.entity_kind', 'figure.entity_id', '(figure.fiscal_year - relation.years_back)',
                 'coalesce(relation.of_measure, relation.part_measure)', 'figure.period') }}
