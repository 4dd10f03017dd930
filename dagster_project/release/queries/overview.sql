-- The few numbers on top of the report: one row, each a plain count or sum over one mart.
with investment as (
    select
        count(distinct bank_id) as banks,
        min(fiscal_year) as first_year,
        max(fiscal_year) as last_year,
        count(*) filter (where status = 'conflict') as conflicts,
        count(*) as bank_years
    from mart_fintech_investment
),

reconciliation as (
    select
        count(*) as figures,
        count(*) filter (where within_rounding) as figures_equal,
        count(*) filter (where computed is not null) as figures_computed
    from mart_reconciliation
),

latest as (
    select
        max(fiscal_year) as latest_year,
        cast(sum(investment_cny) as double) as latest_sum_cny,
        cast(sum(n_banks) as integer) as latest_banks
    from mart_fintech_investment_group
    where
        n_banks > 0
        and fiscal_year = (
            select max(fiscal_year) from mart_fintech_investment_group where investment_cny is not null
        )
)

select
    investment.*,
    reconciliation.*,
    latest.*,
    (select count(distinct item_id) from dim_item) as n_items,
    (select count(*) from mart_published_audit) as findings
from investment, reconciliation, latest
