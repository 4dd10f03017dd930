{{ config(meta={'year': 'wave', 'in_parts': 'respondents'}) }}

-- The kinds of answers that were given in a wave: item, option, why it is missing, and the tick; with what the
-- item and the framework say of such an answer. Thousands of answers are of one kind: here each is looked up once.
--   is_eligible     the respondent was asked (a skipped or not asked item leaves every denominator)
--   in_score_base   the answer counts among those a score is expected from
--   is_chosen       this option was ticked; NULL where the item was not answered
--   option_value    the number that the chosen range counts as
with given as (
    select wave, item_id, option_id, missing_code, value_num = 1 as is_ticked
    from {{ ref('stg_questionnaire__answer') }}
    where {{ in_window('wave') }}
    group by 1, 2, 3, 4, 5
)

select
    given.wave,
    given.item_id,
    given.option_id,
    given.missing_code,
    given.is_ticked,
    item.item_type,
    item.option_set,
    item.dimension,
    item.indicator,
    missing.is_eligible,
    missing.in_score_base,
    case
        when given.missing_code <> 'answered' then null
        when item.item_type = 'multi' then given.is_ticked
        else true
    end as is_chosen,
    option.points,
    coalesce(option.is_exclusive, false) as is_exclusive,
    range.value as option_value
from given
inner join {{ ref('int_item') }} as item
    on given.wave = item.wave and given.item_id = item.item_id
inner join {{ ref('framework_missing') }} as missing
    on missing.missing_code = case
        when
            given.missing_code = 'answered' and given.option_id = 'not_applicable'
            and coalesce(given.is_ticked, true)
            then 'not_applicable'
        else given.missing_code
    end
left join {{ ref('framework_option') }} as option
    on
        item.option_set = option.option_set
        and given.option_id = option.option_id
        and {{ valid_in('option', 'given.wave') }}
left join {{ ref('framework_range') }} as range
    on item.option_set = range.option_set and given.option_id = range.option_id
