select
    wave,
    draw_no,
    level,
    key,
    weight
from {{ source('analysis', 'robustness_weight') }}
