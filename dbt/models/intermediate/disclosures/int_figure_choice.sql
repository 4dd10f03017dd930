{{ config(meta={'year': 'fiscal_year'}) }}

-- The figures of a fact in the order of the stored rule (seed choice_rule): ranks by rule become a
-- list in the order of rule_no, the smallest list is chosen, and the document id breaks the last tie.
-- lost_by_rule: the first rule by which a figure stands behind the chosen one.
-- agrees: an exact or rounded value agrees when the tolerances of both cover the difference; a bound
-- agrees when the chosen value respects it; two bounds in the same direction (more than 100, more
-- than 120) can both be true and agree. Of two names or dates the shorter begins the longer one.
with figure as (
    select * from {{ ref('int_figure') }} where {{ in_window('fiscal_year') }} and excluded_reason is null
),

criterion as (
    select figure_id, fact_id, 'value_before_bound' as rule_id, case when exactness = 2 then 1.0 else 0.0 end as rank
    from figure
    union all
    select figure_id, fact_id, 'scope', cast(scope_rank as double) from figure
    union all
    select figure_id, fact_id, 'reliability', cast(reliability_rank as double) from figure
    union all
    select figure_id, fact_id, 'later_vintage', -cast(vintage as double) from figure
    union all
    select figure_id, fact_id, 'exact', cast(exactness as double) from figure
    union all
    -- Of names and dates the longer is the finer.
    select figure_id, fact_id, 'precision', coalesce(half_unit, -cast(length(text_value) as double), 0.0) from figure
    union all
    select
        figure_id, fact_id, 'later_publication',
        -cast(coalesce(year(known_from) * 10000 + month(known_from) * 100 + day(known_from), 0) as double)
    from figure
),

ranked as (
    select criterion.figure_id, criterion.fact_id, criterion.rank, rule.rule_no, rule.rule_id
    from criterion
    inner join {{ ref('choice_rule') }} as rule on criterion.rule_id = rule.rule_id
),

listed as (
    select figure_id, {{ ordered_list('rank', 'rule_no') }} as ranks from ranked group by figure_id
),

numbered as (
    select
        figure.*,
        row_number() over (
            partition by figure.fact_id order by listed.ranks, figure.document_id, figure.figure_id
        ) as choice_no
    from figure
    inner join listed on figure.figure_id = listed.figure_id
),

chosen as (
    select * from numbered where choice_no = 1
),

behind as (
    select
        ranked.figure_id,
        min(ranked.rule_no) as rule_no
    from ranked
    inner join chosen on ranked.fact_id = chosen.fact_id
    inner join ranked as best on chosen.figure_id = best.figure_id and ranked.rule_no = best.rule_no
    where ranked.rank > best.rank
    group by ranked.figure_id
)

select
    numbered.fiscal_year,
    numbered.figure_id,
    numbered.fact_id,
    cast(numbered.choice_no as integer) as choice_no,
    numbered.document_id,
    case
        when numbered.choice_no = 1 then null else coalesce(rule.rule_id, 'document_id')
    end as lost_by_rule,
    case
        when numbered.text_value is not null
            then
                left(chosen.text_value, length(numbered.text_value)) = numbered.text_value
                or left(numbered.text_value, length(chosen.text_value)) = chosen.text_value
        when
            chosen.exactness = 2 and numbered.exactness = 2
            and left(chosen.qualifier, 1) = left(numbered.qualifier, 1)
            then true
        when chosen.exactness = 2 or numbered.exactness = 2
            then
                case numbered.qualifier
                    when 'gt' then chosen.value + chosen.half_unit > numbered.value
                    when 'ge' then chosen.value + chosen.half_unit >= numbered.value
                    when 'lt' then chosen.value - chosen.half_unit < numbered.value
                    when 'le' then chosen.value - chosen.half_unit <= numbered.value
                    else true
                end
        else
            abs(cast(chosen.value as double) - cast(numbered.value as double))
            <= (chosen.tolerance + numbered.tolerance) * (1 + 1e-9)
    end as agrees
from numbered
inner join chosen on numbered.fact_id = chosen.fact_id
left join behind on numbered.figure_id = behind.figure_id
left join {{ ref('choice_rule') }} as rule on behind.rule_no = rule.rule_no
