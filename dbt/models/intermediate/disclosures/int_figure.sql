{{ config(meta={'year': 'fiscal_year'}) }}

-- Printed figures with everything that the choice looks at. `fact_id` is what a figure speaks of:
-- entity, fiscal year, measure and period; scope, vintage and source tell figures of one fact apart.
-- vintage: the year in which the document was published; without a date the first year that can print
-- the figure.
-- exactness: 0 exact, 1 about, 2 a bound (more than, less than).
-- tolerance: how far the number may be from the true one; a rounded one (about) counts two units of
-- its last digit.
-- scope_rank: 0 where scope and content are those of the denominator. The denominator is the group's
-- unless one of its own figures says otherwise; an unspecified scope is taken as fitting.
-- excluded_reason: why a figure is kept and shown, but takes no part in choice and agreement.
with figure as (
    select * from {{ ref('stg_disclosure__figure') }} where {{ in_window('fiscal_year') }}
),

described as (
    select
        figure.*,
        {{ fact_id('figure.entity_kind', 'figure.entity_id', 'figure.fiscal_year', 'figure.measure', 'scope.period') }}
            as fact_id,
        scope.scope_code,
        scope.content_code,
        scope.content_rank,
        scope.period,
        scope.as_of_date,
        source.known_from,
        source.known_from_precision,
        coalesce(source.vintage, figure.fiscal_year + 1) as vintage,
        source.reliability,
        source.reliability_rank,
        registry.denominator,
        registry.canonical_unit as expected_unit
    from figure
    inner join {{ ref('stg_disclosure__scope') }} as scope on figure.figure_id = scope.figure_id
    inner join {{ ref('stg_disclosure__source') }} as source
        on figure.fiscal_year = source.fiscal_year and figure.document_id = source.document_id
    inner join {{ ref('measure') }} as registry on figure.measure = registry.measure
),

denominator as (
    select fact_id, min(scope_code) as scope_code
    from described
    where scope_code <> 'unspecified'
    group by fact_id
    having count(distinct scope_code) = 1
)

select
    described.fiscal_year,
    described.figure_id,
    described.fact_id,
    described.entity_kind,
    described.entity_id,
    described.entity_as_printed,
    described.measure,
    described.measure_as_printed,
    described.period,
    described.as_of_date,
    described.value,
    described.text_value,
    described.canonical_unit,
    described.is_unit_ambiguous,
    described.half_unit,
    described.half_unit * (case described.qualifier when 'approx' then 4 else 1 end) as tolerance,
    described.qualifier,
    case described.qualifier when 'eq' then 0 when 'approx' then 1 else 2 end as exactness,
    described.is_not_disclosed,
    described.scope_as_printed,
    described.correction,
    described.scope_code,
    described.content_code,
    described.content_rank
    + case
        when described.scope_code in ('unspecified', coalesce(denominator.scope_code, 'group')) then 0 else 1
    end as scope_rank,
    described.document_id,
    described.place,
    described.value_as_printed,
    described.unit_as_printed,
    described.known_from,
    described.known_from_precision,
    described.vintage,
    described.reliability,
    described.reliability_rank,
    case
        when described.is_not_disclosed then 'not_disclosed'
        when described.value is null and described.text_value is null then 'no_number'
        when described.reliability_rank = 9 then 'unreliable_source'
        when described.measure = 'other' then 'no_common_measure'
        when described.canonical_unit <> described.expected_unit then 'another_unit'
    end as excluded_reason,
    described.source_file,
    described.source_row
from described
left join denominator
    on
        {{ fact_id('described.entity_kind', 'described.entity_id', 'described.fiscal_year', 'described.denominator',
                   'described.period') }} = denominator.fact_id
