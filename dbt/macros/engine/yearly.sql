{#
  A yearly table: the years of the run are replaced by the model's rows, all others stay. `meta` of the model
  names its column of years and how many years ahead it reaches (see window.sql).

  DuckDB: delete and insert in one transaction. It is what `incremental` does with the strategy `append`,
  without the temporary table and half of its statements. Where `meta` says `in_parts`, the rows are inserted
  some years at a time: see parts_of_window.
#}
{% materialization yearly, default -%}
    {%- set table = this.incorporate(type='table') -%}
    {%- set is_there = is_yearly_table() -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- if is_there -%}
        {%- call statement('clear') -%} delete from {{ table }} where {{ in_own_window() }} {%- endcall -%}
    {%- else -%}
        {%- do drop_relation_if_exists(load_cached_relation(this)) -%}
    {%- endif -%}
    {%- for part in parts_of_window() -%}
        {%- if part -%}
            {%- for bound in ('first', 'last') -%}
                {%- do set_part_bound(bound, part[bound]) -%}
            {%- endfor -%}
        {%- endif -%}
        {%- call statement('main') -%}
            {%- if not loop.first -%} insert into {{ table }} by name {{ sql }}
            {%- else -%} {{ insert_same_columns(table, sql) if is_there else create_table_as(False, table, sql) }}
            {%- endif -%}
        {%- endcall -%}
    {%- endfor -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [table]}) }}
{%- endmaterialization %}

{#
  Spark: Parquet partitioned by the year; the partitions of the new rows are overwritten at the commit of the
  job, so a job that dies changes nothing. That keeps a year which has become empty: its old files are still
  there afterwards, and it is dropped.
#}
{% materialization yearly, adapter='spark' -%}
    {%- set table, year = this.incorporate(type='table'), config.get('meta')['year'] -%}
    {%- set rows = 'select * from (' ~ sql ~ '\n) as model_rows where ' ~ in_own_window() -%}
    {{ run_hooks(pre_hooks) }}
    {%- if is_yearly_table() -%}
        {%- set files = files_of_window(table, year) -%}
        {%- do run_query('set spark.sql.sources.partitionOverwriteMode = dynamic') -%}
        {%- call statement('main') -%} {{ overwrite_same_columns(table, year, rows) }} {%- endcall -%}
        {%- if files -%}
            {%- for emptied in query_values('select distinct ' ~ year ~ ' from ' ~ table ~ ' where ' ~ in_own_window()
                                            ~ " and _metadata.file_name in ('" ~ files | join("', '") ~ "')") -%}
                {%- do run_query('alter table ' ~ table ~ ' drop if exists partition (' ~ year ~ ' = ' ~ emptied ~ ')') -%}
            {%- endfor -%}
        {%- endif -%}
    {%- else -%}
        {%- do drop_relation_if_exists(load_cached_relation(this)) -%}
        {%- call statement('main') -%} {{ create_parquet(table, rows, partition_by=year) }} {%- endcall -%}
    {%- endif -%}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [table]}) }}
{%- endmaterialization %}

{% macro in_own_window() -%}
    {%- set meta = config.get('meta') -%}
    {{ in_window(meta['year'], meta.get('ahead', 0)) }}
{%- endmacro %}

{#
  A model of `in_parts` groups or joins rows of every respondent. All years at once would not fit into memory,
  and what does not fit takes more than its share of time: so it is built in parts of some years, at most
  `respondents_at_once` respondents or one year; a twentieth of them where `per_scenario` says that each stands in
  every scenario. The bounds of the part stand in two variables of the session,
  named after the model; without them the part is everything.
    in_parts: respondents   all years of the window
    in_parts: scenarios     the years in which scenarios are scored; nothing is read of the others
  Spark divides by itself.
#}
{% macro in_part(column, back) -%} {{ adapter.dispatch('in_part')(column, back) }} {%- endmacro %}

{% macro duckdb__in_part(column, back) -%}
    {%- if (config.get('meta') or {}).get('in_parts') %}
    and {{ column }} >= coalesce(getvariable('{{ part_bound('first') }}'), 0) - {{ back }}
    and {{ column }} <= coalesce(getvariable('{{ part_bound('last') }}'), 9999)
    {%- endif -%}
{%- endmacro %}

{% macro spark__in_part(column, back) -%} {%- endmacro %}

{% macro part_bound(bound) -%} {{ model.name }}_{{ bound }} {%- endmacro %}

{% macro set_part_bound(bound, value) -%} {%- do run_query('set variable ' ~ part_bound(bound) ~ ' = ' ~ value) -%} {%- endmacro %}

{# The parts, as {first, last}; [none] for a model that is built at once. #}
{% macro parts_of_window() -%}
    {%- set meta = config.get('meta') -%}
    {%- if not meta.get('in_parts') -%} {{ return([none]) }} {%- endif -%}
    {%- for bound in ('first', 'last') -%} {%- do set_part_bound(bound, 'null') -%} {%- endfor -%}
    {%- set years = window_years(meta.get('ahead', 0)) -%}
    {%- if years | length == 1 and meta.in_parts == 'respondents' -%} {{ return([{'first': years[0], 'last': years[0]}]) }} {%- endif -%}
    {%- set most = var('respondents_at_once') // (20 if meta.get('per_scenario') else 1) -%}
    {%- set parts = [] -%}
    {%- for wave, n in run_query(respondents_of_waves(meta)).rows -%}
        {%- set part = parts | last -%}
        {%- if parts and part.last == wave - 1 and part.n + n <= most -%}
            {%- do part.update(last=wave, n=part.n + n) -%}
        {%- else -%}
            {%- do parts.append({'first': wave, 'last': wave, 'n': n}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(parts or [{'first': 1, 'last': 0}]) }}
{%- endmacro %}

{# Every model in parts hangs on the respondents by others, or itself; a `ref` would ask for itself. #}
{% macro respondents_of_waves(meta) -%}
    select wave, count(*) as n
    from {{ graph.nodes['model.' ~ project_name ~ '.stg_questionnaire__response'].relation_name }}
    where
        {{ in_window('wave', meta.get('ahead', 0)) }}
        {% if meta.in_parts == 'scenarios' -%} and wave in (select wave from ({{ scored_scenarios(meta.get('ahead', 0)) }})) {%- endif %}
    group by wave
    order by wave
{%- endmacro %}

{% macro is_yearly_table() -%}
    {%- set existing = load_cached_relation(this) -%}
    {{ return(existing is not none and existing.type == 'table' and not should_full_refresh()) }}
{%- endmacro %}

{# Insert by name. Stops where the model no longer has the columns and types of its table. #}
{% macro insert_same_columns(table, sql) -%}
    {%- if config.get('contract').enforced -%} {{ get_assert_columns_equivalent(sql) }} {%- endif -%}
    {%- set ours = adapter.get_column_schema_from_query(get_empty_subquery_sql(sql)) -%}
    {%- set theirs = adapter.get_column_schema_from_query('select * from ' ~ table ~ ' where false') -%}
    {%- do stop_where_columns_differ(ours, theirs) -%}
    {%- set names = theirs | map(attribute='quoted') | join(', ') -%}
    insert into {{ table }} ({{ names }})
    select {{ names }} from (
        {{ sql }}
    ) as model_rows
{%- endmacro %}

{# The same for Spark; the column of years stands last in its table. #}
{% macro overwrite_same_columns(table, year, sql) -%}
    {%- if config.get('contract').enforced -%} {{ get_assert_columns_equivalent(sql) }} {%- endif -%}
    {%- set theirs = adapter.get_columns_in_relation(table) -%}
    {%- set ours = [] -%}
    {%- for row in run_query('describe query ' ~ sql).rows -%}
        {%- do ours.append(api.Column(row[0], row[1])) -%}
    {%- endfor -%}
    {%- do stop_where_columns_differ(ours, theirs) -%}
    insert overwrite table {{ table }} partition ({{ year }})
    select {{ theirs | map(attribute='quoted') | join(', ') }} from (
        {{ sql }}
    ) as window_rows
{%- endmacro %}

{% macro stop_where_columns_differ(ours, theirs) -%}
    {%- if schema_words(ours) != schema_words(theirs) -%}
        {%- do exceptions.raise_compiler_error(
            'The columns of the model are not those of its table. Model: ' ~ schema_words(ours) ~ '. Table: ' ~ schema_words(theirs)) -%}
    {%- endif -%}
{%- endmacro %}

{% macro schema_words(columns) -%}
    {%- set words = [] -%}
    {%- for column in columns -%} {%- do words.append(column.name ~ ' ' ~ column.data_type) -%} {%- endfor -%}
    {{ return(words | sort | join(', ')) }}
{%- endmacro %}

{# Names of the files that hold rows of the window; none without a look at them where no year of it has a partition. #}
{% macro files_of_window(table, year) -%}
    {%- set partitions = query_values('show partitions ' ~ table) -%}
    {%- set years = window_years(config.get('meta').get('ahead', 0)) -%}
    {%- set loaded = [] -%}
    {%- for partition in partitions if not years or partition.split('=')[1] | int in years -%}
        {%- do loaded.append(partition) -%}
    {%- endfor -%}
    {{ return(query_values('select distinct _metadata.file_name from ' ~ table ~ ' where ' ~ in_own_window()) if loaded else []) }}
{%- endmacro %}

{% macro query_values(query) -%} {{ return(run_query(query).columns[0].values() | list) }} {%- endmacro %}
