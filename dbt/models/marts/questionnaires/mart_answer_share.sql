{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail',
          pre_hook="{{ clear_window('wave', ahead=1) }}") }}

-- Shares of the eligible in percent; what rests on too small a group is withheld.
select
    wave,
    population_kind,
    population_value,
    item_id,
    option_id,
    option_no,
    n_eligible,
    {{ shown('n_chosen', ['n_eligible']) }} as n_chosen,
    {{ shown('share_pct', ['n_eligible']) }} as share_pct,
    {{ shown('ci_low_pct', ['n_eligible']) }} as ci_low_pct,
    {{ shown('ci_high_pct', ['n_eligible']) }} as ci_high_pct,
    {{ shown('change_pp', ['n_eligible', 'previous_n_eligible']) }} as change_pp,
    {{ shown('change_ci_low_pp', ['n_eligible', 'previous_n_eligible']) }} as change_ci_low_pp,
    {{ shown('change_ci_high_pp', ['n_eligible', 'previous_n_eligible']) }} as change_ci_high_pp,
    is_comparable as comparable,
    {{ is_small('n_eligible') }} as suppressed,
    is_synthetic
from {{ ref('int_answer_share') }}
where {{ in_window('wave', ahead=1) }}
order by wave, population_kind, population_value, item_id, option_no
