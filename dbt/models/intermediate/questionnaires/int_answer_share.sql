{{ config(meta={'year': 'wave', 'ahead': 1}) }}

-- Shares in percent with their change on the wave before, before disclosure control. Restricted.
-- The interval of a change is built from the two intervals (Newcombe): with d = p1 - p0,
-- d - sqrt((p1 - l1)² + (u0 - p0)²) to d + sqrt((u1 - p1)² + (p0 - l0)²). Banks that are in both waves
-- are treated as independent, so it is rather too wide than too narrow.
select
    later.wave,
    later.population_kind,
    later.population_value,
    later.item_id,
    later.option_id,
    later.option_no,
    later.n_eligible,
    later.n_chosen,
    later.population_n,
    later.is_hidden,
    100.0 * later.n_chosen / cast(later.n_eligible as double) as share_pct,
    {{ stable('100.0 * later.ci_low') }} as ci_low_pct,
    {{ stable('100.0 * later.ci_high') }} as ci_high_pct,
    earlier.n_eligible as previous_n_eligible,
    earlier.is_hidden as previous_is_hidden,
    {{ stable('100.0 * (later.share - earlier.share)') }} as change_pp,
    {{ stable('100.0 * (later.share - earlier.share
        - sqrt(power(later.share - later.ci_low, 2) + power(earlier.ci_high - earlier.share, 2)))') }} as change_ci_low_pp,
    {{ stable('100.0 * (later.share - earlier.share
        + sqrt(power(later.ci_high - later.share, 2) + power(earlier.share - earlier.ci_low, 2)))') }} as change_ci_high_pp,
    later.is_comparable,
    later.is_synthetic
from {{ ref('int_answer_interval') }} as later
left join {{ ref('int_answer_interval') }} as earlier
    on
        later.wave = earlier.wave + 1
        and later.population_kind = earlier.population_kind
        and later.population_value = earlier.population_value
        and later.item_id = earlier.item_id
        and later.option_id = earlier.option_id
where {{ in_window('later.wave', ahead=1) }}
order by
    later.wave, later.population_kind, later.population_value, later.item_id, later.option_no
