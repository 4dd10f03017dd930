"""Sidecars: every raw file says where it comes from, and is what it was when it was received."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from dagster_project.errors import InputError

SUFFIX = ".meta.yaml"
_SCHEMA = Path(__file__).parent / "schemas" / "sidecar.schema.json"


@cache
def _validator() -> Any:
    return jsonschema.Draft202012Validator(json.loads(_SCHEMA.read_text(encoding="utf-8")))


def sha256_of(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def sidecar_path(path: Path) -> Path:
    return path.with_name(path.name + SUFFIX)


def read_sidecar(path: Path) -> dict[str, Any]:
    """The validated sidecar of the raw file `path`.

    Raises InputError if the file or its sidecar is missing, if the sidecar does not follow
    `schemas/sidecar.schema.json`, or if the file is no longer the one that was received.
    """
    if not path.is_file():
        raise InputError(path, "", "no such file", "Put the file there, or remove what refers to it.")
    side = sidecar_path(path)
    if not side.is_file():
        raise InputError(
            path,
            "",
            "no sidecar beside it",
            f"Write {side.name} (producer, title, url or citation, dates, licence, sha256); "
            f"`fengchao sidecar {path.name}` prints a draft.",
        )
    try:
        content = yaml.load(side.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(side, "", f"unreadable YAML ({error})", "Correct the sidecar.") from error
    content = _typed(content)
    problems = sorted(_validator().iter_errors(content), key=lambda e: list(map(str, e.path)))
    if problems:
        first = problems[0]
        place = ".".join(map(str, first.path)) or "top level"
        raise InputError(
            side, place, first.message, "Correct the sidecar; its fields stand in docs/operations.md."
        )
    actual = sha256_of(path)
    if actual != content["sha256"]:
        raise InputError(
            path,
            "whole file",
            f"sha256 {actual[:12]}… where the sidecar says {content['sha256'][:12]}…",
            "A raw file never changes: restore it, or receive it anew with a sidecar of its own.",
        )
    return content


def _typed(content: Any) -> Any:
    """BaseLoader keeps every scalar a text (dates stay as written); booleans, numbers, null return here."""
    if not isinstance(content, dict):
        return content
    words: dict[str, Any] = {"true": True, "false": False, "null": None, "": None}
    typed = {
        key: words.get(value, value) if isinstance(value, str) else value for key, value in content.items()
    }
    if isinstance(typed.get("respondents"), str) and typed["respondents"].isdigit():
        typed["respondents"] = int(typed["respondents"])
    return typed


def raw_files(folder: Path, *suffixes: str) -> list[Path]:
    """The data files of a raw folder in a fixed order, without sidecars and hidden files."""
    if not folder.is_dir():
        return []
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and not path.name.startswith((".", "~$"))
        and not path.name.endswith(SUFFIX)
        and (not suffixes or path.suffix.lower() in suffixes)
    )
