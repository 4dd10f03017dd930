{{ config(meta={'year': 'fiscal_year'}) }}

-- How many banks of a type there were at the end of each fiscal year. Printed where a document gives
-- that very day; otherwise on the straight line between the nearest days before and after, rounded;
-- nothing beyond the last printed day. A day for which documents disagree counts as not printed.
with printed as (
    select bank_type, as_of_date, min(n_institutions) as n_institutions
    from {{ ref('stg_reference__population') }}
    where bank_type is not null
    group by bank_type, as_of_date
    having count(distinct n_institutions) = 1
),

year_end as (
    select distinct fiscal_year, cast(fiscal_year || '-12-31' as date) as year_end
    from {{ ref('int_figure') }}
    where {{ in_window('fiscal_year') }}
),

around as (
    select
        printed.bank_type,
        year_end.fiscal_year,
        year_end.year_end,
        max(printed.as_of_date) filter (where printed.as_of_date <= year_end.year_end) as day_before,
        min(printed.as_of_date) filter (where printed.as_of_date >= year_end.year_end) as day_after
    from printed
    cross join year_end
    group by printed.bank_type, year_end.fiscal_year, year_end.year_end
)

select
    around.bank_type,
    around.fiscal_year,
    cast(case
        when around.day_before = around.day_after then earlier.n_institutions
        else
            round(
                earlier.n_institutions
                + (later.n_institutions - earlier.n_institutions)
                * cast({{ days_between('around.day_before', 'around.year_end') }} as double)
                / cast({{ days_between('around.day_before', 'around.day_after') }} as double)
            )
    end as integer) as n_population,
    case when around.day_before = around.day_after then 'printed' else 'interpolated' end as population_basis
from around
inner join printed as earlier
    on around.bank_type = earlier.bank_type and around.day_before = earlier.as_of_date
inner join printed as later
    on around.bank_type = later.bank_type and around.day_after = later.as_of_date
