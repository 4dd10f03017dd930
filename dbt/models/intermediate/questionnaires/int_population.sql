{{ config(meta={'year': 'wave'}) }}

-- Number of institutions at the end of the year of a wave, by type and for all types of the survey.
-- Per type of institution: the count of that day (reported), else between the dates around it, by days
-- (interpolated), else the nearest one (held). A date that is no end of a month is the day of a
-- publication, not of a count, and is not used. A total is as good as its worst part.
with wave as (
    select
        wave,
        cast(cast(wave as string) || '-12-31' as date) as as_of
    from (select distinct wave from {{ ref('stg_questionnaire__item') }} where {{ in_window('wave') }}) as waves
),

counted as (
    select institution_type, as_of_date, max(n_institutions) as n_institutions
    from {{ ref('stg_reference__population') }}
    where as_of_date = last_day(as_of_date)
    group by institution_type, as_of_date
),

around as (
    select
        wave.wave,
        wave.as_of,
        type_map.bank_type,
        type_map.institution_type,
        max(counted.as_of_date) filter (where counted.as_of_date <= wave.as_of) as before_date,
        min(counted.as_of_date) filter (where counted.as_of_date >= wave.as_of) as after_date
    from wave
    inner join {{ ref('framework_population_map') }} as type_map on {{ valid_in('type_map', 'wave.wave') }}
    inner join {{ ref('framework_bank_type') }} as bank_type
        on type_map.bank_type = bank_type.bank_type and bank_type.in_survey
    inner join counted on type_map.institution_type = counted.institution_type
    group by wave.wave, wave.as_of, type_map.bank_type, type_map.institution_type
),

estimated as (
    select
        around.wave,
        around.bank_type,
        case
            when around.before_date = around.after_date then before.n_institutions
            when around.before_date is not null and around.after_date is not null
                then
                    before.n_institutions
                    + (after.n_institutions - before.n_institutions)
                    * {{ days_between('around.before_date', 'around.as_of') }} * 1e0
                    / {{ days_between('around.before_date', 'around.after_date') }}
            else coalesce(before.n_institutions, after.n_institutions)
        end as n_institutions,
        case
            when around.before_date = around.after_date then 1
            when around.before_date is not null and around.after_date is not null then 2
            else 3
        end as status_no
    from around
    left join counted as before
        on around.institution_type = before.institution_type and around.before_date = before.as_of_date
    left join counted as after
        on around.institution_type = after.institution_type and around.after_date = after.as_of_date
),

by_type as (
    select
        wave, bank_type,
        -- Institutions are whole.
        cast(round(sum(n_institutions)) as integer) as population_n,
        max(status_no) as status_no
    from estimated
    group by wave, bank_type
),

population as (
    select wave, 'bank_type' as population_kind, bank_type as population_value, population_n, status_no
    from by_type
    union all
    select wave, 'all', 'all', sum(population_n), max(status_no)
    from by_type
    group by wave
)

select
    wave,
    population_kind,
    population_value,
    cast(population_n as integer) as population_n,
    case status_no when 1 then 'reported' when 2 then 'interpolated' else 'held' end as population_status
from population
order by wave, population_kind, population_value
