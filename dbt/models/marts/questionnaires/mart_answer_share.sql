{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail',
          pre_hook="{{ clear_window('wave') }}") }}

-- Counts first, then the share: n_chosen of n_eligible. Every option of the item's set is a row,
-- also the ones nobody chose. The eligible are those who were asked; a blank answer stays in the
-- denominator.
with answer as (
    select wave, response_id, bank_type, item_id, option_id, is_eligible, is_chosen, is_synthetic
    from {{ ref('int_answer') }}
    where {{ in_window('wave') }} and option_set is not null
),

item as (
    select wave, item_id, option_set, is_comparable
    from {{ ref('stg_questionnaire__item') }}
    where {{ in_window('wave') }} and option_set is not null
),

-- One pass over the answers: counts by bank type, from which the total is a sum of counts.
eligible_by_type as (
    select
        wave,
        bank_type,
        item_id,
        count(distinct response_id) as n_eligible,
        bool_or(is_synthetic) as is_synthetic
    from answer
    where is_eligible
    group by wave, bank_type, item_id
),

chosen_by_type as (
    select wave, bank_type, item_id, option_id, count(*) as n_chosen
    from answer
    where is_eligible and is_chosen
    group by wave, bank_type, item_id, option_id
),

eligible as (
    select
        wave, 'all' as population_kind, 'all' as population_value, item_id,
        sum(n_eligible) as n_eligible, bool_or(is_synthetic) as is_synthetic
    from eligible_by_type
    group by wave, item_id
    union all
    select wave, 'bank_type', bank_type, item_id, n_eligible, is_synthetic from eligible_by_type
),

chosen as (
    select
        wave, 'all' as population_kind, 'all' as population_value, item_id, option_id,
        sum(n_chosen) as n_chosen
    from chosen_by_type
    group by wave, item_id, option_id
    union all
    select wave, 'bank_type', bank_type, item_id, option_id, n_chosen from chosen_by_type
),

option as (
    select * from {{ ref('framework_option') }}
)

select
    cast(eligible.wave as integer) as wave,
    eligible.population_kind,
    eligible.population_value,
    eligible.item_id,
    option.option_id,
    option.option_no,
    cast(eligible.n_eligible as integer) as n_eligible,
    case when eligible.n_eligible >= {{ var('min_group_size') }} then cast(coalesce(chosen.n_chosen, 0) as integer) end
        as n_chosen,
    case
        when eligible.n_eligible >= {{ var('min_group_size') }}
            then 100.0 * coalesce(chosen.n_chosen, 0) / nullif(cast(eligible.n_eligible as double), 0)
    end as share_pct,
    item.is_comparable as comparable,
    eligible.n_eligible < {{ var('min_group_size') }} as suppressed,
    eligible.is_synthetic
from eligible
inner join item on eligible.wave = item.wave and eligible.item_id = item.item_id
inner join option
    on
        item.option_set = option.option_set
        and eligible.wave >= option.valid_from_wave
        and eligible.wave <= coalesce(option.valid_to_wave, 9999)
left join chosen
    on
        eligible.wave = chosen.wave
        and eligible.population_kind = chosen.population_kind
        and eligible.population_value = chosen.population_value
        and eligible.item_id = chosen.item_id
        and option.option_id = chosen.option_id
order by wave, population_kind, population_value, eligible.item_id, option.option_no
