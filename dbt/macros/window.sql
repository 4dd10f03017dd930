{#
  The years of a run stand in the environment variable FENGCHAO_YEARS (`2023` or `2020,2023`; empty:
  all years). It is not a dbt variable, because changing variables would parse the project anew.

  Yearly models replace the window and not only the years of the new rows, so a year that has become
  empty goes too; see engine/yearly.sql.

  `ahead` adds the following years: a model that looks back one year has to be refreshed for the
  year after the one that changed. `back` adds the years before: what such a model looks back at.
#}
{% macro window_years(ahead=0, back=0) %}
    {%- set years = [] -%}
    {%- for year in env_var('FENGCHAO_YEARS', '').split(',') if year | trim -%}
        {%- for step in range(-back, ahead + 1) -%}
            {%- do years.append((year | trim | int) + step) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(years | unique | sort) }}
{% endmacro %}

{% macro in_window(column, ahead=0, back=0) -%}
    {%- set years = window_years(ahead, back) -%}
    {%- if years -%} {{ column }} in ({{ years | join(', ') }}) {%- else -%} true {%- endif -%}
    {{ in_part(column, back) }}
{%- endmacro %}
