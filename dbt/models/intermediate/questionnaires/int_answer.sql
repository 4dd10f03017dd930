{{ config(pre_hook="{{ clear_window('wave') }}") }}

-- Every answer with its item, its respondent's bank type and the points of its option.
-- is_eligible: the respondent was asked (a skipped or not asked item leaves every denominator).
-- in_score_base: the answer counts among those a score is expected from.
-- Only the answers that count: of several of one bank, one (see is_counted).
-- is_chosen: this option was ticked; NULL where the item was not answered.
-- value: the number that is scored by goalposts: the answered one, or what the chosen range counts as.
with answer as (
    select
        *,
        case
            when missing_code = 'answered' and option_id = 'not_applicable' and coalesce(value_num, 1) = 1
                then 'not_applicable'
            else missing_code
        end as base_code
    from {{ ref('stg_questionnaire__answer') }}
    where {{ in_window('wave') }}
),

response as (
    select * from {{ ref('stg_questionnaire__response') }} where {{ in_window('wave') }}
),

item as (
    select * from {{ ref('int_item') }} where {{ in_window('wave') }}
),

option as (
    select * from {{ ref('framework_option') }}
),

missing as (
    select * from {{ ref('framework_missing') }}
)

select
    answer.wave,
    answer.response_id,
    response.bank_type,
    answer.item_id,
    item.item_type,
    item.option_set,
    item.dimension,
    item.indicator,
    answer.option_id,
    answer.missing_code,
    missing.is_eligible,
    missing.in_score_base,
    case
        when answer.missing_code <> 'answered' then null
        when item.item_type = 'multi' then answer.value_num = 1
        else true
    end as is_chosen,
    option.points,
    coalesce(option.is_exclusive, false) as is_exclusive,
    case when item.item_type in ('number', 'scale') then answer.value_num else range.value end as value,
    answer.is_synthetic
from answer
inner join response
    on answer.wave = response.wave and answer.response_id = response.response_id
inner join item
    on answer.wave = item.wave and answer.item_id = item.item_id
inner join missing on answer.base_code = missing.missing_code
left join option
    on
        item.option_set = option.option_set
        and answer.option_id = option.option_id
        and {{ valid_in('option', 'answer.wave') }}
left join {{ ref('framework_range') }} as range
    on item.option_set = range.option_set and answer.option_id = range.option_id
where response.is_counted
