{{ config(meta={'year': 'wave'}) }}

-- Items of a wave: the codebook, and for scored items what the framework says about them. Nothing is
-- scored while int_framework_problem finds something.
-- depends_on: {{ ref('int_framework_problem') }}
with item as (
    select * from {{ ref('stg_questionnaire__item') }} where {{ in_window('wave') }}
)

select
    item.wave,
    item.item_id,
    item.item_type,
    item.option_set,
    coalesce(indicator.dimension, item.dimension) as dimension,
    framework_item.indicator,
    framework_item.weight as item_weight,
    indicator.weight as indicator_weight,
    dimension.weight as dimension_weight,
    framework_item.scoring,
    framework_item.max_points,
    goalpost.lower,
    goalpost.upper,
    goalpost.direction,
    item.change_type,
    item.is_comparable
from item
left join {{ ref('framework_item') }} as framework_item
    on item.item_id = framework_item.item_id and {{ valid_in('framework_item', 'item.wave') }}
left join {{ ref('framework_indicator') }} as indicator
    on framework_item.indicator = indicator.indicator and {{ valid_in('indicator', 'item.wave') }}
left join {{ ref('framework_dimension') }} as dimension
    on indicator.dimension = dimension.dimension and {{ valid_in('dimension', 'item.wave') }}
left join {{ ref('framework_goalpost') }} as goalpost
    on item.item_id = goalpost.item_id and {{ valid_in('goalpost', 'item.wave') }}
order by item.wave, item.item_id
