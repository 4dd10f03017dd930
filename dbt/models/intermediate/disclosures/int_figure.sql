{{ config(pre_hook="{{ clear_window('fiscal_year') }}") }}

-- Printed figures with the standing of their source. A figure that says only "not disclosed" has no
-- value and stays as a row. exactness: 0 exact, 1 about, 2 a bound (more than, less than).
select
    figure.fiscal_year,
    figure.figure_id,
    figure.entity_kind,
    figure.entity_id,
    figure.measure,
    figure.value,
    figure.canonical_unit,
    figure.half_unit,
    figure.qualifier,
    case figure.qualifier when 'eq' then 0 when 'approx' then 1 else 2 end as exactness,
    figure.is_not_disclosed,
    figure.scope_as_printed,
    figure.document_id,
    figure.place,
    figure.value_as_printed,
    figure.unit_as_printed,
    source.reliability,
    source.reliability_rank
from {{ ref('stg_disclosure__figure') }} as figure
inner join {{ ref('stg_disclosure__source') }} as source
    on figure.fiscal_year = source.fiscal_year and figure.document_id = source.document_id
where {{ in_window('figure.fiscal_year') }}
