{{ config(materialized='yearly' if target.type == 'spark' else 'view', meta={'year': 'wave'}) }}

-- Every answer with its item, its respondent's bank type and the points of its option: see the macro
-- coded_answers. Only the answers that count: of several of one bank, one (see is_counted).
-- A view: to write the texts of all answers again takes ten times as long as to join them.
with answer as (
    select
        answer.wave,
        answer.response_id,
        response.bank_type,
        answer.item_id,
        answer.option_id,
        answer.missing_code,
        answer.value_num,
        answer.is_synthetic
    from {{ ref('stg_questionnaire__answer') }} as answer
    inner join {{ ref('stg_questionnaire__response') }} as response
        on answer.wave = response.wave and answer.response_id = response.response_id
    where response.is_counted
)

{{ coded_answers('answer') }}
