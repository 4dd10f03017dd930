{{ config(materialized='table') }}

-- The share of revenue twice, side by side and never mixed: as banks answered the survey (bands,
-- anonymous) and as banks disclosed it (exact or rounded printed shares, counted in the same bands).
-- A wave asks about the last closed fiscal year; the wave of 2020 prints so. A band holds its lower
-- end and not its upper one.
with survey as (
    select share.*, band.lower_pct, band.upper_pct, option.label_zh, option.label_en
    from {{ ref('mart_answer_share') }} as share
    inner join {{ ref('dim_item') }} as item on share.wave = item.wave and share.item_id = item.item_id
    inner join {{ ref('investment_band') }} as band
        on item.option_set = band.option_set and share.option_id = band.option_id
    inner join {{ ref('framework_option') }} as option
        on
            band.option_set = option.option_set and band.option_id = option.option_id
            and share.wave >= option.valid_from_wave and share.wave <= coalesce(option.valid_to_wave, 9999)
    where share.item_id = 'fintech_investment_share' and share.population_kind in ('all', 'bank_type')
),

disclosed as (
    select bank_type, fiscal_year, share_of_revenue_pct
    from {{ ref('mart_fintech_investment') }}
    where share_qualifier in ('eq', 'approx')
),

-- The survey asks small and medium banks; its total stands beside the types it asks.
disclosed_population as (
    select disclosed.bank_type as population_value, disclosed.fiscal_year, disclosed.share_of_revenue_pct
    from disclosed
    union all
    select 'all', disclosed.fiscal_year, disclosed.share_of_revenue_pct
    from disclosed
    inner join {{ ref('framework_bank_type') }} as bank_type
        on disclosed.bank_type = bank_type.bank_type and bank_type.in_survey
),

counted as (
    select
        survey.wave,
        survey.population_value,
        survey.option_id,
        count(disclosed_population.fiscal_year) as n_banks,
        count(*) filter (
            where disclosed_population.share_of_revenue_pct >= survey.lower_pct
            and disclosed_population.share_of_revenue_pct < coalesce(survey.upper_pct, 1e300)
        ) as n_in_band
    from survey
    left join disclosed_population
        on
            survey.population_value = disclosed_population.population_value
            and survey.wave - 1 = disclosed_population.fiscal_year
    group by survey.wave, survey.population_value, survey.option_id
)

select
    survey.population_value as bank_type,
    cast(survey.wave as integer) as wave,
    cast(survey.wave - 1 as integer) as fiscal_year,
    survey.option_id as band,
    survey.option_no as band_no,
    survey.label_zh,
    survey.label_en,
    survey.lower_pct,
    survey.upper_pct,
    survey.n_eligible as survey_n_eligible,
    survey.n_chosen as survey_n_chosen,
    survey.share_pct as survey_share_pct,
    survey.suppressed as survey_suppressed,
    survey.is_synthetic,
    cast(counted.n_banks as integer) as disclosed_n_banks,
    cast(counted.n_in_band as integer) as disclosed_n_in_band,
    round(1e2 * counted.n_in_band / nullif(counted.n_banks, 0), 6) as disclosed_share_pct
from survey
inner join counted
    on
        survey.wave = counted.wave and survey.population_value = counted.population_value
        and survey.option_id = counted.option_id
order by survey.wave, survey.population_value, survey.option_no
