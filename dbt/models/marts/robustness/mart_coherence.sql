{{ config(materialized='yearly', meta={'year': 'wave'}) }}

-- Whether the parts of each score belong together. A correlation under -0.4 says that two siblings
-- pull apart, under 0.3 that they have little in common, over 0.9 that one repeats the other.
with coherence as (
    select * from {{ source('analysis', 'coherence') }} where {{ in_window('wave') }}
),

pair as (
    select wave, level, key_a, key_b, correlation
    from {{ source('analysis', 'coherence_correlation') }}
    where {{ in_window('wave') }} and n >= {{ var('min_group_size') }} and correlation is not null
),

sibling as (
    select wave, level, key_a as key, correlation from pair
    union all
    select wave, level, key_b as key, correlation from pair
),

correlation as (
    select
        wave, level, key,
        count(*) as n_correlations,
        min(correlation) as min_correlation,
        max(correlation) as max_correlation,
        sum(case when correlation < -0.4 then 1 else 0 end) as n_negative,
        sum(case when correlation >= -0.4 and correlation < 0.3 then 1 else 0 end) as n_weak,
        sum(case when correlation > 0.9 then 1 else 0 end) as n_collinear
    from sibling
    group by wave, level, key
)

select
    cast(coherence.wave as integer) as wave,
    coherence.level,
    coherence.key,
    coherence.parent,
    cast(coherence.n_children as integer) as n_children,
    cast(coherence.n_alpha as integer) as n_alpha,
    case when coherence.n_alpha >= {{ var('min_group_size') }} then coherence.alpha end as alpha,
    case
        when coalesce(coherence.n_children, 0) < 2 then 'fewer_than_two_parts'
        when coherence.n_alpha < {{ var('min_group_size') }} then 'too_few_respondents'
        when coherence.alpha is null then 'no_variation'
    end as alpha_reason,
    cast(coherence.n_item_rest as integer) as n_item_rest,
    case when coherence.n_item_rest >= {{ var('min_group_size') }} then coherence.item_rest end as item_rest,
    cast(coalesce(correlation.n_correlations, 0) as integer) as n_correlations,
    correlation.min_correlation,
    correlation.max_correlation,
    cast(coalesce(correlation.n_negative, 0) as integer) as n_negative,
    cast(coalesce(correlation.n_weak, 0) as integer) as n_weak,
    cast(coalesce(correlation.n_collinear, 0) as integer) as n_collinear,
    coherence.is_synthetic
from coherence
left join correlation
    on
        coherence.wave = correlation.wave
        and coherence.level = correlation.level
        and coherence.key = correlation.key
order by wave, coherence.level, coherence.key
