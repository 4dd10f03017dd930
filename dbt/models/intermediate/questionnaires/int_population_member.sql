{{ config(meta={'year': 'wave', 'in_parts': 'respondents'}) }}

-- Who belongs to which group: all, the type of bank, the region of the province, and for every other
-- grouping of framework_population_kind the answer to its item. Who gave no answer is in no group.
with response as (
    select * from {{ ref('stg_questionnaire__response') }} where {{ in_window('wave') }} and is_counted
)

select wave, response_id, 'all' as population_kind, 'all' as population_value
from response
union all
select wave, response_id, 'bank_type', bank_type
from response
union all
select response.wave, response.response_id, 'region', province.region
from response
inner join {{ ref('stg_reference__province') }} as province on response.province = province.province
union all
select response.wave, response.response_id, kind.population_kind, answer.option_id
from response
inner join {{ ref('stg_questionnaire__answer') }} as answer
    on response.wave = answer.wave and response.response_id = answer.response_id
inner join {{ ref('framework_population_kind') }} as kind on answer.item_id = kind.item_id
where {{ in_window('answer.wave') }} and answer.missing_code = 'answered' and answer.option_id is not null
