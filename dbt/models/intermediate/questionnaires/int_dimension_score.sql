{{ config(pre_hook="{{ clear_window('wave') }}") }}

-- Weighted mean of a respondent's indicator scores; weights are re-normalised over the indicators
-- that are present. NULL when fewer than availability_threshold of the indicators have a score.
with indicator_score as (
    select * from {{ ref('int_indicator_score') }} where {{ in_window('wave') }}
),

indicator as (
    select * from {{ ref('framework_indicator') }}
)

select
    indicator_score.wave,
    indicator_score.response_id,
    indicator_score.bank_type,
    indicator_score.dimension,
    count(*) as n_indicators,
    count(indicator_score.score) as n_indicators_present,
    case
        when count(indicator_score.score) >= {{ var('availability_threshold') }} * count(*)
            then
                sum(indicator_score.score * indicator.weight)
                / sum(indicator.weight) filter (where indicator_score.score is not null)
    end as score,
    bool_or(indicator_score.is_synthetic) as is_synthetic
from indicator_score
inner join indicator
    on
        indicator_score.indicator = indicator.indicator
        and indicator_score.dimension = indicator.dimension
        and indicator_score.wave >= indicator.valid_from_wave
        and indicator_score.wave <= coalesce(indicator.valid_to_wave, 9999)
group by
    indicator_score.wave, indicator_score.response_id, indicator_score.bank_type,
    indicator_score.dimension
