select
    {{ date_or_null('as_of_date') }} as as_of_date,
    institution_type,
    nullif(bank_type, '') as bank_type,
    institutions as n_institutions,
    document_id,
    note
from {{ source('landing', 'population') }}
