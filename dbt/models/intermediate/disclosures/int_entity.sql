{{ config(materialized='table') }}

-- Banks and groups of banks under one key. A group that is a whole type of banks (type_<bank type>)
-- carries the type.
with bank as (
    select 'bank' as entity_kind, bank_id as entity_id, short_name_zh as name_zh, name_en, bank_type
    from {{ ref('dim_bank') }}
),

alias as (
    select entity_id, min(coalesce(note, alias)) as name_zh
    from {{ ref('stg_reference__bank_alias') }}
    where entity_kind = 'group'
    group by entity_id
)

select * from bank
union all
select
    'group',
    alias.entity_id,
    alias.name_zh,
    cast(null as string),
    bank_type.bank_type
from alias
left join {{ ref('framework_bank_type') }} as bank_type on alias.entity_id = 'type_' || bank_type.bank_type
