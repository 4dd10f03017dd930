{{ config(materialized='view') }}

-- Weight of every item, indicator and dimension of a wave in every set of weights: the weight of the
-- framework tables, or 1 in a set with base `equal`, unless framework_weight says otherwise.
with framework as (
    select wave, 'item' as level, item_id as code, max(item_weight) as weight
    from {{ ref('int_item') }}
    where indicator is not null
    group by wave, item_id
    union all
    select wave, 'indicator', indicator, max(indicator_weight)
    from {{ ref('int_item') }}
    where indicator is not null
    group by wave, indicator
    union all
    select wave, 'dimension', dimension, max(dimension_weight)
    from {{ ref('int_item') }}
    where indicator is not null
    group by wave, dimension
),

weight_set as (select * from {{ ref('framework_weight_set') }}),

changed as (select * from {{ ref('framework_weight') }})

select
    framework.wave,
    weight_set.weight_set,
    framework.level,
    framework.code,
    coalesce(changed.weight, case when weight_set.base = 'equal' then 1.0 else framework.weight end) as weight
from framework
cross join weight_set
left join changed
    on
        weight_set.weight_set = changed.weight_set
        and framework.level = changed.level
        and framework.code = changed.code
        and {{ valid_in('changed', 'framework.wave') }}
