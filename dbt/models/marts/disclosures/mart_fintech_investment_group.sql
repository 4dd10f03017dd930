{{ config(materialized='yearly', meta={'year': 'fiscal_year', 'ahead': 1}) }}

-- Sums and named means over the banks that disclose an exact or rounded amount.
-- pooled share: sum of amounts over the sum of the revenues that amount and printed share imply.
-- mean share, mean growth: simple means of the printed figures.
-- matched growth: sum of amounts over the sum of the previous year's, banks with both years and
-- without a merger or split in between only.
-- pooled growth: sum of amounts over the sum of the previous amounts that amount and printed growth
-- imply, banks with both.
with investment as (
    select * from {{ ref('mart_fintech_investment') }} where {{ in_window('fiscal_year', ahead=1) }}
),

previous as (
    select fiscal_year + 1 as fiscal_year, bank_id, investment_cny
    from {{ ref('mart_fintech_investment') }}
    where investment_qualifier in ('eq', 'approx')
),

paired as (
    select
        investment.*,
        investment.investment_qualifier in ('eq', 'approx') as has_amount,
        investment.share_qualifier in ('eq', 'approx') as has_share,
        investment.growth_qualifier in ('eq', 'approx') as has_growth,
        previous.investment_cny as previous_investment_cny,
        investment.investment_qualifier in ('eq', 'approx') and previous.investment_cny is not null as has_both_years
    from investment
    left join previous
        on investment.fiscal_year = previous.fiscal_year and investment.bank_id = previous.bank_id
),

grouped as (
    select
        bank_type,
        fiscal_year,
        count(*) as n_banks_any,
        count(*) filter (where has_amount) as n_banks,
        sum(investment_cny) filter (where has_amount) as investment_cny,
        100.0 * sum(cast(investment_cny as double)) filter (where has_amount and has_share)
        / nullif(
            sum(cast(investment_cny as double) / nullif(share_of_revenue_pct, 0) * 100.0)
                filter (where has_amount and has_share), 0
        ) as pooled_share_pct,
        avg(share_of_revenue_pct) filter (where has_share) as mean_share_pct,
        count(*) filter (where has_share) as n_banks_share,
        100.0 * (
            sum(cast(investment_cny as double)) filter (where has_both_years and growth_break_reason is null)
            / nullif(
                sum(cast(previous_investment_cny as double)) filter (where has_both_years and growth_break_reason is null), 0
            ) - 1
        ) as matched_growth_pct,
        count(*) filter (where has_both_years and growth_break_reason is null) as n_banks_matched,
        count(*) filter (where has_both_years and growth_break_reason is not null) as n_banks_growth_break,
        100.0 * (
            sum(cast(investment_cny as double)) filter (where has_amount and has_growth)
            / nullif(
                sum(cast(investment_cny as double) / nullif(1 + growth_pct / 100.0, 0)) filter (where has_amount and has_growth), 0
            ) - 1
        ) as pooled_growth_pct,
        count(*) filter (where has_amount and has_growth) as n_banks_pooled_growth,
        avg(growth_pct) filter (where has_growth) as mean_growth_pct,
        count(*) filter (where has_growth) as n_banks_growth,
        count(*) filter (where status = 'conflict') as n_conflicts
    from paired
    group by bank_type, fiscal_year
)

select
    grouped.bank_type,
    cast(grouped.fiscal_year as integer) as fiscal_year,
    cast(grouped.n_banks_any as integer) as n_banks_any,
    cast(grouped.n_banks as integer) as n_banks,
    cast(grouped.investment_cny as decimal(20, 2)) as investment_cny,
    round(grouped.pooled_share_pct, 6) as pooled_share_pct,
    round(grouped.mean_share_pct, 6) as mean_share_pct,
    cast(grouped.n_banks_share as integer) as n_banks_share,
    round(grouped.matched_growth_pct, 6) as matched_growth_pct,
    cast(grouped.n_banks_matched as integer) as n_banks_matched,
    cast(grouped.n_banks_growth_break as integer) as n_banks_growth_break,
    round(grouped.pooled_growth_pct, 6) as pooled_growth_pct,
    cast(grouped.n_banks_pooled_growth as integer) as n_banks_pooled_growth,
    round(grouped.mean_growth_pct, 6) as mean_growth_pct,
    cast(grouped.n_banks_growth as integer) as n_banks_growth,
    cast(grouped.n_conflicts as integer) as n_conflicts,
    population.n_population,
    population.population_basis,
    round(100.0 * grouped.n_banks / nullif(cast(population.n_population as double), 0), 6) as coverage_pct
from grouped
left join {{ ref('int_population_year') }} as population
    on grouped.bank_type = population.bank_type and grouped.fiscal_year = population.fiscal_year
order by grouped.fiscal_year, grouped.bank_type
