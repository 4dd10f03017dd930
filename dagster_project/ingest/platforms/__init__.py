"""One adapter per survey platform; a further platform is a further entry of `PLATFORMS`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dagster_project.errors import InputError
from dagster_project.ingest.codebook import Item
from dagster_project.ingest.platforms import plain, qualtrics, sav, tencent, wjx
from dagster_project.ingest.platforms.base import Layout, Peek
from dagster_project.ingest.sheets import Sheet

Adapter = Callable[[Sheet, Sequence[Item], Peek, str | None], Layout]

# name: (how a sheet of it is recognised, how it is laid out); the first that recognises it is taken.
PLATFORMS: dict[str, tuple[Callable[[Sheet], bool], Adapter]] = {
    "sav": (sav.recognise, sav.layout),
    "qualtrics": (qualtrics.recognise, qualtrics.layout),
    "wjx": (wjx.recognise, wjx.layout),
    "tencent": (tencent.recognise, tencent.layout),
    "plain": (plain.recognise, plain.layout),
}


def recognise(sheet: Sheet, sidecar: dict[str, Any]) -> str:
    """The platform of a sheet: what its sidecar says, else what its header looks like.

    Raises InputError for a header of no known platform.
    """
    stated = sidecar.get("platform")
    if stated is not None:
        return str(stated)
    for name, (recognised, _) in PLATFORMS.items():
        if recognised(sheet):
            return name
    raise InputError(
        sheet.path,
        f"row {sheet.head[0][0]}",
        f"a header of no known platform ({', '.join(sheet.head[0][1][:4])[:80]} …)",
        f"Its encoding may be lost: export the answers again; or state `platform` ({', '.join(PLATFORMS)}) in the sidecar.",
    )


def header_rows(platform: str, sheet: Sheet) -> int:
    """Row number of the last header row; data follow below it."""
    if platform == "qualtrics":
        return qualtrics.last_header_row(sheet)
    return sheet.head[0][0]


def lay_out(platform: str, sheet: Sheet, items: Sequence[Item], peek: Peek, kind: str | None) -> Layout:
    """The layout of a sheet of `platform`; kind: the export kind its sidecar states, if any."""
    return PLATFORMS[platform][1](sheet, items, peek, kind)


__all__ = ["PLATFORMS", "Layout", "header_rows", "lay_out", "recognise"]
