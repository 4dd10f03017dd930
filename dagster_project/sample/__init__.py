"""Synthetic survey waves that agree with what the reports print.

Answers of single banks were never published. A wave made here holds as many made-up respondents as the
report seems to have had, and their answers add up to the printed shares wherever that is possible.
`python -m dagster_project.sample WAVE OUT_DIR` writes one.
"""

import os

# The solver's path follows the last bit of a few sums, and that bit follows the processor's kernel of
# the linear algebra library. One named kernel gives the same bytes on every x86-64 machine with AVX2;
# it must be named before numpy is loaded.
os.environ["OPENBLAS_CORETYPE"] = "Haswell"

from dagster_project.sample.wave import generate_wave

__all__ = ["generate_wave"]
