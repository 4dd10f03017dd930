{{ config(materialized='table') }}

-- Whether a figure can be what it says it is. These are looks: a strange figure may be true.
-- usual_range: within the usual range of its measure (usual_min excluded: a share is above 0).
-- another_denominator: the wording names a denominator that is not that of the measure.
-- unit_jump: less than a thousandfold away from the median of the entity's other figures; a wrong
-- 万 or 亿 is ten thousandfold.
-- implied_denominator: amount over share within half to double the median of what the entity's other
-- years imply.
with figure as (
    select figure.*, cast(figure.value as double) as number
    from {{ ref('int_figure') }} as figure
    where figure.excluded_reason is null and figure.value is not null
),

usual_range as (
    select
        'usual_range' as rule,
        figure.figure_id,
        cast(null as double) as computed,
        figure.number > coalesce(registry.usual_min, -1e300) and figure.number <= coalesce(registry.usual_max, 1e300)
            as passes,
        'usual: above ' || registry.usual_min || ', up to ' || registry.usual_max as parts
    from figure
    inner join {{ ref('measure') }} as registry on figure.measure = registry.measure
    where registry.usual_max is not null
),

another_denominator as (
    select
        'another_denominator' as rule,
        figure.figure_id,
        cast(null as double) as computed,
        not {{ holds("figure.measure_as_printed || ' ' || coalesce(figure.scope_as_printed, '')",
                     'registry.wording_excludes') }} as passes,
        'wording: ' || figure.measure_as_printed as parts
    from figure
    inner join {{ ref('measure') }} as registry on figure.measure = registry.measure
    where registry.wording_excludes is not null
),

unit_jump as (
    select
        'unit_jump' as rule,
        figure.figure_id,
        median(other.number) as computed,
        abs(log10(figure.number / nullif(median(other.number), 0))) < 3 as passes,
        'median of ' || count(*) || ' other figures' as parts
    from figure
    inner join figure as other
        on
            figure.entity_kind = other.entity_kind and figure.entity_id = other.entity_id
            and figure.measure = other.measure and figure.figure_id <> other.figure_id
    where figure.canonical_unit in ('cny', 'persons') and figure.number > 0 and other.number > 0
    group by figure.figure_id, figure.number
),

implied as (
    select
        share.figure_id,
        share.entity_kind,
        share.entity_id,
        share.fiscal_year,
        share.measure,
        100.0 * cast(amount.value as double) / nullif(cast(share.value as double), 0) as number
    from {{ ref('int_figure_chosen') }} as share
    inner join {{ ref('measure_relation') }} as relation on share.measure = relation.measure and relation.kind = 'ratio'
    inner join {{ ref('int_figure_chosen') }} as amount
        on amount.fact_id
        = {{ fact_id('share.entity_kind', 'share.entity_id', 'share.fiscal_year', 'relation.part_measure',
                     'share.period') }}
    where share.qualifier in ('eq', 'approx') and amount.qualifier in ('eq', 'approx')
),

implied_denominator as (
    select
        'implied_denominator' as rule,
        implied.figure_id,
        median(other.number) as computed,
        implied.number between 0.5 * median(other.number) and 2 * median(other.number) as passes,
        'implied ' || cast(round(implied.number / 1e8, 2) as string) || ' (1e8), median of '
        || count(*) || ' other years ' || cast(round(median(other.number) / 1e8, 2) as string) as parts
    from implied
    inner join implied as other
        on
            implied.entity_kind = other.entity_kind and implied.entity_id = other.entity_id
            and implied.measure = other.measure and implied.fiscal_year <> other.fiscal_year
    group by implied.figure_id, implied.number
)

select * from usual_range
union all
select * from another_denominator
union all
select * from unit_jump
union all
select * from implied_denominator
