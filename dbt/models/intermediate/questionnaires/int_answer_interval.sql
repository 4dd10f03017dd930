{{ config(meta={'year': 'wave'}) }}

-- The share p = n_chosen / n_eligible with its 95 % interval, as fractions.
--   0 < p < 1   logit: ln(p / (1 - p)) -+ t(n - 1) se / (p (1 - p)), se² = (1 - n / N) p (1 - p) / (n - 1)
--   p = 0, 1    exact and one-sided: 0 to 1 - 0.05^(1/n), 0.05^(1/n) to 1
with answer as (
    select
        counted.*,
        counted.n_chosen / cast(counted.n_eligible as double) as share,
        population.population_n,
        {{ not_sampled('counted.n_eligible', 'population.population_n') }} as not_sampled
    from {{ ref('int_answer_count') }} as counted
    left join {{ ref('int_population') }} as population
        on
            counted.wave = population.wave
            and counted.population_kind = population.population_kind
            and counted.population_value = population.population_value
    where {{ in_window('counted.wave') }} and counted.n_eligible > 0
),

spread as (
    select
        answer.*,
        case
            when n_chosen > 0 and n_chosen < n_eligible
                then t.t975 * sqrt(not_sampled / (share * (1.0 - share) * (n_eligible - 1)))
        end as half_logit
    from answer
    left join {{ ref('student_t') }} as t
        on answer.n_eligible - 1 >= t.df and answer.n_eligible - 1 <= coalesce(t.df_to, answer.n_eligible)
)

select
    spread.wave,
    spread.population_kind,
    spread.population_value,
    spread.item_id,
    option_id,
    option_no,
    n_eligible,
    n_chosen,
    share,
    {{ stable("case
        when n_chosen = 0 then 0.0
        when n_chosen = n_eligible then power(0.05, 1e0 / n_eligible)
        else 1.0 / (1.0 + exp(half_logit - ln(share / (1.0 - share))))
    end") }} as ci_low,
    {{ stable("case
        when n_chosen = 0 then 1.0 - power(0.05, 1e0 / n_eligible)
        when n_chosen = n_eligible then 1.0
        else 1.0 / (1.0 + exp(-half_logit - ln(share / (1.0 - share))))
    end") }} as ci_high,
    population_n,
    {{ is_hidden('n_eligible', ['spread.wave', 'spread.item_id', 'option_id', 'spread.population_kind'], 'spread.population_value') }}
    or hidden.item_id is not null as is_hidden,
    is_comparable,
    is_synthetic
from spread
left join {{ ref('framework_hidden') }} as hidden
    on
        spread.wave = hidden.wave
        and spread.item_id = hidden.item_id
        and spread.population_kind = hidden.population_kind
        and spread.population_value = hidden.population_value
