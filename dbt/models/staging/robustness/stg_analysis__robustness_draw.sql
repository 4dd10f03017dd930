select
    wave,
    draw_no,
    kind,
    weight_set,
    normalisation,
    aggregation,
    threshold,
    seed
from {{ source('analysis', 'robustness_draw') }}
