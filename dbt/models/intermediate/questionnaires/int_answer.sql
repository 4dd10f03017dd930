{{ config(pre_hook="{{ clear_window('wave') }}") }}

-- Every answer with its item, its respondent's bank type and the points of its option.
-- is_eligible: the respondent was asked (a skipped or not asked item leaves every denominator).
-- Only the answers that count: of several of one bank, one (see is_counted).
-- is_chosen: this option was ticked; NULL where the item was not answered.
with answer as (
    select * from {{ ref('stg_questionnaire__answer') }} where {{ in_window('wave') }}
),

response as (
    select * from {{ ref('stg_questionnaire__response') }} where {{ in_window('wave') }}
),

item as (
    select * from {{ ref('stg_questionnaire__item') }} where {{ in_window('wave') }}
),

option as (
    select * from {{ ref('framework_option') }}
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
    answer.missing_code not in ('skipped_by_logic', 'not_asked_this_wave') as is_eligible,
    case
        when answer.missing_code <> 'answered' then null
        when item.item_type = 'multi' then answer.value_num = 1
        else true
    end as is_chosen,
    option.points,
    coalesce(option.is_exclusive, false) as is_exclusive,
    answer.is_synthetic
from answer
inner join response
    on answer.wave = response.wave and answer.response_id = response.response_id
inner join item
    on answer.wave = item.wave and answer.item_id = item.item_id
left join option
    on
        item.option_set = option.option_set
        and answer.option_id = option.option_id
        and answer.wave >= option.valid_from_wave
        and answer.wave <= coalesce(option.valid_to_wave, 9999)
where response.is_counted
