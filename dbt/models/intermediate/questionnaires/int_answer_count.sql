{{ config(meta={'year': 'wave', 'in_parts': 'respondents'}) }}

-- Counts of every option of every item in every group; every option of the item's set is a row, also
-- the ones nobody chose. Answers are counted by cell (respondents of the same groups), and a group is the
-- sum of its cells.
with member as (
    select * from {{ ref('int_population_member') }} where {{ in_window('wave') }}
),

cell_of_response as (
    select
        wave, response_id,
        {{ sorted_list("population_kind || '=' || population_value") }} as cell_name
    from member
    group by wave, response_id
),

-- A number is grouped by faster than a text.
numbered as (
    select wave, response_id, dense_rank() over (partition by wave order by cell_name) as cell
    from cell_of_response
),

cell_of_group as (
    select distinct member.wave, member.population_kind, member.population_value, numbered.cell
    from member
    inner join numbered on member.wave = numbered.wave and member.response_id = numbered.response_id
),

-- The histogram of the answers: all that follows is small. NULL is an option here: no answer.
alike as (
    select
        answer.wave, numbered.cell, answer.item_id, answer.option_id, answer.missing_code,
        answer.value_num = 1 as is_ticked,
        count(*) as n_rows,
        bool_or(answer.is_synthetic) as is_synthetic
    from {{ ref('stg_questionnaire__answer') }} as answer
    inner join numbered on answer.wave = numbered.wave and answer.response_id = numbered.response_id
    where {{ in_window('answer.wave') }}
    group by 1, 2, 3, 4, 5, 6
),

histogram as (
    select
        alike.wave, alike.cell, alike.item_id, alike.option_id, alike.n_rows, alike.is_synthetic, kind.is_chosen
    from alike
    inner join {{ ref('int_answer_kind') }} as kind on {{ of_kind('kind', 'alike', 'alike.is_ticked') }}
    where kind.option_set is not null and kind.is_eligible
),

-- Of these items a respondent has several rows, of any other one.
many_rows as (
    select answer.wave, numbered.cell, answer.item_id, count(distinct answer.response_id) as n_eligible
    from {{ ref('stg_questionnaire__answer') }} as answer
    inner join numbered on answer.wave = numbered.wave and answer.response_id = numbered.response_id
    inner join {{ ref('int_answer_kind') }} as kind on {{ of_kind('kind', 'answer', '(answer.value_num = 1)') }}
    where
        {{ in_window('answer.wave') }}
        and kind.item_type in ({{ many_rows_types() }})
        and kind.option_set is not null
        and kind.is_eligible
    group by answer.wave, numbered.cell, answer.item_id
),

eligible_by_cell as (
    select
        histogram.wave, histogram.cell, histogram.item_id,
        coalesce(max(many_rows.n_eligible), sum(histogram.n_rows)) as n_eligible,
        bool_or(histogram.is_synthetic) as is_synthetic
    from histogram
    left join many_rows
        on
            histogram.wave = many_rows.wave
            and histogram.cell = many_rows.cell
            and histogram.item_id = many_rows.item_id
    group by histogram.wave, histogram.cell, histogram.item_id
),

chosen_by_cell as (
    select wave, cell, item_id, option_id, sum(n_rows) as n_chosen
    from histogram
    where is_chosen
    group by wave, cell, item_id, option_id
),

eligible as (
    select
        cell_of_group.wave, cell_of_group.population_kind, cell_of_group.population_value,
        eligible_by_cell.item_id,
        sum(eligible_by_cell.n_eligible) as n_eligible,
        bool_or(eligible_by_cell.is_synthetic) as is_synthetic
    from eligible_by_cell
    inner join cell_of_group
        on eligible_by_cell.wave = cell_of_group.wave and eligible_by_cell.cell = cell_of_group.cell
    group by
        cell_of_group.wave, cell_of_group.population_kind, cell_of_group.population_value,
        eligible_by_cell.item_id
),

chosen as (
    select
        cell_of_group.wave, cell_of_group.population_kind, cell_of_group.population_value,
        chosen_by_cell.item_id, chosen_by_cell.option_id,
        sum(chosen_by_cell.n_chosen) as n_chosen
    from chosen_by_cell
    inner join cell_of_group
        on chosen_by_cell.wave = cell_of_group.wave and chosen_by_cell.cell = cell_of_group.cell
    group by
        cell_of_group.wave, cell_of_group.population_kind, cell_of_group.population_value,
        chosen_by_cell.item_id, chosen_by_cell.option_id
)

select
    eligible.wave,
    eligible.population_kind,
    eligible.population_value,
    eligible.item_id,
    option.option_id,
    option.option_no,
    cast(eligible.n_eligible as integer) as n_eligible,
    cast(coalesce(chosen.n_chosen, 0) as integer) as n_chosen,
    item.is_comparable,
    eligible.is_synthetic
from eligible
inner join {{ ref('int_item') }} as item
    on eligible.wave = item.wave and eligible.item_id = item.item_id
inner join {{ ref('framework_option') }} as option
    on item.option_set = option.option_set and {{ valid_in('option', 'eligible.wave') }}
left join chosen
    on
        eligible.wave = chosen.wave
        and eligible.population_kind = chosen.population_kind
        and eligible.population_value = chosen.population_value
        and eligible.item_id = chosen.item_id
        and option.option_id = chosen.option_id
order by
    eligible.wave, eligible.population_kind, eligible.population_value, eligible.item_id, option.option_no
