select
    wave,
    response_id,
    respondent_token,
    coalesce(bank_type, 'other') as bank_type,
    province,
    {{ date_or_null('submitted_date') }} as submitted_date,
    duration_seconds,
    is_counted,
    duplicate_of,
    quality_flags,
    is_synthetic,
    source_file,
    source_row
from {{ source('landing', 'questionnaire_response') }}
