select
    bank_id,
    name_zh,
    short_name_zh,
    nullif(name_en, '') as name_en,
    bank_type,
    nullif(province, '') as province,
    is_listed,
    nullif(a_share_code, '') as a_share_code,
    nullif(h_share_code, '') as h_share_code,
    {{ date_or_null('valid_from') }} as valid_from,
    {{ date_or_null('valid_to') }} as valid_to,
    note
from {{ source('landing', 'bank') }}
