select
    fiscal_year,
    document_id,
    title,
    producer,
    url,
    published_date,
    received_date,
    kind,
    reliability,
    -- Lower is better; an unreliable source is kept and never chosen.
    case reliability when 'primary' then 1 when 'press' then 2 when 'second-hand' then 3 else 9 end
        as reliability_rank,
    licence,
    sha256,
    source_file
from {{ source('landing', 'disclosure_source') }}
