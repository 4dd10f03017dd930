"""Synthetic survey waves that agree with what the reports print.

Answers of single banks were never published. A wave made here holds as many made-up respondents as the
report seems to have had, and their answers add up to the printed shares wherever that is possible.
`python -m dagster_project.sample WAVE OUT_DIR` writes one.
"""

from dagster_project.sample.wave import generate_wave

__all__ = ["generate_wave"]
