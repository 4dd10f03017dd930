{{ config(materialized='table') }}

-- Every arithmetic check of a printed figure whose parts exist. A check that does not hold is a look
-- with an explanation, never a stop: print contradicts itself, and the figure stays as printed.
with checked as (
    select rule, figure_id, computed, tolerance, cast(null as boolean) as passes, parts
    from {{ ref('int_check_relation') }}
    union all
    select rule, figure_id, computed, tolerance, cast(null as boolean), parts from {{ ref('int_check_group_total') }}
    union all
    select rule, figure_id, computed, cast(null as double), passes, parts from {{ ref('int_check_plausible') }}
),

judged as (
    select
        checked.rule,
        figure.*,
        cast(figure.value as double) as printed,
        checked.computed,
        checked.tolerance as allowed,
        case when checked.tolerance is not null then cast(figure.value as double) - checked.computed end as difference,
        coalesce(
            checked.passes,
            abs(cast(figure.value as double) - checked.computed) <= checked.tolerance * (1 + 1e-9)
        ) as passes,
        checked.parts
    from checked
    inner join {{ ref('int_figure') }} as figure on checked.figure_id = figure.figure_id
)

select
    judged.rule,
    judged.figure_id,
    judged.entity_kind,
    judged.entity_id,
    entity.name_zh,
    entity.bank_type,
    cast(judged.fiscal_year as integer) as fiscal_year,
    judged.measure,
    judged.period,
    judged.document_id as source_id,
    judged.value_as_printed,
    judged.unit_as_printed,
    judged.printed,
    round(judged.computed, 6) as computed,
    round(judged.difference, 6) as difference,
    round(judged.allowed, 6) as tolerance,
    judged.passes,
    judged.parts,
    case
        when judged.passes then 'holds'
        else
            coalesce(
                explanation.explanation_en,
                'growth across a merger or split does not compare: ' || growth_break.reason,
                'not explained yet: ' || case
                    when judged.allowed is null then 'outside what is usual'
                    else 'the difference is larger than rounding allows'
                end
            )
    end as explanation,
    case when not judged.passes then explanation.explanation_zh end as explanation_zh
from judged
left join {{ ref('int_entity') }} as entity
    on judged.entity_kind = entity.entity_kind and judged.entity_id = entity.entity_id
left join {{ ref('check_explanation') }} as explanation
    on
        judged.rule = explanation.rule and judged.entity_id = explanation.entity_id
        and judged.fiscal_year = explanation.fiscal_year and judged.measure = explanation.measure
        and judged.document_id = explanation.document_id
left join {{ ref('int_bank_year_break') }} as growth_break
    on
        judged.rule like 'growth%' and judged.entity_kind = 'bank'
        and judged.entity_id = growth_break.bank_id and judged.fiscal_year = growth_break.fiscal_year
order by judged.rule, judged.figure_id
