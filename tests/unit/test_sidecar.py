"""Sidecars: the real ones are valid, and each way to be wrong gives one clear error."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagster_project.errors import InputError
from dagster_project.ingest.sidecar import SUFFIX, raw_files, read_sidecar, sha256_of, sidecar_path

RAW = Path(__file__).parents[2] / "data" / "raw"
GOOD = {
    "document_id": "X1",
    "kind": "reference",
    "title": "A table",
    "producer": "A bank",
    "citation": "A bank, 2024",
    "published_date": "2024-03",
    "received_date": "2026-11-21",
    "licence": "public",
    "synthetic": "false",
}


def _file(tmp_path: Path, **changes: str | None) -> Path:
    path = tmp_path / "table.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    fields = {**GOOD, "sha256": sha256_of(path), **changes}
    lines = [f"{key}: {value}" for key, value in fields.items() if value is not None]
    sidecar_path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("path", raw_files(RAW), ids=lambda path: str(path.relative_to(RAW)))
def test_raw_file_has_a_valid_sidecar(path: Path) -> None:
    assert read_sidecar(path)["sha256"] == sha256_of(path)


def test_no_sidecar_without_its_file() -> None:
    assert [
        path for path in RAW.rglob(f"*{SUFFIX}") if not Path(str(path).removesuffix(SUFFIX)).is_file()
    ] == []


def test_synthetic_answers_say_so() -> None:
    exports = [path for path in raw_files(RAW / "questionnaires") if path.name != "codebook.csv"]
    assert exports
    for path in exports:
        sidecar = read_sidecar(path)
        assert sidecar["synthetic"] is True, path
        assert sidecar["synthetic_method"]


def test_scalars_are_typed(tmp_path: Path) -> None:
    sidecar = read_sidecar(_file(tmp_path, respondents="74", published_date="null"))
    assert (sidecar["synthetic"], sidecar["respondents"], sidecar["published_date"]) == (False, 74, None)
    assert sidecar["received_date"] == "2026-11-21"
    assert read_sidecar(_file(tmp_path, published_date="2024"))["published_date"] == "2024"


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.csv: found no such file"):
        read_sidecar(tmp_path / "gone.csv")


def test_missing_sidecar(tmp_path: Path) -> None:
    path = _file(tmp_path)
    sidecar_path(path).unlink()
    with pytest.raises(
        InputError, match=r"table\.csv: found no sidecar beside it\. Write table\.csv\.meta\.yaml"
    ):
        read_sidecar(path)


@pytest.mark.parametrize(
    ("changes", "place", "found"),
    [
        ({"title": None}, "top level", "'title' is a required property"),
        ({"citation": None}, "top level", "is not valid under any of the given schemas"),
        ({"kind": "rumour"}, "kind", "'rumour' is not one of"),
        ({"received_date": "21.11.2026"}, "received_date", "does not match"),
        ({"sha256": "abc"}, "sha256", "does not match"),
        ({"synthetic": "perhaps"}, "synthetic", "'perhaps' is not of type 'boolean'"),
        ({"synthetic": "true"}, "top level", "'synthetic_method' is a required property"),
        ({"respondents": "many"}, "respondents", "'many' is not of type 'integer'"),
        ({"url": "www.example.com"}, "url", "does not match"),
        ({"colour": "red"}, "top level", "'colour' was unexpected"),
    ],
)
def test_invalid_sidecar(tmp_path: Path, changes: dict[str, str | None], place: str, found: str) -> None:
    with pytest.raises(InputError) as caught:
        read_sidecar(_file(tmp_path, **changes))
    assert str(caught.value.file).endswith("table.csv.meta.yaml")
    assert caught.value.place == place
    assert found in caught.value.found
    assert "Correct the sidecar" in caught.value.remedy


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"title: [unclosed\n", "unreadable YAML"),
        ("title: 表".encode("gbk"), "unreadable YAML"),
        (b"just a text\n", "is not of type 'object'"),
        (b"", "is not of type 'object'"),
    ],
)
def test_sidecar_that_is_no_table_of_fields(tmp_path: Path, content: bytes, found: str) -> None:
    path = _file(tmp_path)
    sidecar_path(path).write_bytes(content)
    with pytest.raises(InputError, match=found):
        read_sidecar(path)


def test_changed_file(tmp_path: Path) -> None:
    path = _file(tmp_path)
    path.write_text("a,b\n1,3\n", encoding="utf-8")
    with pytest.raises(
        InputError, match=r"whole file: found sha256 .+ where the sidecar says .+ never changes"
    ):
        read_sidecar(path)


def test_raw_files_leaves_out_sidecars_and_hidden_files(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", "a.csv.meta.yaml", ".hidden.csv", "~$a.xlsx", "sub/c.xlsx"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [str(path.relative_to(tmp_path)) for path in raw_files(tmp_path)] == [
        "a.csv",
        "b.csv",
        "sub/c.xlsx",
    ]
    assert [path.name for path in raw_files(tmp_path, ".xlsx")] == ["c.xlsx"]
    assert raw_files(tmp_path / "nothing") == []
