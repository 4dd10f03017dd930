{{ config(materialized='yearly' if target.type == 'spark' else 'view', meta={'year': 'wave', 'ahead': 1}) }}

-- Every score of every respondent in one long table: level (indicator, dimension, index), its code, and
-- the scenario. source_wave is the wave of the answers; see int_scenario_indicator_score.
select
    wave, wave as source_wave, 'headline' as scenario, response_id, bank_type,
    'indicator' as level, indicator as code, score, is_synthetic
from {{ ref('int_indicator_score') }}
union all
select wave, wave, 'headline', response_id, bank_type, 'dimension', dimension, score, is_synthetic
from {{ ref('int_dimension_score') }}
union all
select wave, wave, 'headline', response_id, bank_type, 'index', 'index', score, is_synthetic
from {{ ref('int_index_score') }}
union all
select wave, source_wave, scenario, response_id, bank_type, 'indicator', indicator, score, is_synthetic
from {{ ref('int_scenario_indicator_score') }}
union all
select wave, source_wave, scenario, response_id, bank_type, 'dimension', dimension, score, is_synthetic
from {{ ref('int_scenario_dimension_score') }}
union all
select wave, source_wave, scenario, response_id, bank_type, 'index', 'index', score, is_synthetic
from {{ ref('int_scenario_index_score') }}
