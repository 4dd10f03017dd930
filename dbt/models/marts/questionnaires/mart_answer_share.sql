{{ config(materialized='yearly', meta={'year': 'wave', 'ahead': 1}) }}

-- Shares of the eligible in percent; what disclosure control hides is withheld.
select
    wave,
    population_kind,
    population_value,
    item_id,
    option_id,
    option_no,
    n_eligible,
    {{ shown('n_chosen', ['is_hidden']) }} as n_chosen,
    {{ shown('share_pct', ['is_hidden']) }} as share_pct,
    {{ shown('ci_low_pct', ['is_hidden']) }} as ci_low_pct,
    {{ shown('ci_high_pct', ['is_hidden']) }} as ci_high_pct,
    {{ shown('change_pp', ['is_hidden', 'previous_is_hidden']) }} as change_pp,
    {{ shown('change_ci_low_pp', ['is_hidden', 'previous_is_hidden']) }} as change_ci_low_pp,
    {{ shown('change_ci_high_pp', ['is_hidden', 'previous_is_hidden']) }} as change_ci_high_pp,
    is_comparable as comparable,
    is_hidden as suppressed,
    {{ hidden_reason('n_eligible', 'is_hidden') }} as suppressed_reason,
    is_synthetic
from {{ ref('int_answer_share') }}
where {{ in_window('wave', ahead=1) }}
order by wave, population_kind, population_value, item_id, option_no
