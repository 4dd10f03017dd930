"""Names of banks: known traps, and that nothing resolves by similarity."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from dagster_project.errors import FengchaoError
from dagster_project.ingest.banks import BankDirectory, normalise_name
from dagster_project.ingest.reference import load_directory, read_reference

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
    "name", ["中国农业发展银行", "江苏江南农村商业银行股份有限公司", "银行", "", "金融壹账通"]
)
def test_similar_is_not_the_same(directory: BankDirectory, name: str) -> None:
    assert directory.resolve(name) is None


def test_nearest_only_proposes(directory: BankDirectory) -> None:
    assert directory.resolve("工商银航") is None
    assert "工商银行" in directory.nearest("工商银航")


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
