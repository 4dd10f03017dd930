{{ config(meta={'year': 'wave', 'ahead': 1, 'in_parts': 'scenarios', 'per_scenario': true}) }}

-- Indicator scores of every scenario but the headline. source_wave differs from wave in the scenario on
-- common items only, where it is also the wave before.
with scenario as (
    {{ scored_scenarios(ahead=1) }}
),

item_score as (
    select
        score.wave, score.wave as source_wave, scenario.scenario, score.response_id, score.bank_type,
        score.dimension, score.indicator, score.item_id,
        case when scenario.normalisation = 'goalposts' then score.score else normalised.value end as score,
        score.is_synthetic, scenario.weight_set, scenario.availability_threshold
    from {{ ref('int_item_score') }} as score
    inner join scenario on score.wave = scenario.wave and scenario.items = 'all'
    left join {{ ref('int_item_normalised') }} as normalised
        on
            score.wave = normalised.wave
            and score.item_id = normalised.item_id
            and score.raw_score = normalised.raw_score
            and scenario.normalisation = normalised.normalisation
    where {{ in_window('score.wave', ahead=1) }}
    union all
    select
        score.wave, score.source_wave, scenario.scenario, score.response_id, score.bank_type,
        score.dimension, score.indicator, score.item_id, score.score,
        score.is_synthetic, scenario.weight_set, scenario.availability_threshold
    from {{ ref('int_bridge_item_score') }} as score
    inner join scenario on score.wave = scenario.wave and scenario.items = 'common'
    where {{ in_window('score.wave', ahead=1) }}
)

select
    item_score.wave,
    item_score.source_wave,
    item_score.scenario,
    item_score.response_id,
    item_score.bank_type,
    item_score.dimension,
    item_score.indicator,
    count(*) as n_items,
    count(item_score.score) as n_items_present,
    {{ weighted_score('item_score.score', 'weight.weight',
        'coalesce(item_score.availability_threshold, threshold.threshold)') }} as score,
    bool_or(item_score.is_synthetic) as is_synthetic
from item_score
inner join {{ ref('int_weight') }} as weight
    on
        item_score.wave = weight.wave
        and item_score.item_id = weight.code
        and item_score.weight_set = weight.weight_set
        and weight.level = 'item'
inner join {{ ref('framework_threshold') }} as threshold
    on threshold.level = 'indicator' and {{ valid_in('threshold', 'item_score.wave') }}
group by
    item_score.wave, item_score.source_wave, item_score.scenario, item_score.response_id,
    item_score.bank_type, item_score.dimension, item_score.indicator
