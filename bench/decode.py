"""Time and peak memory of decoding a large export, next to `pandas.read_csv` of the same file.

    python bench/decode.py [RESPONSES]          default 100,000; the stated goal is for 1,000,000

The file has 100 columns of a 问卷星 export by text: 6 of the platform, a bank name, 80 single choices
and matrix rows, 8 multiple choices of six options, 4 numbers and a free text. Each reader runs in a
process of its own, one after the other:

- `read_csv`: pandas brings the cells into memory, 100 to a response, and stops;
- `decode`: Fengchao makes the long table of answers (132 rows to a response, with tokens, flags and
  duplicates) and hands it over batch by batch;
- `land`: the same, and the Parquet files of landing;
- `melt`: pandas makes the same long Parquet table, from fewer responses because it holds all of them.

Wall time depends on what else the machine does: compare ratios of one run, and CPU seconds.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

if TYPE_CHECKING:
    from dagster_project.ingest.batch import Batch

ROOT = Path(__file__).resolve().parent.parent
WAVE = 2023
SECRET = b"a key"
# pandas holds the long table as a whole: a twentieth of the responses takes as much memory.
MELT_PART = 20
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


def read_questionnaires(folder: Path) -> Batch:
    from dagster_project.ingest import codebook
    from dagster_project.ingest.questionnaires import read_questionnaires

    codebook.option_sets = functools.partial(codebook.option_sets, path=folder / "options.csv")  # type: ignore[assignment]
    batch = read_questionnaires(folder, WAVE, SECRET, folder / "spool")
    batch.check_conservation(["questionnaire_response"])
    return batch


def decode(folder: Path) -> int:
    """Decode to long batches that are counted and dropped; number of answers."""
    from dagster_project.ingest.batch import Spool

    def count(spool: Spool, table: pa.Table) -> None:
        spool._rows += table.num_rows

    Spool.write = count  # type: ignore[method-assign]
    return read_questionnaires(folder).rows_in["questionnaire_answer"]


def land(folder: Path) -> int:
    """Decode to landed Parquet; number of answers."""
    from dagster_project.ingest.landing import place

    batch = read_questionnaires(folder)
    for table in ("questionnaire_response", "questionnaire_answer"):
        place(batch.tables[table], folder / "landing" / f"{table}.parquet")
    return batch.rows_in["questionnaire_answer"]


def read_csv(folder: Path) -> int:
    import pandas as pd

    return int(pd.read_csv(export_in(folder)).size)


def melt(folder: Path) -> int:
    """The long table with pandas: number of answers."""
    import pandas as pd

    wide = pd.read_csv(export_in(folder))
    book = pd.read_csv(folder / "questionnaires" / str(WAVE) / "codebook.csv")
    options = pd.read_csv(folder / "options.csv")
    labels = dict(zip(options["label_zh"], options["option_id"], strict=True))
    wide["response_id"] = f"{WAVE}-" + wide["序号"].astype(str)
    wide["respondent_token"] = [
        hmac.new(SECRET, name.encode(), hashlib.sha256).hexdigest()[:20] for name in wide[book["header"][0]]
    ]
    wide["source_row"] = wide.index + 2
    keys = ["response_id", "respondent_token", "source_row"]
    parts = []
    for item in book.iloc[1:].itertuples():
        cells = wide[item.header].astype(str)
        missing = cells.map({"(空)": "blank", "(跳过)": "skipped_by_logic"}).fillna("answered")
        answered = missing == "answered"
        base = wide[keys].assign(item_id=item.item_id, source_column=item.column_no, missing_code=missing)
        if item.item_type == "multi":
            for label in TECHNIQUES:
                ticked = cells[answered].str.contains(label, regex=False).astype(float)
                typed = cells[answered].str.extract("〖(.*)〗")[0] if label == "其他" else None
                parts.append(
                    base[answered].assign(option_id=labels[label], value_num=ticked, value_text=typed)
                )
            parts.append(base[~answered])
        elif item.item_type == "single":
            parts.append(base.assign(option_id=cells.map(labels)))
        elif item.item_type == "number":
            parts.append(base.assign(value_num=pd.to_numeric(cells.where(answered))))
        else:
            parts.append(base.assign(value_text=cells.where(answered)))
    long = pd.concat(parts, ignore_index=True)
    long = long.assign(wave=WAVE, row_id="", is_synthetic=True, source_file=export_in(folder).name)
    long.to_parquet(folder / "long.parquet")
    return len(long)


def export_in(folder: Path) -> Path:
    return next((folder / "questionnaires" / str(WAVE)).glob("1_*.csv"))


READERS = {"read_csv": read_csv, "decode": decode, "land": land, "melt": melt}


def measured(reader: str, folder: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, __file__, reader, str(folder)], capture_output=True, text=True, cwd=ROOT
    )
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def measure(reader: str, folder: Path) -> None:
    started = time.perf_counter()
    count = READERS[reader](folder)
    wall, used = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF)
    cpu, peak = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
    print(json.dumps({"wall": wall, "cpu": cpu, "peak": peak, "count": count}))


def compare(responses: int) -> None:
    sizes = {"read_csv": responses, "decode": responses, "land": responses}
    sizes["melt"] = max(1, responses // MELT_PART)
    with tempfile.TemporaryDirectory() as name:
        folders = {size: Path(name) / str(size) for size in sizes.values()}
        for size, folder in folders.items():
            make(folder, size)
        megabytes = export_in(folders[responses]).stat().st_size / 2**20
        print(f"{responses:,} responses x 100 columns, {megabytes:,.0f} MB of CSV; {os.cpu_count()} cores")
        print(
            f"{'reader':<9}{'responses':>10}{'rows':>13}{'wall s':>8}{'CPU s':>8}{'responses/s':>13}{'rows/s':>12}"
            f"{'peak MB':>9}   time and CPU per response, memory: ratio to read_csv"
        )
        base: dict[str, float] = {}
        for reader, size in sizes.items():
            result = measured(reader, folders[size])
            base = base or result
            rows = result["count"] if reader != "read_csv" else size
            ratios = [result[key] / size / (base[key] / responses) for key in ("wall", "cpu")]
            print(
                f"{reader:<9}{size:>10,}{rows:>13,.0f}{result['wall']:>8.1f}{result['cpu']:>8.1f}"
                f"{size / result['wall']:>13,.0f}{rows / result['wall']:>12,.0f}{result['peak']:>9,.0f}   "
                f"{ratios[0]:.2f} {ratios[1]:.2f} {result['peak'] / base['peak']:.2f}",
                flush=True,
            )
            if reader in ("decode", "land"):
                met = [
                    "met" if reached else "not met"
                    for reached in (ratios[0] <= 1.5, result["peak"] <= base["peak"] / 4)
                ]
                print(f"         goal: time at most 1.50 {met[0]}, memory at most 0.25 {met[1]}")


def main() -> None:
    if len(sys.argv) > 2:
        measure(sys.argv[1], Path(sys.argv[2]))
    else:
        compare(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
