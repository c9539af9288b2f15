"""The words of an explanation, in both languages."""

from __future__ import annotations

from planbook.problems import Phrases

_TEXTS: dict[str, dict[str, str]] = {
    "formula": {"zh": "定义", "en": "definition"},
    "arithmetic": {"zh": "算式", "en": "arithmetic"},
    "place": {"zh": "来源", "en": "source"},
    "typed": {"zh": "原文", "en": "typed"},
    "reported": {"zh": "报表显示", "en": "the report shows"},
    "read": {"zh": "由文字读取", "en": "read from text"},
    "score": {"zh": "得分", "en": "Score"},
    "own_score": {"zh": "自身目标得分", "en": "Score of its own goals"},
    "annual": {"zh": "年度目标", "en": "Annual target"},
    "company_target": {"zh": "公司年度目标", "en": "The company's annual target"},
    "company_high": {"zh": "公司年度目标上限", "en": "The company's annual upper target"},
    "annual_high": {"zh": "年度目标上限", "en": "Annual upper target"},
    "to_date_target": {"zh": "累计目标", "en": "Target to date"},
    "to_date_high": {"zh": "累计目标上限", "en": "Upper target to date"},
    "to_date_actual": {"zh": "累计实际", "en": "Actual to date"},
    "target": {"zh": "季度目标", "en": "Target of the quarter"},
    "target_high": {"zh": "季度目标上限", "en": "Upper target of the quarter"},
    "actual": {"zh": "实际完成", "en": "Actual"},
    "percent": {"zh": "完成百分比", "en": "Percent done"},
    "progress": {"zh": "进度", "en": "Progress"},
    "not_counted": {
        "zh": "未计入累计：季度未结束，或目标与实际缺一",
        "en": "not counted: running, or a figure missing",
    },
    "coverage": {"zh": "覆盖 {coverage}", "en": "coverage {coverage}"},
    "bounds": {
        "zh": "区间 {low}–{high}（缺失按 0 与上限计）",
        "en": "between {low} and {high} (missing at 0, at the cap)",
    },
    "cap": {"zh": "计分上限 {cap}", "en": "capped at {cap}"},
    "no_score": {"zh": "没有可计分的目标", "en": "no goal has an attainment"},
    "shown_only": {"zh": "仅列示、不计入：{names}", "en": "shown and not counted: {names}"},
    "only_shown": {"zh": "仅列示，不计入", "en": "shown and not counted"},
    "one_side": {
        "zh": "目标与实际缺一，不计入",
        "en": "not counted: target or actual is missing, and like is held against like",
    },
    "taken_by_nobody": {
        "zh": "没有部门承接，或承接部门未提交",
        "en": "taken over by nobody who has returned",
    },
    "weighed_by": {"zh": "按{basis}加权", "en": "weighed by {basis}"},
    "empty_cell": {"zh": "报表中此格为空", "en": "that cell of the report is empty"},
    "set_by_cycle": {
        "zh": "由周期设定（planbook.toml 的 [settings]）",
        "en": "set by the cycle, planbook.toml [settings]",
    },
    "set_by_book": {"zh": "模板的默认值", "en": "the book's own"},
    "company": {"zh": "全公司", "en": "Company"},
    "differs": {
        "zh": "注意：与报表显示的不同——报告之后数据或设置有变，或没有用制作它的周期（--cycle）",
        "en": "note: not what the report shows; data or settings have changed since, or it was made in a "
        "cycle (--cycle)",
    },
    "see": {"zh": "详见", "en": "see"},
    "deeper": {
        "zh": "“详见”后是编号：planbook explain 编号，再往下一层；加 --deep 一次列到单元格。",
        "en": "planbook explain with what stands after “see” goes one level down; --deep goes to the cells.",
    },
    "against": {"zh": "目标 {target}", "en": "target {target}"},
    "weight": {"zh": "权重 {weight}", "en": "weight {weight}"},
    "filled": {"zh": "该行已填", "en": "the row holds anything"},
    "weight_basis_sum": {
        "zh": "权重＝年度目标，没有目标的取其余平均：有数字的 {known}{unit}，应有 {expected}{unit}",
        "en": "weighed by annual targets, a blank one by the mean of the others: {known}{unit} have figures, "
        "of {expected}{unit}",
    },
    "weight_basis_weighted": {
        "zh": "按目标权重：有数字的 {known}，应有 {expected}",
        "en": "by the goals' weights: {known} have figures, of {expected}",
    },
    "weight_basis_ratio": {
        "zh": "每个部门权重相等：有数字的 {known} 个，应有 {expected} 个",
        "en": "departments weigh alike: {known} have figures, of {expected}",
    },
    "kept_out": {
        "zh": "另有权重 {weight} 的目标被隔离，没有数字",
        "en": "goals of weight {weight} were kept out and have no figure",
    },
    "from_csv": {"zh": "见 {file}", "en": "from {file}"},
    "blank_weight": {
        "zh": "权重空白：取其余权重距 100% 所余，几个空白平分",
        "en": "a blank weight takes what the others leave of 100%, several divide it",
    },
    "peak_day": {"zh": "{day} 起同时进行", "en": "at the same time from {day}"},
    "counts": {"zh": "计入：{names}", "en": "counted: {names}"},
    "took_over": {
        "zh": "承接的部门与牵头部门（被隔离的也算）：{names}",
        "en": "departments that took it over, and the lead (those kept out count): {names}",
    },
    "as_signed": {
        "zh": "签批时的数字，保存在 reports/signed 中，此后不再重算；以下是现在的数字",
        "en": "as signed, kept in reports/signed and not computed anew; below are the figures of today",
    },
    "between": {"zh": "、", "en": ", "},
    "by_days": {"zh": "按计划天数加权", "en": "weighed by planned days"},
    "of_equals": {
        "zh": "各目标同等，达成率计至 {cap}",
        "en": "goals weigh alike, each up to {cap}",
    },
}


TEXTS = Phrases(_TEXTS)
text = TEXTS.text
