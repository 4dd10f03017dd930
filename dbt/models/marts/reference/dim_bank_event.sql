{{ config(materialized='table') }}

-- One row per bank of an event. side: the bank before it, after it, or both (a rename).
with side as (
    select *, bank_id_from as bank_id, 'before' as side
    from {{ ref('stg_reference__bank_event') }}
    where bank_id_from is not null
    union all
    select *, bank_id_to as bank_id, 'after' as side
    from {{ ref('stg_reference__bank_event') }}
    where bank_id_to is not null
),

by_bank as (
    select
        event_id,
        bank_id,
        event_type,
        event_date,
        date_precision,
        event_year,
        case when count(distinct side) = 2 then 'both' else min(side) end as side,
        min(citation) as citation,
        min(note) as note
    from side
    group by event_id, bank_id, event_type, event_date, date_precision, event_year
)

select
    by_bank.event_id,
    by_bank.bank_id,
    bank.short_name_zh as name_zh,
    by_bank.event_type,
    by_bank.side,
    by_bank.event_date,
    by_bank.date_precision,
    by_bank.event_year,
    growth_break.bank_id is not null as breaks_growth,
    by_bank.citation,
    by_bank.note
from by_bank
inner join {{ ref('dim_bank') }} as bank on by_bank.bank_id = bank.bank_id
left join {{ ref('int_bank_year_break') }} as growth_break
    on by_bank.bank_id = growth_break.bank_id and by_bank.event_year = growth_break.fiscal_year
order by by_bank.event_year, by_bank.event_id, by_bank.bank_id
