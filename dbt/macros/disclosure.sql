{#
  Disclosure control. Primary: a group under min_group_size shows its size and no result. Complementary:
  the groups of one kind add up to `all`, so one hidden group alone would be the difference between the
  total and the others; wherever a group is hidden, the smallest groups are hidden with it until there
  are two of them and they hold min_group_size respondents together.

  n: respondents of the group; partition: columns within which the groups add up to the total; tie:
  column that decides between groups of equal size.
#}
{% macro is_hidden(n, partition, tie) -%}
    (
        {{ n }} < {{ var('min_group_size') }}
        or (
            min({{ n }}) over (partition by {{ partition | join(', ') }}) < {{ var('min_group_size') }}
            and (
                row_number() over (partition by {{ partition | join(', ') }} order by {{ n }}, {{ tie }}) <= 2
                or sum({{ n }}) over (
                    partition by {{ partition | join(', ') }} order by {{ n }}, {{ tie }}
                    rows between unbounded preceding and 1 preceding
                ) < {{ var('min_group_size') }}
            )
        )
    )
{%- endmacro %}

{# `value`, where none of the groups it rests on is hidden; flag: NULL where there is no such group. #}
{% macro shown(value, flags) -%}
    case when {% for flag in flags %}not coalesce({{ flag }}, true){{ ' and ' if not loop.last }}{% endfor %} then {{ value }} end
{%- endmacro %}

{% macro hidden_reason(n, is_hidden) -%}
    case when {{ n }} < {{ var('min_group_size') }} then 'small_group' when {{ is_hidden }} then 'complementary' end
{%- endmacro %}

{#
  Columns that every score mart has, from int_score_estimate as `estimate`. A change needs both waves, a
  matched change its matched banks. Ranks count the groups that are shown, so that none tells of a hidden one.
#}
{% macro published_score(score='score') -%}
    estimate.scenario,
    estimate.n,
    estimate.population_n,
    estimate.population_status,
    {{ shown('estimate.score', ['estimate.is_hidden']) }} as {{ score }},
    {{ shown('estimate.se', ['estimate.is_hidden']) }} as se,
    {{ shown('estimate.ci_low', ['estimate.is_hidden']) }} as ci_low,
    {{ shown('estimate.ci_high', ['estimate.is_hidden']) }} as ci_high,
    case
        when not estimate.is_hidden
            then cast(rank() over (
                partition by
                    estimate.wave, estimate.code, estimate.scenario, estimate.population_kind,
                    estimate.is_hidden
                order by round(estimate.score, 8) desc
            ) as integer)
    end as rank,
    {{ shown('estimate.change', ['estimate.is_hidden', 'estimate.previous_is_hidden']) }} as change,
    {{ shown('estimate.change_ci_low', ['estimate.is_hidden', 'estimate.previous_is_hidden']) }} as change_ci_low,
    {{ shown('estimate.change_ci_high', ['estimate.is_hidden', 'estimate.previous_is_hidden']) }} as change_ci_high,
    estimate.n_matched,
    {{ shown('estimate.matched_change', ['estimate.matched_is_hidden']) }} as matched_change,
    {{ shown('estimate.matched_change_ci_low', ['estimate.matched_is_hidden']) }} as matched_change_ci_low,
    {{ shown('estimate.matched_change_ci_high', ['estimate.matched_is_hidden']) }} as matched_change_ci_high,
    {{ shown('estimate.composition_change', ['estimate.matched_is_hidden', 'estimate.is_hidden', 'estimate.previous_is_hidden']) }} as composition_change,
    estimate.comparable,
    estimate.comparable_reason,
    estimate.n_common_items,
    estimate.is_hidden as suppressed,
    {{ hidden_reason('estimate.n', 'estimate.is_hidden') }} as suppressed_reason,
    estimate.is_synthetic
{%- endmacro %}
