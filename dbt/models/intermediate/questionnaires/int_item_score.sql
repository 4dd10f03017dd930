{{ config(pre_hook="{{ clear_window('wave') }}") }}

-- Points of one respondent on one scored item, 0-100: see the macro score_items. An item without a
-- usable answer has no score (NULL, with the reason), not a zero.
with answer as (
    select * from {{ ref('int_answer') }} where {{ in_window('wave') }} and indicator is not null
),

item as (
    select * from {{ ref('int_item') }} where {{ in_window('wave') }}
),

{{ score_items('answer', ['wave', 'response_id', 'item_id'], 'item') }}

select * from item_score
