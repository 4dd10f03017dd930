{# The primary rule of disclosure control: a group this small shows its size and no result. #}
{% macro is_small(n) -%}
    {{ n }} < {{ var('min_group_size') }}
{%- endmacro %}

{# `value`, where all of the groups it rests on may be shown. A group that is not there shows nothing. #}
{% macro shown(value, groups) -%}
    case when {% for n in groups %}{{ n }} >= {{ var('min_group_size') }}{{ ' and ' if not loop.last }}{% endfor %} then {{ value }} end
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
    {{ shown('estimate.score', ['estimate.n']) }} as {{ score }},
    {{ shown('estimate.se', ['estimate.n']) }} as se,
    {{ shown('estimate.ci_low', ['estimate.n']) }} as ci_low,
    {{ shown('estimate.ci_high', ['estimate.n']) }} as ci_high,
    case
        when not {{ is_small('estimate.n') }}
            then cast(rank() over (
                partition by
                    estimate.wave, estimate.code, estimate.scenario, estimate.population_kind,
                    {{ is_small('estimate.n') }}
                order by round(estimate.score, 8) desc
            ) as integer)
    end as rank,
    {{ shown('estimate.change', ['estimate.n', 'estimate.previous_n']) }} as change,
    {{ shown('estimate.change_ci_low', ['estimate.n', 'estimate.previous_n']) }} as change_ci_low,
    {{ shown('estimate.change_ci_high', ['estimate.n', 'estimate.previous_n']) }} as change_ci_high,
    estimate.n_matched,
    {{ shown('estimate.matched_change', ['estimate.n_matched']) }} as matched_change,
    {{ shown('estimate.matched_change_ci_low', ['estimate.n_matched']) }} as matched_change_ci_low,
    {{ shown('estimate.matched_change_ci_high', ['estimate.n_matched']) }} as matched_change_ci_high,
    {{ shown('estimate.composition_change', ['estimate.n_matched', 'estimate.n', 'estimate.previous_n']) }} as composition_change,
    estimate.comparable,
    estimate.comparable_reason,
    estimate.n_common_items,
    {{ is_small('estimate.n') }} as suppressed,
    estimate.is_synthetic
{%- endmacro %}
