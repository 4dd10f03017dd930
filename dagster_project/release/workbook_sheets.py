"""What stands on the sheets of the workbook: one query per sheet over the tables of the release.

A column of a query that has the name of a released column holds its value unchanged; the columns
named `…_name` are Chinese names beside the codes.
"""

from __future__ import annotations

from dataclasses import dataclass

SYNTHETIC = "合成数据 · SYNTHETIC：调查作答与得分均为合成数据，不得作为真实调查结果引用。 Survey answers and scores are synthetic; do not cite them as survey results."
DISCLOSED = "本表为公开披露数字，逐条有来源；本工作簿中的调查部分为合成数据 · SYNTHETIC survey part. Figures on this sheet are quoted from public documents."

# Names for the codes of groups, so that no reader has to know them. Region names stand in no released table.
VIEWS = """
create temp view population as
select * from (values
    ('all', 'all', 0, '全部 All'), ('region', 'east', 1, '东部 East'), ('region', 'central', 2, '中部 Central'),
    ('region', 'west', 3, '西部 West'), ('region', 'northeast', 4, '东北 Northeast')
) as fixed (population_kind, population_value, population_no, population_name)
union all
select 'bank_type', bank_type, bank_type_no, label_zh || ' ' || label_en from framework_bank_type;
create temp view dimension_name as
select distinct dimension, dimension_no, label_zh || ' ' || label_en as dimension_name from framework_dimension;
create temp view option_name as
select option_set, option_id, wave, label_zh as option_name
from framework_option, (select distinct wave from dim_item)
where wave >= valid_from_wave and wave <= coalesce(valid_to_wave, 9999);
"""

_POPULATION = "left join population using (population_kind, population_value)"
_BY_POPULATION = "wave desc, population_kind, population_no, population_value"


@dataclass(frozen=True)
class Sheet:
    """One sheet with a table.

    hidden: result columns that say why they are empty where the row is suppressed. frozen: columns
    that stay in view. mart: the released table whose rows the sheet shows, `where` which of them.
    """

    name: str
    title: str
    query: str
    notice: str = SYNTHETIC
    note: str = ""
    hidden: tuple[str, ...] = ()
    frozen: int = 2
    mart: str = ""
    where: str = "true"


HEADINGS = {
    "population_name": "群体名称",
    "dimension_name": "维度名称",
    "indicator_name": "指标名称",
    "item_name": "题项名称",
    "option_name": "选项名称",
    "bank_type_name": "类型名称",
    "scenario_name": "情景名称",
    "table": "表",
    "grain": "粒度",
    "column_no": "列序号",
    "column": "列",
    "type": "类型",
    "title": "标题",
    "producer": "机构",
    "url": "网址",
    "published_date": "发布日期",
    "licence": "许可",
    "description": "说明",
    "data_type": "数据类型",
    "indicator_weight": "指标权重",
    "dimension_weight": "维度权重",
}

_HIDDEN_NOTE = "隐去·小样本＝不足5家 fewer than 5 respondents；隐去·防推算＝否则可由其他单元格推出 could be derived from other cells."
_SCORE = ("score", "se", "ci_low", "ci_high", "rank")

SHEETS = (
    Sheet(
        "框架与权重 Framework", "评价框架与权重 Framework and weights",
        """
        select dimension_name, item.dimension, dimension.weight as dimension_weight,
            indicator.label_zh as indicator_name, framework_item.indicator, indicator.weight as indicator_weight,
            item.item_name, framework_item.*  exclude (indicator)
        from framework_item
        left join (
            select item_id, arg_max(label_zh, wave) as item_name, arg_max(dimension, wave) as dimension,
                arg_max(question_no, wave) as question_no
            from dim_item group by item_id
        ) as item using (item_id)
        left join framework_indicator as indicator
            on framework_item.indicator = indicator.indicator
            and framework_item.valid_from_wave between indicator.valid_from_wave and coalesce(indicator.valid_to_wave, 9999)
        left join framework_dimension as dimension on indicator.dimension = dimension.dimension
        left join dimension_name on indicator.dimension = dimension_name.dimension
        order by dimension.dimension_no, indicator.indicator_no, item.question_no, item_id, valid_from_wave
        """,
        note="权重为相对值，同级归一。 Weights are relative and normalised among siblings.", frozen=1,
        mart="framework_item",
    ),
    Sheet(
        "选项分值 Points", "选项分值 Points of options",
        "select option_set, option_no, label_zh, label_en, points, option_id, is_exclusive, valid_from_wave, "
        "valid_to_wave, assumed, source_note from framework_option order by option_set, valid_from_wave, option_no",
        note="分值 0-100，空＝不计分。 Points 0-100; empty: not scored.", mart="framework_option",
    ),
    Sheet(
        "指数 Index", "数字化成熟度指数（基准情景） Index, headline scenario",
        f"""
        select wave, population_name, n, index, se, ci_low, ci_high, grade, grade_label_zh, rank, change, change_ci_low,
            change_ci_high, comparable, comparable_reason, population_kind, population_value, population_n,
            suppressed, suppressed_reason, is_synthetic
        from mart_index {_POPULATION} where scenario = 'headline' order by {_BY_POPULATION}
        """,
        note=_HIDDEN_NOTE, hidden=("index", "se", "ci_low", "ci_high", "rank", "grade"),
        mart="mart_index", where="scenario = 'headline'",
    ),
    Sheet(
        "维度得分 Dimensions", "六个维度得分（基准情景） Dimension scores, headline scenario",
        f"""
        select wave, population_name, dimension_name, n, score, se, ci_low, ci_high, rank, change, change_ci_low,
            change_ci_high, comparable, comparable_reason, population_kind, population_value, dimension,
            suppressed, suppressed_reason, is_synthetic
        from mart_dimension_score {_POPULATION} left join dimension_name using (dimension)
        where scenario = 'headline' order by {_BY_POPULATION}, mart_dimension_score.dimension_no
        """,
        note=_HIDDEN_NOTE, hidden=_SCORE, frozen=3, mart="mart_dimension_score", where="scenario = 'headline'",
    ),
    Sheet(
        "指标得分 Indicators", "指标得分（基准情景） Indicator scores, headline scenario",
        f"""
        select wave, population_name, dimension_name, label_zh as indicator_name, n, score, se, ci_low, ci_high, rank,
            change, comparable, comparable_reason, population_kind, population_value, score.dimension,
            score.indicator, suppressed, suppressed_reason, is_synthetic
        from mart_indicator_score as score {_POPULATION} left join dimension_name using (dimension)
        left join framework_indicator as indicator
            on score.indicator = indicator.indicator
            and wave between indicator.valid_from_wave and coalesce(indicator.valid_to_wave, 9999)
        where scenario = 'headline'
        order by {_BY_POPULATION}, dimension_no, score.indicator_no
        """,
        note=_HIDDEN_NOTE, hidden=_SCORE, frozen=4, mart="mart_indicator_score", where="scenario = 'headline'",
    ),
    Sheet(
        "估计 Estimates", "各情景的估计 Estimates in every scenario",
        f"""
        select wave, population_name, dimension_name, framework_scenario.label_zh as scenario_name, n, score, se, ci_low,
            ci_high, rank, change, change_ci_low, change_ci_high, n_matched, matched_change, matched_change_ci_low,
            matched_change_ci_high, composition_change, n_common_items, population_n, population_status,
            population_kind, population_value, dimension, scenario, suppressed, suppressed_reason, is_synthetic
        from mart_dimension_score {_POPULATION} left join dimension_name using (dimension)
        left join framework_scenario using (scenario)
        order by {_BY_POPULATION}, mart_dimension_score.dimension_no, scenario <> 'headline', scenario
        """,
        note="headline 为引用口径，其余情景说明方法选择的影响。 headline is the one to quote; the others show what choices of method do.",
        hidden=_SCORE, frozen=4, mart="mart_dimension_score",
    ),
    Sheet(
        "稳健性 Robustness", "名次与得分的稳健性 Rank and score bands over draws of method",
        f"""
        select wave, population_name, dimension_name, mart_robustness.* exclude (wave, dimension_no)
        from mart_robustness {_POPULATION} left join dimension_name using (dimension)
        order by {_BY_POPULATION}, mart_robustness.dimension_no
        """,
        hidden=("score_low", "score_median", "score_high"), frozen=3, mart="mart_robustness",
    ),
    Sheet(
        "题目 Questions", "各题选项占比 Answer shares",
        f"""
        select wave, population_name, item.label_zh as item_name, option_name, n_eligible, n_chosen, share_pct,
            ci_low_pct, ci_high_pct, change_pp, change_ci_low_pp, change_ci_high_pp, share.comparable,
            population_kind, population_value, item_id, option_id, suppressed, suppressed_reason, is_synthetic
        from mart_answer_share as share {_POPULATION}
        left join dim_item as item using (wave, item_id)
        left join option_name using (wave, option_set, option_id)
        order by wave desc, item.question_no, item_id, population_kind, population_no, population_value, option_no
        """,
        note=_HIDDEN_NOTE, hidden=("n_chosen", "share_pct", "ci_low_pct", "ci_high_pct"), frozen=4,
        mart="mart_answer_share",
    ),
    Sheet(
        "银行投入 Banks", "各银行披露的科技投入 Disclosed technology investment by bank",
        """
        select name_zh, fiscal_year, label_zh as bank_type_name, mart_fintech_investment.* exclude (name_zh, fiscal_year)
        from mart_fintech_investment left join framework_bank_type using (bank_type)
        order by fiscal_year desc, bank_type_no, investment_cny desc nulls last, bank_id
        """,
        notice=DISCLOSED, mart="mart_fintech_investment",
        note="金额单位：元。印刷与复算并列；status＝conflict 表示来源不一致。 Amounts in yuan.",
    ),
    Sheet(
        "类型投入 Types", "各类银行披露投入合计 Disclosed investment by type of bank",
        """
        select label_zh as bank_type_name, fiscal_year, mart_fintech_investment_group.* exclude (fiscal_year)
        from mart_fintech_investment_group left join framework_bank_type using (bank_type)
        order by bank_type_no, fiscal_year
        """,
        notice=DISCLOSED, mart="mart_fintech_investment_group",
        note="合计只含披露金额的银行（n_banks），不是全行业。 Sums over disclosing banks, not the industry.",
    ),
    Sheet(
        "冲突 Conflicts", "来源互相矛盾的数字 Figures whose sources contradict each other",
        "select name_zh, fiscal_year, measure_label_zh, chosen_value, unit, min_value, max_value, printed_values, decided_by, "
        "* exclude (name_zh, fiscal_year, measure_label_zh, chosen_value, unit, min_value, max_value, printed_values, decided_by) "
        "from mart_disclosure_conflict order by fiscal_year desc, entity_id, measure",
        notice=DISCLOSED, mart="mart_disclosure_conflict",
    ),
    Sheet(
        "质量 Quality", "质量检查结果 Results of the quality checks",
        "select stage, dataset, partition, expectation, column_name, severity, success, n_checked, n_failed, observed, reason, year, "
        "expectation_no, run_id from mart_quality_result order by success, severity desc, stage, dataset, partition, expectation_no",
        mart="mart_quality_result",
    ),
)  # fmt: skip

METHOD = (
    ("数据", "问卷作答为合成数据：由已公布的占比与得分反推生成，不含任何真实银行的作答；投入数字引自公开文献。",
     "Survey answers are synthetic, made to fit printed shares and scores; investment figures are quoted from public documents."),
    ("得分", "选项按分值（0-100）计；题项→指标→维度→指数逐级加权平均；同级缺失按可得性阈值处理。",
     "Options carry points (0-100); items, indicators, dimensions and index are weighted means, level by level, with an availability threshold."),
    ("假定", "报告未印出分值与权重；标为 assumed 的均为假定或校准值，见“框架与权重”“选项分值”。",
     "The reports print neither points nor weights; what is marked assumed was assumed or calibrated."),
    ("区间", "得分区间为95%学生t区间，含有限总体修正；占比区间为logit区间，0%与100%为精确单侧区间。",
     "95 % Student t intervals with finite population correction; logit intervals for shares, exact one-sided at 0 and 100 %."),
    ("可比", "只有题项、选项与权重未变的才与上年比较；不可比者变化列为空并注明原因。",
     "A change is shown only where items, options and weights did not change; the reason stands beside."),
    ("隐去", "不足5家的群体不显示结果；凡可由合计与其他群体推出者一并隐去。",
     "Groups of fewer than 5 respondents are hidden, and with them whatever would let a reader derive them."),
    ("稳健性", "对权重、标准化、聚合与阈值做2000次抽样，给出名次与得分的5%-95%带及主导因素。",
     "2,000 draws over weights, normalisation, aggregation and threshold give 5-95 % bands and the main driver."),
    ("投入", "同一银行同一财年有多个数字时按“取值规则”择一，其余数字与来源保留；金额为元，占比为百分数。",
     "Where several figures exist one is chosen by rule (table choice_rule); the others stay with their sources."),
    ("对账", "两份报告中每个问卷数字都与计算值比对，差异逐条说明（表 mart_reconciliation）。",
     "Every survey figure printed in the two reports is compared with the computed one; each difference has a reason."),
    ("全部数据", "本工作簿为基准情景与常用列；所有表见 fengchao.duckdb、parquet/、csv/，列义见“字典”。",
     "This workbook holds the headline and common columns; all tables are in fengchao.duckdb, parquet/ and csv/."),
)  # fmt: skip
