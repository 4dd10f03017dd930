select
    wave,
    weight_set,
    level,
    key,
    weight,
    consistency_ratio,
    note,
    is_synthetic
from {{ source('analysis', 'weight_set') }}
