"""Audit of printed figures: rules that find errors in print, for any document of `data/raw/published`."""
