"""Prints docs/print_audit.md from the landed documents."""

import sys

from dagster_project.audit.page import render
from dagster_project.settings import load_settings

sys.stdout.write(render(load_settings()))
