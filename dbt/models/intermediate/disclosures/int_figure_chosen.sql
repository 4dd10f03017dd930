{{ config(meta={'year': 'fiscal_year'}) }}

-- One value per fact. decided_by is the rule that put the chosen figure before the best one that
-- contradicts it; where all agree, before the next one; only_figure where there is no other.
with choice as (
    select * from {{ ref('int_figure_choice') }} where {{ in_window('fiscal_year') }}
),

agreement as (
    select
        fact_id,
        count(distinct document_id) as n_sources,
        count(*) as n_figures,
        bool_and(agrees) as all_agree,
        min_by(lost_by_rule, choice_no) filter (where not agrees) as rule_against_contradiction,
        max(lost_by_rule) filter (where choice_no = 2) as rule_against_next
    from choice
    group by fact_id
)

select
    figure.fiscal_year,
    figure.fact_id,
    figure.entity_kind,
    figure.entity_id,
    figure.measure,
    figure.period,
    figure.as_of_date,
    figure.value,
    figure.text_value,
    figure.canonical_unit,
    figure.is_unit_ambiguous,
    figure.half_unit,
    figure.tolerance,
    figure.qualifier,
    figure.scope_as_printed,
    figure.scope_code,
    figure.content_code,
    figure.figure_id,
    figure.document_id,
    figure.place,
    figure.value_as_printed,
    figure.unit_as_printed,
    figure.reliability,
    figure.known_from,
    figure.vintage,
    cast(agreement.n_sources as integer) as n_sources,
    cast(agreement.n_figures as integer) as n_figures,
    case
        when not agreement.all_agree then 'conflict'
        when agreement.n_figures = 1 then 'single'
        else 'agreed'
    end as status,
    coalesce(agreement.rule_against_contradiction, agreement.rule_against_next, 'only_figure') as decided_by
from choice
inner join agreement on choice.fact_id = agreement.fact_id
inner join {{ ref('int_figure') }} as figure on choice.figure_id = figure.figure_id
where choice.choice_no = 1
