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
MAPPING_SUFFIX = ".mapping.yaml"
REVIEW_SUFFIX = ".review.csv"
# What we write beside a raw file, under its name: it says something about the file and is none itself.
BESIDE = (SUFFIX, MAPPING_SUFFIX, REVIEW_SUFFIX)
_SCHEMA = Path(__file__).parent / "schemas" / "sidecar.schema.json"


@cache
def _validator(schema: Path) -> Any:
    return jsonschema.Draft202012Validator(json.loads(schema.read_text(encoding="utf-8")))


def read_yaml(path: Path) -> Any:
    """The content of a YAML file; every scalar stays a text (dates as written, `N` is no boolean)."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(path, "", f"unreadable YAML ({error})", "Correct the file.") from error


def check_schema(path: Path, content: Any, schema: Path, remedy: str) -> None:
    """Raise InputError with the first place where the content of `path` does not follow the schema."""
    problems = sorted(_validator(schema).iter_errors(content), key=lambda e: list(map(str, e.path)))
    if problems:
        place = ".".join(map(str, problems[0].path)) or "top level"
        raise InputError(path, place, problems[0].message, remedy)


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
    content = _typed(read_yaml(side))
    check_schema(side, content, _SCHEMA, "Correct the sidecar; its fields stand in docs/operations.md.")
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
    """Booleans, numbers and null return to the texts of `read_yaml`."""
    if isinstance(content, list):
        return [_typed(entry) for entry in content]
    if not isinstance(content, dict):
        words: dict[str, Any] = {"true": True, "false": False, "null": None, "": None}
        return words.get(content, content)
    typed = {key: _typed(value) for key, value in content.items()}
    if isinstance(typed.get("respondents"), str) and typed["respondents"].isdigit():
        typed["respondents"] = int(typed["respondents"])
    return typed


def raw_files(folder: Path, *suffixes: str) -> list[Path]:
    """The data files of a raw folder in a fixed order, without what is written beside them and hidden files."""
    if not folder.is_dir():
        return []
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and not path.name.startswith((".", "~$"))
        and not path.name.endswith(BESIDE)
        and (not suffixes or path.suffix.lower() in suffixes)
    )


def check_beside(folder: Path) -> None:
    """Raise InputError for a sidecar, mapping or review below `folder` whose file is not there."""
    for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
        for suffix in BESIDE:
            if path.name.endswith(suffix) and not path.name.startswith("."):
                of = path.with_name(path.name.removesuffix(suffix))
                if not of.is_file():
                    raise InputError(
                        path, "", f"no {of.name} beside it", f"Put {of.name} there, or remove {path.name}."
                    )
