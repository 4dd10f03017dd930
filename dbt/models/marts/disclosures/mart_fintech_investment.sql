{{ config(materialized='yearly', meta={'year': 'fiscal_year', 'ahead': 1}) }}

-- One row per bank and fiscal year with at least one of the measures below, full years only. Growth
-- is recomputed from the chosen amounts of two years, so the following year is refreshed with each
-- year. The status speaks of the amount where there is one, otherwise of the weakest printed measure.
-- The columns *_strict are empty where sources contradict each other.
with chosen as (
    select *
    from {{ ref('mart_bank_measure') }}
    where
        entity_kind = 'bank'
        and period = 'full_year'
        and {{ in_window('fiscal_year', ahead=1) }}
        and measure in (
            'tech_investment', 'tech_investment_share_of_revenue', 'tech_investment_growth',
            'tech_staff', 'tech_staff_share', 'operating_revenue'
        )
),

previous as (
    select fiscal_year + 1 as fiscal_year, entity_id, value, qualifier
    from {{ ref('mart_bank_measure') }}
    where entity_kind = 'bank' and period = 'full_year' and measure = 'tech_investment'
),

by_bank as (
    select
        fiscal_year,
        entity_id as bank_id,
        max(value) filter (where measure = 'tech_investment') as investment_cny,
        max(strict_value) filter (where measure = 'tech_investment') as investment_strict_cny,
        max(qualifier) filter (where measure = 'tech_investment') as investment_qualifier,
        max(peer_percentile) filter (where measure = 'tech_investment') as investment_percentile,
        max(n_peers) filter (where measure = 'tech_investment') as n_peers_investment,
        max(value) filter (where measure = 'operating_revenue') as revenue_cny,
        max(qualifier) filter (where measure = 'operating_revenue') as revenue_qualifier,
        max(value) filter (where measure = 'tech_investment_share_of_revenue') as share_of_revenue_pct,
        max(strict_value) filter (where measure = 'tech_investment_share_of_revenue') as share_of_revenue_strict_pct,
        max(qualifier) filter (where measure = 'tech_investment_share_of_revenue') as share_qualifier,
        max(peer_percentile) filter (where measure = 'tech_investment_share_of_revenue') as share_percentile,
        max(n_peers) filter (where measure = 'tech_investment_share_of_revenue') as n_peers_share,
        max(value) filter (where measure = 'tech_investment_growth') as growth_pct,
        max(strict_value) filter (where measure = 'tech_investment_growth') as growth_strict_pct,
        max(qualifier) filter (where measure = 'tech_investment_growth') as growth_qualifier,
        max(value) filter (where measure = 'tech_staff') as tech_staff,
        max(value) filter (where measure = 'tech_staff_share') as tech_staff_share_pct,
        max(scope_as_printed) filter (where measure = 'tech_investment') as scope,
        max(scope_code) filter (where measure = 'tech_investment') as scope_code,
        max(content_code) filter (where measure = 'tech_investment') as content_code,
        max(decided_by) filter (where measure = 'tech_investment') as decided_by,
        max(source_id) filter (where measure = 'tech_investment') as source_id,
        max(source_place) filter (where measure = 'tech_investment') as source_place,
        max(value_as_printed || ' ' || unit_as_printed) filter (where measure = 'tech_investment')
            as investment_as_printed,
        max(n_sources) filter (where measure = 'tech_investment') as n_sources,
        max(status) filter (where measure = 'tech_investment') as investment_status,
        bool_or(status = 'conflict') as any_conflict,
        bool_and(status = 'single') as all_single,
        min(source_id) as any_source_id,
        max(n_sources) as max_n_sources
    from chosen
    group by fiscal_year, entity_id
)

select
    by_bank.bank_id,
    cast(by_bank.fiscal_year as integer) as fiscal_year,
    bank.short_name_zh as name_zh,
    bank.name_en,
    bank.bank_type,
    cast(by_bank.investment_cny as decimal(20, 2)) as investment_cny,
    cast(by_bank.investment_strict_cny as decimal(20, 2)) as investment_strict_cny,
    by_bank.investment_qualifier,
    by_bank.investment_as_printed,
    cast(by_bank.revenue_cny as decimal(20, 2)) as revenue_cny,
    cast(by_bank.share_of_revenue_pct as double) as share_of_revenue_pct,
    cast(by_bank.share_of_revenue_strict_pct as double) as share_of_revenue_strict_pct,
    by_bank.share_qualifier,
    case
        when by_bank.investment_qualifier = 'eq' and by_bank.revenue_qualifier = 'eq'
            then
                round(100.0 * cast(by_bank.investment_cny as double)
                / nullif(cast(by_bank.revenue_cny as double), 0), 6)
    end as share_of_revenue_recomputed_pct,
    cast(by_bank.growth_pct as double) as growth_pct,
    cast(by_bank.growth_strict_pct as double) as growth_strict_pct,
    by_bank.growth_qualifier,
    case
        when by_bank.investment_qualifier = 'eq' and previous.qualifier = 'eq'
            then
                round(100.0 * (
                    cast(by_bank.investment_cny as double) / nullif(cast(previous.value as double), 0) - 1
                ), 6)
    end as growth_recomputed_pct,
    growth_break.reason is null as growth_comparable,
    growth_break.reason as growth_break_reason,
    cast(by_bank.tech_staff as double) as tech_staff,
    cast(by_bank.tech_staff_share_pct as double) as tech_staff_share_pct,
    by_bank.scope,
    by_bank.scope_code,
    by_bank.content_code,
    coalesce(
        by_bank.investment_status,
        case
            when by_bank.any_conflict then 'conflict' when by_bank.all_single then 'single' else 'agreed'
        end
    ) as status,
    by_bank.decided_by,
    coalesce(by_bank.source_id, by_bank.any_source_id) as source_id,
    by_bank.source_place,
    cast(coalesce(by_bank.n_sources, by_bank.max_n_sources) as integer) as n_sources,
    by_bank.investment_percentile as investment_peer_percentile,
    cast(by_bank.n_peers_investment as integer) as n_peers_investment,
    by_bank.share_percentile as share_peer_percentile,
    cast(by_bank.n_peers_share as integer) as n_peers_share
from by_bank
inner join {{ ref('dim_bank') }} as bank on by_bank.bank_id = bank.bank_id
left join previous
    on by_bank.fiscal_year = previous.fiscal_year and by_bank.bank_id = previous.entity_id
left join {{ ref('int_bank_year_break') }} as growth_break
    on by_bank.fiscal_year = growth_break.fiscal_year and by_bank.bank_id = growth_break.bank_id
order by by_bank.fiscal_year, by_bank.bank_id
