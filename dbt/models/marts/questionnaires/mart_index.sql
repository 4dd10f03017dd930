{{ config(materialized='yearly', meta={'year': 'wave', 'ahead': 1}) }}

-- The index of a group: mean of its respondents' weighted means over the dimensions, and its grade, which
-- only a score on a fixed scale has.
with grade as (
    select
        *,
        lead(min_score) over (partition by valid_from_wave order by min_score) as next_min_score
    from {{ ref('framework_grade') }}
)

select
    estimate.wave,
    estimate.population_kind,
    estimate.population_value,
    {{ published_score(score='index') }},
    {{ shown('grade.grade', ['estimate.is_hidden']) }} as grade,
    {{ shown('grade.label_zh', ['estimate.is_hidden']) }} as grade_label_zh,
    {{ shown('grade.label_en', ['estimate.is_hidden']) }} as grade_label_en
from {{ ref('int_score_estimate') }} as estimate
left join grade
    on
        not estimate.is_relative
        and {{ valid_in('grade', 'estimate.wave') }}
        and round(estimate.score, 8) >= grade.min_score
        and (round(estimate.score, 8) < grade.next_min_score or grade.next_min_score is null)
where {{ in_window('estimate.wave', ahead=1) }} and estimate.level = 'index'
order by wave, population_kind, population_value, scenario
