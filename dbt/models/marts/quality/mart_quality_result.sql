{{ config(materialized='table') }}

-- depends_on: {{ ref('mart_reconciliation') }}
-- depends_on: {{ ref('mart_published_audit') }}
-- depends_on: {{ ref('mart_disclosure_check') }}
-- depends_on: {{ ref('mart_investment_band') }}
-- After the other marts of the release, so that their results are in it.
-- Every result of every run that is still kept. A killed clean-up may leave rows twice: each is taken once.
-- is_latest: from the last run that checked this dataset and partition.
with result as (
    select distinct * from {{ source('quality', 'quality_result') }}
),

numbered as (
    select
        *,
        dense_rank() over (
            partition by stage, dataset, "partition"
            order by run_no desc, run_id desc
        ) as recency
    from result
)

select
    run_id,
    run_no,
    stage,
    dataset,
    "partition",
    try_cast("partition" as integer) as year,
    expectation_no,
    expectation,
    column_name,
    severity,
    success,
    n_checked,
    n_failed,
    observed,
    reason,
    sample,
    recency = 1 as is_latest
from numbered
order by run_no, stage, dataset, "partition", expectation_no
