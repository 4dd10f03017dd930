{{ config(meta={'year': 'wave', 'ahead': 1, 'in_parts': 'respondents'}) }}

-- Mean of the respondents of every group, its standard error and its degrees of freedom.
--   group            se = sqrt((1 - n / N) s² / n), df = n - 1; N unknown: no correction
--   post_stratified  mean = sum(N_h m_h) / N, se = sqrt(sum(N_h² (1 - n_h / N_h) s_h² / n_h)) / N,
--                    df = n - H; over the types whose N_h is known and whose mean is shown, so
--                    that the total tells nothing of a hidden one
with score as (
    select * from {{ ref('int_score') }} where {{ in_window('wave', ahead=1) }} and score is not null
),

population as (
    select * from {{ ref('int_population') }}
),

member as (
    select * from {{ ref('int_population_member') }} where {{ in_window('wave', ahead=1, back=1) }}
),

by_group as (
    select
        score.wave, score.source_wave, score.scenario, score.level, score.code,
        member.population_kind, member.population_value,
        count(*) as n,
        avg(score.score) as score,
        var_samp(score.score) as variance,
        bool_or(score.is_synthetic) as is_synthetic
    from score
    inner join member
        on score.source_wave = member.wave and score.response_id = member.response_id
    group by
        score.wave, score.source_wave, score.scenario, score.level, score.code,
        member.population_kind, member.population_value
),

with_population as (
    select
        by_group.*,
        population.population_n,
        coalesce(population.population_status, 'unknown') as population_status,
        {{ not_sampled('by_group.n', 'population.population_n') }} as not_sampled,
        {{ is_hidden('by_group.n', ['by_group.wave', 'by_group.source_wave', 'by_group.scenario', 'by_group.level', 'by_group.code', 'by_group.population_kind'], 'by_group.population_value') }} as is_hidden
    from by_group
    left join population
        on
            by_group.source_wave = population.wave
            and by_group.population_kind = population.population_kind
            and by_group.population_value = population.population_value
),

post_stratified as (
    select
        stratum.wave, stratum.source_wave, scenario.scenario, stratum.level, stratum.code,
        sum(stratum.n) as n,
        sum(stratum.population_n * stratum.score) / sum(stratum.population_n) as score,
        -- A type with one respondent has no variance: then the total has none.
        case
            when count(stratum.variance) = count(*)
                then
                    sqrt(sum(power(stratum.population_n, 2) * stratum.not_sampled * stratum.variance / stratum.n))
                    / sum(stratum.population_n)
        end as se,
        sum(stratum.n) - count(*) as df,
        sum(stratum.population_n) as population_n,
        max(stratum.population_status) as population_status,
        bool_or(stratum.is_synthetic) as is_synthetic
    from with_population as stratum
    inner join {{ ref('framework_scenario') }} as scenario
        on scenario.weighting = 'post_stratified' and {{ valid_in('scenario', 'stratum.wave') }}
    where
        stratum.scenario = 'headline'
        and stratum.population_kind = 'bank_type'
        and stratum.population_n is not null
        and not stratum.is_hidden
    group by stratum.wave, stratum.source_wave, scenario.scenario, stratum.level, stratum.code
)

select
    wave, source_wave, scenario, level, code, population_kind, population_value,
    n, score, variance,
    sqrt(not_sampled * variance / n) as se,
    n - 1 as df,
    population_n, population_status, is_hidden, false as is_post_stratified, is_synthetic
from with_population
union all
select
    wave, source_wave, scenario, level, code, 'all', 'all',
    n, score, cast(null as double), se, df,
    population_n, population_status, n < {{ var('min_group_size') }}, true, is_synthetic
from post_stratified
