"""The one list of years: partitions, settings, tests and documents read it from here."""

from __future__ import annotations

import dagster as dg

FIRST_YEAR = 2018

# Survey waves and fiscal years share the list. The end is open: a year is added by adding files.
years = dg.TimeWindowPartitionsDefinition(
    start=str(FIRST_YEAR), fmt="%Y", cron_schedule="0 0 1 1 *", end_offset=1
)
