select
    wave,
    level,
    parent,
    key_a,
    key_b,
    n,
    correlation,
    is_synthetic
from {{ source('analysis', 'coherence_correlation') }}
