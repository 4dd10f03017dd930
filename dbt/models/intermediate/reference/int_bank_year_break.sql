{{ config(materialized='table') }}

-- Fiscal years whose figures of a bank do not compare with the year before, because it took over
-- another bank, was made of several, or gave a part away. A rename changes nothing; a closed bank
-- has no later figure.
with broken as (
    select event_id, event_type, event_date, event_year, bank_id_to as bank_id
    from {{ ref('stg_reference__bank_event') }}
    where event_type in ('absorb', 'new_merge', 'split')
    union all
    select event_id, event_type, event_date, event_year, bank_id_from as bank_id
    from {{ ref('stg_reference__bank_event') }}
    where event_type = 'split'
)

select
    bank_id,
    event_year as fiscal_year,
    min(event_type || ' ' || event_date) as reason,
    cast(count(distinct event_id) as integer) as n_events
from broken
group by bank_id, event_year
