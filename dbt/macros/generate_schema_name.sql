{# Schemas are named as written (staging, restricted, intermediate, marts, framework), the same on every target. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
