"""CHANGES.md: what moved against the release before, and why where that is known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dagster_project.release.compare import TableChange, compare_releases, read_package

Line = tuple[str, str]  # Chinese, English
_NAMED = 8  # files and columns that are named before the rest is counted


def change_lines(previous: Path | None, building: Path, facts: dict[str, Any]) -> list[Line]:
    """Lines on what moved from `previous` to the tables in `building`, Chinese and English.

    facts: input_sha256, framework_version, code_fingerprint and git_commit of the new release.
    """
    if previous is None:
        return [("首个版本，没有可比的上一版本。", "First release: there is nothing to compare with.")]
    package = read_package(previous)
    before = package.get("fengchao", {})
    lines: list[Line] = [(f"上一版本：{previous.name}", f"Release before: {previous.name}")]
    changes = compare_releases(previous, building)
    moved = [change for change in changes if change.state != "same"]
    reasons = _reasons(before, facts)
    if moved and not reasons:
        reasons = [
            (
                "原因未知：输入、框架与代码均未变。",
                "Reason unknown: neither inputs nor framework nor code changed.",
            )
        ]
    lines += reasons
    lines.append(
        (
            f"{len(changes)} 张表中 {len(moved)} 张有变化。",
            f"{len(moved)} of {len(changes)} tables changed.",
        )
    )
    for change in moved:
        lines += _of_table(change)
    return lines


def _reasons(before: dict[str, Any], after: dict[str, Any]) -> list[Line]:
    lines: list[Line] = []
    old, new = before.get("input_sha256", {}), after["input_sha256"]
    for zh, en, names in (
        ("新增输入文件", "New input files", sorted(set(new) - set(old))),
        ("删除输入文件", "Removed input files", sorted(set(old) - set(new))),
        ("内容改变的输入文件", "Input files with other content", sorted(n for n in set(old) & set(new) if old[n] != new[n])),
    ):  # fmt: skip
        if names:
            listed = _listed(names)
            lines.append(
                (f"原因：{zh} {len(names)} 个：{listed}", f"Reason: {en.lower()} ({len(names)}): {listed}")
            )
    for key, zh, en in (
        ("framework_version", "评价框架改变", "the framework changed"),
        ("code_fingerprint", "发布代码改变", "the code of the release changed"),
        ("git_commit", "代码提交改变", "the commit of the code changed"),
    ):
        if key in before and before[key] != after[key]:
            was, now = (
                commit[:12] + ("+changed" if commit.endswith("+changed") else "")
                for commit in (before[key], after[key])
            )
            lines.append((f"原因：{zh}（{was} → {now}）", f"Reason: {en} ({was} -> {now})"))
    return lines


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" … +{more}" if more > 0 else "")


def _of_table(change: TableChange) -> list[Line]:
    name = f"`{change.table}`"
    if change.state == "added":
        return [(f"{name}：新表，{change.rows_after} 行。", f"{name}: new table, {change.rows_after} rows.")]
    if change.state == "removed":
        return [
            (
                f"{name}：表已删除，原 {change.rows_before} 行。",
                f"{name}: removed, it had {change.rows_before} rows.",
            )
        ]
    lines = [
        (
            f"{name}：新增 {change.added} 行，删除 {change.removed} 行，改变 {change.changed} 行（{change.rows_before} → {change.rows_after}）。",
            f"{name}: {change.added} rows added, {change.removed} removed, {change.changed} changed ({change.rows_before} -> {change.rows_after}).",
        )
    ]
    for zh, en, columns in (
        ("新增列", "columns added", change.columns_added),
        ("删除列", "columns removed", change.columns_removed),
        ("改变的列", "columns changed", [f"{column} ({count})" for column, count in change.changed_columns]),
    ):
        if columns:
            lines.append((f"{name} {zh}：{_listed(columns)}", f"{name} {en}: {_listed(columns)}"))
    for move in change.moves:
        value = f"{move.column}: {move.before or '∅'} → {move.after or '∅'}"
        lines.append((f"{name} 最大变动 {move.key}，{value}", f"{name} largest move {move.key}, {value}"))
    return lines


def write_changes(folder: Path, release: dict[str, Any], lines: Sequence[Line]) -> Path:
    """Write `CHANGES.md`; every line in Chinese with the English below it."""
    body = "\n".join(f"- {zh}\n  <br>{en}" for zh, en in lines)
    path = folder / "CHANGES.md"
    path.write_text(
        f"# 变更 Changes · {release['release_id']}\n\n"
        "调查部分为合成数据。 The survey part is SYNTHETIC.\n\n"
        f"{body}\n",
        encoding="utf-8",
        newline="\n",
    )
    return path
