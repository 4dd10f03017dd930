{{ config(pre_hook="{{ clear_window('fiscal_year') }}") }}

-- One value per entity, fiscal year and measure. The order that chooses: an exact or rounded value
-- before a bound, the better source, an exact value before a rounded one, the finer printed unit,
-- then the document id, so that the choice never depends on the order of rows. Unreliable sources
-- are counted and never chosen.
-- Agreement: an exact or rounded value agrees when the two half units (a rounded value: two units of
-- its last digit) cover the difference; a bound agrees when the chosen value respects it; two bounds
-- in the same direction (more than 100, more than 120) can both be true and agree.
with figure as (
    select *
    from {{ ref('int_figure') }}
    where {{ in_window('fiscal_year') }} and value is not null
),

ranked as (
    select
        *,
        row_number() over (
            partition by fiscal_year, entity_kind, entity_id, measure
            order by
                (exactness = 2), reliability_rank, exactness, half_unit, document_id, figure_id
        ) as choice_no
    from figure
    where reliability_rank < 9
),

chosen as (
    select * from ranked where choice_no = 1
),

compared as (
    select
        chosen.fiscal_year,
        chosen.entity_kind,
        chosen.entity_id,
        chosen.measure,
        figure.document_id,
        case
            when
                chosen.exactness = 2 and figure.exactness = 2
                and left(chosen.qualifier, 1) = left(figure.qualifier, 1)
                then true
            when chosen.exactness = 2 or figure.exactness = 2
                then
                    case figure.qualifier
                        when 'gt' then chosen.value + chosen.half_unit > figure.value
                        when 'ge' then chosen.value + chosen.half_unit >= figure.value
                        when 'lt' then chosen.value - chosen.half_unit < figure.value
                        when 'le' then chosen.value - chosen.half_unit <= figure.value
                        else true
                    end
            else
                abs(cast(chosen.value as double) - cast(figure.value as double))
                <= (
                    chosen.half_unit * (case when chosen.exactness = 1 then 4 else 1 end)
                    + figure.half_unit * (case when figure.exactness = 1 then 4 else 1 end)
                ) * (1 + 1e-9)
        end as agrees
    from chosen
    inner join figure
        on
            chosen.fiscal_year = figure.fiscal_year
            and chosen.entity_kind = figure.entity_kind
            and chosen.entity_id = figure.entity_id
            and chosen.measure = figure.measure
    where figure.reliability_rank < 9
),

agreement as (
    select
        fiscal_year, entity_kind, entity_id, measure,
        count(distinct document_id) as n_sources,
        count(*) as n_figures,
        bool_and(agrees) as all_agree
    from compared
    group by fiscal_year, entity_kind, entity_id, measure
)

select
    chosen.fiscal_year,
    chosen.entity_kind,
    chosen.entity_id,
    chosen.measure,
    chosen.value,
    chosen.canonical_unit,
    chosen.half_unit,
    chosen.qualifier,
    chosen.scope_as_printed,
    chosen.figure_id,
    chosen.document_id,
    chosen.place,
    chosen.value_as_printed,
    chosen.unit_as_printed,
    chosen.reliability,
    cast(agreement.n_sources as integer) as n_sources,
    case
        when not agreement.all_agree then 'conflict'
        when agreement.n_figures = 1 then 'single'
        else 'agreed'
    end as status
from chosen
inner join agreement
    on
        chosen.fiscal_year = agreement.fiscal_year
        and chosen.entity_kind = agreement.entity_kind
        and chosen.entity_id = agreement.entity_id
        and chosen.measure = agreement.measure
