-- One draw of one wave, scored again in SQL from the stored choices: $wave, $draw_no.
-- Reads restricted.int_item_score and the views staging.stg_analysis__robustness_*; returns the groups'
-- scores, which agree with the stored ones within 1e-9. The same method as scoring.py.
with draw as (
    select * from staging.stg_analysis__robustness_draw where wave = $wave and draw_no = $draw_no
),

weight as (
    select level, key, weight from staging.stg_analysis__robustness_weight
    where wave = $wave and draw_no = $draw_no
),

-- Groups that are ranked: the units of Copeland.
ranked as (
    select population_value, dimension from staging.stg_analysis__robustness_score
    where wave = $wave and draw_no = $draw_no and is_ranked
),

indicator as (
    select
        response_id, bank_type, dimension, indicator,
        case when count(score) > 0 and count(score) >= max(draw.threshold) * count(*) - 1e-9 then avg(score) end
            as score
    from restricted.int_item_score
    cross join draw
    where int_item_score.wave = $wave
    group by response_id, bank_type, dimension, indicator
),

spread as (
    select
        *,
        min(round(score, 9)) over (partition by indicator) as lowest,
        max(round(score, 9)) over (partition by indicator) as highest,
        avg(round(score, 9)) over (partition by indicator) as mean,
        stddev_samp(round(score, 9)) over (partition by indicator) as deviation,
        percent_rank() over (partition by indicator, score is null order by round(score, 9)) as percentile
    from indicator
),

normalised as (
    select
        response_id, bank_type, dimension, indicator,
        case
            when score is null then null
            when draw.normalisation = 'goalposts' then score
            when draw.normalisation = 'percentile_rank' then 100 * percentile
            when lowest = highest then 50.0
            when draw.normalisation = 'minmax' then 100 * (score - lowest) / (highest - lowest)
            when draw.normalisation = 'zscore' then greatest(0, least(100, 50 + 10 * (score - mean) / deviation))
        end as score
    from spread
    cross join draw
),

-- Weighted means of the respondents, dimension and then index.
dimension_mean as (
    select
        response_id, bank_type, dimension,
        case when count(score) > 0 and count(score) >= max(threshold) * count(*) - 1e-9 then
            case
                when max(aggregation) = 'arithmetic'
                    then sum(weight * score) / sum(weight) filter (where score is not null)
                else (exp(sum(weight * ln(1 + 0.99 * score)) / sum(weight) filter (where score is not null)) - 1) / 0.99
            end
        end as score
    from normalised
    cross join draw
    inner join weight on weight.level = 'indicator' and weight.key = normalised.indicator
    group by response_id, bank_type, dimension
),

index_mean as (
    select
        response_id, bank_type,
        case when count(score) > 0 and count(score) >= max(threshold) * count(*) - 1e-9 then
            case
                when max(aggregation) = 'arithmetic'
                    then sum(weight * score) / sum(weight) filter (where score is not null)
                else (exp(sum(weight * ln(1 + 0.99 * score)) / sum(weight) filter (where score is not null)) - 1) / 0.99
            end
        end as score
    from dimension_mean
    cross join draw
    inner join weight on weight.level = 'dimension' and weight.key = dimension_mean.dimension
    group by response_id, bank_type
),

respondent as (
    select bank_type, dimension, score from dimension_mean
    union all
    select bank_type, 'index', score from index_mean
),

means as (
    select 'all' as population_kind, 'all' as population_value, dimension, avg(score) as score
    from respondent
    group by dimension
    union all
    select 'bank_type', bank_type, dimension, avg(score) from respondent group by bank_type, dimension
),

-- Copeland: groups against each other, by indicator and then by dimension.
group_indicator as (
    select bank_type, dimension, indicator, round(avg(score), 9) as score
    from normalised
    group by bank_type, dimension, indicator
),

dimension_duel as (
    select
        one.bank_type, one.dimension,
        round(
            sum(weight * case when one.score > other.score then 1 when one.score = other.score then 0.5 else 0 end)
            / sum(weight),
            9
        ) as share
    from group_indicator as one
    inner join group_indicator as other
        on one.indicator = other.indicator and one.bank_type <> other.bank_type
    inner join weight on weight.level = 'indicator' and weight.key = one.indicator
    inner join ranked as r1 on one.bank_type = r1.population_value and one.dimension = r1.dimension
    inner join ranked as r2 on other.bank_type = r2.population_value and other.dimension = r2.dimension
    where one.score is not null and other.score is not null
    group by one.bank_type, other.bank_type, one.dimension
),

opponents as (
    select dimension, greatest(count(*) - 1, 1) as n from ranked group by dimension
),

dimension_copeland as (
    select
        ranked.population_value as bank_type, ranked.dimension,
        100 * (coalesce(sum(case when share > 0.5 then 1 when share < 0.5 then -1 else 0 end), 0) + max(n))
        / (2.0 * max(n)) as score
    from ranked
    inner join opponents on ranked.dimension = opponents.dimension
    left join dimension_duel
        on ranked.population_value = dimension_duel.bank_type and ranked.dimension = dimension_duel.dimension
    where ranked.dimension <> 'index'
    group by ranked.population_value, ranked.dimension
),

index_duel as (
    select
        one.bank_type,
        round(
            sum(weight * case when one.score > other.score then 1 when one.score = other.score then 0.5 else 0 end)
            / sum(weight),
            9
        ) as share
    from dimension_copeland as one
    inner join dimension_copeland as other
        on one.dimension = other.dimension and one.bank_type <> other.bank_type
    inner join weight on weight.level = 'dimension' and weight.key = one.dimension
    inner join ranked as r1 on one.bank_type = r1.population_value and r1.dimension = 'index'
    inner join ranked as r2 on other.bank_type = r2.population_value and r2.dimension = 'index'
    group by one.bank_type, other.bank_type
),

index_copeland as (
    select
        ranked.population_value as bank_type,
        100 * (coalesce(sum(case when share > 0.5 then 1 when share < 0.5 then -1 else 0 end), 0) + max(n))
        / (2.0 * max(n)) as score
    from ranked
    inner join opponents on ranked.dimension = opponents.dimension
    left join index_duel on ranked.population_value = index_duel.bank_type
    where ranked.dimension = 'index'
    group by ranked.population_value
),

replayed as (
    select means.* from means cross join draw where draw.aggregation <> 'copeland'
    union all
    select 'bank_type', bank_type, dimension, dimension_copeland.score
    from dimension_copeland cross join draw where draw.aggregation = 'copeland'
    union all
    select 'bank_type', bank_type, 'index', index_copeland.score
    from index_copeland cross join draw where draw.aggregation = 'copeland'
)

select population_kind, population_value, dimension, score
from replayed
where score is not null
order by population_kind, population_value, dimension
