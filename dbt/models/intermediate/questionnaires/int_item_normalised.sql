{{ config(meta={'year': 'wave', 'in_parts': 'scenarios'}) }}

-- What each score of an item becomes under the relative normalisations, within the wave. From the
-- histogram of the item: respondents with the same score get the same value, and the table stays small.
-- Only for waves in which a scenario asks for it. An item on which all agree tells nobody apart: 50.
with scenario as (
    {{ scored_scenarios() }}
),

histogram as (
    select wave, item_id, raw_score, count(*) as n
    from {{ ref('int_item_score') }}
    where
        {{ in_window('wave') }}
        and raw_score is not null
        and wave in (select wave from scenario where normalisation <> 'goalposts')
    group by wave, item_id, raw_score
),

moments as (
    select
        wave, item_id,
        sum(n) as n_all,
        min(raw_score) as lowest,
        max(raw_score) as highest,
        sum(n * raw_score) / sum(n) as mean
    from histogram
    group by wave, item_id
),

spread as (
    select
        histogram.wave, histogram.item_id,
        sqrt(sum(histogram.n * power(histogram.raw_score - moments.mean, 2)) / nullif(max(moments.n_all) - 1, 0)) as sd
    from histogram
    inner join moments on histogram.wave = moments.wave and histogram.item_id = moments.item_id
    group by histogram.wave, histogram.item_id
),

placed as (
    select
        histogram.*,
        moments.n_all, moments.lowest, moments.highest, moments.mean, spread.sd,
        coalesce(sum(histogram.n) over (
            partition by histogram.wave, histogram.item_id
            order by histogram.raw_score rows between unbounded preceding and 1 preceding
        ), 0) as n_below
    from histogram
    inner join moments on histogram.wave = moments.wave and histogram.item_id = moments.item_id
    inner join spread on histogram.wave = spread.wave and histogram.item_id = spread.item_id
)

select
    placed.wave,
    placed.item_id,
    placed.raw_score,
    kind.normalisation,
    case
        when placed.lowest = placed.highest then 50.0
        when kind.normalisation = 'minmax'
            then 100.0 * (placed.raw_score - placed.lowest) / (placed.highest - placed.lowest)
        when kind.normalisation = 'zscore'
            then least(100.0, greatest(0.0, 50.0 + 10.0 * (placed.raw_score - placed.mean) / placed.sd))
        else 1e2 * placed.n_below / (placed.n_all - 1)
    end as value
from placed
cross join (values ('minmax'), ('zscore'), ('prank')) as kind (normalisation)
