"""What a reader hands over: tables to land, rows set aside, and the count that ties them."""

from __future__ import annotations

import json
import tempfile
import weakref
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dagster_project.errors import FengchaoError
from dagster_project.ingest.spool_file import claim, release
from dagster_project.ingest.tables import REJECT, TABLES


@dataclass(frozen=True)
class Reject:
    """One row (or one cell of it) that was set aside.

    `whole_row` is False where only a cell is unusable and the row itself still lands (with
    missing_code `invalid`); only whole rows count in `rows in = rows landed + rows set aside`.
    """

    dataset: str
    source_file: str
    source_row: int
    reason: str
    found: str
    remedy: str
    source_column: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict)
    whole_row: bool = True

    def as_row(self, year: int | None) -> dict[str, Any]:
        return {
            "year": year,
            "dataset": self.dataset,
            "source_file": self.source_file,
            "source_row": self.source_row,
            "source_column": self.source_column,
            "reason": self.reason,
            "found": self.found,
            "remedy": self.remedy,
            "raw_row": json.dumps(dict(self.raw), ensure_ascii=False, sort_keys=True),
        }


class Spool:
    """Rows of one table in a temporary Parquet file, written chunk by chunk as they are decoded.

    schema: of the tables that are written; text columns may be dictionaries, which the file does not
    keep. folder: where the file stands (the system's folder for temporary files without one); a file
    on the disk of the landing folder can be moved into place. It is removed with the object.
    """

    def __init__(self, table: str, schema: pa.Schema, folder: Path | None = None) -> None:
        folder = folder or Path(tempfile.mkdtemp(prefix="spool-"))
        self.path, held = claim(folder, table)
        self._cleanup = weakref.finalize(self, release, self.path, held)
        self._rows = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="spool")
        self._pending: Future[None] | None = None
        # Without the Arrow schema a reader sees the plain types. Statistics take time; those of the year let
        # a reader of one year pass over the others. In long pages what repeats itself is found and packed; whole
        # numbers are runs or repeat themselves, a dictionary would only cost time.
        self._writer: pq.ParquetWriter | None = pq.ParquetWriter(
            self.path,
            schema,
            compression="zstd",
            compression_level=1,
            store_schema=False,
            write_statistics=["wave"] if "wave" in schema.names else False,
            use_dictionary=[field.name for field in schema if not pa.types.is_integer(field.type)],
            max_rows_per_page=1 << 20,
            write_batch_size=1 << 16,
        )

    def write(self, table: pa.Table) -> None:
        """Append one chunk: it becomes a row group, so that its dictionaries stay its own.

        It is written while the next chunk is decoded; one chunk waits at most.
        """
        if self._pending is not None:
            self._pending.result()
        self._rows += table.num_rows
        assert self._writer is not None
        self._pending = self._thread.submit(self._writer.write_table, table, max(1, table.num_rows))

    def close(self) -> None:
        """Finish the file; nothing more can be written. Raises what went wrong while writing."""
        if self._writer is not None:
            try:
                if self._pending is not None:
                    self._pending.result()
            finally:
                self._thread.shutdown()
                self._writer.close()
                self._writer = None

    def __len__(self) -> int:
        return self._rows

    def to_table(self) -> pa.Table:
        """All rows; for tests and small tables."""
        self.close()
        return pq.read_table(self.path)

    def groups(self) -> Iterator[pa.Table]:
        """The chunks one after the other."""
        self.close()
        with pq.ParquetFile(self.path) as file:
            for number in range(file.num_row_groups):
                yield file.read_row_group(number)

    def remove(self) -> None:
        self.close()
        self._cleanup()


# Readers of small inputs append to lists; what is held is told by its type where tables are landed.
Rows = Any


@dataclass
class Batch:
    """The decoded input of one dataset and year.

    rows_in: data rows read, by table they are meant for; rows_by_file: the same by (table, file).
    tables: landed rows by table name, with the columns of `TABLES`: lists of dicts, an Arrow table, or
    a spool where they may be too many for the memory.
    notices: what is odd in rows that landed as they are; listed with the rejects.
    inputs: sha256 by path relative to the raw folder.
    """

    rows_in: dict[str, int] = field(default_factory=dict)
    rows_by_file: dict[tuple[str, str], int] = field(default_factory=dict)
    tables: dict[str, Rows] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    notices: list[Reject] = field(default_factory=list)
    inputs: dict[str, str] = field(default_factory=dict)

    def count(self, table: str, source_file: str, rows: int) -> None:
        """Rows read from a file that are meant for a table."""
        self.rows_in[table] = self.rows_in.get(table, 0) + rows
        key = (table, source_file)
        self.rows_by_file[key] = self.rows_by_file.get(key, 0) + rows

    def close(self) -> None:
        """Remove what was spooled and not landed."""
        for rows in self.tables.values():
            if isinstance(rows, Spool):
                rows.remove()

    def check_conservation(self, per_row: Sequence[str] = ()) -> None:
        """Raise unless rows in = rows landed + rows set aside, in each file, for each table in `per_row`."""
        for name in per_row:
            read = Counter({file: n for (table, file), n in self.rows_by_file.items() if table == name})
            landed = _by_file(self.tables.get(name, []))
            aside = Counter(r.source_file for r in self.rejects if r.dataset == name and r.whole_row)
            for file in sorted(read.keys() | landed.keys() | aside.keys()):
                if read[file] != landed[file] + aside[file]:
                    raise FengchaoError(
                        f"{name}, {file}: {read[file]} rows read, but {landed[file]} landed and {aside[file]} "
                        "set aside. A row was lost or made twice; this is a defect of the reader."
                    )


def _by_file(rows: Rows) -> Counter[str]:
    """Rows by `source_file`."""
    if isinstance(rows, pa.Table):
        return Counter(
            {entry["values"]: entry["counts"] for entry in pc.value_counts(rows["source_file"]).to_pylist()}
        )
    return Counter(row["source_file"] for row in rows)


def to_arrow(table: str, rows: Rows) -> pa.Table:
    """Rows as an Arrow table with exactly the declared columns of `table`."""
    schema = TABLES[table]
    if isinstance(rows, Spool | pa.Table):
        arrow = rows.to_table() if isinstance(rows, Spool) else rows
        if (arrow.schema.names, arrow.schema.types) != (schema.names, schema.types):
            raise FengchaoError(f"{table}: columns {arrow.schema.names} are not the declared ones")
        return arrow
    rows = list(rows)
    unknown = {key for row in rows for key in row} - set(schema.names)
    if unknown:
        raise FengchaoError(f"{table}: undeclared columns {sorted(unknown)}")
    return pa.Table.from_pylist([dict(row) for row in rows], schema=schema)


def rejects_to_arrow(rejects: Iterable[Reject], year: int | None) -> pa.Table:
    return pa.Table.from_pylist([reject.as_row(year) for reject in rejects], schema=REJECT)
