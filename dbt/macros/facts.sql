{# What a figure speaks of, as one key: entity, fiscal year, measure and period. #}
{% macro fact_id(entity_kind, entity_id, fiscal_year, measure, period) -%}
    {{ entity_kind }} || ':' || {{ entity_id }} || ':' || {{ fiscal_year }} || ':' || {{ measure }} || ':' || {{ period }}
{%- endmacro %}
