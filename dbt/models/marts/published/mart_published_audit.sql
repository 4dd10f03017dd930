{{ config(materialized='table') }}

-- Errors found in print. The search over n and the interval arithmetic are Python (dagster_project/audit);
-- here a finding gets the words of its figure, or of its claim.
with finding as (
    select * from {{ ref('stg_published__audit') }}
),

figure as (
    select * from {{ ref('stg_published__figure') }}
),

claim as (
    select * from {{ ref('stg_published__claim') }}
)

select
    finding.finding_id,
    finding.document_id,
    cast(finding.document_year as integer) as document_year,
    cast(finding.line as integer) as line,
    finding.place,
    finding.rule,
    finding.severity,
    finding.figure_id,
    finding.other_figure_ids,
    cast(figure.survey_year as integer) as wave,
    figure.population_as_printed,
    coalesce(figure.question_as_printed, claim.kind) as question_as_printed,
    figure.option_as_printed,
    finding.printed_text,
    finding.printed_value,
    finding.expected,
    cast(finding.n_inferred as integer) as n_inferred,
    finding.n_candidates,
    finding.explanation_zh,
    finding.explanation_en
from finding
left join figure on finding.figure_id = figure.figure_id
left join claim on finding.figure_id = claim.claim_id
order by finding.document_year, finding.document_id, finding.line, finding.finding_id
