{{ config(meta={'year': 'wave', 'ahead': 1, 'in_parts': 'respondents', 'per_scenario': true}) }}

-- Dimension scores of every scenario but the headline, by the aggregation of the scenario.
with child as (
    select
        score.wave,
        score.source_wave,
        score.scenario,
        score.response_id,
        score.bank_type,
        score.dimension as parent,
        score.indicator as child,
        score.score as value,
        weight.weight,
        scenario.aggregation_dimension as aggregation,
        coalesce(scenario.availability_threshold, threshold.threshold) as threshold,
        score.is_synthetic
    from {{ ref('int_scenario_indicator_score') }} as score
    inner join {{ ref('framework_scenario') }} as scenario on score.scenario = scenario.scenario
    inner join {{ ref('int_weight') }} as weight
        on
            score.wave = weight.wave
            and score.indicator = weight.code
            and scenario.weight_set = weight.weight_set
            and weight.level = 'indicator'
    inner join {{ ref('framework_threshold') }} as threshold
        on threshold.level = 'dimension' and {{ valid_in('threshold', 'score.wave') }}
    where {{ in_window('score.wave', ahead=1) }}
),

{{ aggregate_scenarios('child') }}

select
    aggregated.wave,
    aggregated.source_wave,
    aggregated.scenario,
    aggregated.response_id,
    aggregated.bank_type,
    aggregated.parent as dimension,
    aggregated.n_children as n_indicators,
    aggregated.n_children_present as n_indicators_present,
    aggregated.score,
    aggregated.is_synthetic
from aggregated
