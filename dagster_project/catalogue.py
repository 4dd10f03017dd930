"""What an asset says of itself beside its description: stage, branch, who may read it, where to read on."""

from __future__ import annotations

from typing import Any

import dagster as dg

_DOCS = {
    "questionnaires": "docs/method.md",
    "robustness": "docs/method.md",
    "cross_year": "docs/method.md",
    "framework": "docs/method.md",
    "statistics": "docs/method.md",
    "disclosures": "docs/disclosures.md",
    "reports": "docs/disclosures.md",
    "measures": "docs/disclosures.md",
    "reference": "docs/disclosures.md",
    "published": "docs/print_audit.md",
    "quality": "docs/quality.md",
    "release": "docs/operations.md",
}
_OF_RESPONDENTS = ("questionnaires", "robustness")


def tags(stage: str, branch: str) -> dict[str, str]:
    """Tags to search the catalogue by. access: public (released), restricted (about respondents), internal."""
    if stage in ("marts", "release"):
        access = "public"
    else:
        access = "restricted" if branch in _OF_RESPONDENTS else "internal"
    return {"stage": stage, "branch": branch, "access": access}


def docs(stage: str, branch: str) -> dict[str, Any]:
    """Metadata that names the document about the asset."""
    is_decoding = branch == "questionnaires" and stage in ("landing", "staging")
    return {"docs": dg.MetadataValue.path("docs/questionnaires.md" if is_decoding else _DOCS[branch])}
