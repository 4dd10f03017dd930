"""Rows per second and peak memory of decoding a large export, next to `pandas.read_csv` of the same file.

    python bench/decode.py [RESPONSES]          default 100,000; the stated goal is for 1,000,000

The file has 100 columns of a 问卷星 export by text: 6 of the platform, a bank name, 80 single choices
and matrix rows, 8 multiple choices of six options, 4 numbers and a free text. Each reader runs in a
process of its own. `fengchao` includes everything up to the Parquet files of landing (one row per
answer, tokens, flags, duplicates); `pandas` only brings the cells into memory.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

ROOT = Path(__file__).resolve().parent.parent
WAVE = 2023
LEVELS = ("尚未部署", "规划论证阶段", "初步应用阶段", "成熟推广阶段", "不适用于本行")
TECHNIQUES = ("云计算平台", "大数据平台", "人工智能平台", "区块链平台", "物联网平台", "其他")


def make(folder: Path, responses: int) -> Path:
    """Write codebook, option sets and an export with sidecars below `folder`; the export's path."""
    wave = folder / "questionnaires" / str(WAVE)
    wave.mkdir(parents=True)
    rng = np.random.default_rng(1)
    names = ["序号", "提交答卷时间", "所用时间", "来源", "来源详情", "来自IP"]
    items = [("sample.bank_name", "meta", ""), ("sample.bank_type", "single", "bank_type")]
    items += [(f"single_{n}", "single", "level") for n in range(1, 80)]
    items += [(f"multi_{n}", "multi", "technique") for n in range(1, 9)]
    items += [(f"number_{n}", "number", "") for n in range(1, 5)] + [("remark", "text", "")]
    headers = [f"{n}、问题{n}：下列各项在贵行所处的阶段" for n in range(1, len(items) + 1)]
    ticks = [
        "┋".join(t for bit, t in enumerate(TECHNIQUES) if code >> bit & 1) or "(空)" for code in range(64)
    ]
    ticks = [tick.replace("其他", "其他〖隐私计算〗") for tick in ticks]
    types = ["城市商业银行", "农村商业银行", "民营银行"]
    export = wave / f"1_按文本_bench_{responses}_{responses}.csv"

    def dictionary(values: list[str], codes: np.ndarray) -> pa.Array:
        return pa.array(values).take(pa.array(codes))

    with export.open("wb") as handle:
        handle.write("\ufeff".encode())
        handle.write((",".join([*names, *headers]) + "\n").encode())
        for start in range(0, responses, 20_000):
            n = min(20_000, responses - start)
            numbers = np.arange(start + 1, start + n + 1)
            columns = [
                pa.array(numbers),
                dictionary(
                    [f"2023/9/{d} 10:{m:02d}:35" for d in range(1, 31) for m in range(60)],
                    rng.integers(0, 1800, n),
                ),
                dictionary([f"{s}秒" for s in range(600, 3000)], rng.integers(0, 2400, n)),
                dictionary(["微信", "链接"], rng.integers(0, 2, n)),
                dictionary(["N/A"], np.zeros(n, int)),
                dictionary([f"192.0.2.{i}(浙江-杭州)" for i in range(256)], rng.integers(0, 256, n)),
            ]
            for item, kind, options in items:
                if item == "sample.bank_name":
                    columns.append(pa.array([f"合成银行{i}" for i in numbers]))
                elif kind == "single":
                    values = types if options == "bank_type" else [*LEVELS, "(跳过)"]
                    columns.append(dictionary(values, rng.integers(0, len(values), n)))
                elif kind == "multi":
                    columns.append(dictionary(ticks, rng.integers(0, 64, n)))
                elif kind == "number":
                    columns.append(pa.array(rng.integers(0, 5000, n)))
                else:
                    columns.append(dictionary(["(空)", "希望加强数据共享", "无"], rng.integers(0, 3, n)))
            table = pa.table(columns, names=[f"c{i}" for i in range(len(columns))])
            pacsv.write_csv(table, handle, pacsv.WriteOptions(include_header=False, quoting_style="needed"))
    lines = [
        "column_no,question_no,question_id,row_id,item_id,item_type,option_set,eligible_rule,dimension,"
        "indicator,header,label_zh,label_en,change_type,comparable,inferred,note"
    ]
    for n, ((item, kind, options), header) in enumerate(zip(items, headers, strict=True), 1):
        lines.append(
            f"{n + 6},{n},{item},,{item},{kind},{options},,technology,,{header},{n},{n},new,false,false,"
        )
    (wave / "codebook.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    sets = [
        "option_set,option_id,option_no,label_zh,label_en,points,is_exclusive,valid_from_wave,valid_to_wave"
    ]
    codes = ("city_commercial", "rural_commercial", "private")
    for name, ids, labels in (
        ("bank_type", codes, types),
        ("level", [f"l{i}" for i in range(5)], LEVELS),
        ("technique", [f"t{i}" for i in range(6)], TECHNIQUES),
    ):
        sets += [
            f"{name},{i},{no},{label},,,false,2020,"
            for no, (i, label) in enumerate(zip(ids, labels, strict=True), 1)
        ]
    (folder / "options.csv").write_text("\n".join(sets) + "\n", encoding="utf-8")
    from dagster_project.ingest.sidecar import sha256_of, sidecar_path

    for path in (export, wave / "codebook.csv"):
        fields = {
            "document_id": "bench",
            "kind": "questionnaire",
            "title": "bench",
            "producer": "bench",
            "citation": "bench",
            "published_date": "null",
            "received_date": "2026-11-21",
            "licence": "none",
            "sha256": sha256_of(path),
            "synthetic": "true",
            "synthetic_method": "random cells",
        }
        sidecar_path(path).write_text("".join(f"{k}: {v}\n" for k, v in fields.items()), encoding="utf-8")
    return export


def read_with_fengchao(folder: Path) -> int:
    """Decode to landed Parquet; number of answers."""
    import functools

    from dagster_project.ingest import codebook
    from dagster_project.ingest.landing import place
    from dagster_project.ingest.questionnaires import read_questionnaires

    codebook.option_sets = functools.partial(codebook.option_sets, path=folder / "options.csv")  # type: ignore[assignment]
    batch = read_questionnaires(folder, WAVE, b"a key", folder / "spool")
    batch.check_conservation(["questionnaire_response"])
    for table in ("questionnaire_response", "questionnaire_answer"):
        place(batch.tables[table], folder / "landing" / f"{table}.parquet")  # type: ignore[arg-type]
    return batch.rows_in["questionnaire_answer"]


def read_with_pandas(export: Path) -> int:
    import pandas as pd

    return int(pd.read_csv(export).size)


def measured(*arguments: str) -> dict[str, float]:
    done = subprocess.run([sys.executable, __file__, *arguments], capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    if len(sys.argv) > 2:
        started = time.perf_counter()
        reader = {"fengchao": read_with_fengchao, "pandas": read_with_pandas}[sys.argv[1]]
        count = reader(Path(sys.argv[2]))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": time.perf_counter() - started, "peak_mb": peak, "count": count}))
        return
    responses = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        export = make(folder, responses)
        print(f"{responses:,} responses x 100 columns, {export.stat().st_size / 2**20:,.0f} MB of CSV")
        ours, theirs = measured("fengchao", str(folder)), measured("pandas", str(export))
        for label, result in (("fengchao", ours), ("pandas", theirs)):
            print(
                f"{label:<9} {result['seconds']:7.1f} s  {responses / result['seconds']:>9,.0f} responses/s  "
                f"peak {result['peak_mb']:>7,.0f} MB  {result['count']:>13,.0f} {'answers' if label == 'fengchao' else 'cells'}"
            )
        print(
            f"ratio     time {ours['seconds'] / theirs['seconds']:.2f} (goal at most 1.50)   "
            f"memory {ours['peak_mb'] / theirs['peak_mb']:.2f} (goal at most 0.25)"
        )


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
