{{ config(materialized='yearly' if target.type == 'spark' else 'view', meta={'year': 'wave'}) }}

-- Points of one respondent on one scored item, 0-100: see the macro score_items. An item without a
-- usable answer has no score (NULL, with the reason), not a zero. A view, as int_answer is.
with {{ score_items(ref('int_answer'), ['wave', 'response_id', 'item_id'], ref('int_item')) }}

select * from item_score
