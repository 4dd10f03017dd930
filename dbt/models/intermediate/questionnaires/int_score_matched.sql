{{ config(pre_hook="{{ clear_window('wave', ahead=1) }}") }}

-- Banks that answered in a wave and in the one before, by their token, in the same group both times:
-- mean and variance of their own changes, and the covariance of their two scores.
with score as (
    select
        score.wave, score.source_wave, score.scenario, score.level, score.code, score.score,
        member.population_kind, member.population_value, response.respondent_token
    from {{ ref('int_score') }} as score
    inner join {{ ref('stg_questionnaire__response') }} as response
        on score.source_wave = response.wave and score.response_id = response.response_id
    inner join {{ ref('int_population_member') }} as member
        on score.source_wave = member.wave and score.response_id = member.response_id
    where
        score.score is not null
        and response.respondent_token is not null
        and ({{ in_window('score.wave', ahead=1) }} or {{ in_window('score.wave + 1', ahead=1) }})
),

earlier as (
    select *, wave + 1 as next_wave from score
    where source_wave = wave and not {{ on_common_items('scenario') }}
    union all
    select *, wave as next_wave from score where source_wave = wave - 1
)

select
    score.wave, score.scenario, score.level, score.code, score.population_kind, score.population_value,
    count(*) as n_matched,
    avg(score.score - earlier.score) as change,
    var_samp(score.score - earlier.score) as variance,
    covar_samp(score.score, earlier.score) as covariance
from score
inner join earlier
    on
        score.wave = earlier.next_wave
        and score.scenario = earlier.scenario
        and score.level = earlier.level
        and score.code = earlier.code
        and score.population_kind = earlier.population_kind
        and score.population_value = earlier.population_value
        and score.respondent_token = earlier.respondent_token
where {{ in_window('score.wave', ahead=1) }} and score.source_wave = score.wave
group by
    score.wave, score.scenario, score.level, score.code, score.population_kind, score.population_value
