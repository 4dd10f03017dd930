"""Small writers of questionnaire exports: the same answers as every platform would lay them out."""

from __future__ import annotations

import csv
import functools
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from dagster_project.ingest import codebook
from dagster_project.ingest.batch import Batch, to_arrow
from dagster_project.ingest.questionnaires import read_questionnaires
from dagster_project.ingest.sidecar import sha256_of, sidecar_path

WAVE = 2023
SECRET = b"a key"
BLANK, SKIPPED = "blank", "skipped"
META = ["序号", "提交答卷时间", "所用时间", "来源", "来源详情", "来自IP"]
Rows = list[list[str]]


@dataclass(frozen=True)
class Question:
    """kind: single, multi, matrix, ranking, number, text. A matrix has rows, a choice has options."""

    number: int
    stem: str
    kind: str
    options: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    rule: str = ""
    exclusive: int = -1

    @property
    def items(self) -> list[str]:
        return [f"q{self.number}.r{row}" for row in range(len(self.rows))] or [f"q{self.number}"]

    def header(self, row: int = 0) -> str:
        if not self.rows:
            return f"{self.number}、{self.stem}"
        return (
            f"{self.number}、{self.stem}—{self.rows[0]}" if row == 0 else f"{self.number}、{self.rows[row]}"
        )


@dataclass
class Survey:
    """Questions and, per respondent, an answer by item: an option's index, a set or a list of them, a
    number, a text, BLANK or SKIPPED. The first two questions are always name and type of the bank."""

    questions: list[Question]
    answers: list[dict[str, Any]]
    names: list[str] = field(default_factory=list)

    def name(self, at: int) -> str:
        return self.names[at] if self.names else f"示例银行{at}"

    def items(self) -> list[tuple[Question, int, str]]:
        return [(q, row, item) for q in self.questions for row, item in enumerate(q.items)]

    # -- what stands beside the export -----------------------------------------------------------------

    def codebook(self) -> str:
        lines: Rows = [list(codebook.COLUMNS)]
        for no, kind, options, label in (
            ("7", "meta", "", "贵行全称"),
            ("8", "single", "bank_type", "贵行类型"),
        ):
            item = "sample.bank_type" if options else "sample.bank_name"
            question = str(int(no) - 6)
            fields = [
                no,
                question,
                item,
                "",
                item,
                kind,
                options,
                "",
                "sample",
                "",
                f"{question}、{label}",
                label,
            ]
            lines.append([*fields, "", "new", "false", "false", ""])
        for no, (q, row, item) in enumerate(self.items(), 9):
            options = f"s{q.number}" if q.options else ""
            label = q.rows[row] if q.rows else q.stem
            lines.append(
                [
                    str(no),
                    str(q.number),
                    f"q{q.number}",
                    f"r{row}" if q.rows else "",
                    item,
                    q.kind,
                    options,
                    q.rule,
                    "technology",
                    "",
                    q.header(row),
                    label,
                    "",
                    "new",
                    "false",
                    "false",
                    "",
                ]
            )
        return to_csv(lines)

    def option_csv(self) -> str:
        lines: Rows = [
            [
                "option_set",
                "option_id",
                "option_no",
                "label_zh",
                "label_en",
                "points",
                "is_exclusive",
                "valid_from_wave",
                "valid_to_wave",
            ]
        ]
        for no, (code, label) in enumerate((("city_commercial", "城市商业银行"), ("private", "民营银行")), 1):
            lines.append(["bank_type", code, str(no), label, "", str(10 * no), "false", "2020", ""])
        for q in self.questions:
            for no, label in enumerate(q.options, 1):
                lines.append(
                    [
                        f"s{q.number}",
                        f"o{no}",
                        str(no),
                        label,
                        "",
                        str(10 * no),
                        "true" if no - 1 == q.exclusive else "false",
                        "2020",
                        "",
                    ]
                )
        return to_csv(lines)

    # -- exports ---------------------------------------------------------------------------------------

    def _meta(self, at: int) -> list[str]:
        return [str(at + 1), "2023/9/4 10:21:35", "900秒", "微信", "N/A", "203.0.113.7(浙江-杭州)"]

    def wjx_text(self) -> Rows:
        header = [*META, "1、贵行全称", "2、贵行类型", *(q.header(row) for q, row, _ in self.items())]
        rows = [header]
        for at, answer in enumerate(self.answers):
            cells = [_by_label(q, answer[item]) for q, _, item in self.items()]
            rows.append([*self._meta(at), self.name(at), "城市商业银行", *cells])
        return rows

    def wjx_sequence(self, old: bool = False) -> Rows:
        header = [*META, "1、贵行全称", "2、贵行类型"]
        for q, row, _ in self.items():
            if q.kind in ("multi", "ranking"):
                header += [f"第{q.number}题({o})" if old else f"{q.number}、({o})" for o in q.options]
            else:
                header.append(q.header(row))
        rows = [header]
        for at, answer in enumerate(self.answers):
            cells: list[str] = []
            for q, _, item in self.items():
                cells += _by_number(q, answer[item], "-2", "-3")
            rows.append([*self._meta(at), self.name(at), "1", *cells])
        return rows

    def wjx_score(self) -> Rows:
        rows = self.wjx_text()
        for at, answer in enumerate(self.answers):
            cells = []
            for q, _, item in self.items():
                value = answer[item]
                is_option = q.kind in ("single", "matrix") and value not in (BLANK, SKIPPED)
                cells.append(str(10 * (value + 1)) if is_option else _by_label(q, value))
            rows[at + 1][7:] = ["10", *cells]
        return rows

    def tencent(self) -> Rows:
        header = ["编号", "开始答题时间", "结束答题时间", "答题时长", "1.贵行全称", "2.贵行类型"]
        for q, row, _ in self.items():
            stem = f"{q.number}.{q.stem}"
            if q.kind in ("multi", "ranking"):
                header += [f"{stem}:{option}" for option in q.options]
            else:
                header.append(f"{stem}:{q.rows[row]}" if q.rows else stem)
        rows = [header]
        for at, answer in enumerate(self.answers):
            cells: list[str] = []
            for q, _, item in self.items():
                value = answer[item]
                if q.kind == "multi":
                    chosen = value if isinstance(value, frozenset) else ()
                    cells += [f"{chr(65 + no)}.{o}" if no in chosen else "" for no, o in enumerate(q.options)]
                elif q.kind == "ranking":
                    cells += _by_number(q, value, "", "")
                elif value in (BLANK, SKIPPED):
                    cells.append("")
                elif q.kind in ("single", "matrix"):
                    cells.append(f"{chr(65 + value)}.{q.options[value]}")
                else:
                    cells.append(str(value))
            rows.append(
                [
                    str(at + 1),
                    "2023/9/4 10:00:00",
                    "2023/9/4 10:21:35",
                    "900",
                    self.name(at),
                    "A.城市商业银行",
                    *cells,
                ]
            )
        return rows

    def qualtrics(self) -> Rows:
        names = ["StartDate", "EndDate", "IPAddress", "Duration (in seconds)", "ResponseId", "Q1", "Q2"]
        texts = [
            "Start Date",
            "End Date",
            "IP Address",
            "Duration (in seconds)",
            "Response ID",
            "贵行全称",
            "贵行类型",
        ]
        for q, row, _ in self.items():
            if q.kind in ("multi", "ranking"):
                names += [f"Q{q.number}_{no}" for no in range(1, len(q.options) + 1)]
                mark = "Selected Choice - " if q.kind == "multi" else ""
                texts += [f"{q.stem} - {mark}{option}" for option in q.options]
            else:
                names.append(f"Q{q.number}_{row + 1}" if q.rows else f"Q{q.number}")
                texts.append(f"{q.stem} - {q.rows[row]}" if q.rows else q.stem)
        rows = [names, texts, [f'{{"ImportId":"QID{no}"}}' for no in range(len(names))]]
        for at, answer in enumerate(self.answers):
            cells: list[str] = []
            for q, _, item in self.items():
                value = answer[item]
                if q.kind == "multi":
                    chosen = value if isinstance(value, frozenset) else ()
                    cells += [o if no in chosen else "" for no, o in enumerate(q.options)]
                elif q.kind == "ranking":
                    cells += _by_number(q, value, "", "")
                elif value in (BLANK, SKIPPED):
                    cells.append("-99" if value == BLANK else "")
                else:
                    cells.append(_by_label(q, value))
            rows.append(
                [
                    "2023-09-04 10:00:00",
                    "2023-09-04 10:21:35",
                    "203.0.113.7",
                    "900",
                    str(at + 1),
                    self.name(at),
                    "城市商业银行",
                    *cells,
                ]
            )
        return rows

    def plain(self) -> Rows:
        rows = [["response_id", "submitted_at", "duration_seconds", "sample.bank_name", "sample.bank_type"]]
        rows[0] += [item for _, _, item in reversed(self.items())]
        for at, answer in enumerate(self.answers):
            cells = []
            for q, _, item in reversed(self.items()):
                value = answer[item]
                if isinstance(value, frozenset):
                    cells.append("|".join(f"o{no + 1}" for no in sorted(value)))
                elif q.kind in ("single", "matrix") and isinstance(value, int):
                    cells.append(f"o{value + 1}")
                else:
                    cells.append(_by_label(q, value))
            rows.append([str(at + 1), "2023-09-04", "900", self.name(at), "city_commercial", *cells])
        return rows


def _by_label(q: Question, value: Any) -> str:
    if value == BLANK:
        return "(空)"
    if value == SKIPPED:
        return "(跳过)"
    if isinstance(value, frozenset):
        return "┋".join(q.options[no] for no in sorted(value))
    if isinstance(value, tuple):
        return "→".join(q.options[no] for no in value)
    return q.options[value] if q.kind in ("single", "matrix") else str(value)


def _by_number(q: Question, value: Any, blank: str, skipped: str) -> list[str]:
    size = len(q.options) if q.kind in ("multi", "ranking") else 1
    if value in (BLANK, SKIPPED):
        return [blank if value == BLANK else skipped] * size
    if isinstance(value, frozenset):
        return [str(int(no in value)) for no in range(size)]
    if isinstance(value, tuple):
        return [str(value.index(no) + 1) if no in value else blank for no in range(size)]
    return [str(value + 1) if q.kind in ("single", "matrix") else str(value)]


def to_csv(rows: Rows) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue()


def write_xlsx(rows: Rows, path: Path, numbers: bool = True) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Sheet1"
    for row in rows:
        sheet.append([int(c) if numbers and c.lstrip("-").isdigit() and len(c) < 9 else c for c in row])
    book.save(path)


def write_sav(rows: Rows, path: Path, survey: Survey, by_label: bool) -> None:
    """By sequence, with codes as numbers, labels of values and -3, -2 as user-missing values."""
    import pandas as pd
    import pyreadstat

    header, data = rows[0], rows[1:]
    kinds: list[Question | None] = [None] * 8
    names = ["response_id", "submitted_at", "duration_seconds", "src", "detail", "ip", "V1", "V2"]
    for q, _, item in survey.items():
        parts = len(q.options) if q.kind in ("multi", "ranking") else 1
        kinds += [q] * parts
        names += [item if parts == 1 else f"{item}__o{no + 1}" for no in range(parts)]
    if by_label:
        names = [f"V{no}" for no in range(len(names))]
    else:
        names[3:8] = ["source", "source_b", "ip", "sample.bank_name", "sample.bank_type"]
    frame, values, missing = pd.DataFrame(index=range(len(data))), {}, {}
    keep = [no for no in range(len(names)) if by_label or names[no] != "source_b"]
    for no in keep:
        kind, cells = kinds[no], [row[no] for row in data]
        if no == 7 or (kind is not None and kind.kind != "text"):
            frame[names[no]] = [float(cell) if cell else float("nan") for cell in cells]
            missing[names[no]] = [{"lo": -3, "hi": -2}]
            if kind is not None and kind.kind in ("single", "matrix"):
                values[names[no]] = {float(at + 1): label for at, label in enumerate(kind.options)}
        else:
            frame[names[no]] = cells
    pyreadstat.write_sav(
        frame,
        str(path),
        column_labels=[header[no] for no in keep],
        variable_value_labels=values,
        missing_ranges=missing,
    )


def seal(path: Path, **more: str) -> None:
    fields = {
        "document_id": "Q1", "kind": "questionnaire", "title": "a test", "producer": "a test",
        "citation": "a test", "published_date": "null", "received_date": "2026-11-21", "licence": "none",
        "sha256": sha256_of(path), "synthetic": "true", "synthetic_method": "written by hand", **more,
    }  # fmt: skip
    sidecar_path(path).write_text("".join(f"{k}: {v}\n" for k, v in fields.items()), encoding="utf-8")


class Home:
    """A raw folder with one wave of a survey and one export at a time."""

    def __init__(self, root: Path, survey: Survey) -> None:
        self.root, self.survey = root, survey
        self.folder = root / "questionnaires" / str(WAVE)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.codebook = self.folder / "codebook.csv"
        self.codebook.write_text(survey.codebook(), encoding="utf-8")
        seal(self.codebook)
        (root / "options.csv").write_text(survey.option_csv(), encoding="utf-8")

    def clear(self) -> None:
        for path in self.folder.iterdir():
            if not path.name.startswith("codebook.csv"):
                path.unlink()

    def csv(
        self, rows: Rows, name: str = "1_export.csv", encoding: str = "utf-8-sig", **sidecar: str
    ) -> Path:
        return self.bytes(to_csv(rows).encode(encoding), name, **sidecar)

    def bytes(self, content: bytes, name: str = "1_export.csv", **sidecar: str) -> Path:
        self.clear()
        path = self.folder / name
        path.write_bytes(content)
        seal(path, **sidecar)
        return path

    def read(self) -> Batch:
        options = functools.partial(_OPTION_SETS, path=self.root / "options.csv")
        with mock.patch.object(codebook, "option_sets", options):
            batch = read_questionnaires(self.root, WAVE, SECRET, self.root / "spool")
        batch.check_conservation(["questionnaire_response", "codebook_item"])
        batch.tables = {name: to_arrow(name, rows).to_pylist() for name, rows in batch.tables.items()}
        return batch

    def answers(self, typed: bool = True) -> list[tuple[Any, ...]]:
        """Every column of the long table but those that say where an answer stood in its file."""
        batch = self.read()
        assert [(r.reason, r.found) for r in batch.rejects] == []
        return long_rows(batch, typed)


_OPTION_SETS = codebook.option_sets


def long_rows(batch: Batch, typed: bool = True) -> list[tuple[Any, ...]]:
    names = (
        "wave",
        "response_id",
        "respondent_token",
        "item_id",
        "row_id",
        "option_id",
        "value_num",
        "missing_code",
    )
    return [
        (*(row[name] for name in names), row["value_text"] if typed or row["option_id"] is None else None)
        for row in batch.tables["questionnaire_answer"]  # type: ignore[union-attr]
    ]
