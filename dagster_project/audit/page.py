"""docs/print_audit.md: the findings of the landed documents, and the base of each block."""

from __future__ import annotations

import csv

from dagster_project.audit import granularity, inputs, run
from dagster_project.audit.blocks import Bases
from dagster_project.audit.findings import RULES
from dagster_project.settings import ROOT, Settings

KNOWN = ROOT / "docs" / "print_audit_known.csv"
_HEAD = """# Errors in print

Written by `python -m dagster_project.audit > docs/print_audit.md` after a load; the same rows are
`mart_published_audit`. Rules and severities: `docs/method.md`, "Audit of printed figures".
"""


def _cell(text: str) -> str:
    return text.replace("|", "/").replace("\n", " ")


def render(settings: Settings) -> str:
    """The page for the landed documents of `settings`; the same text for the same figures."""
    figures, claims = inputs.read_figures(settings), inputs.read_claims(settings)
    documents = sorted({f.document_id for f in figures} | {c.document_id for c in claims})
    amounts = inputs.read_amounts(settings, set(documents))
    findings, bases = run.audit(figures, claims, amounts, inputs.words_tolerance())
    counts = {rule: sum(f.rule == rule for f in findings) for rule in RULES}
    lines = [_HEAD, ", ".join(f"{rule} {count}" for rule, count in counts.items()) + ".", ""]
    bent = granularity.adjusted_to_100(figures, bases)
    for document in documents:
        printed = [f for f in figures if f.document_id == document]
        lines += [f"## {document}", "", *_bases(document, bases), ""]
        shares = [f"{f.place} {f.value:.{f.decimals}f}" for f in printed if f.figure_id in bent]
        if shares:
            lines += [f"Bent by one hundredth so that a pie sums to 100, no errors: {', '.join(shares)}.", ""]
        lines += [
            "| line | place | rule | severity | printed | would have to be | 说明 / explanation |",
            "|---|---|---|---|---|---|---|",
        ]
        for finding in findings:
            if finding.document_id == document:
                cells = (
                    str(finding.line), finding.place, finding.rule, finding.severity, finding.printed_text,
                    finding.expected, f"{finding.explanation_zh} {finding.explanation_en}",
                )  # fmt: skip
                lines.append("| " + " | ".join(map(_cell, cells)) + " |")
        lines.append("")
    return "\n".join([*lines, *_known()]) + "\n"


def _known() -> list[str]:
    """What readers of the reports had found before: which rule finds it, or why none does."""
    lines = [
        "## Errors found by readers",
        "",
        "| document | line | error | found by | remark |",
        "|---|---|---|---|---|",
    ]
    with KNOWN.open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            rules = sorted({name.split(":")[0] for name in row["finding_ids"].split("|") if name})
            cells = (
                row["document_id"],
                row["line"],
                row["error"],
                ", ".join(rules) or "no rule",
                row["remark"],
            )
            lines.append("| " + " | ".join(map(_cell, cells)) + " |")
    return lines


def _bases(document: str, bases: Bases) -> list[str]:
    rows = ["| survey year | population | n | candidates | shares that fit |", "|---|---|---|---|---|"]
    for (owner, year, population), base in sorted(bases.blocks.items()):
        if owner == document and base.support >= 2:
            shown = ", ".join(map(str, base.candidates[:6])) + (" …" if len(base.candidates) > 6 else "")
            rows.append(
                f"| {year or 'not said'} | {population} | {base.n if base.known else 'open'} | {shown} | {base.support} |"
            )
    return rows
