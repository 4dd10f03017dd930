"""What each way of delivering figures hands over: documents with rows of printed words.

CSV files, workbooks and reviewed reports differ in where the words stand; what is made of them is one
thing and stands in `disclosures.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dagster_project.ingest.batch import Reject

TABLE = "disclosure_figure"
COLUMNS = (
    "bank_as_printed",
    "fiscal_year",
    "measure_as_printed",
    "measure",
    "value_as_printed",
    "unit_as_printed",
    "comparison",
    "scope_as_printed",
    "place",
)
SOURCE_FIELDS = (
    "document_id", "title", "producer", "published_date", "received_date", "kind", "reliability", "licence",
    "sha256",
)  # fmt: skip


@dataclass(frozen=True)
class PrintedRow:
    """One printed figure. number: its row in the file. mark: its name within document and year.

    cells: a text for each of COLUMNS.
    """

    number: int
    mark: str
    cells: dict[str, str]


@dataclass
class PrintedDocument:
    """One source document of a file.

    described: the columns of disclosure_source. source: the file of the rows, relative to the raw folder.
    listed: what was read and is no figure (notes, blank rows, rows that were not accepted), with a reason.
    """

    described: dict[str, Any]
    source: str
    rows: list[PrintedRow] = field(default_factory=list)
    listed: list[Reject] = field(default_factory=list)

    def list_row(
        self, row: int, reason: str, found: str, remedy: str, raw: Mapping[str, Any] | None = None
    ) -> None:
        """Count a row (or a cell of it) that holds no figure."""
        self.listed.append(Reject(TABLE, self.source, row, reason, found, remedy, raw=raw or {}))


def describe(sidecar: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of disclosure_source that a sidecar (or an entry of its `documents`) gives."""
    described = {name: sidecar.get(name) for name in SOURCE_FIELDS}
    # Documents without an address on the web keep their citation in its place.
    return described | {"url": sidecar.get("url") or sidecar.get("citation")}
