"""What the command line itself says, in both languages."""

from __future__ import annotations

from planbook.problems import Phrases

_TEXTS: dict[str, dict[str, str]] = {
    "issued": {
        "zh": "已生成 {count} 份工作簿，保存在 {folder}",
        "en": "{count} {count:workbook|workbooks} written to {folder}",
    },
    "department": {"zh": "部门", "en": "Department"},
    "file": {"zh": "文件", "en": "File"},
    "issue": {"zh": "编号", "en": "Issue"},
    "writing": {"zh": "生成工作簿", "en": "Writing workbooks"},
    "reading": {"zh": "读取工作簿", "en": "Reading workbooks"},
    "clean": {"zh": "{count} 份工作簿，没有问题。", "en": "{count} {count:workbook|workbooks}, no problem."},
    "found": {
        "zh": "{files} 份文件：{errors} 个错误，{warnings} 个警告，{notes} 个提示。",
        "en": "{files} {files:file|files}: {errors} {errors:error|errors}, {warnings} "
        "{warnings:warning|warnings}, {notes} {notes:note|notes}.",
    },
    "codes": {"zh": "其中：{codes}", "en": "By code: {codes}"},
    "error": {"zh": "错误", "en": "error"},
    "warning": {"zh": "警告", "en": "warning"},
    "note": {"zh": "提示", "en": "note"},
    "severity": {"zh": "级别", "en": "Severity"},
    "code": {"zh": "编码", "en": "Code"},
    "meaning": {"zh": "含义", "en": "Meaning"},
    "example": {"zh": "例　", "en": "Example"},
    "mend": {"zh": "处理", "en": "Mend   "},
    "problems_more": {
        "zh": "planbook problems 编码：查看一种问题的例子与处理办法。",
        "en": "planbook problems CODE shows an example of one and how to mend it.",
    },
    "annotated": {
        "zh": "{path}：列出 {count} 条",
        "en": "{path}: {count} {count:line|lines} in the list of problems",
    },
    "not_annotated": {
        "zh": "{file}：不是（无密码的）.xlsx，没有批注副本；请另存为无密码的 .xlsx",
        "en": "{file}: no .xlsx without a password, so there is no return copy; save it as one",
    },
    "migrated": {
        "zh": "{path}：{before} → {after}，{rows} 行，{lost} 处未带入",
        "en": "{path}: {before} → {after}, {rows} {rows:row|rows}, {lost} left behind",
    },
    "moved": {
        "zh": "已迁移 {count} 份工作簿到 {folder}；{lost} 处内容未带入。",
        "en": "{count} {count:workbook|workbooks} moved to {folder}; {lost} {lost:content was|contents were} "
        "left behind.",
    },
    "change": {"zh": "变化", "en": "Change"},
    "place": {"zh": "位置", "en": "Place"},
    "row": {"zh": "编号", "en": "Row"},
    "subject": {"zh": "内容", "en": "Subject"},
    "column": {"zh": "栏目", "en": "Column"},
    "before": {"zh": "原来", "en": "Before"},
    "after": {"zh": "现在", "en": "After"},
    "added": {"zh": "新增", "en": "added"},
    "removed": {"zh": "删除", "en": "removed"},
    "changed": {"zh": "修改", "en": "changed"},
    "changes": {
        "zh": "新增 {added} 行，删除 {removed} 行，修改 {changed} 个单元格。",
        "en": "{added} {added:row|rows} added, {removed} removed, {changed} {changed:cell|cells} changed.",
    },
    "unchanged": {"zh": "内容没有变化。", "en": "Nothing was changed."},
    "copies": {
        "zh": "已写出 {count} 份批注副本，保存在 {folder}",
        "en": "{count} return {count:copy|copies} written to {folder}",
    },
    "no_files": {"zh": "没有可读的文件：{folder}", "en": "there is no file to read in {folder}"},
    "consolidated_file": {"zh": "汇总工作簿：{path}", "en": "Consolidated workbook: {path}"},
    "consolidated_html": {"zh": "HTML 报告：{path}", "en": "HTML report: {path}"},
    "consolidated_signed": {"zh": "已保存签批版本：{path}", "en": "Signed state kept: {path}"},
    "restated": {
        "zh": "签批后有 {count} 个数字变动或新增，见工作表“重述”。",
        "en": "{count} {count:figure|figures} changed or added since signing; see the sheet Restated.",
    },
    "nothing_accepted": {
        "zh": "没有一份工作簿可以计入汇总。",
        "en": "not one workbook could be counted.",
    },
    "eml": {
        "zh": "已写出 {count} 封邮件，保存在 {folder}",
        "en": "{count} {count:message|messages} written to {folder}",
    },
    "sent": {"zh": "已发送：{address}", "en": "Sent: {address}"},
    "not_sent": {"zh": "未发送：{address}（{reason}）", "en": "Not sent: {address} ({reason})"},
    "no_recipients": {
        "zh": "planbook.toml 中没有收件人（[[recipients]]）",
        "en": "planbook.toml names no recipient ([[recipients]])",
    },
    "no_smtp": {
        "zh": "planbook.toml 中没有 [smtp]；请补上，或使用 --dry-run",
        "en": "planbook.toml has no [smtp]; add it, or use --dry-run",
    },
    "created": {"zh": "已建立 {year} 年度：{folder}", "en": "Cycle {year} created in {folder}"},
    "next_init": {
        "zh": "下一步：填写 departments.csv 和 company_goals.csv，然后运行 planbook generate",
        "en": "Next: fill in departments.csv and company_goals.csv, then run planbook generate",
    },
    "scores": {"zh": "得分（截止 {as_of}）", "en": "Scores (as of {as_of})"},
    "company_goals": {"zh": "公司目标", "en": "Company goals"},
    "receipts": {"zh": "提交状态", "en": "Returns"},
    "demo_done": {"zh": "演示完成。请打开：", "en": "The demo is done. Open:"},
    "demo_report": {"zh": "汇总工作簿", "en": "the consolidated workbook"},
    "demo_page": {"zh": "同样内容的网页，可离线打开", "en": "the same as a page, to be opened offline"},
    "demo_outbox": {"zh": "发给各部门的工作簿", "en": "the workbooks issued to departments"},
    "demo_inbox": {"zh": "各部门交回的工作簿", "en": "the workbooks that came back"},
    "demo_mail": {"zh": "本周的邮件（.eml）", "en": "the week's messages (.eml)"},
    # -- what was typed wrong
    "usage": {"zh": "用法：{usage}", "en": "Usage: {usage}"},
    "help_hint": {"zh": "运行 {command} 查看说明。", "en": "{command} shows how to use it."},
    "no_option": {"zh": "没有选项 {name}", "en": "there is no option {name}"},
    "no_command": {"zh": "没有命令 {name}", "en": "there is no command {name}"},
    "perhaps": {"zh": "；想用的可能是 {names}", "en": "; did you mean {names}?"},
    "option_value": {"zh": "选项 {name} 后面缺少值", "en": "the option {name} needs a value"},
    "missing": {"zh": "缺少 {name}", "en": "{name} is missing"},
    "extra": {"zh": "多出的参数：{name}", "en": "more arguments than the command takes: {name}"},
    "bad_value": {
        "zh": "{name} 不能是“{value}”，应为 {wanted}",
        "en": '{name} cannot be "{value}"; write {wanted}',
    },
    "one_of": {"zh": "{names} 之一", "en": "one of {names}"},
    "whole": {"zh": "{least} 至 {most} 之间的整数", "en": "a whole number from {least} to {most}"},
    "whole_from": {"zh": "不小于 {least} 的整数", "en": "a whole number from {least} on"},
    "date_form": {"zh": "2024-06-30 这样的日期", "en": "a date such as 2024-06-30"},
    "no_week": {
        "zh": "没有“{week}”这一周；请写作 2024-W27",
        "en": 'there is no week "{week}"; write it as 2024-W27',
    },
    "rows_form": {
        "zh": "--rows 不能是“{value}”，应写作 表=行数，例如 goals=50（1 至 9999 行）",
        "en": '--rows cannot be "{value}": write SHEET=ROWS, such as goals=50 (1 to 9999 rows)',
    },
    "no_cycle": {
        "zh": "这里和上级文件夹都没有 planbook.toml：请先运行 planbook init，或用 --cycle 指明年度文件夹",
        "en": "no planbook.toml here or above; run planbook init DIR first, or give --cycle DIR",
    },
    "no_cycle_explain": {
        "zh": "这里和上级文件夹都没有 planbook.toml：请在 REF 之后给出工作簿，或用 --cycle 指明年度文件夹",
        "en": "no planbook.toml here or above: give the workbooks after REF, or --cycle DIR",
    },
    "no_cycle_consolidate": {
        "zh": "这里和上级文件夹都没有 planbook.toml：请给出要汇总的工作簿，或用 --cycle 指明年度文件夹",
        "en": "no planbook.toml here or above: give the workbooks to consolidate, or --cycle DIR",
    },
    "scope_needs_cycle": {
        "zh": "--scope 需要年度文件夹，其中才有部门的上下级；请用 --cycle 指明",
        "en": "--scope needs a cycle, which knows the tree of departments; give --cycle DIR",
    },
    "give_workbooks": {
        "zh": "请给出工作簿，或它们所在的文件夹",
        "en": "give the workbooks, or a folder of them",
    },
    "one_form": {"zh": "--json 与 --csv 只能选一个", "en": "choose --json or --csv, not both"},
    "whole_page": {
        "zh": "--markdown 输出整页：请不要同时给出编码或 --json",
        "en": "--markdown gives the whole page: leave CODE and --json out",
    },
    "no_code": {"zh": "没有编码为“{name}”的问题", "en": 'no problem has the code "{name}"'},
    "codes_listed": {"zh": "；planbook problems 列出全部编码", "en": "; planbook problems lists them all"},
    "no_book": {
        "zh": "{name} 既不是模板也不是文件；模板有 {known}",
        "en": "{name} is neither a book nor a file; books are {known}",
    },
    "no_xlsx": {"zh": "{path} 不以 .xlsx 结尾", "en": "{path} does not end in .xlsx"},
    "out_is_source": {
        "zh": "{path} 正是要汇总的工作簿之一；请换一个名字",
        "en": "{path} is one of the workbooks to consolidate; choose another name",
    },
    "mail_failed": {
        "zh": "{count} 封邮件中有 {failed} 封没有被邮件服务器接受",
        "en": "{failed} of {count} messages were not accepted by the mail server",
    },
    "spec_sound": {"zh": "{name}：没有问题。", "en": "{name}: no fault."},
    "spec_sheets": {"zh": "{name} {version}　{title}", "en": "{name} {version}  {title}"},
}


TEXTS = Phrases(_TEXTS)
text = TEXTS.text
