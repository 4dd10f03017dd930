"""The numbers that a platform gives to the answers of a file."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


class ResponseNumbers:
    """Which numbers of answers were seen. Rising numbers, the usual case, need no memory."""

    def __init__(self) -> None:
        self._highest = -1
        self._seen: dict[str, int] | None = None
        self._earlier: list[tuple[pa.Array, np.ndarray]] = []

    def problems(self, numbers: pa.Array, rows: np.ndarray) -> list[tuple[int, int]]:
        """Positions of numbers that are empty or were seen before, with the row that has it."""
        if self._seen is None:
            rising = self._rising(numbers)
            if rising:
                self._earlier.append((numbers, rows))
                return []
            self._seen = {}
            for earlier, earlier_rows in self._earlier:
                self._seen.update(zip(earlier.to_pylist(), earlier_rows.tolist(), strict=True))
            self._earlier = []
        found = []
        for at, (number, row) in enumerate(zip(numbers.to_pylist(), rows.tolist(), strict=True)):
            if not number or number in self._seen:
                found.append((at, self._seen.get(number, 0)))
            else:
                self._seen[number] = row
        return found

    def _rising(self, numbers: pa.Array) -> bool:
        if not pc.all(pc.match_substring_regex(numbers, r"^[1-9][0-9]{0,17}$")).as_py():
            return False
        values = numbers.cast(pa.int64()).to_numpy(zero_copy_only=False)
        if len(values) and (values[0] <= self._highest or (np.diff(values) <= 0).any()):
            return False
        self._highest = int(values[-1]) if len(values) else self._highest
        return True
