{{ config(materialized='table') }}

-- The newest period of each bank. valid_from is the start of its first one, valid_to the end of its last.
with period as (
    select
        *,
        row_number() over (partition by bank_id order by valid_from desc nulls last) as newest_no,
        lag(bank_type) over (partition by bank_id order by valid_from nulls first) as previous_bank_type,
        first_value(valid_from) over (partition by bank_id order by valid_from nulls first) as known_from
    from {{ ref('stg_reference__bank') }}
)

select
    bank_id,
    name_zh,
    short_name_zh,
    name_en,
    bank_type,
    case when previous_bank_type is not null then valid_from end as bank_type_from,
    previous_bank_type,
    province,
    is_listed as listed,
    a_share_code,
    h_share_code,
    known_from as valid_from,
    valid_to
from period
where newest_no = 1
order by bank_id
