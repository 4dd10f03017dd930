{{ config(meta={'year': 'wave', 'ahead': 1}) }}

-- The estimate of every score of every group, before disclosure control. Restricted.
--   interval   score -+ t(df) se, kept within 0 and 100
--   rank       of the groups of one kind, best 1, equal scores share the better rank
--   change     score minus the score of the wave before. Its variance is that of two overlapping
--              samples: v1 + v0 - 2 s10 (m / (n1 n0) - 1 / N), m matched banks with covariance s10
--   comparable by the codebook, and only of scores on a fixed scale
--   matched    mean change of the matched banks; composition is the rest of the change
with mean as (
    select * from {{ ref('int_score_mean') }}
),

current_mean as (
    select * from mean where source_wave = wave and {{ in_window('wave', ahead=1) }}
),

scenario as (
    select
        *,
        -- Scores that say where a respondent stands among the others of the wave tell nothing of the change.
        normalisation <> 'goalposts' or aggregation_dimension = 'copeland' or aggregation_index = 'copeland'
            as is_relative
    from {{ ref('framework_scenario') }}
),

previous as (
    select *, wave + 1 as next_wave from mean
    where source_wave = wave and not {{ on_common_items('scenario') }}
    union all
    select *, wave as next_wave from mean where source_wave = wave - 1
),

joined as (
    select
        current_mean.*,
        previous.n as previous_n,
        previous.is_hidden as previous_is_hidden,
        matched.is_hidden as matched_is_hidden,
        previous.score as previous_score,
        current_mean.score - previous.score as change,
        sqrt({{ clamp('power(current_mean.se, 2) + power(previous.se, 2) - 2.0 * coalesce(matched.covariance, 0.0) * (coalesce(matched.n_matched, 0) / (cast(current_mean.n as double) * previous.n) - coalesce(1e0 / current_mean.population_n, 0.0))', low='0.0') }}) as change_se,
        least(current_mean.df, previous.df) as change_df,
        case
            when previous.n is not null and not current_mean.is_post_stratified
                then coalesce(matched.n_matched, 0)
        end as n_matched,
        matched.change as matched_change,
        sqrt(
            {{ not_sampled('matched.n_matched', 'current_mean.population_n') }}
            * matched.variance / matched.n_matched
        ) as matched_change_se,
        case
            when scenario.is_relative then 'relative_scenario'
            when scenario.items = 'all' then comparability.reason
        end as comparable_reason,
        scenario.is_relative,
        comparability.n_items,
        comparability.n_common_items
    from current_mean
    inner join scenario on current_mean.scenario = scenario.scenario
    left join previous
        on
            current_mean.wave = previous.next_wave
            and current_mean.scenario = previous.scenario
            and current_mean.level = previous.level
            and current_mean.code = previous.code
            and current_mean.population_kind = previous.population_kind
            and current_mean.population_value = previous.population_value
    left join {{ ref('int_score_matched') }} as matched
        on
            current_mean.wave = matched.wave
            and current_mean.scenario = matched.scenario
            and current_mean.level = matched.level
            and current_mean.code = matched.code
            and current_mean.population_kind = matched.population_kind
            and current_mean.population_value = matched.population_value
    left join {{ ref('int_comparability') }} as comparability
        on
            current_mean.wave = comparability.wave
            and current_mean.level = comparability.level
            and current_mean.code = comparability.code
)

select
    joined.wave,
    joined.scenario,
    joined.level,
    joined.code,
    joined.population_kind,
    joined.population_value,
    cast(joined.n as integer) as n,
    cast(joined.population_n as integer) as population_n,
    joined.population_status,
    joined.is_hidden,
    joined.previous_is_hidden,
    joined.matched_is_hidden,
    {{ stable('joined.score') }} as score,
    {{ stable('joined.se') }} as se,
    cast(joined.df as integer) as df,
    {{ stable(clamp('joined.score - t.t975 * joined.se', low='0.0')) }} as ci_low,
    {{ stable(clamp('joined.score + t.t975 * joined.se', high='100.0')) }} as ci_high,
    cast(rank() over (
        partition by joined.wave, joined.scenario, joined.level, joined.code, joined.population_kind
        order by round(joined.score, 8) desc
    ) as integer) as rank,
    cast(joined.previous_n as integer) as previous_n,
    {{ stable('joined.previous_score') }} as previous_score,
    {{ stable('joined.change') }} as change,
    {{ stable('joined.change_se') }} as change_se,
    {{ stable('joined.change - change_t.t975 * joined.change_se') }} as change_ci_low,
    {{ stable('joined.change + change_t.t975 * joined.change_se') }} as change_ci_high,
    cast(joined.n_matched as integer) as n_matched,
    {{ stable('joined.matched_change') }} as matched_change,
    {{ stable('joined.matched_change - matched_t.t975 * joined.matched_change_se') }} as matched_change_ci_low,
    {{ stable('joined.matched_change + matched_t.t975 * joined.matched_change_se') }} as matched_change_ci_high,
    {{ stable('joined.change - joined.matched_change') }} as composition_change,
    joined.comparable_reason is null as comparable,
    joined.comparable_reason,
    joined.is_relative,
    cast(joined.n_items as integer) as n_items,
    cast(joined.n_common_items as integer) as n_common_items,
    joined.is_synthetic
from joined
left join {{ ref('student_t') }} as t on joined.df >= t.df and joined.df <= coalesce(t.df_to, joined.df)
left join {{ ref('student_t') }} as change_t
    on joined.change_df >= change_t.df and joined.change_df <= coalesce(change_t.df_to, joined.change_df)
left join {{ ref('student_t') }} as matched_t
    on joined.n_matched - 1 >= matched_t.df and joined.n_matched - 1 <= coalesce(matched_t.df_to, joined.n_matched - 1)
order by wave, scenario, level, code, population_kind, population_value
