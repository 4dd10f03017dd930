-- Units are normalised here: the printed number stays beside the value in the canonical unit
-- (cny, pct, pp, bp, persons). `half_unit` is half a unit of the last printed digit, in that unit.
-- Names and dates have no number: their printed text is the value.
with figure as (
    select * from {{ source('landing', 'disclosure_figure') }}
),

unit as (
    select * from {{ ref('unit') }}
)

select
    figure.fiscal_year,
    figure.figure_id,
    figure.entity_kind,
    figure.entity_id,
    figure.entity_as_printed,
    figure.measure,
    figure.measure_as_printed,
    figure.value_as_printed,
    figure.unit_as_printed,
    cast(cast(figure.value as decimal(20, 6)) * unit.factor as decimal(28, 6)) as value,
    case when unit.unit_kind in ('text', 'date') then trim(figure.value_as_printed) end as text_value,
    unit.canonical_unit,
    cast(0.5 * power(10, -figure.decimals) * cast(unit.factor as double) as double) as half_unit,
    figure.qualifier,
    figure.unit_ambiguous as is_unit_ambiguous,
    figure.not_disclosed as is_not_disclosed,
    nullif(figure.scope_as_printed, '') as scope_as_printed,
    figure.correction,
    figure.document_id,
    nullif(figure.place, '') as place,
    figure.source_file,
    figure.source_row
from figure
left join unit on figure.unit = unit.unit_as_printed
