select
    alias,
    alias_normalised,
    entity_kind,
    entity_id,
    kind,
    {{ date_or_null('valid_from') }} as valid_from,
    {{ date_or_null('valid_to') }} as valid_to,
    note
from {{ source('landing', 'bank_alias') }}
