{# Values of a group in a fixed order, as a list; lists compare element by element. #}
{% macro ordered_list(expression, order_by) -%}
    list({{ expression }} order by {{ order_by }})
{%- endmacro %}

{# The same as one text, for people and CSV files. #}
{% macro ordered_text(expression, order_by, separator=' | ') -%}
    string_agg({{ expression }}, '{{ separator }}' order by {{ order_by }})
{%- endmacro %}
