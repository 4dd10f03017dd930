select
    document_year,
    document_id,
    claim_id,
    line,
    place,
    wording,
    is_quote,
    kind,
    operands,
    bound,
    source_file,
    source_row
from {{ source('landing', 'published_claim') }}
