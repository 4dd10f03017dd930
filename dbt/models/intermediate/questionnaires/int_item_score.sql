{{ config(pre_hook="{{ clear_window('wave') }}") }}

-- Points of one respondent on one scored item, 0-100: see the macro score_items. An item without a
-- usable answer has no score (NULL, with the reason), not a zero.
with answer as (
    select
        answer.*, item.scoring, item.max_points, item.lower, item.upper, item.direction
    from {{ ref('int_answer') }} as answer
    inner join {{ ref('int_item') }} as item on answer.wave = item.wave and answer.item_id = item.item_id
    where {{ in_window('answer.wave') }} and answer.indicator is not null
),

{{ score_items('answer', ['wave', 'response_id', 'bank_type', 'dimension', 'indicator', 'item_id']) }}

select * from item_score
