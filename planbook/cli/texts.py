"""What the command line itself says, in both languages."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "issued": {
        "zh": "已生成 {count} 份工作簿，保存在 {folder}",
        "en": "{count} workbooks written to {folder}",
    },
    "department": {"zh": "部门", "en": "Department"},
    "file": {"zh": "文件", "en": "File"},
    "issue": {"zh": "编号", "en": "Issue"},
    "writing": {"zh": "生成工作簿", "en": "Writing workbooks"},
    "reading": {"zh": "读取工作簿", "en": "Reading workbooks"},
    "clean": {"zh": "{count} 份工作簿，没有问题。", "en": "{count} workbooks, no problem."},
    "found": {
        "zh": "{files} 份文件：{errors} 个错误，{warnings} 个警告，{notes} 个提示。",
        "en": "{files} files: {errors} errors, {warnings} warnings, {notes} notes.",
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
        "en": "{path}: {count} lines in the list of problems",
    },
    "not_annotated": {
        "zh": "{file}：不是（无密码的）.xlsx，没有批注副本；请另存为无密码的 .xlsx",
        "en": "{file}: no .xlsx without a password, so there is no return copy; save it as one",
    },
    "migrated": {
        "zh": "{path}：{before} → {after}，{rows} 行，{lost} 处未带入",
        "en": "{path}: {before} → {after}, {rows} rows, {lost} left behind",
    },
    "moved": {
        "zh": "已迁移 {count} 份工作簿到 {folder}；{lost} 处内容未带入（见上）。",
        "en": "{count} workbooks moved to {folder}; {lost} contents were left behind (see above).",
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
        "en": "{added} rows added, {removed} removed, {changed} cells changed.",
    },
    "unchanged": {"zh": "内容没有变化。", "en": "Nothing was changed."},
    "copies": {
        "zh": "已写出 {count} 份批注副本，保存在 {folder}",
        "en": "{count} return copies written to {folder}",
    },
    "no_files": {"zh": "没有可读的文件：{folder}", "en": "there is no file to read in {folder}"},
    "consolidated_file": {"zh": "汇总工作簿：{path}", "en": "Consolidated workbook: {path}"},
    "consolidated_html": {"zh": "HTML 报告：{path}", "en": "HTML report: {path}"},
    "consolidated_signed": {"zh": "已保存签批版本：{path}", "en": "Signed state kept: {path}"},
    "restated": {
        "zh": "签批后有 {count} 个数字变动或新增，见工作表“重述”。",
        "en": "{count} figures changed or were added since signing; see the sheet Restated.",
    },
    "nothing_accepted": {
        "zh": "没有一份工作簿可以计入汇总。",
        "en": "not one workbook could be counted.",
    },
    "eml": {"zh": "已写出 {count} 封邮件，保存在 {folder}", "en": "{count} messages written to {folder}"},
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
    "spec_sound": {"zh": "{name}：没有问题。", "en": "{name}: no fault."},
    "spec_sheets": {"zh": "{name} {version}　{title}", "en": "{name} {version}  {title}"},
}


def text(key: str, lang: str, **values: object) -> str:
    """A text in `lang` (English where it is not given), its placeholders filled."""
    entry = TEXTS[key]
    return entry.get(lang, entry["en"]).format(**values)
