"""Names of banks and bank groups: one spelling per name, exact lookup, nothing is guessed."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from dagster_project.errors import FengchaoError

# Traditional characters that occur in names of banks, and their simplified forms.
_TO_SIMPLIFIED = str.maketrans(
    "國銀機構業興發郵儲網眾億聯華農廣東蘇無錫寧慶鄭龍灣廈門貴陽蘭濟連張滬瀘濱漢長晉營遼內開貿財務邨鎮資產責總體設",
    "国银机构业兴发邮储网众亿联华农广东苏无锡宁庆郑龙湾厦门贵阳兰济连张沪泸滨汉长晋营辽内开贸财务村镇资产责总体设",
)

_COMPANY_EN = re.compile(r"[\s,]+(co\.?(,?\s*ltd\.?)?|company(\s+limited)?|limited|ltd\.?)$")
_COMPANY_ZH = re.compile(r"(股份有限公司|有限责任公司|有限公司)")
_DROPPED = re.compile(r"[\s()\[\]〔〕【】「」《》]")


def normalise_name(name: str) -> str:
    """One spelling for the writings of one name; different banks stay different.

    NFKC, simplified characters, lower case, without company suffix, brackets (their content stays)
    and spaces; 农村商业银行 and 农商行 become 农商银行.
    """
    text = unicodedata.normalize("NFKC", name).strip().translate(_TO_SIMPLIFIED).casefold()
    text = _COMPANY_EN.sub("", text)
    text = _DROPPED.sub("", text).replace("’", "'")
    text = _COMPANY_ZH.sub("", text)
    return text.replace("农村商业银行", "农商银行").replace("农商行", "农商银行")


class BankDirectory:
    """Exact lookup of a printed name among the dated aliases.

    rows: mappings with alias, entity_kind (bank, group), entity_id, valid_from, valid_to (ISO dates,
    both inclusive, blank = open). Raises FengchaoError when one name means two things on one day.
    """

    def __init__(self, rows: Iterable[Mapping[str, Any]]) -> None:
        self._entries: dict[str, list[tuple[str, str, str, str]]] = defaultdict(list)
        self._alias: dict[str, str] = {}
        for row in rows:
            key = normalise_name(row["alias"])
            entry = (
                row.get("valid_from") or "",
                row.get("valid_to") or "9999-12-31",
                row["entity_kind"],
                row["entity_id"],
            )
            for start, end, kind, entity in self._entries[key]:
                if (kind, entity) != entry[2:] and start <= entry[1] and entry[0] <= end:
                    raise FengchaoError(
                        f"bank alias {row['alias']!r} means both {entity} and {entry[3]} at the same time. "
                        "Give one of them another alias, or dates that do not overlap."
                    )
            self._entries[key].append(entry)
            self._alias.setdefault(key, row["alias"])

    def resolve(self, name: str, on_date: str | None = None) -> tuple[str, str] | None:
        """(entity_kind, entity_id) of a printed name on a day (ISO date), or None.

        Without a date a name resolves only if it has always meant the same.
        """
        entries = self._entries.get(normalise_name(name), [])
        hits = {
            (kind, entity)
            for start, end, kind, entity in entries
            if on_date is None or start <= on_date <= end
        }
        return hits.pop() if len(hits) == 1 else None

    def nearest(self, name: str, count: int = 3) -> list[str]:
        """The most similar known names, for error messages only: similar names are often other banks."""
        keys = difflib.get_close_matches(normalise_name(name), list(self._alias), n=count, cutoff=0.5)
        return [self._alias[key] for key in keys]
