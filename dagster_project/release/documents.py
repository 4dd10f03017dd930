"""The documents a release rests on, from the sidecars of the raw files: one entry per document."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dagster_project.ingest.sidecar import raw_files, read_sidecar

_KEYS = ("kind", "title", "producer", "citation", "url", "published_date", "licence", "synthetic")


def documents(raw: Path) -> list[dict[str, Any]]:
    """Ordered by document_id; of a document in several files the first text of each field counts.

    Raises InputError for a sidecar that is missing or wrong.
    """
    found: dict[str, dict[str, Any]] = {}
    for path in raw_files(raw):
        side = read_sidecar(path)
        entry = found.setdefault(side["document_id"], {"document_id": side["document_id"]})
        for key in _KEYS:
            if not entry.get(key):
                entry[key] = side.get(key)
    return [found[key] for key in sorted(found)]
