{#
  What DuckDB and Spark SQL write differently stands in this folder and nowhere else. Everything else is SQL
  that both speak: `string` for text, 1e2 and not 100.0 before a division (Spark divides decimals as
  decimals), `nulls last` wherever a column that may be empty is sorted, no division by zero.
#}

{# Values of a group in a fixed order, as a list; lists compare element by element. #}
{% macro ordered_list(expression, order_by) -%}
    {{ adapter.dispatch('ordered_list')(expression, order_by) }}
{%- endmacro %}

{% macro duckdb__ordered_list(expression, order_by) -%}
    list({{ expression }} order by {{ order_by }})
{%- endmacro %}

{% macro spark__ordered_list(expression, order_by) -%}
    transform(array_sort(collect_list(struct({{ order_by }} as place, {{ expression }} as item))), pair -> pair.item)
{%- endmacro %}

{# The same as one text, for people and CSV files. #}
{% macro ordered_text(expression, order_by, separator=' | ') -%}
    {{ adapter.dispatch('ordered_text')(expression, order_by, separator) }}
{%- endmacro %}

{% macro duckdb__ordered_text(expression, order_by, separator) -%}
    string_agg({{ expression }}, '{{ separator }}' order by {{ order_by }})
{%- endmacro %}

{% macro spark__ordered_text(expression, order_by, separator) -%}
    listagg({{ expression }}, '{{ separator }}') within group (order by {{ order_by }})
{%- endmacro %}

{# Whether a text holds one of the alternatives of a pattern (a|b|c). #}
{% macro holds(text, pattern) -%} {{ adapter.dispatch('holds')(text, pattern) }} {%- endmacro %}

{% macro duckdb__holds(text, pattern) -%} regexp_matches({{ text }}, {{ pattern }}) {%- endmacro %}

{% macro spark__holds(text, pattern) -%} regexp_like({{ text }}, {{ pattern }}) {%- endmacro %}

{# One row for each part of a text that `|` divides, without spaces around it. #}
{% macro each_part(text) -%} {{ adapter.dispatch('each_part')(text) }} {%- endmacro %}

{% macro duckdb__each_part(text) -%} trim(unnest(string_split({{ text }}, '|'))) {%- endmacro %}

{% macro spark__each_part(text) -%} explode(transform(split({{ text }}, '[|]'), part -> trim(part))) {%- endmacro %}

{# Days from one date to another. #}
{% macro days_between(first, last) -%} {{ adapter.dispatch('days_between')(first, last) }} {%- endmacro %}

{% macro duckdb__days_between(first, last) -%} date_diff('day', {{ first }}, {{ last }}) {%- endmacro %}

{% macro spark__days_between(first, last) -%} datediff({{ last }}, {{ first }}) {%- endmacro %}

{# A date from a text with year, month and day; NULL where it is none. Spark would take 2023 for the first of January. #}
{% macro date_or_null(text) -%} {{ adapter.dispatch('date_or_null')(text) }} {%- endmacro %}

{% macro duckdb__date_or_null(text) -%} try_cast({{ text }} as date) {%- endmacro %}

{% macro spark__date_or_null(text) -%}
    case when regexp_like({{ text }}, '^[0-9]+-[0-9]+-[0-9]+$') then try_cast({{ text }} as date) end
{%- endmacro %}
