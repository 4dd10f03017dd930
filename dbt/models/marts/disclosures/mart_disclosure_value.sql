{{ config(materialized='yearly', meta={'year': 'fiscal_year'}) }}

-- Every printed figure, with what became of it: chosen, behind the chosen one by which rule, or left
-- out of the choice and why.
with figure as (
    select * from {{ ref('int_figure') }} where {{ in_window('fiscal_year') }}
),

choice as (
    select * from {{ ref('int_figure_choice') }} where {{ in_window('fiscal_year') }}
),

chosen as (
    select * from {{ ref('int_figure_chosen') }} where {{ in_window('fiscal_year') }}
)

select
    figure.figure_id,
    figure.entity_kind,
    figure.entity_id,
    entity.name_zh,
    entity.bank_type,
    cast(figure.fiscal_year as integer) as fiscal_year,
    figure.period,
    figure.as_of_date,
    figure.measure,
    figure.entity_as_printed,
    figure.measure_as_printed,
    figure.value_as_printed,
    figure.unit_as_printed,
    cast(figure.value as double) as value,
    figure.text_value as printed_name_or_date,
    figure.canonical_unit as unit,
    figure.is_unit_ambiguous as unit_ambiguous,
    figure.qualifier,
    figure.half_unit,
    figure.scope_as_printed,
    figure.scope_code,
    figure.content_code,
    figure.correction,
    figure.document_id as source_id,
    source.title as source_title,
    source.producer as source_producer,
    source.url as source_url,
    source.published_date as source_published,
    figure.known_from,
    figure.known_from_precision,
    figure.vintage,
    -- A report of year y + 1 prints year y; what prints it later restates or repeats it.
    figure.vintage > figure.fiscal_year + 1 as is_later_vintage,
    figure.reliability,
    figure.place as source_place,
    figure.source_file as raw_file,
    cast(figure.source_row as integer) as raw_line,
    coalesce(choice.choice_no = 1, false) as is_chosen,
    choice.choice_no,
    choice.lost_by_rule,
    choice.agrees as agrees_with_chosen,
    figure.excluded_reason,
    chosen.status,
    chosen.decided_by
from figure
inner join {{ ref('stg_disclosure__source') }} as source
    on figure.fiscal_year = source.fiscal_year and figure.document_id = source.document_id
left join {{ ref('int_entity') }} as entity
    on figure.entity_kind = entity.entity_kind and figure.entity_id = entity.entity_id
left join choice on figure.figure_id = choice.figure_id
left join chosen on figure.fact_id = chosen.fact_id
order by figure.fiscal_year, figure.entity_kind, figure.entity_id, figure.measure, figure.figure_id
