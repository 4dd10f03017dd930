{{ config(materialized='table') }}

-- Printed totals of groups with known members (seed group_member) against the sum of the members'
-- chosen amounts; only where every member has one. A member may be a group itself.
with figure as (
    select *
    from {{ ref('int_figure') }}
    where
        entity_kind = 'group' and excluded_reason is null and exactness < 2
        and canonical_unit in ('cny', 'persons')
),

chosen as (
    select * from {{ ref('int_figure_chosen') }} where qualifier in ('eq', 'approx') and value is not null
)

select
    'group_total' as rule,
    figure.figure_id,
    cast(sum(chosen.value) as double) as computed,
    cast(max(figure.tolerance) + sum(chosen.tolerance) as double) as tolerance,
    {{ ordered_text("member.member_id || ' = ' || chosen.value_as_printed || ' ' || chosen.unit_as_printed || ' ['
                     || chosen.document_id || ']'", 'member.member_id', '; ') }} as parts
from figure
inner join {{ ref('group_member') }} as member
    on
        figure.entity_id = member.group_id
        and figure.fiscal_year >= member.first_year
        and figure.fiscal_year <= coalesce(member.last_year, 9999)
left join chosen
    on chosen.fact_id
    = {{ fact_id('member.member_kind', 'member.member_id', 'figure.fiscal_year', 'figure.measure', 'figure.period') }}
group by figure.figure_id
having count(chosen.fact_id) = count(*)
