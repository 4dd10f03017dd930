select
    document_year,
    document_id,
    finding_id,
    line,
    place,
    rule,
    severity,
    figure_id,
    nullif(other_figure_ids, '') as other_figure_ids,
    printed_text,
    printed_value,
    expected,
    n_inferred,
    nullif(n_candidates, '') as n_candidates,
    explanation_zh,
    explanation_en
from {{ source('analysis', 'published_audit') }}
