{{ config(meta={'year': 'wave', 'in_parts': 'respondents'}) }}

-- Weighted mean of the item scores that are present, weights re-normalised over them. NULL, with the
-- reason, when fewer than the threshold of the eligible items have a score.
with item_score as (
    select * from {{ ref('int_item_score') }} where {{ in_window('wave') }}
)

select
    item_score.wave,
    item_score.response_id,
    item_score.bank_type,
    item_score.dimension,
    item_score.indicator,
    count(*) as n_items,
    count(item_score.score) as n_items_present,
    {{ weighted_score('item_score.score', 'weight.weight', 'threshold.threshold') }} as score,
    {{ missing_reason('item_score.score', 'threshold.threshold') }} as reason,
    bool_or(item_score.is_synthetic) as is_synthetic
from item_score
inner join {{ ref('int_weight') }} as weight
    on
        item_score.wave = weight.wave
        and item_score.item_id = weight.code
        and weight.level = 'item'
        and weight.weight_set = 'headline'
inner join {{ ref('framework_threshold') }} as threshold
    on threshold.level = 'indicator' and {{ valid_in('threshold', 'item_score.wave') }}
group by
    item_score.wave, item_score.response_id, item_score.bank_type, item_score.dimension,
    item_score.indicator
