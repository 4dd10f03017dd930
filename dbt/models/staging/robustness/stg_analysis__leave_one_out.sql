select
    wave,
    dimension,
    indicator,
    n,
    spearman,
    max_rank_shift,
    mean_score_change,
    is_synthetic
from {{ source('analysis', 'leave_one_out') }}
