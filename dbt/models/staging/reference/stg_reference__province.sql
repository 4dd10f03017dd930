select
    province,
    label_zh,
    label_en,
    region
from {{ source('landing', 'province') }}
