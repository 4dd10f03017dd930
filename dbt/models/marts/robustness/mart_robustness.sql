{{ config(materialized='yearly', meta={'year': 'wave'}) }}

-- Where scores and ranks lie when the choices of the method vary. Ranks use every Monte Carlo draw;
-- scores only the draws whose choices keep the unit (points of the framework, no order statistic).
with draw as (
    select
        *,
        normalisation = 'goalposts' and aggregation <> 'copeland' as keeps_unit
    from {{ source('analysis', 'robustness_draw') }}
    where {{ in_window('wave') }}
),

score as (
    select * from {{ source('analysis', 'robustness_score') }} where {{ in_window('wave') }}
),

headline as (
    select
        score.wave, score.population_kind, score.population_value, score.dimension, score.n, score.rank,
        score.dimension_rank, score.is_synthetic, draw.seed
    from score
    inner join draw on score.wave = draw.wave and score.draw_no = draw.draw_no
    where draw.kind = 'nominal'
),

drawn as (
    select
        score.wave, score.population_kind, score.population_value, score.dimension, score.rank,
        score.dimension_rank,
        case when draw.keeps_unit then score.score end as score
    from score
    inner join draw on score.wave = draw.wave and score.draw_no = draw.draw_no
    where draw.kind = 'monte_carlo'
),

band as (
    select
        wave, population_kind, population_value, dimension,
        count(*) as n_draws,
        count(score) as n_draws_score,
        percentile_cont(0.05) within group (order by score) as score_low,
        percentile_cont(0.50) within group (order by score) as score_median,
        percentile_cont(0.95) within group (order by score) as score_high,
        percentile_cont(0.05) within group (order by cast(rank as double)) as rank_low,
        percentile_cont(0.50) within group (order by cast(rank as double)) as rank_median,
        percentile_cont(0.95) within group (order by cast(rank as double)) as rank_high,
        percentile_cont(0.05) within group (order by cast(dimension_rank as double)) as dimension_rank_low,
        percentile_cont(0.95) within group (order by cast(dimension_rank as double)) as dimension_rank_high
    from drawn
    group by wave, population_kind, population_value, dimension
),

-- The choice with the largest total index; none where nothing moves the result.
driver as (
    select
        wave, target, population_kind, population_value, dimension, factor, total,
        row_number() over (
            partition by wave, target, population_kind, population_value, dimension
            order by total desc, factor
        ) as place
    from {{ source('analysis', 'sensitivity') }}
    where {{ in_window('wave') }} and total > 0
),

shown as (
    select
        *,
        {{ is_hidden('n', ['wave', 'population_kind', 'dimension'], 'population_value') }} as suppressed
    from headline
)

select
    cast(shown.wave as integer) as wave,
    shown.population_kind,
    shown.population_value,
    shown.dimension,
    -- The index stands after the six dimensions.
    cast(coalesce(framework_dimension.dimension_no, 7) as integer) as dimension_no,
    cast(shown.n as integer) as n,
    case when not shown.suppressed then round(band.score_low, 9) end as score_low,
    case when not shown.suppressed then round(band.score_median, 9) end as score_median,
    case when not shown.suppressed then round(band.score_high, 9) end as score_high,
    case when not shown.suppressed then cast(shown.rank as integer) end as rank,
    case when not shown.suppressed then round(band.rank_low, 9) end as rank_low,
    case when not shown.suppressed then round(band.rank_median, 9) end as rank_median,
    case when not shown.suppressed then round(band.rank_high, 9) end as rank_high,
    case when not shown.suppressed then cast(shown.dimension_rank as integer) end as dimension_rank,
    case when not shown.suppressed then round(band.dimension_rank_low, 9) end as dimension_rank_low,
    case when not shown.suppressed then round(band.dimension_rank_high, 9) end as dimension_rank_high,
    case when not shown.suppressed then score_driver.factor end as main_driver,
    case when not shown.suppressed then score_driver.total end as main_driver_total,
    case when not shown.suppressed and shown.rank is not null then rank_driver.factor end as rank_driver,
    case when not shown.suppressed and shown.rank is not null then rank_driver.total end as rank_driver_total,
    cast(band.n_draws as integer) as n_draws,
    cast(band.n_draws_score as integer) as n_draws_score,
    cast(shown.seed as integer) as seed,
    shown.suppressed,
    shown.is_synthetic
from shown
inner join band
    on
        shown.wave = band.wave
        and shown.population_kind = band.population_kind
        and shown.population_value = band.population_value
        and shown.dimension = band.dimension
left join driver as score_driver
    on
        shown.wave = score_driver.wave
        and shown.population_kind = score_driver.population_kind
        and shown.population_value = score_driver.population_value
        and shown.dimension = score_driver.dimension
        and score_driver.target = 'score'
        and score_driver.place = 1
left join driver as rank_driver
    on
        shown.wave = rank_driver.wave
        and shown.dimension = rank_driver.dimension
        and rank_driver.target = 'rank_shift'
        and rank_driver.place = 1
left join {{ ref('framework_dimension') }} as framework_dimension
    on shown.dimension = framework_dimension.dimension
order by wave, population_kind, population_value, dimension_no
