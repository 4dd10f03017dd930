select
    wave,
    draw_no,
    population_kind,
    population_value,
    dimension,
    n,
    score,
    rank,
    dimension_rank,
    is_ranked,
    is_synthetic
from {{ source('analysis', 'robustness_score') }}
