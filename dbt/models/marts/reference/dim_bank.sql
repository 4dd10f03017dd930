{{ config(materialized='table') }}

select
    bank_id,
    name_zh,
    short_name_zh,
    name_en,
    bank_type,
    province,
    is_listed as listed,
    a_share_code,
    h_share_code,
    valid_from,
    valid_to
from {{ ref('stg_reference__bank') }}
order by bank_id
