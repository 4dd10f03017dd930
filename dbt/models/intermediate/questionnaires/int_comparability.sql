{{ config(meta={'year': 'wave', 'ahead': 1}) }}

-- Whether a score may be compared with the wave before: all of its items are comparable by the codebook
-- and both waves have the same ones, unless framework_comparability says otherwise.
-- n_common_items: items a comparison can rest on (the scenario on common items).
with item as (
    select * from {{ ref('int_item') }} where indicator is not null
),

member as (
    select wave, item_id, is_comparable, 'indicator' as level, indicator as code from item
    union all
    select wave, item_id, is_comparable, 'dimension', dimension from item
    union all
    select wave, item_id, is_comparable, 'index', 'index' from item
),

loaded as (select distinct wave from item),

counted as (
    select
        later.wave, later.level, later.code,
        count(*) as n_items,
        count(earlier.item_id) filter (where later.is_comparable) as n_common_items
    from member as later
    left join member as earlier
        on
            later.wave = earlier.wave + 1
            and later.level = earlier.level
            and later.code = earlier.code
            and later.item_id = earlier.item_id
    where {{ in_window('later.wave', ahead=1) }}
    group by later.wave, later.level, later.code
),

before as (
    select wave, level, code, count(*) as n_items from member group by wave, level, code
),

judged as (
    select
        counted.*,
        before.n_items as n_items_before,
        loaded.wave is not null as has_previous_wave,
        declared.comparable as declared,
        coalesce(counted.n_common_items = counted.n_items and counted.n_items = before.n_items, false) as derived
    from counted
    left join loaded on counted.wave = loaded.wave + 1
    left join before
        on counted.wave = before.wave + 1 and counted.level = before.level and counted.code = before.code
    left join {{ ref('framework_comparability') }} as declared
        on
            counted.wave = declared.wave
            and counted.level = declared.level
            and counted.code = declared.code
)

select
    wave, level, code, n_items, n_common_items,
    has_previous_wave and coalesce(declared, derived) as comparable,
    case
        when not has_previous_wave then 'no_previous_wave'
        when coalesce(declared, derived) then null
        when declared is not null then 'declared'
        when n_items_before is null then 'new'
        else 'items_changed'
    end as reason
from judged
order by wave, level, code
