{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail',
          pre_hook="{{ clear_window('wave', ahead=1) }}") }}

-- The index of a group: mean of its respondents' weighted means over the dimensions, and its grade.
with published as (
    select
        estimate.wave,
        estimate.population_kind,
        estimate.population_value,
        {{ published_score(score='index') }}
    from {{ ref('int_score_estimate') }} as estimate
    where {{ in_window('estimate.wave', ahead=1) }} and estimate.level = 'index'
),

grade as (
    select
        *,
        lead(min_score) over (partition by valid_from_wave order by min_score) as next_min_score
    from {{ ref('framework_grade') }}
)

select
    published.*,
    grade.grade,
    grade.label_zh as grade_label_zh,
    grade.label_en as grade_label_en
from published
left join grade
    on
        {{ valid_in('grade', 'published.wave') }}
        and round(published.index, 8) >= grade.min_score
        and (round(published.index, 8) < grade.next_min_score or grade.next_min_score is null)
order by wave, population_kind, population_value, scenario
