{#
  Which groups of a table are hidden. Primary: groups smaller than min_group_size. Complementary:
  the groups of one kind add up to `all`, so one hidden group alone would be the difference between
  the total and the others. So wherever a group is hidden, the smallest groups are hidden with it
  until there are two of them and they hold min_group_size respondents together.

  n: respondents of the group; partition: columns within which the groups add up to the total
  (wave, kind of group, item ...); tie: column that decides between groups of equal size.
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
