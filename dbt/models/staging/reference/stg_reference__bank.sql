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
    try_cast(valid_from as date) as valid_from,
    try_cast(valid_to as date) as valid_to,
    note
from {{ source('landing', 'bank') }}
