{{ config(meta={'year': 'wave', 'ahead': 1, 'in_parts': 'respondents', 'per_scenario': true}) }}

-- The index in every scenario but the headline, by the aggregation of the scenario.
with child as (
    select
        score.wave,
        score.source_wave,
        score.scenario,
        score.response_id,
        score.bank_type,
        'index' as parent,
        score.dimension as child,
        score.score as value,
        weight.weight,
        scenario.aggregation_index as aggregation,
        coalesce(scenario.availability_threshold, threshold.threshold) as threshold,
        score.is_synthetic
    from {{ ref('int_scenario_dimension_score') }} as score
    inner join {{ ref('framework_scenario') }} as scenario on score.scenario = scenario.scenario
    inner join {{ ref('int_weight') }} as weight
        on
            score.wave = weight.wave
            and score.dimension = weight.code
            and scenario.weight_set = weight.weight_set
            and weight.level = 'dimension'
    inner join {{ ref('framework_threshold') }} as threshold
        on threshold.level = 'index' and {{ valid_in('threshold', 'score.wave') }}
    where {{ in_window('score.wave', ahead=1) }}
),

{{ aggregate_scenarios('child') }}

select
    aggregated.wave,
    aggregated.source_wave,
    aggregated.scenario,
    aggregated.response_id,
    aggregated.bank_type,
    aggregated.n_children as n_dimensions,
    aggregated.n_children_present as n_dimensions_present,
    aggregated.score,
    aggregated.is_synthetic
from aggregated
