"""Reviewed corrections: nobody edits a number in code or in a raw file.

`disclosures/corrections.yaml` is a list of entries, each with the cell it corrects, the text it
expects there, the text that counts instead, reason, author and date. The printed text stays in the
landed row; the correction stands beside it. An entry whose cell holds something else stops the year.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import jsonschema
import yaml

from dagster_project.errors import InputError
from dagster_project.ingest.sidecar import read_sidecar

_SCHEMA = Path(__file__).parent / "schemas" / "corrections.schema.json"


@dataclass(frozen=True)
class Correction:
    """One entry. row: line of a CSV, or cell of a workbook, as in the end of figure_id; column: its header."""

    document_id: str
    fiscal_year: int
    row: str
    column: str
    expects: str
    becomes: str
    reason: str
    author: str
    date: str

    def __str__(self) -> str:
        change = f"{self.column} {self.expects!r} read as {self.becomes!r}"
        return f"{change} ({self.author}, {self.date}: {self.reason})"


class Corrections:
    """The corrections of one fiscal year, and which of them were applied."""

    def __init__(self, raw_dir: Path, fiscal_year: int) -> None:
        self.path = raw_dir / "disclosures" / "corrections.yaml"
        self.inputs: dict[str, str] = {}
        self._open: dict[tuple[str, str], list[tuple[int, Correction]]] = {}
        if not self.path.exists():
            return
        for number, entry in enumerate(_read(self.path), 1):
            if entry.fiscal_year == fiscal_year:
                self._open.setdefault((entry.document_id, entry.row), []).append((number, entry))
        self.inputs[self.path.relative_to(raw_dir).as_posix()] = read_sidecar(self.path)["sha256"]

    def apply(self, document: str, row: str, cells: dict[str, str]) -> tuple[dict[str, str], str | None]:
        """The cells as they count, and what was corrected (None: nothing).

        Raises InputError where a cell no longer holds what its correction expects.
        """
        entries = self._open.pop((document, row), [])
        corrected = dict(cells)
        for number, entry in entries:
            if cells.get(entry.column) != entry.expects:
                raise InputError(
                    self.path,
                    f"entry {number}",
                    f"{entry.column} {cells.get(entry.column)!r} in {document} {entry.fiscal_year}, row {row}, "
                    f"where it expects {entry.expects!r}",
                    "Look the source up: the correction may be out of date. Correct or remove the entry.",
                )
            corrected[entry.column] = entry.becomes
        return corrected, "; ".join(str(entry) for _, entry in entries) or None

    def check_all_applied(self) -> None:
        """InputError for an entry whose document or row was not read."""
        for (document, row), entries in sorted(self._open.items()):
            number, entry = entries[0]
            raise InputError(
                self.path,
                f"entry {number}",
                f"no row {row} of document {document} in fiscal year {entry.fiscal_year}",
                "Correct document_id, fiscal_year or row, or remove the entry.",
            )


def _read(path: Path) -> list[Correction]:
    try:
        # BaseLoader keeps every scalar a text, as it stands in the raw file.
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader) or []
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(path, "", f"unreadable YAML ({error})", "Correct the file.") from error
    schema = json.loads(_SCHEMA.read_text(encoding="utf-8"))
    problems = sorted(
        jsonschema.Draft202012Validator(schema).iter_errors(content), key=lambda e: list(map(str, e.path))
    )
    if problems:
        place = f"entry {int(problems[0].path[0]) + 1}" if problems[0].path else "top level"
        raise InputError(path, place, problems[0].message, "Correct the entry; see corrections.schema.json.")
    return [Correction(**entry | {"fiscal_year": int(entry["fiscal_year"])}) for entry in content]
