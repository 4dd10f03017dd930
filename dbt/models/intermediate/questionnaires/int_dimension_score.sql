{{ config(meta={'year': 'wave', 'in_parts': 'respondents'}) }}

-- Weighted mean of a respondent's indicator scores; weights are re-normalised over the indicators
-- that are present. NULL, with the reason, when fewer than the threshold of the indicators that were
-- asked have a score.
with indicator_score as (
    select * from {{ ref('int_indicator_score') }} where {{ in_window('wave') }}
)

select
    indicator_score.wave,
    indicator_score.response_id,
    indicator_score.bank_type,
    indicator_score.dimension,
    count(*) as n_indicators,
    count(indicator_score.score) as n_indicators_present,
    {{ weighted_score('indicator_score.score', 'weight.weight', 'threshold.threshold') }} as score,
    {{ missing_reason('indicator_score.score', 'threshold.threshold') }} as reason,
    bool_or(indicator_score.is_synthetic) as is_synthetic
from indicator_score
inner join {{ ref('int_weight') }} as weight
    on
        indicator_score.wave = weight.wave
        and indicator_score.indicator = weight.code
        and weight.level = 'indicator'
        and weight.weight_set = 'headline'
inner join {{ ref('framework_threshold') }} as threshold
    on threshold.level = 'dimension' and {{ valid_in('threshold', 'indicator_score.wave') }}
group by
    indicator_score.wave, indicator_score.response_id, indicator_score.bank_type,
    indicator_score.dimension
