{# The row of a framework table is valid in the wave. #}
{% macro valid_in(row, wave) -%}
    {{ wave }} >= {{ row }}.valid_from_wave and {{ wave }} <= coalesce({{ row }}.valid_to_wave, 9999)
{%- endmacro %}

{#
  The scenarios that are scored for the respondents of a wave, besides the headline: none for a wave of many
  respondents.
#}
{% macro scored_scenarios(ahead=0) -%}
    select respondent.wave, scenario.*
    from (
        select wave, count(*) as n
        from {{ ref('stg_questionnaire__response') }}
        where {{ in_window('wave', ahead) }} and is_counted
        group by wave
    ) as respondent
    inner join {{ ref('framework_scenario') }} as scenario on {{ valid_in('scenario', 'respondent.wave') }}
    where
        scenario.scenario <> 'headline'
        and scenario.weighting = 'respondents'
        and respondent.n <= case
            when scenario.aggregation_dimension = 'copeland' or scenario.aggregation_index = 'copeland'
                then {{ var('copeland_max_respondents') }}
            else {{ var('scenario_max_respondents') }}
        end
{%- endmacro %}

{#
  Join of an answer with what is known of its kind (int_answer_kind). A kind is wave, item, option, why the answer
  is missing, and the tick.
#}
{% macro of_kind(kind, answer, ticked) -%}
    {{ kind }}.wave = {{ answer }}.wave
    and {{ kind }}.item_id = {{ answer }}.item_id
    and {{ kind }}.option_id is not distinct from {{ answer }}.option_id
    and {{ kind }}.missing_code = {{ answer }}.missing_code
    and {{ kind }}.is_ticked is not distinct from {{ ticked }}
{%- endmacro %}

{# Items of which a respondent has a row per option; of all others one row. #}
{% macro many_rows_types() -%} 'multi', 'ranking' {%- endmacro %}

{#
  Points of one respondent on one item. `answers`: one row per option (multiple choice) or per item;
  `items`: rows of int_item; both have the wave by whose rules is scored. Most items have one row and need
  no grouping: the answers are read twice for it. raw_score is before clipping:
    goalpost        100 * (value - lower) / (upper - lower), reversed where direction is -1
    multi           sum of the points of the ticks over max_points; 0 with an exclusive option
    otherwise       points of the chosen option
  No usable answer: NULL, not 0, and the reason.
#}
{% macro score_items(answers, keys, items) -%}
answered as (
    select
        {{ keys | join(', ') }},
        bank_type,
        case when is_chosen is null then 0 else 1 end as n_known,
        is_chosen and is_exclusive as has_exclusive,
        case when is_chosen then points end as sum_of_points,
        case when is_chosen then points end as points,
        case when is_chosen then value end as value,
        case when is_chosen is null then missing_code end as missing_code,
        is_synthetic
    from {{ answers }}
    where indicator is not null and item_type not in ({{ many_rows_types() }}) and in_score_base
    union all
    select
        {{ keys | join(', ') }},
        max(bank_type) as bank_type,
        count(is_chosen) as n_known,
        bool_or(is_chosen and is_exclusive) as has_exclusive,
        sum(points) filter (where is_chosen) as sum_of_points,
        max(points) filter (where is_chosen) as points,
        max(value) filter (where is_chosen) as value,
        max(missing_code) filter (where is_chosen is null) as missing_code,
        bool_or(is_synthetic) as is_synthetic
    from {{ answers }}
    where indicator is not null and item_type in ({{ many_rows_types() }})
    group by {{ keys | join(', ') }}
    -- An item that was not asked, or for which the respondent ticked "not applicable", leaves the base.
    having bool_and(in_score_base)
),

scored as (
    select
        answered.*,
        item.dimension,
        item.indicator,
        case
            when answered.n_known = 0 then null
            when item.scoring = 'goalpost'
                then
                    100.0 * (answered.value - case when item.direction = -1 then item.upper else item.lower end)
                    / (item.upper - item.lower) * item.direction
            when answered.has_exclusive then 0.0
            when item.item_type = 'multi'
                then 100.0 * coalesce(answered.sum_of_points, 0.0) / coalesce(item.max_points, 100.0)
            else answered.points
        end as raw_score
    from answered
    inner join {{ items }} as item on answered.wave = item.wave and answered.item_id = item.item_id
),

item_score as (
    select
        {{ keys | join(', ') }},
        bank_type,
        dimension,
        indicator,
        {{ clamp('raw_score', '0.0', '100.0') }} as score,
        raw_score,
        coalesce(raw_score < 0.0 or raw_score > 100.0, false) as is_clipped,
        case when raw_score is null then coalesce(missing_code, 'option_without_points') end as reason,
        is_synthetic
    from scored
)
{%- endmacro %}

{# Weighted mean over the children present, weights re-normalised; NULL under the threshold. #}
{% macro weighted_score(value, weight, threshold) -%}
case
    when count({{ value }}) > 0 and count({{ value }}) >= max({{ threshold }}) * count(*)
        then sum({{ value }} * {{ weight }}) / sum({{ weight }}) filter (where {{ value }} is not null)
end
{%- endmacro %}

{% macro missing_reason(value, threshold) -%}
case
    when count({{ value }}) = 0 then 'no_answer'
    when count({{ value }}) < max({{ threshold }}) * count(*) then 'under_availability_threshold'
end
{%- endmacro %}

{#
  Score of a parent from its children in any scenario; relation: wave, source_wave, scenario,
  response_id, bank_type, parent, value, child, weight, aggregation, threshold, is_synthetic.
    arithmetic   weighted mean
    geometric    exp(weighted mean of ln(1 + 0.99 s)), brought back by (g - 1) / 0.99
    copeland     respondents outranked minus respondents outranking, brought to 0-100; one respondent
                 outranks another with more than half of the weight of the children both have, a tie
                 counting half
#}
{% macro aggregate_scenarios(relation) -%}
meaned as (
    select
        wave, source_wave, scenario, response_id, bank_type, parent,
        max(aggregation) as aggregation,
        count(*) as n_children,
        count(value) as n_children_present,
        {{ weighted_score('value', 'weight', 'threshold') }} as arithmetic,
        {{ weighted_score('ln(1.0 + 0.99 * value)', 'weight', 'threshold') }} as log_mean,
        bool_or(is_synthetic) as is_synthetic
    from {{ relation }}
    group by wave, source_wave, scenario, response_id, bank_type, parent
),

duel as (
    select
        one.wave, one.source_wave, one.scenario, one.parent, one.response_id,
        sum(
            one.weight * case
                when round(one.value, 8) > round(other.value, 8) then 1.0
                when round(one.value, 8) = round(other.value, 8) then 0.5
                else 0.0
            end
        ) / sum(one.weight) as won
    from {{ relation }} as one
    inner join {{ relation }} as other
        on
            one.wave = other.wave
            and one.source_wave = other.source_wave
            and one.scenario = other.scenario
            and one.parent = other.parent
            and one.child = other.child
            and one.response_id <> other.response_id
    where one.aggregation = 'copeland' and one.value is not null and other.value is not null
    group by one.wave, one.source_wave, one.scenario, one.parent, one.response_id, other.response_id
),

copeland as (
    select
        wave, source_wave, scenario, parent, response_id,
        50.0 + 50.0 * sum(sign(round(won, 8) - 0.5)) / count(*) as score
    from duel
    group by wave, source_wave, scenario, parent, response_id
),

aggregated as (
    select
        meaned.wave, meaned.source_wave, meaned.scenario, meaned.response_id, meaned.bank_type, meaned.parent,
        meaned.n_children, meaned.n_children_present, meaned.is_synthetic,
        case
            when meaned.arithmetic is null then null
            when meaned.aggregation = 'geometric' then (exp(meaned.log_mean) - 1.0) / 0.99
            when meaned.aggregation = 'copeland' then copeland.score
            else meaned.arithmetic
        end as score
    from meaned
    left join copeland
        on
            meaned.wave = copeland.wave
            and meaned.source_wave = copeland.source_wave
            and meaned.scenario = copeland.scenario
            and meaned.parent = copeland.parent
            and meaned.response_id = copeland.response_id
)
{%- endmacro %}

{# Values of one row joined in an order that does not depend on the order of the rows. #}
{% macro sorted_list(value) -%}
    {{ ordered_text(value, value, '|') }}
{%- endmacro %}

{# least and greatest pass over a NULL: a value that is not there has to stay so. #}
{% macro clamp(value, low=none, high=none) -%}
    case when {{ value }} is not null then
        {%- if low %} greatest({{ low }}, {% endif %}{% if high %} least({{ high }}, {% endif %} {{ value }}
        {%- if low %}){% endif %}{% if high %}){% endif %} end
{%- endmacro %}

{# Finite population correction: the share of the population that is not in the sample; 1 where N is unknown. #}
{% macro not_sampled(n, population_n) -%}
    case
        when {{ population_n }} is null then 1.0
        else 1.0 - {{ n }} / cast(greatest({{ n }}, {{ population_n }}) as double)
    end
{%- endmacro %}

{# The scenario scores common items: its previous value is in the same wave, from the answers of the one before. #}
{% macro on_common_items(scenario) -%}
    {{ scenario }} in (select scenario from {{ ref('framework_scenario') }} where items = 'common')
{%- endmacro %}

{# A number without its last, unstable digits (the order of a sum may differ between runs), and never -0. #}
{% macro stable(value) -%}
    round({{ value }}, 9) + 0.0
{%- endmacro %}
