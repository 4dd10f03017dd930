{{ config(meta={'year': 'wave', 'ahead': 1, 'in_parts': 'scenarios'}) }}

-- Items that are comparable between a wave and the one before, scored in both (source_wave) by the
-- options and points of the later one; where a scenario asks for it.
with scenario as (
    {{ scored_scenarios(ahead=1) }}
),

common as (
    select later.*
    from {{ ref('int_item') }} as later
    inner join {{ ref('int_item') }} as earlier
        on later.wave = earlier.wave + 1 and later.item_id = earlier.item_id
    where
        {{ in_window('later.wave', ahead=1) }}
        and later.is_comparable
        and later.indicator is not null
        and earlier.indicator is not null
        and later.wave in (select wave from scenario where items = 'common')
),

answer as (
    select
        common.wave,
        answer.wave as source_wave,
        answer.response_id,
        answer.bank_type,
        common.item_id,
        common.item_type,
        common.indicator,
        answer.missing_code,
        answer.in_score_base,
        answer.is_chosen,
        option.points,
        coalesce(option.is_exclusive, false) as is_exclusive,
        answer.value,
        answer.is_synthetic
    from common
    inner join {{ ref('int_answer') }} as answer
        on
            common.item_id = answer.item_id
            and (common.wave = answer.wave or common.wave = answer.wave + 1)
    left join {{ ref('framework_option') }} as option
        on
            common.option_set = option.option_set
            and answer.option_id = option.option_id
            and {{ valid_in('option', 'common.wave') }}
),

{{ score_items('answer', ['wave', 'source_wave', 'response_id', 'item_id'], 'common') }}

select * from item_score
