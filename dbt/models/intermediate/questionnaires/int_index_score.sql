{{ config(meta={'year': 'wave', 'in_parts': 'respondents'}) }}

-- The index of a respondent: weighted mean of the dimension scores, as a dimension of its indicators.
with dimension_score as (
    select * from {{ ref('int_dimension_score') }} where {{ in_window('wave') }}
)

select
    dimension_score.wave,
    dimension_score.response_id,
    dimension_score.bank_type,
    count(*) as n_dimensions,
    count(dimension_score.score) as n_dimensions_present,
    {{ weighted_score('dimension_score.score', 'weight.weight', 'threshold.threshold') }} as score,
    {{ missing_reason('dimension_score.score', 'threshold.threshold') }} as reason,
    bool_or(dimension_score.is_synthetic) as is_synthetic
from dimension_score
inner join {{ ref('int_weight') }} as weight
    on
        dimension_score.wave = weight.wave
        and dimension_score.dimension = weight.code
        and weight.level = 'dimension'
        and weight.weight_set = 'headline'
inner join {{ ref('framework_threshold') }} as threshold
    on threshold.level = 'index' and {{ valid_in('threshold', 'dimension_score.wave') }}
group by dimension_score.wave, dimension_score.response_id, dimension_score.bank_type
