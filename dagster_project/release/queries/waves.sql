-- Waves that have scores, with their respondents and whether their answers are synthetic.
select
    wave,
    coalesce(max(n) filter (where population_kind = 'all'), 0) as n,
    bool_or(is_synthetic) as synthetic
from mart_dimension_score
where scenario = 'headline'
group by wave
order by wave
