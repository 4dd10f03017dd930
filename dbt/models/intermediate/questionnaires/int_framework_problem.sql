{{ config(materialized='view') }}

-- The framework check: one row per breach, none when the framework is sound. A test on this view stops
-- the run before anything is scored.
with item as (select * from {{ ref('framework_item') }}),

indicator as (select * from {{ ref('framework_indicator') }}),

dimension as (select * from {{ ref('framework_dimension') }}),

weight_set as (select * from {{ ref('framework_weight_set') }}),

weight as (select * from {{ ref('framework_weight') }}),

scenario as (select * from {{ ref('framework_scenario') }}),

goalpost as (select * from {{ ref('framework_goalpost') }}),

codebook as (
    select * from {{ ref('stg_questionnaire__item') }} where {{ in_window('wave') }}
),

wave as (select distinct wave from codebook),

item_of_wave as (
    select wave.wave, item.* from wave inner join item on {{ valid_in('item', 'wave.wave') }}
),

scored as (
    select item_of_wave.*, codebook.item_type, codebook.option_set
    from item_of_wave
    inner join codebook on item_of_wave.wave = codebook.wave and item_of_wave.item_id = codebook.item_id
),

option_of_wave as (
    select scored.wave, scored.item_id, scored.scoring, option.*, range.value
    from scored
    inner join {{ ref('framework_option') }} as option
        on scored.option_set = option.option_set and {{ valid_in('option', 'scored.wave') }}
    left join {{ ref('framework_range') }} as range
        on option.option_set = range.option_set and option.option_id = range.option_id
),

threshold as (select * from {{ ref('framework_threshold') }}),

grade as (select * from {{ ref('framework_grade') }}),

problem as (
    -- Every item in exactly one indicator, and the codebook says the same.
    select wave, 'item_in_two_indicators' as rule, item_id as subject, {{ sorted_list('indicator') }} as found
    from item_of_wave
    group by wave, item_id
    having count(*) > 1
    union all
    select codebook.wave, 'item_not_in_framework', codebook.item_id, 'codebook: ' || codebook.indicator
    from codebook
    left join item_of_wave
        on codebook.wave = item_of_wave.wave and codebook.item_id = item_of_wave.item_id
    where codebook.indicator is not null and item_of_wave.item_id is null
    union all
    select item_of_wave.wave, 'item_not_in_codebook', item_of_wave.item_id, 'framework: ' || item_of_wave.indicator
    from item_of_wave
    left join codebook
        on item_of_wave.wave = codebook.wave and item_of_wave.item_id = codebook.item_id
    where codebook.item_id is null
    union all
    select
        item_of_wave.wave, 'indicator_differs_from_codebook', item_of_wave.item_id,
        'framework: ' || indicator.dimension || '.' || indicator.indicator
        || ', codebook: ' || codebook.dimension || '.' || coalesce(codebook.indicator, 'none')
    from item_of_wave
    inner join codebook
        on item_of_wave.wave = codebook.wave and item_of_wave.item_id = codebook.item_id
    inner join indicator
        on item_of_wave.indicator = indicator.indicator and {{ valid_in('indicator', 'item_of_wave.wave') }}
    where
        codebook.indicator is distinct from indicator.indicator
        or codebook.dimension is distinct from indicator.dimension
    union all
    -- No orphan.
    select item_of_wave.wave, 'unknown_indicator', item_of_wave.item_id, item_of_wave.indicator
    from item_of_wave
    left join indicator
        on item_of_wave.indicator = indicator.indicator and {{ valid_in('indicator', 'item_of_wave.wave') }}
    where indicator.indicator is null
    union all
    select wave.wave, 'indicator_without_item', indicator.indicator, 'no item in this wave'
    from wave
    inner join indicator on {{ valid_in('indicator', 'wave.wave') }}
    left join item_of_wave
        on wave.wave = item_of_wave.wave and indicator.indicator = item_of_wave.indicator
    where item_of_wave.item_id is null
    union all
    select wave.wave, 'indicator_in_two_periods', indicator.indicator, 'count: ' || cast(count(*) as string)
    from wave
    inner join indicator on {{ valid_in('indicator', 'wave.wave') }}
    group by wave.wave, indicator.indicator
    having count(*) > 1
    union all
    select wave.wave, 'unknown_dimension', indicator.indicator, indicator.dimension
    from wave
    inner join indicator on {{ valid_in('indicator', 'wave.wave') }}
    left join dimension
        on indicator.dimension = dimension.dimension and {{ valid_in('dimension', 'wave.wave') }}
    where dimension.dimension is null
    union all
    -- Every wave complete.
    select wave.wave, 'dimension_without_indicator', dimension.dimension, 'no indicator in this wave'
    from wave
    inner join dimension on {{ valid_in('dimension', 'wave.wave') }}
    left join indicator
        on dimension.dimension = indicator.dimension and {{ valid_in('indicator', 'wave.wave') }}
    where indicator.indicator is null
    union all
    select wave.wave, 'level_without_threshold', level.level, 'one row of framework_threshold is wanted'
    from wave
    cross join (values ('indicator'), ('dimension'), ('index')) as level (level)
    left join threshold on level.level = threshold.level and {{ valid_in('threshold', 'wave.wave') }}
    group by wave.wave, level.level
    having count(threshold.threshold) <> 1 or max(threshold.threshold) not between 0 and 1
    union all
    select wave.wave, 'grades_do_not_begin_at_0', 'framework_grade', coalesce(cast(min(grade.min_score) as string), 'none')
    from wave
    left join grade on {{ valid_in('grade', 'wave.wave') }}
    group by wave.wave
    having min(grade.min_score) is distinct from 0.0 or count(distinct grade.min_score) <> count(grade.grade)
    union all
    -- Weights positive.
    select null, 'weight_not_positive', subject, cast(weight as string)
    from (
        select item_id as subject, weight from item
        union all
        select indicator, weight from indicator
        union all
        select dimension, weight from dimension
        union all
        select weight_set || '.' || code, weight from weight
    ) as weights
    where coalesce(weight, 0.0) <= 0.0
    union all
    -- Every option scored, and only where it is scored by points.
    select wave, 'option_not_scored', item_id, option_id
    from option_of_wave
    where
        option_id <> 'not_applicable'
        and case when scoring = 'goalpost' then value is null else points is null end
    union all
    select wave, 'points_outside_0_100', item_id, option_id || ': ' || cast(points as string)
    from option_of_wave
    where scoring = 'points' and (points < 0.0 or points > 100.0)
    union all
    select scored.wave, 'item_without_options', scored.item_id, coalesce(scored.option_set, 'no option set')
    from scored
    left join option_of_wave
        on scored.wave = option_of_wave.wave and scored.item_id = option_of_wave.item_id
    where
        option_of_wave.item_id is null
        and (scored.scoring = 'points' or scored.item_type not in ('number', 'scale'))
    union all
    select scored.wave, 'multi_without_max_points', scored.item_id, coalesce(cast(scored.max_points as string), 'empty')
    from scored
    where scored.item_type = 'multi' and coalesce(scored.max_points, 0.0) <= 0.0
    union all
    select scored.wave, 'item_without_goalpost', scored.item_id, 'one row of framework_goalpost is wanted'
    from scored
    left join goalpost on scored.item_id = goalpost.item_id and {{ valid_in('goalpost', 'scored.wave') }}
    where scored.scoring = 'goalpost'
    group by scored.wave, scored.item_id
    having count(goalpost.item_id) <> 1
    union all
    select null, 'goalpost_impossible', item_id, cast(lower as string) || ' to ' || cast(upper as string)
    from goalpost
    where not coalesce(lower < upper and direction in (-1, 1), false)
    union all
    -- Scenarios name what exists, and the headline is what it says it is.
    select null, 'unknown_weight_set', scenario.scenario, scenario.weight_set
    from scenario
    left join weight_set on scenario.weight_set = weight_set.weight_set
    where weight_set.weight_set is null
    union all
    select null, 'weight_of_unknown_set', weight.weight_set, weight.code
    from weight
    left join weight_set on weight.weight_set = weight_set.weight_set
    where weight_set.weight_set is null
    union all
    select null, 'weight_of_unknown_code', weight.weight_set, weight.level || '.' || weight.code
    from weight
    left join (
        select 'item' as level, item_id as code from item
        union
        select 'indicator', indicator from indicator
        union
        select 'dimension', dimension from dimension
    ) as known on weight.level = known.level and weight.code = known.code
    where known.code is null
    union all
    select null, 'headline_redefined', 'headline', 'fixed goalposts, weighted arithmetic mean, framework weights'
    from scenario
    where scenario = 'headline'
    having
        count(*) filter (
            where normalisation = 'goalposts' and aggregation_dimension = 'arithmetic'
            and aggregation_index = 'arithmetic' and weight_set = 'headline'
            and availability_threshold is null and items = 'all' and weighting = 'respondents'
        ) <> 1
)

select wave, rule, subject, found from problem
