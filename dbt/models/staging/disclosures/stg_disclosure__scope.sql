-- What the printed words say about scope, content and period. The rules are data (seed scope_rule):
-- the first rule of an aspect whose pattern stands in the words counts; nothing found means
-- unspecified, complete and the full year. A point in time (时点2023-06-30) that is not the end of
-- the fiscal year is a period of its own, so that it never competes with the year.
with figure as (
    select
        figure_id,
        fiscal_year,
        lower(coalesce(scope_as_printed, '')) as scope_words,
        lower(coalesce(scope_as_printed, '') || ' ' || measure_as_printed) as all_words,
        lower(measure_as_printed) as wording
    from {{ ref('stg_disclosure__figure') }}
),

matched as (
    select
        figure.figure_id,
        rule.aspect,
        rule.code,
        rule.fit_rank,
        rule.looks_in,
        row_number() over (partition by figure.figure_id, rule.aspect order by rule.rule_no) as match_no
    from figure
    inner join {{ ref('scope_rule') }} as rule
        on contains(
            case rule.looks_in
                when 'scope' then figure.scope_words when 'wording' then figure.wording else figure.all_words
            end,
            rule.pattern
        )
),

by_figure as (
    select
        figure_id,
        max(code) filter (where aspect = 'scope' and match_no = 1) as scope_code,
        max(code) filter (where aspect = 'content' and match_no = 1) as content_code,
        max(fit_rank) filter (where aspect = 'content' and match_no = 1) as content_rank,
        max(code) filter (where aspect = 'period' and match_no = 1) as period_code,
        count(*) filter (where looks_in <> 'wording') as n_rules
    from matched
    group by figure_id
),

dated as (
    select
        figure.*,
        case
            when contains(figure.scope_words, '时点')
                then {{ date_or_null("substr(figure.scope_words, position('时点' in figure.scope_words) + 2, 10)") }}
        end as as_of_date
    from figure
)

select
    dated.fiscal_year,
    dated.figure_id,
    coalesce(by_figure.scope_code, 'unspecified') as scope_code,
    coalesce(by_figure.content_code, 'complete') as content_code,
    coalesce(by_figure.content_rank, 0) as content_rank,
    case
        when cast(dated.as_of_date as string) <> dated.fiscal_year || '-12-31' then cast(dated.as_of_date as string)
        else coalesce(by_figure.period_code, 'full_year')
    end as period,
    dated.as_of_date,
    dated.scope_words = '' or coalesce(by_figure.n_rules, 0) > 0 as is_scope_read
from dated
left join by_figure on dated.figure_id = by_figure.figure_id
