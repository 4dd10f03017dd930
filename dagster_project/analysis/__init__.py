"""What SQL cannot do with the scores of a wave: random draws, eigenvectors, sensitivity indices, correlations.

Reads the respondents' scores from the build database, writes Parquet to `FENGCHAO_HOME/analysis`; the
dbt marts of the branch `robustness` read that.
"""
