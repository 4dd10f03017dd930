"""The one shape in which bad input is reported."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class FengchaoError(Exception):
    """Any failure that a user can act on; the command line prints it without a traceback."""


@dataclass
class InputError(FengchaoError):
    """A raw file that cannot be loaded as it is.

    Says which file, where in it, what was found there and what to do. It stops the year the file
    belongs to and nothing else.
    """

    file: str | Path
    place: str
    found: str
    remedy: str

    def __post_init__(self) -> None:
        super().__init__(str(self))

    def __str__(self) -> str:
        where = f"{self.file}, {self.place}" if self.place else f"{self.file}"
        return f"{where}: found {self.found}. {self.remedy}"
