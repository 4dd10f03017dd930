{{ config(pre_hook="{{ clear_window('wave') }}") }}

-- Points of one respondent on one scored item, 0-100.
-- Single choice: the points of the chosen option. Multiple choice: the sum of the points of the
-- ticked options, at most 100; an exclusive option (none of these) makes it 0.
-- An item without a usable answer has no score (NULL), not a zero.
with answer as (
    select *
    from {{ ref('int_answer') }}
    where {{ in_window('wave') }} and is_eligible and indicator is not null
)

select
    wave,
    response_id,
    bank_type,
    dimension,
    indicator,
    item_id,
    case
        when count(*) filter (where is_chosen is not null) = 0 then null
        when count(*) filter (where is_chosen and is_exclusive) > 0 then 0.0
        when max(item_type) = 'multi'
            then least(100.0, coalesce(sum(points) filter (where is_chosen), 0.0))
        else max(points) filter (where is_chosen)
    end as score,
    bool_or(is_synthetic) as is_synthetic
from answer
group by wave, response_id, bank_type, dimension, indicator, item_id
