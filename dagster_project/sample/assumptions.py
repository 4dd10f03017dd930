"""What the reports do not print and a synthetic wave needs all the same.

Nothing in this module is a published figure. It is used only to make synthetic answers.
"""

from __future__ import annotations

SEED = 20261121

# Respondents by bank type. The totals are inferred: all printed shares are multiples of 1/74, 1/73 and
# 1/80; those of 2021 of 1/14, and 56 fits what the press adds up from rounded shares (62.51). The splits
# of 2020 and 2023 fit the printed shares by type; in 2020 one with 23 rural and 2 other banks does too.
# City banks of 2022 follow from the press (28/41), rural banks are 9, 18 or 27; the rest of 2022 and the
# split of 2021 are assumed so that the scores of the press for all banks agree with those by type.
COMPOSITION: dict[int, dict[str, int]] = {
    2020: {"city_commercial": 35, "rural_commercial": 21, "private": 14, "other": 4},
    2021: {"city_commercial": 28, "rural_commercial": 12, "private": 8, "other": 8},
    2022: {"city_commercial": 41, "rural_commercial": 18, "private": 5, "other": 9},
    2023: {"city_commercial": 49, "rural_commercial": 22, "private": 7, "other": 2},
}

# Names that no bank can be mistaken for. The same name stands for the same made-up bank in every wave.
BANK_NAME = {
    "city_commercial": "合成城商行{:03d}",
    "rural_commercial": "合成农商行{:03d}",
    "private": "合成民营银行{:03d}",
    "other": "合成其他银行{:03d}",
}

ACTIVITY_ID = {wave: f"90000{wave}" for wave in COMPOSITION}
TITLE = "中小银行金融科技发展调查(合成样本)"
FIELDWORK_START = {2020: "2020-06-22", 2021: "2021-09-06", 2022: "2022-09-05", 2023: "2023-10-09"}
FIELDWORK_DAYS = 26


def _count(item_id: str, count: int, wave: int, *options: str) -> tuple[str, tuple[str, ...], float, float]:
    """Exactly `count` banks of the wave chose one of the options."""
    share = 100 * count / sum(COMPOSITION[wave].values())
    return item_id, options, share, share


# Levels that follow from the printed changes on 2022 (only one pair of counts gives the printed
# difference), and bounds said of several rows at once: (item, options, lowest, highest share in %).
# The last rows of a wave keep answers nobody printed within what is likely. All of them bind less than
# any printed figure.
INFERRED_SHARES: dict[int, list[tuple[str, tuple[str, ...], float, float]]] = {
    2020: [
        *(
            (f"transformation_initiative.{row}", ("high", "core"), 87.0, 91.0)
            for row in (
                "new_bank_model",
                "product_iteration",
                "regional_ecosystem",
                "dynamic_risk_model",
                "smart_operation",
            )
        ),
    ],
    2021: [
        # Shares above 2% as the press of 2022 prints them (62.51 = 30.36 + 17.86 + 14.29).
        _count("fintech_investment_share", 17, 2021, "from_2_to_5"),
        _count("fintech_investment_share", 10, 2021, "from_5_to_10"),
        _count("fintech_investment_share", 8, 2021, "above_10"),
        _count("tech_staff_share", 29, 2021, "from_5_to_10", "from_10_to_30", "above_30"),
    ],
    2022: [
        # The press prints 94.52 and 67.12.
        _count("business_strategy", 69, 2022, "retail_small"),
        _count("fintech_investment_share", 49, 2022, "from_2_to_5", "from_5_to_10", "above_10"),
        # Levels behind the changes that the report of 2023 prints.
        _count("external_challenge.large_bank_competition", 47, 2022, "large"),
        _count("external_challenge.economic_pressure", 50, 2022, "large"),
        _count("external_challenge.interest_rate", 55, 2022, "large"),
        _count("credit_application.big_data_credit_rating", 59, 2022, "initial", "mature"),
        _count("credit_application.risk_data_mart", 55, 2022, "initial", "mature"),
        _count("internal_automation.smart_operation", 54, 2022, "initial", "mature"),
        _count("internal_automation.digital_marketing", 58, 2022, "initial", "mature"),
        _count("risk_mechanism.operational_outsourcing", 19, 2022, "relatively_complete"),
        _count("risk_mechanism.innovation_compliance", 15, 2022, "relatively_complete"),
        _count("risk_mechanism.network_security", 27, 2022, "relatively_complete"),
        _count("data_application.business_operation", 54, 2022, "initial", "mature"),
        _count("data_application.risk_management", 61, 2022, "initial", "mature"),
        _count("data_application.internal_control", 54, 2022, "initial", "mature"),
        _count("data_security.disaster_recovery", 61, 2022, "initial", "wide"),
        _count("data_security.access_control", 53, 2022, "initial", "wide"),
        _count("data_sharing.industry_platform", 58, 2022, "early", "mature"),
        _count("data_sharing.government", 60, 2022, "early", "mature"),
        # Changes printed in words: about five or ten points below the levels assumed for 2023.
        _count("self_reliance.cpu", 47, 2022, "initial", "mature"),
        _count("self_reliance.operating_system", 49, 2022, "initial", "mature"),
        _count("self_reliance.database", 51, 2022, "initial", "mature"),
        _count("self_reliance.middleware", 49, 2022, "initial", "mature"),
        _count("self_reliance.virtualisation", 53, 2022, "initial", "mature"),
        _count("data_governance.quality_control", 53, 2022, "initial", "mature"),
        _count("data_governance.big_data_platform", 55, 2022, "initial", "mature"),
        _count("platform_cooperation.third_party_platform", 48, 2022, "early", "mature"),
        _count("platform_cooperation.open_api", 44, 2022, "early", "mature"),
        # Said in the report of 2022 of several rows together: over seventy percent.
        *(
            (f"core_technology.{row}", ("evaluation", "development", "mature"), 70.0, 84.0)
            for row in ("data_governance", "architecture", "models", "big_data", "ai", "network_security")
        ),
    ],
    2023: [
        ("credit_application.big_data_credit_rating", ("initial", "mature"), 91.25, 91.25),
        ("credit_application.risk_data_mart", ("initial", "mature"), 83.75, 83.75),
        ("internal_automation.smart_operation", ("initial", "mature"), 83.75, 83.75),
        ("internal_automation.digital_marketing", ("initial", "mature"), 86.25, 86.25),
        ("risk_mechanism.operational_outsourcing", ("relatively_complete",), 38.75, 38.75),
        ("risk_mechanism.innovation_compliance", ("relatively_complete",), 25.0, 25.0),
        ("risk_mechanism.network_security", ("relatively_complete",), 41.25, 41.25),
        ("data_security.disaster_recovery", ("initial", "wide"), 93.75, 93.75),
        ("data_security.access_control", ("initial", "wide"), 82.5, 82.5),
        ("data_sharing.industry_platform", ("early", "mature"), 90.0, 90.0),
        ("data_sharing.government", ("early", "mature"), 87.5, 87.5),
        # The three printed shares of the first row add up to 91.25; "more than seventy" is said of all
        # rows of the question together.
        ("platform_cooperation.third_party_platform", ("early", "mature"), 75.0, 75.0),
        _count("platform_cooperation.open_api", 56, 2023, "early", "mature"),
        ("platform_cooperation.industry_platform", ("early", "mature"), 64.0, 80.0),
        # Levels from which the changes printed in words follow.
        _count("self_reliance.cpu", 60, 2023, "initial", "mature"),
        _count("self_reliance.operating_system", 58, 2023, "initial", "mature"),
        _count("self_reliance.database", 60, 2023, "initial", "mature"),
        _count("self_reliance.middleware", 58, 2023, "initial", "mature"),
        _count("self_reliance.virtualisation", 62, 2023, "initial", "mature"),
        _count("data_governance.quality_control", 66, 2023, "initial", "mature"),
        _count("data_governance.big_data_platform", 68, 2023, "initial", "mature"),
        _count("external_challenge.economic_pressure", 49, 2023, "large"),
        *(
            (f"core_technology.{row}", ("evaluation", "development", "mature"), 88.0, 96.0)
            for row in ("data_governance", "architecture", "models", "big_data", "ai", "network_security")
        ),
        # Said of all rows together: more than eighty percent have begun.
        *(
            (f"internal_automation.{row}", ("initial", "mature"), 76.0, 90.0)
            for row in (
                "crm",
                "smart_agent",
                "remote_service",
                "mobile_internet",
                "administration",
                "compliance",
            )
        ),
        # The office system is the row the text singles out.
        *(
            (f"self_reliance.{row}", ("mature",), 10.0, 35.0)
            for row in ("cpu", "operating_system", "database", "middleware", "virtualisation")
        ),
        *(
            (f"llm_application.{row}", ("mature",), 0.0, 8.0)
            for row in ("customer_service", "risk_control", "operation", "wealth")
        ),
        ("tech_units", ("subsidiary",), 2.0, 12.0),
        ("tech_units", ("research_institute",), 4.0, 15.0),
        ("talent_supply.executives", ("shortage",), 45.0, 70.0),
        ("talent_supply.executives", ("saturated",), 5.0, 10.0),
        ("talent_supply.compound_talent", ("saturated",), 0.0, 2.5),
        ("talent_supply.data_talent", ("saturated",), 0.0, 5.0),
        ("talent_supply.pure_technologists", ("saturated",), 10.0, 20.0),
        ("strategy_stage.risk_framework", ("completed",), 20.0, 35.0),
    ],
}

# The same by bank type, as numbers of banks: (item, options, bank type, count). The press of 2022 prints
# 68.29% of city banks for corporate and industrial finance.
INFERRED_BY_TYPE: dict[int, list[tuple[str, tuple[str, ...], str, int]]] = {
    2022: [("business_strategy", ("corporate_industry",), "city_commercial", 28)],
}

# Scores of all banks that only the press prints (dimension, score), and for 2021 no other source.
PRESS_SCORES: dict[int, dict[str, float]] = {
    2021: {"organisation": 58.05, "technology": 63.50, "application": 59.11},
    2022: {
        "strategy": 65.75, "organisation": 46.76, "technology": 50.43, "application": 49.96, "data": 49.36,
        "ecosystem": 37.56,
    },
}  # fmt: skip

# Questions that only rural banks can answer otherwise than with the lowest option.
RURAL_ONLY = {"technology_mode.provincial_union", "technology_synergy.provincial_union"}

# Made-up banks by province. For 2023 the report prints Guangdong, Zhejiang and the number of provinces
# (25); all other counts are invented.
PROVINCES_2023 = {
    "guangdong": 19, "zhejiang": 12, "jiangsu": 6, "shandong": 5, "sichuan": 4, "henan": 3, "fujian": 3,
    "hunan": 3, "jiangxi": 3, "liaoning": 2, "anhui": 2, "hebei": 2, "hubei": 2, "chongqing": 2,
    "guangxi": 2, "guizhou": 1, "yunnan": 1, "shaanxi": 1, "gansu": 1, "shanxi": 1, "jilin": 1,
    "heilongjiang": 1, "inner_mongolia": 1, "tianjin": 1, "shanghai": 1,
}  # fmt: skip

# Province and city as an export shows them behind the address.
PLACE = {
    "guangdong": "广东-广州", "zhejiang": "浙江-杭州", "jiangsu": "江苏-南京", "shandong": "山东-济南",
    "sichuan": "四川-成都", "henan": "河南-郑州", "fujian": "福建-福州", "hunan": "湖南-长沙",
    "jiangxi": "江西-南昌", "liaoning": "辽宁-沈阳", "anhui": "安徽-合肥", "hebei": "河北-石家庄",
    "hubei": "湖北-武汉", "chongqing": "重庆-重庆", "guangxi": "广西-南宁", "guizhou": "贵州-贵阳",
    "yunnan": "云南-昆明", "shaanxi": "陕西-西安", "gansu": "甘肃-兰州", "shanxi": "山西-太原",
    "jilin": "吉林-长春", "heilongjiang": "黑龙江-哈尔滨", "inner_mongolia": "内蒙古-呼和浩特",
    "tianjin": "天津-天津", "shanghai": "上海-上海",
}  # fmt: skip
