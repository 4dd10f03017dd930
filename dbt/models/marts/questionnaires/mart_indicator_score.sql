{{ config(materialized='yearly', meta={'year': 'wave', 'ahead': 1}) }}

-- Mean indicator scores of the respondents of a group, with what they rest on.
select
    estimate.wave,
    estimate.population_kind,
    estimate.population_value,
    indicator.dimension,
    estimate.code as indicator,
    indicator.indicator_no,
    {{ published_score() }}
from {{ ref('int_score_estimate') }} as estimate
inner join {{ ref('framework_indicator') }} as indicator
    on estimate.code = indicator.indicator and {{ valid_in('indicator', 'estimate.wave') }}
where {{ in_window('estimate.wave', ahead=1) }} and estimate.level = 'indicator'
order by wave, population_kind, population_value, dimension, indicator_no, scenario
