{{ config(pre_hook="{{ clear_window('wave') }}") }}

-- Counts of every option of every item in every group; every option of the item's set is a row, also
-- the ones nobody chose. The answers are read once: they are counted by cell (respondents of the same
-- groups), and a group is the sum of its cells.
with answer as (
    select wave, response_id, item_id, option_id, is_eligible, is_chosen, is_synthetic
    from {{ ref('int_answer') }}
    where {{ in_window('wave') }} and option_set is not null and is_eligible
),

member as (
    select * from {{ ref('int_population_member') }} where {{ in_window('wave') }}
),

cell_of_response as (
    select
        wave, response_id,
        {{ sorted_list("population_kind || '=' || population_value") }} as cell
    from member
    group by wave, response_id
),

cell_of_group as (
    select distinct member.wave, member.population_kind, member.population_value, cell_of_response.cell
    from member
    inner join cell_of_response
        on member.wave = cell_of_response.wave and member.response_id = cell_of_response.response_id
),

celled as (
    select answer.*, cell_of_response.cell
    from answer
    inner join cell_of_response
        on answer.wave = cell_of_response.wave and answer.response_id = cell_of_response.response_id
),

eligible_by_cell as (
    select
        wave, cell, item_id,
        count(distinct response_id) as n_eligible,
        bool_or(is_synthetic) as is_synthetic
    from celled
    group by wave, cell, item_id
),

chosen_by_cell as (
    select wave, cell, item_id, option_id, count(*) as n_chosen
    from celled
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
