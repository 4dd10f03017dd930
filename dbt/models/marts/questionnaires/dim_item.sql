{{ config(materialized='yearly', meta={'year': 'wave'}) }}

select
    wave,
    item_id,
    question_id,
    question_no,
    row_id,
    dimension,
    indicator,
    label_zh,
    label_en,
    item_type,
    option_set,
    change_type,
    is_comparable as comparable,
    is_inferred
from {{ ref('stg_questionnaire__item') }}
where {{ in_window('wave') }}
order by wave, item_id
