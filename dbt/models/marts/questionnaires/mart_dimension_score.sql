{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail',
          pre_hook="{{ clear_window('wave') }}") }}

-- Mean of the respondents' dimension scores, for all respondents and by bank type.
with score as (
    select * from {{ ref('int_dimension_score') }} where {{ in_window('wave') }} and score is not null
),

dimension as (
    select * from {{ ref('framework_dimension') }}
),

estimate as (
    select
        wave, 'all' as population_kind, 'all' as population_value, dimension,
        count(*) as n, avg(score) as score, bool_or(is_synthetic) as is_synthetic
    from score
    group by wave, dimension
    union all
    select
        wave, 'bank_type' as population_kind, bank_type as population_value, dimension,
        count(*) as n, avg(score) as score, bool_or(is_synthetic) as is_synthetic
    from score
    group by wave, bank_type, dimension
)

select
    cast(estimate.wave as integer) as wave,
    estimate.population_kind,
    estimate.population_value,
    estimate.dimension,
    dimension.dimension_no,
    'headline' as scenario,
    cast(estimate.n as integer) as n,
    -- Summation order may differ between runs; nine digits are stable and more than anyone needs.
    case when estimate.n >= {{ var('min_group_size') }} then round(estimate.score, 9) end as score,
    estimate.n < {{ var('min_group_size') }} as suppressed,
    estimate.is_synthetic
from estimate
inner join dimension on estimate.dimension = dimension.dimension
order by wave, population_kind, population_value, dimension_no
