{{ config(materialized='table') }}

-- Each survey figure printed in a report beside ours. `reason` says why it is not within rounding,
-- and is empty where it is. The mapping of printed figures to items is reviewed data
-- (seeds/published/published_figure_map.csv).
with figure as (
    select * from {{ ref('stg_published__figure') }}
),

figure_map as (
    select * from {{ ref('published_figure_map') }}
),

mapped_option as (
    select
        figure_id, wave, population_kind, population_value, item_id,
        {{ each_part('option_ids') }} as option_id
    from figure_map
    where statistic in ('share', 'share_complement', 'change_pp')
),

share as (
    select * from {{ ref('mart_answer_share') }}
),

computed_share as (
    select
        mapped_option.figure_id,
        cast(sum(share.n_chosen) as integer) as n_chosen,
        max(share.n_eligible) as n_eligible,
        count(share.option_id) as n_options_found,
        count(*) as n_options,
        bool_or(share.suppressed) as suppressed
    from mapped_option
    left join share
        on
            mapped_option.wave = share.wave
            and mapped_option.population_kind = share.population_kind
            and mapped_option.population_value = share.population_value
            and mapped_option.item_id = share.item_id
            and mapped_option.option_id = share.option_id
    group by mapped_option.figure_id
),

-- A printed change speaks of the year before; where that wave is not loaded it cannot be checked.
previous_share as (
    select
        mapped_option.figure_id,
        1e2 * sum(share.n_chosen) / nullif(max(share.n_eligible), 0) as share_pct
    from mapped_option
    inner join share
        on
            mapped_option.wave - 1 = share.wave
            and mapped_option.population_kind = share.population_kind
            and mapped_option.population_value = share.population_value
            and mapped_option.item_id = share.item_id
            and mapped_option.option_id = share.option_id
    group by mapped_option.figure_id
),

score as (
    select * from {{ ref('mart_dimension_score') }} where scenario = 'headline'
),

loaded as (
    select distinct wave from share
),

-- What the audit of print says of the figure itself.
audited as (
    select
        figure_id,
        bool_or(rule = 'total_outside_parts') as is_total_outside_parts,
        bool_or(rule = 'change_not_counts') as is_change_not_counts
    from {{ ref('stg_published__audit') }}
    group by figure_id
),

computed as (
    select
        figure.*,
        figure_map.statistic,
        figure_map.wave,
        figure_map.population_kind,
        figure_map.population_value,
        figure_map.item_id,
        figure_map.option_ids,
        split_part(figure_map.reason, ':', 1) as map_reason,
        nullif(trim(substr(figure_map.reason, length(split_part(figure_map.reason, ':', 1)) + 2)), '') as note,
        loaded.wave is not null as is_wave_loaded,
        coalesce(audited.is_total_outside_parts, false) as is_total_outside_parts,
        coalesce(audited.is_change_not_counts, false) as is_change_not_counts,
        computed_share.n_chosen,
        computed_share.n_eligible,
        coalesce(computed_share.suppressed, score.suppressed, false) as suppressed,
        case figure_map.statistic
            when 'share' then 1e2 * computed_share.n_chosen / nullif(computed_share.n_eligible, 0)
            when 'share_complement'
                then 100.0 * (1 - computed_share.n_chosen / nullif(cast(computed_share.n_eligible as double), 0))
            when 'change_pp'
                then 1e2 * computed_share.n_chosen / nullif(computed_share.n_eligible, 0)
                - previous_share.share_pct
            when 'score' then score.score
        end as computed
    from figure
    left join figure_map on figure.figure_id = figure_map.figure_id
    left join loaded on figure_map.wave = loaded.wave
    left join audited on figure.figure_id = audited.figure_id
    left join computed_share
        on figure.figure_id = computed_share.figure_id
        and computed_share.n_options_found = computed_share.n_options
    left join previous_share on figure.figure_id = previous_share.figure_id
    left join score
        on
            figure_map.statistic = 'score'
            and figure_map.wave = score.wave
            and figure_map.population_kind = score.population_kind
            and figure_map.population_value = score.population_value
            and figure_map.item_id = score.dimension
),

-- The share next to the printed one that some count k of n can give, for the question whether the
-- printed figure is possible at all.
judged as (
    select
        *,
        0.5 * power(10, -decimals) + 1e-9 as half_unit,
        abs(computed - value) as abs_difference,
        abs(
            100.0 * round(value * n_eligible / 100.0) / nullif(cast(n_eligible as double), 0) - value
        ) as distance_to_nearest_count,
        case qualifier
            when 'eq' then abs(computed - value) <= 0.5 * power(10, -decimals) + 1e-9
            when 'approx' then abs(computed - value) <= {{ var('words_tolerance_pp') }}
            when 'gt' then computed > value
            when 'ge' then computed >= value
            when 'lt' then computed < value
            when 'le' then computed <= value
        end as holds
    from computed
)

select
    figure_id,
    document_id,
    cast(document_year as integer) as document_year,
    cast(line as integer) as line,
    place,
    cast(coalesce(wave, survey_year) as integer) as wave,
    population_kind,
    population_value,
    coalesce(statistic, 'not_mapped') as statistic,
    item_id,
    option_ids,
    question_as_printed,
    option_as_printed,
    coalesce(printed_text, value_as_printed) as printed_text,
    value as printed,
    unit,
    qualifier,
    cast(n_chosen as integer) as n_chosen,
    cast(n_eligible as integer) as n_eligible,
    round(computed, 9) as computed,
    round(computed - value, 9) as difference,
    case when statistic <> 'not_mapped' then coalesce(holds, false) end as within_rounding,
    case
        when statistic is null then 'not_in_figure_map'
        when statistic = 'not_mapped' then coalesce(map_reason, 'not_mapped')
        when value is null then 'no_number_printed'
        when holds then null
        when not is_wave_loaded then 'wave_not_loaded'
        when suppressed then 'suppressed_small_group'
        when computed is null and statistic = 'change_pp' then 'previous_wave_not_loaded'
        when computed is null then 'item_or_option_not_found'
        when is_total_outside_parts then 'printed_total_outside_printed_parts'
        when is_change_not_counts then 'no_counts_give_printed_change'
        -- The grid of scores of a small group is coarser than two decimals.
        when statistic = 'score' and abs_difference <= 0.05 then 'score_within_0_05'
        when statistic = 'score' then 'scoring_points_and_weights_not_printed'
        when statistic = 'change_pp' then 'printed_change_on_other_counts'
        when qualifier <> 'eq' then 'sample_differs_from_words'
        when distance_to_nearest_count > half_unit and abs_difference <= 0.0100001
            then 'printed_share_adjusted_to_sum_100'
        when distance_to_nearest_count > half_unit then 'no_count_gives_printed_share'
        else 'contradicts_another_printed_figure'
    end as reason,
    note
from judged
order by document_id, line, figure_id
