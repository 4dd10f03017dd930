{{ config(materialized='yearly', meta={'year': 'fiscal_year'}) }}

-- The chosen value of every measure: technology staff, subsidiaries, inclusive loans, bank-group
-- risk, interest margins and whatever the registry gets next. strict_value is empty where sources
-- contradict each other. Percentile among banks of one type: 0 the lowest, 100 the highest, only
-- over exact and rounded values and only with enough peers.
with chosen as (
    select * from {{ ref('int_figure_chosen') }} where {{ in_window('fiscal_year') }}
),

described as (
    select chosen.*, entity.name_zh, entity.name_en, entity.bank_type
    from chosen
    left join {{ ref('int_entity') }} as entity
        on chosen.entity_kind = entity.entity_kind and chosen.entity_id = entity.entity_id
),

peer as (
    select
        fact_id,
        count(*) over (partition by fiscal_year, measure, period, bank_type) as n_peers,
        rank() over (partition by fiscal_year, measure, period, bank_type order by value) as rank_from_below
    from described
    where entity_kind = 'bank' and qualifier in ('eq', 'approx') and value is not null
)

select
    described.entity_kind,
    described.entity_id,
    described.name_zh,
    described.name_en,
    described.bank_type,
    cast(described.fiscal_year as integer) as fiscal_year,
    described.measure,
    described.period,
    described.as_of_date,
    cast(described.value as double) as value,
    case when described.status <> 'conflict' then cast(described.value as double) end as strict_value,
    described.text_value as printed_name_or_date,
    described.canonical_unit as unit,
    described.is_unit_ambiguous as unit_ambiguous,
    described.qualifier,
    described.half_unit,
    described.value_as_printed,
    described.unit_as_printed,
    described.scope_as_printed,
    described.scope_code,
    described.content_code,
    described.status,
    described.decided_by,
    described.n_figures,
    described.n_sources,
    described.document_id as source_id,
    described.place as source_place,
    described.reliability,
    described.known_from,
    cast(peer.n_peers as integer) as n_peers,
    case
        when peer.n_peers >= {{ var('min_group_size') }}
            then round(1e2 * (peer.rank_from_below - 1) / nullif(peer.n_peers - 1, 0), 6)
    end as peer_percentile
from described
left join peer on described.fact_id = peer.fact_id
order by fiscal_year, entity_kind, entity_id, measure, period
