{{ config(materialized='table') }}

select
    alias,
    kind,
    entity_kind,
    entity_id,
    alias_normalised,
    valid_from,
    valid_to,
    note
from {{ ref('stg_reference__bank_alias') }}
order by entity_kind, entity_id, alias, valid_from nulls first
