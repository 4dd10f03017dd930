"""How a release is cited: one sentence, and `CITATION.cff` (Citation File Format 1.2.0)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

TITLE = "Fengchao 蜂巢: technology investment and digital maturity of China's banks"


def citation(release_id: str, release_date: str) -> str:
    """The sentence a reader copies."""
    return (
        f"Fengchao project 蜂巢项目 ({release_date[:4]}). {TITLE}. Release {release_id}. "
        "Survey part synthetic 调查部分为合成数据."
    )


def write_citation(folder: Path, release: dict[str, Any]) -> Path:
    """Write `CITATION.cff`; release: release_id, release_date, git_commit."""
    content = {
        "cff-version": "1.2.0",
        "message": "If you use these data, cite this release and, for disclosed figures, their documents. "
        "使用本数据请引用本版本；披露数字请同时引用其文献。",
        "type": "dataset",
        "title": TITLE,
        "version": release["release_id"],
        "date-released": release["release_date"],
        "commit": release["git_commit"],
        "license": "Apache-2.0",
        "authors": [{"name": "Fengchao project"}],
        "abstract": "Scores, answer shares and disclosed technology investment of China's banks. Survey answers and "
        "scores are SYNTHETIC: no bank's real answers are in it.",
        "keywords": ["banks", "China", "fintech", "digital transformation", "composite indicator"],
    }
    path = folder / "CITATION.cff"
    path.write_text(
        yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=110),
        encoding="utf-8",
        newline="\n",
    )
    return path
