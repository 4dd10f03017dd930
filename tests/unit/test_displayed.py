"""What a spreadsheet shows for a stored number."""

from __future__ import annotations

import datetime as dt

import pytest

from dagster_project.ingest.displayed import NotDisplayed, displayed


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (28.36, "General", "28.36"),
        (28.3, "0.00", "28.30"),
        (1008, "#,##0.00", "1,008.00"),
        (0.1 + 0.2, "General", "0.3"),
        (0.0510, "0.00%", "5.10%"),
        (2.675, "0.00", "2.68"),
        (-0.5, "0", "-1"),
        (-3.2, "0.0;[Red](0.0)", "-3.2"),
        (-1234.5, '_ * #,##0.00_ ;_ * \\-#,##0.00_ ;_ * "-"??_ ;_ @_ ', "-1,234.50"),
        (28.36, '0.00"亿元"', "28.36亿元"),
        (28.36, '"约"0.0', "约28.4"),
        (12.5, "0.0#", "12.5"),
        (12, "0.##", "12"),
        (100, "0", "100"),
        (1008, "@", "1008"),
        ("１，００８亿元", "0.00", "１，００８亿元"),
        (dt.date(2020, 1, 31), "yyyy-mm-dd", "2020-01-31"),
        (dt.date(2020, 1, 1), 'yyyy"年"m"月"', "2020-01"),
        (None, "General", ""),
    ],
)
def test_displayed(value: object, number_format: str, text: str) -> None:
    assert displayed(value, number_format) == text


@pytest.mark.parametrize(
    ("value", "number_format", "found"),
    [
        (28.3612345, "General", "7 decimals"),
        (0.5, "# ?/?", "number format"),
        (1e9, "0.00E+00", "number format"),
        (28360000, "0.00,,", "number format"),
        (5, '[>3]"many";0', "number format"),
        (0, '0;-0;"-"', "number format"),
        (dt.time(12, 30), "h:mm", "time of day"),
    ],
)
def test_not_displayed(value: object, number_format: str, found: str) -> None:
    with pytest.raises(NotDisplayed, match=found):
        displayed(value, number_format)
