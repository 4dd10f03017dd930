{{ config(materialized='yearly' if target.type == 'spark' else 'view', meta={'year': 'wave'}) }}

-- Every answer with its item, its respondent's bank type and the points of its option, by its kind: see
-- int_answer_kind. Only the answers that count: of several of one bank, one (see is_counted).
-- A view: to write the texts of all answers again takes ten times as long as to join them.
-- value: the number that is scored by goalposts, the answered one or what the chosen range counts as.
select
    answer.wave,
    answer.response_id,
    response.bank_type,
    answer.item_id,
    answer.option_id,
    answer.missing_code,
    answer.value_num,
    answer.is_synthetic,
    kind.item_type,
    kind.option_set,
    kind.dimension,
    kind.indicator,
    kind.is_eligible,
    kind.in_score_base,
    kind.is_chosen,
    kind.points,
    kind.is_exclusive,
    case when kind.item_type in ('number', 'scale') then answer.value_num else kind.option_value end as value
from {{ ref('stg_questionnaire__answer') }} as answer
inner join {{ ref('stg_questionnaire__response') }} as response
    on answer.wave = response.wave and answer.response_id = response.response_id
inner join {{ ref('int_answer_kind') }} as kind
    on {{ of_kind('kind', 'answer', '(answer.value_num = 1)') }}
where response.is_counted
