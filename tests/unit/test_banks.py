"""Names of banks: known traps, and that nothing resolves by similarity."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import duckdb
import pytest
from opencc import OpenCC
from rapidfuzz import fuzz

from dagster_project.errors import FengchaoError
from dagster_project.ingest.bank_review import COLUMNS, write_bank_review
from dagster_project.ingest.banks import BankDirectory, normalise_name
from dagster_project.ingest.batch import Reject
from dagster_project.ingest.load import load
from dagster_project.ingest.reference import load_directory, read_reference
from dagster_project.ingest.sidecar import sha256_of, sidecar_path
from dagster_project.ingest.sources import DISCLOSURES
from dagster_project.settings import Settings

RAW = Path(__file__).parents[2] / "data" / "raw"


@pytest.fixture(scope="module")
def directory() -> BankDirectory:
    return load_directory(RAW)[0]


@pytest.mark.parametrize(
    ("names", "bank_id"),
    [
        (("苏州银行", "苏州银行股份有限公司"), "bank_of_suzhou"),
        (("苏州农商银行", "苏州农商行", "江苏苏州农村商业银行股份有限公司", "苏农银行"), "suzhou_rcb"),
        (("重庆银行", "重慶銀行", "Bank of Chongqing"), "bank_of_chongqing"),
        (
            ("重庆农商行", "重庆农商银行", "渝农商行", "渝農商行", "重庆农村商业银行股份有限公司"),
            "chongqing_rcb",
        ),
        (("无锡银行", "无锡农商行", "無錫農商銀行", "无锡农村商业银行股份有限公司"), "wuxi_rcb"),
        (("浦发银行", "浦發銀行", "浦发", "上海浦东发展银行股份有限公司", "上海浦东发展银行"), "spdb"),
        (("上海银行", "上海銀行"), "bank_of_shanghai"),
        (("沪农商行", "上海农商银行", "上海农村商业银行股份有限公司"), "shanghai_rcb"),
        (("青岛银行", "Bank of Qingdao"), "bank_of_qingdao"),
        (("青农商行", "青岛农商银行", "青岛农商行"), "qingdao_rcb"),
        (("厦门银行",), "bank_of_xiamen"),
        (("厦门国际银行",), "xiamen_international_bank"),
        (("ICBC", "icbc", "工行", "Industrial and Commercial Bank of China"), "icbc"),
        (("BTC", "交通銀行", "中国交通银行", "Bank of Communications Co., Ltd."), "bocom"),
        (("CPSB", "郵儲銀行", "中国邮储银行", "Postal Savings Bank of China"), "psbc"),
        (("China Merchant Bank", "招商銀行", "招行", "CMB"), "cmb"),
        (("Citic Bank", "CITIC Bank", "China CITIC Bank", "中 信 银 行"), "citic"),
        (("Industrial Bank Co.", "興業銀行"), "cib"),
        (("常熟银行", "常熟农商银行"), "changshu_rcb"),
    ],
)
def test_spellings_of_one_bank(directory: BankDirectory, names: tuple[str, ...], bank_id: str) -> None:
    for name in names:
        assert directory.resolve(name) == ("bank", bank_id), name


@pytest.mark.parametrize(
    "name",
    ["六大行", "國有六大行", "six major banks", "25家银行", "9家全国性股份制银行", "城商行", "商业银行整体"],
)
def test_groups_are_not_banks(directory: BankDirectory, name: str) -> None:
    assert directory.resolve(name)[0] == "group"


@pytest.mark.parametrize(
    "name",
    [
        "中国农业发展银行",
        "江苏江南农村商业银行股份有限公司",
        "江苏江阴农村商业银行股份有限公司",
        "苏州农业银行",
        "重庆农业银行",
        "银行",
        "",
        "金融壹账通",
    ],
)
def test_similar_is_not_the_same(directory: BankDirectory, name: str) -> None:
    assert directory.resolve(name) is None


@pytest.mark.parametrize(
    ("one", "other", "score", "same"),
    [
        ("江苏江阴农村商业银行股份有限公司", "江苏江南农村商业银行股份有限公司", 94, False),
        ("中国农业银行", "中国农业发展银行", 86, False),
        ("上海银行", "上海农商银行", 80, False),
        ("苏州银行", "苏州农商银行", 80, False),
        ("渝农商行", "重庆农村商业银行", 50, True),
        ("沪农商行", "上海农村商业银行股份有限公司", 33, True),
    ],
)
def test_similarity_says_little(one: str, other: str, score: int, same: bool) -> None:
    """Different banks are more alike than two names of one bank: no threshold could decide."""
    assert round(fuzz.ratio(one, other)) == score
    directory = BankDirectory(
        {"alias": name, "entity_kind": "bank", "entity_id": bank, "valid_from": "", "valid_to": ""}
        for name, bank in ((one, "one"), (other, "one" if same else "other"))
    )
    assert (directory.resolve(one) == directory.resolve(other)) is same
    alone = BankDirectory(
        [{"alias": one, "entity_kind": "bank", "entity_id": "one", "valid_from": "", "valid_to": ""}]
    )
    assert alone.resolve(other) is None


def test_candidates_are_banks_in_the_order_of_their_best_name(directory: BankDirectory) -> None:
    assert directory.resolve("工商银航") is None
    found = directory.candidates("工商银航")
    assert found[0].entity_id == "icbc"
    assert len({one.entity_id for one in found}) == len(found) == 5
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert directory.nearest("工商银航", 2) == [one.alias for one in found[:2]]
    assert directory.candidates("ZZZZ") == []


@pytest.mark.parametrize("standard", ["s2t", "s2hk", "s2tw"])
def test_traditional_characters_of_every_name(directory: BankDirectory, standard: str) -> None:
    """As written by the dictionaries for traditional characters in general, of Hong Kong and of Taiwan."""
    rows = read_reference(RAW).tables["bank_alias"]
    convert = OpenCC(standard).convert
    changed = 0
    for row in rows:
        written = convert(row["alias"])
        changed += written != row["alias"]
        assert directory.resolve(written) == (row["entity_kind"], row["entity_id"]), written
    assert changed > 200


# What the sources print in the place of a bank and is neither a bank nor a group of banks.
NO_BANK = {
    "中国（宏观）": "the country",
    "深圳（地方政府）": "a city",
    "全国地级及以上政府数据开放平台": "platforms of governments",
    "供应链长尾端中小企业": "enterprises",
    "中小银行互联网金融（深圳）联盟": "the alliance that asks the banks",
    "京东数科": "a technology company",
    "金融壹账通": "a technology company",
    "部分金融机构": "institutions that are neither named nor counted",
    "某北方地区农商行(匿名)": "an unnamed bank",
    "某西部地区城商行(匿名)": "an unnamed bank",
}


def test_every_printed_name_resolves_or_is_explained(directory: BankDirectory) -> None:
    printed = set()
    for pattern, column in (
        ("disclosures/*/*.csv", "bank_as_printed"),
        ("published/*/bank_figures.csv", "bank"),
    ):
        for path in sorted(RAW.glob(pattern)):
            with path.open(encoding="utf-8-sig", newline="") as handle:
                printed |= {row[column] for row in csv.DictReader(handle) if column in row}
    assert len(printed) > 150
    assert {name for name in printed if directory.resolve(name) is None} == set(NO_BANK)


def _unknown(name: str, row: int) -> Reject:
    return Reject(
        "disclosure_figure", "disclosures/2021/X1.csv", row, "unknown_bank", f"bank {name!r}", "",
        "bank_as_printed", {"bank_as_printed": name},
    )  # fmt: skip


def test_the_review_file_proposes_and_a_known_name_removes_it(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, raw=RAW)
    rejects = [_unknown("江苏江阴农村商业银行股份有限公司", 2), _unknown("ZZZZ", 7)]
    rejects.append(Reject("disclosure_figure", "disclosures/2021/X1.csv", 9, "unreadable_number", "x", ""))
    path = write_bank_review(settings, "disclosures", 2021, rejects)
    assert path == tmp_path / "review" / "bank_alias" / "disclosures-2021.csv"
    first = path.read_bytes()
    with path.open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert tuple(rows[0]) == COLUMNS
    assert [(row["source_row"], row["candidate_no"]) for row in rows] == [
        ("2", "1"), ("2", "2"), ("2", "3"), ("2", "4"), ("2", "5"), ("7", ""),
    ]  # fmt: skip
    assert rows[0]["entity_id"] in {"suzhou_rcb", "changshu_rcb"}
    assert float(rows[0]["score"]) > 70
    assert all("bank_alias.csv" in row["decide"] for row in rows)
    query = f"select count(distinct name_as_printed) from read_csv('{path}')"
    assert duckdb.sql(query).fetchall() == [(2,)]
    write_bank_review(settings, "disclosures", 2021, rejects)
    assert path.read_bytes() == first
    assert write_bank_review(settings, "disclosures", 2021, rejects[2:]) is None
    assert not path.exists()


def test_a_load_sets_unknown_names_aside_and_proposes(tmp_path: Path) -> None:
    """The real year with one name misspelt: the row does not land, whatever it resembles."""
    raw = tmp_path / "raw"
    shutil.copytree(RAW / "reference", raw / "reference")
    shutil.copytree(RAW / "disclosures" / "2023", raw / "disclosures" / "2023")
    path = raw / "disclosures" / "2023" / "S001.csv"
    before = sha256_of(path)
    text = path.read_text(encoding="utf-8")
    assert text.count("无锡农商行,") == 1
    path.write_text(text.replace("无锡农商行,", "无锡农商航,"), encoding="utf-8")
    side = sidecar_path(path)
    side.write_text(side.read_text("utf-8").replace(before, sha256_of(path)), encoding="utf-8")
    loaded = load(Settings(home=tmp_path / "home", raw=raw), DISCLOSURES, 2023, "run")
    assert loaded.landed
    assert [reject.reason for reject in loaded.rejects].count("unknown_bank") == 1
    with loaded.bank_review.open(encoding="utf-8-sig", newline="") as handle:
        best = next(csv.DictReader(handle))
    assert (best["name_as_printed"], best["entity_id"]) == ("无锡农商航", "wuxi_rcb")
    assert best["source_file"] == "disclosures/2023/S001.csv"


def test_wuxi_is_a_rural_bank() -> None:
    banks = {row["bank_id"]: row for row in read_reference(RAW).tables["bank"]}
    assert banks["wuxi_rcb"]["bank_type"] == "rural_commercial"
    assert banks["bank_of_suzhou"]["bank_type"] == "city_commercial"
    assert sum(row["bank_type"] == "state_owned" for row in banks.values()) == 6


def test_dated_alias() -> None:
    rows = [
        {
            "alias": "甲银行",
            "entity_kind": "bank",
            "entity_id": "old",
            "valid_from": "",
            "valid_to": "2019-12-31",
        },
        {
            "alias": "甲银行",
            "entity_kind": "bank",
            "entity_id": "new",
            "valid_from": "2020-01-01",
            "valid_to": "",
        },
    ]
    directory = BankDirectory(rows)
    assert directory.resolve("甲银行", "2019-12-31") == ("bank", "old")
    assert directory.resolve("甲银行", "2020-12-31") == ("bank", "new")
    assert directory.resolve("甲银行") is None
    with pytest.raises(FengchaoError, match="means both old and new"):
        BankDirectory([rows[0], {**rows[1], "valid_from": "2019-06-01"}])


def test_normalisation_is_stable_and_keeps_banks_apart() -> None:
    with (RAW / "reference" / "bank.csv").open(encoding="utf-8", newline="") as handle:
        names = [row["name_zh"] for row in csv.DictReader(handle)]
    normal = [normalise_name(name) for name in names]
    assert len(set(normal)) == len(names)
    assert [normalise_name(name) for name in normal] == normal
