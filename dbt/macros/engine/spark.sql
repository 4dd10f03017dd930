{# The tables of a schema stand in one folder of the home, where Python reads them as files. #}
{% macro spark__create_schema(relation) -%}
    {%- call statement('create_schema') -%}
        create schema if not exists {{ relation }}
        location '{{ env_var('FENGCHAO_SHARED_HOME') }}/warehouse/spark/{{ relation.schema }}'
    {%- endcall -%}
{%- endmacro %}

{# `dbt run-operation source_views`: what Python has written, as views that read its files in place. #}
{% macro source_views() -%}
    {%- for source in graph.sources.values() -%}
        {%- if loop.changed(source.schema) -%}
            {%- do run_query('create schema if not exists ' ~ source.schema) -%}
        {%- endif -%}
        {%- set files = env_var('FENGCHAO_SHARED_HOME') ~ '/' ~ source.meta.spark_files.replace('{name}', source.name) -%}
        {%- do run_query('create or replace view ' ~ source.schema ~ '.' ~ source.name
                         ~ ' as select * from parquet.`' ~ files ~ '`') -%}
    {%- endfor -%}
{%- endmacro %}

{% macro create_parquet(relation, sql, partition_by=none) -%}
    {%- if config.get('contract').enforced -%} {{ get_assert_columns_equivalent(sql) }} {%- endif -%}
    create table {{ relation }} using parquet {% if partition_by %}partitioned by ({{ partition_by }}){% endif %} as
    {{ sql }}
{%- endmacro %}

{# A table that is rebuilt whole, beside the old one: what fails its contract or its query leaves the old one. #}
{% materialization table, adapter='spark' -%}
    {%- set table = this.incorporate(type='table') -%}
    {%- set beside = table.incorporate(path={'identifier': this.identifier ~ '__new'}) -%}
    {{ run_hooks(pre_hooks) }}
    {%- do adapter.drop_relation(beside) -%}
    {%- call statement('main') -%} {{ create_parquet(beside, sql) }} {%- endcall -%}
    {%- do drop_relation_if_exists(load_cached_relation(this)) -%}
    {%- do adapter.rename_relation(beside, table) -%}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [table]}) }}
{%- endmaterialization %}

{# A seed as literals: dbt-spark binds an empty cell as the text None. #}
{% macro spark__load_csv_rows(model, agate_table) -%}
    {%- set types = model['config'].get('column_types', {}) -%}
    {%- set sql -%}
        insert overwrite table {{ this }} values
        {%- for row in agate_table.rows %}
        ({% for cell in row -%}
            {%- set type = types.get(agate_table.column_names[loop.index0], adapter.convert_type(agate_table, loop.index0)) -%}
            cast({{ spark_literal(cell) }} as {{ type }}){{ ', ' if not loop.last }}
        {%- endfor %}){{ ',' if not loop.last }}
        {%- endfor -%}
    {%- endset -%}
    {%- if agate_table.rows -%} {%- do adapter.add_query(sql, abridge_sql_log=True) -%} {%- endif -%}
    {{ return(sql) }}
{%- endmacro %}

{% macro spark_literal(value) -%}
    {{ 'null' if value is none else "'" ~ (value | string).replace('\\', '\\\\').replace("'", "\\'") ~ "'" }}
{%- endmacro %}
