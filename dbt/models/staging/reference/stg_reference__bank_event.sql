select
    event_id,
    event_type,
    event_date,
    case length(event_date) when 10 then 'day' when 7 then 'month' else 'year' end as date_precision,
    cast(left(event_date, 4) as integer) as event_year,
    bank_id_from,
    bank_id_to,
    citation,
    note
from {{ source('landing', 'bank_event') }}
