-- `known_from` is the first day that the printed date of publication allows; `vintage` is its year.
with source as (
    select *, nullif(trim(published_date), '') as published
    from {{ source('landing', 'disclosure_source') }}
)

select
    fiscal_year,
    document_id,
    title,
    producer,
    url,
    published_date,
    {{ date_or_null("substr(published || '-01-01', 1, 10)") }} as known_from,
    case length(published) when 4 then 'year' when 7 then 'month' when 10 then 'day' end as known_from_precision,
    try_cast(substr(published, 1, 4) as integer) as vintage,
    received_date,
    kind,
    reliability,
    -- Lower is better; an unreliable source is kept and never chosen.
    case reliability when 'primary' then 1 when 'press' then 2 when 'second-hand' then 3 else 9 end
        as reliability_rank,
    licence,
    sha256,
    source_file
from source
