{{ config(pre_hook="{{ clear_window('wave') }}") }}

-- Mean of the item scores that are present (items weigh the same; the reports print no weights).
-- NULL when fewer than availability_threshold of the eligible items have a score.
with item_score as (
    select * from {{ ref('int_item_score') }} where {{ in_window('wave') }}
)

select
    wave,
    response_id,
    bank_type,
    dimension,
    indicator,
    count(*) as n_items,
    count(score) as n_items_present,
    case
        when count(score) >= {{ var('availability_threshold') }} * count(*) then avg(score)
    end as score,
    bool_or(is_synthetic) as is_synthetic
from item_score
group by wave, response_id, bank_type, dimension, indicator
