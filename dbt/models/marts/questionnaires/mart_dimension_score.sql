{{ config(materialized='yearly', meta={'year': 'wave', 'ahead': 1}) }}

-- Mean dimension scores of the respondents of a group, with what they rest on.
select
    estimate.wave,
    estimate.population_kind,
    estimate.population_value,
    estimate.code as dimension,
    dimension.dimension_no,
    {{ published_score() }}
from {{ ref('int_score_estimate') }} as estimate
inner join {{ ref('framework_dimension') }} as dimension
    on estimate.code = dimension.dimension and {{ valid_in('dimension', 'estimate.wave') }}
where {{ in_window('estimate.wave', ahead=1) }} and estimate.level = 'dimension'
order by wave, population_kind, population_value, dimension_no, scenario
