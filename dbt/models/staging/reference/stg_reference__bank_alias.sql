select
    alias,
    alias_normalised,
    entity_kind,
    entity_id,
    kind,
    try_cast(valid_from as date) as valid_from,
    try_cast(valid_to as date) as valid_to,
    note
from {{ source('landing', 'bank_alias') }}
