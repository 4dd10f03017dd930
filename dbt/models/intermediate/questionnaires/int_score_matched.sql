{{ config(meta={'year': 'wave', 'ahead': 1, 'in_parts': 'respondents'}) }}

-- Banks that answered in a wave and in the one before, by their token, in the same group both times:
-- mean and variance of their own changes, and the covariance of their two scores.
with response as (
    select wave, response_id, respondent_token
    from {{ ref('stg_questionnaire__response') }}
    where {{ in_window('wave', ahead=1, back=1) }} and respondent_token is not null
),

pair as (
    select later.wave, later.response_id, earlier.response_id as earlier_response_id
    from response as later
    inner join response as earlier
        on later.wave = earlier.wave + 1 and later.respondent_token = earlier.respondent_token
    where {{ in_window('later.wave', ahead=1) }}
),

score as (
    select * from {{ ref('int_score') }} where {{ in_window('wave', ahead=1) }} and score is not null
),

earlier as (
    select *, case when {{ on_common_items('scenario') }} then wave else source_wave + 1 end as compared_in
    from {{ ref('int_score') }}
    where {{ in_window('source_wave', ahead=1, back=1) }} and score is not null
),

matched as (
    select
        pair.wave, pair.response_id, pair.earlier_response_id,
        score.scenario, score.level, score.code, score.score, earlier.score as earlier_score
    from pair
    inner join score
        on pair.wave = score.wave and pair.wave = score.source_wave and pair.response_id = score.response_id
    inner join earlier
        on
            pair.wave = earlier.compared_in
            and pair.wave = earlier.source_wave + 1
            and pair.earlier_response_id = earlier.response_id
            and score.scenario = earlier.scenario
            and score.level = earlier.level
            and score.code = earlier.code
),

member as (
    select * from {{ ref('int_population_member') }} where {{ in_window('wave', ahead=1, back=1) }}
),

grouped as (
    select
        matched.wave, matched.scenario, matched.level, matched.code,
        member.population_kind, member.population_value,
        count(*) as n_matched,
        avg(matched.score - matched.earlier_score) as change,
        var_samp(matched.score - matched.earlier_score) as variance,
        covar_samp(matched.score, matched.earlier_score) as covariance
    from matched
    inner join member
        on matched.wave = member.wave and matched.response_id = member.response_id
    inner join member as earlier_member
        on
            matched.wave = earlier_member.wave + 1
            and matched.earlier_response_id = earlier_member.response_id
            and member.population_kind = earlier_member.population_kind
            and member.population_value = earlier_member.population_value
    group by
        matched.wave, matched.scenario, matched.level, matched.code,
        member.population_kind, member.population_value
)

select
    *,
    {{ is_hidden('n_matched', ['wave', 'scenario', 'level', 'code', 'population_kind'], 'population_value') }} as is_hidden
from grouped
