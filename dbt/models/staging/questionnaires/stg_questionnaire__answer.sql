select
    wave,
    response_id,
    item_id,
    nullif(row_id, '') as row_id,
    option_id,
    value_num,
    value_text,
    missing_code,
    is_synthetic,
    source_file,
    source_row,
    source_column
from {{ source('landing', 'questionnaire_answer') }}
