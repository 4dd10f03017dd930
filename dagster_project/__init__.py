"""Fengchao (蜂巢): from questionnaire exports and printed figures to a checked release."""
