{# The combination of columns is a key: no duplicates and no NULL in it. #}
{% test key(model, columns) %}
select {{ columns | join(', ') }}, count(*) as n_rows
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1 or {% for column in columns %}{{ column }} is null{{ ' or ' if not loop.last }}{% endfor %}
{% endtest %}

{# The relation lists problems: it has to be empty. #}
{% test is_empty(model) %}
select * from {{ model }}
{% endtest %}
