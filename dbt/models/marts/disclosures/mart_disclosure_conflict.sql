{{ config(materialized='yearly', meta={'year': 'fiscal_year'}) }}

-- Facts whose sources contradict each other: every figure that took part, in the order of the rule,
-- the chosen one first and those that agree with it marked.
with figure as (
    select
        *,
        value_as_printed || case when unit_as_printed = '' then '' else ' ' || unit_as_printed end as printed
    from {{ ref('mart_disclosure_value') }}
    where {{ in_window('fiscal_year') }} and status = 'conflict' and choice_no is not null
)

select
    figure.entity_kind,
    figure.entity_id,
    max(figure.name_zh) as name_zh,
    max(figure.bank_type) as bank_type,
    figure.fiscal_year,
    figure.measure,
    figure.period,
    max(figure.unit) as unit,
    max(figure.value) filter (where figure.is_chosen) as chosen_value,
    max(figure.printed) filter (where figure.is_chosen) as chosen_as_printed,
    max(figure.source_id) filter (where figure.is_chosen) as chosen_source_id,
    max(figure.decided_by) as decided_by,
    max(figure.status) as status,
    min(figure.value) as min_value,
    max(figure.value) as max_value,
    cast(count(*) as integer) as n_figures,
    cast(count(distinct figure.source_id) as integer) as n_sources,
    {{ ordered_text(
        "figure.printed || ' [' || figure.source_id || ', ' || figure.reliability || ', '
        || coalesce(figure.source_published, 'undated')
        || case when figure.is_chosen then ', chosen' when figure.agrees_with_chosen then ', agrees'
                else ', contradicts' end || ']'", 'figure.choice_no') }} as printed_values,
    {{ ordered_text('figure.source_id', 'figure.choice_no') }} as source_ids,
    max(registry.label_zh) as measure_label_zh
from figure
inner join {{ ref('measure') }} as registry on figure.measure = registry.measure
group by figure.entity_kind, figure.entity_id, figure.fiscal_year, figure.measure, figure.period
order by figure.fiscal_year, figure.entity_kind, figure.entity_id, figure.measure, figure.period
