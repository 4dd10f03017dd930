select
    wave,
    level,
    key,
    parent,
    n_children,
    n_alpha,
    alpha,
    n_item_rest,
    item_rest,
    is_synthetic
from {{ source('analysis', 'coherence') }}
