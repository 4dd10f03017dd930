select
    wave,
    target,
    population_kind,
    population_value,
    dimension,
    factor,
    first_order,
    first_order_conf,
    total,
    total_conf,
    n_samples,
    seed,
    is_synthetic
from {{ source('analysis', 'sensitivity') }}
