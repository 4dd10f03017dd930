{#
  The years of a run stand in the environment variable FENGCHAO_YEARS (`2023` or `2020,2023`; empty:
  all years). It is not a dbt variable, because changing variables would parse the project anew.

  Yearly models are rerun as: delete the window, insert the window, in one transaction. Deleting by
  the window and not by the rows of the new batch also removes a year that has become empty.

  `ahead` adds the following years: a model that looks back one year has to be refreshed for the
  year after the one that changed.
#}
{% macro window_years(ahead=0) %}
    {%- set years = [] -%}
    {%- for year in env_var('FENGCHAO_YEARS', '').split(',') if year | trim -%}
        {%- for step in range(ahead + 1) -%}
            {%- do years.append((year | trim | int) + step) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(years | unique | sort) }}
{% endmacro %}

{% macro in_window(column, ahead=0) -%}
    {%- set years = window_years(ahead) -%}
    {%- if years -%} {{ column }} in ({{ years | join(', ') }}) {%- else -%} true {%- endif -%}
{%- endmacro %}

{% macro clear_window(column, ahead=0) -%}
    {%- if is_yearly_table() -%} delete from {{ this }} where {{ in_window(column, ahead) }} {%- endif -%}
{%- endmacro %}

{% macro is_yearly_table() -%}
    {%- set existing = load_cached_relation(this) -%}
    {{ return(existing is not none and existing.type == 'table' and not should_full_refresh()) }}
{%- endmacro %}

{#
  A yearly table: `clear_window` deletes the years of the run, the model's rows are inserted. It is what
  `incremental` does with the strategy `append`, without the temporary table and half of its statements.
#}
{% materialization yearly, default -%}
    {%- set table = this.incorporate(type='table') -%}
    {%- set is_there = is_yearly_table() -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- if not is_there -%} {%- do drop_relation_if_exists(load_cached_relation(this)) -%} {%- endif -%}
    {%- call statement('main') -%}
        {{ insert_same_columns(table, sql) if is_there else create_table_as(False, table, sql) }}
    {%- endcall -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [table]}) }}
{%- endmaterialization %}

{# Insert by name. Stops where the model no longer has the columns and types of its table. #}
{% macro insert_same_columns(table, sql) -%}
    {%- if config.get('contract').enforced -%} {{ get_assert_columns_equivalent(sql) }} {%- endif -%}
    {%- set ours = adapter.get_column_schema_from_query(get_empty_subquery_sql(sql)) -%}
    {%- set theirs = adapter.get_column_schema_from_query('select * from ' ~ table ~ ' where false') -%}
    {%- if schema_words(ours) != schema_words(theirs) -%}
        {%- do exceptions.raise_compiler_error(
            'The columns of the model are not those of its table. Model: ' ~ schema_words(ours) ~ '. Table: ' ~ schema_words(theirs)) -%}
    {%- endif -%}
    {%- set names = theirs | map(attribute='quoted') | join(', ') -%}
    insert into {{ table }} ({{ names }})
    select {{ names }} from (
        {{ sql }}
    ) as model_rows
{%- endmacro %}

{% macro schema_words(columns) -%}
    {%- set words = [] -%}
    {%- for column in columns -%} {%- do words.append(column.name ~ ' ' ~ column.data_type) -%} {%- endfor -%}
    {{ return(words | sort | join(', ')) }}
{%- endmacro %}
