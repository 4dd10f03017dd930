select
    wave,
    item_id,
    question_id,
    question_no,
    nullif(row_id, '') as row_id,
    item_type,
    nullif(option_set, '') as option_set,
    nullif(eligible_rule, '') as eligible_rule,
    dimension,
    nullif(indicator, '') as indicator,
    label_zh,
    label_en,
    change_type,
    comparable as is_comparable,
    inferred as is_inferred,
    note
from {{ source('landing', 'codebook_item') }}
