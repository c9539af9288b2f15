"""What messages and errors say in their own words, in both languages.

The catalogue holds the messages; here stands what fills them where that is no data of the file's,
and what planbook says when it cannot do what was asked.
"""

from __future__ import annotations

import errno

from planbook.problems.words import Phrases, Words

DETAILS: dict[str, dict[str, str]] = {
    # -- what a file really is
    "folder": {"zh": "文件夹", "en": "a folder"},
    "device": {"zh": "管道或设备", "en": "a pipe or device"},
    "kind_empty": {"zh": "空文件（0 字节）", "en": "an empty file (0 bytes)"},
    "kind_zeros": {
        "zh": "只含零字节的文件，多半没有下载完，请重新下载",
        "en": "nothing but zero bytes, most often a download cut short: fetch it again",
    },
    "kind_unknown": {"zh": "无法识别的内容", "en": "something of no known kind"},
    "kind_text": {"zh": "文本文件（TXT 或 CSV）", "en": "a text file (TXT or CSV)"},
    "kind_blank": {"zh": "空白的文本文件", "en": "a blank text file"},
    "kind_picture": {"zh": "图片（{name}）", "en": "a picture ({name})"},
    "kind_archive": {"zh": "压缩包（{name}）", "en": "an archive ({name})"},
    "kind_program": {"zh": "程序（{name}）", "en": "a program ({name})"},
    "kind_page": {"zh": "网页（{name}）", "en": "a web page ({name})"},
    "kind_document": {"zh": "文档（{name}）", "en": "a document ({name})"},
    "kind_slides": {"zh": "演示文稿（{name}）", "en": "a presentation ({name})"},
    "kind_shortcut": {"zh": "快捷方式（{name}），请提交文件本身", "en": "a shortcut to a file ({name})"},
    "kind_mail": {"zh": "邮件（{name}）", "en": "a mail message ({name})"},
    "kind_data": {"zh": "数据文件（{name}）", "en": "a data file ({name})"},
    "kind_sheet": {"zh": "另一种表格文件（{name}）", "en": "a spreadsheet of another kind ({name})"},
    "kind_other": {"zh": "{name} 文件", "en": "a file of the kind {name}"},
    # -- what stands in a cell
    "blank": {"zh": "（空）", "en": "(blank)"},
    "formula_untold": {"zh": "=…（原文未读出）", "en": "=… (its text was not read)"},
    # -- why a package is broken or refused
    "zip_damaged": {"zh": "压缩包的目录或内容已损坏", "en": "its zip directory or content is damaged"},
    "cut_short": {
        "zh": "数据不完整，或已被截断；请重新下载或重新发送",
        "en": "its data is garbled or cut short; download it or have it sent anew",
    },
    "compression": {"zh": "{name} 的压缩方式不能识别", "en": "{name} is compressed in an unknown way"},
    "xml_faulty": {"zh": "其中的 XML 有语法错误", "en": "XML in it does not parse"},
    "malformed": {"zh": "内部结构不合格式", "en": "its inner structure breaks the format"},
    "part_missing": {"zh": "缺少 {name}", "en": "{name} is missing"},
    "sheet_part_missing": {
        "zh": "工作表“{name}”没有内容部件",
        "en": 'the part of sheet "{name}" is missing',
    },
    "same_title": {"zh": "有两张名为“{name}”的工作表", "en": 'two sheets are called "{name}"'},
    "cell_twice": {"zh": "单元格 {name} 出现两次", "en": "cell {name} stands twice"},
    "no_xml": {"zh": "{name} 不是 XML", "en": "{name} is no XML"},
    "value_no_value": {
        "zh": "{name} 中有单元格的值不成值",
        "en": "{name} has a cell whose value is no value",
    },
    "many_parts": {"zh": "含 {count} 个部件", "en": "it has {count} parts"},
    "many_sheets": {"zh": "含 {count} 张工作表", "en": "it has {count} sheets"},
    "many_cells": {"zh": "{name} 的单元格超过 {count} 个", "en": "{name} has more than {count} cells"},
    "part_twice": {"zh": "部件 {name} 出现两次", "en": "part {name} stands twice"},
    "part_name": {"zh": "部件名 {name} 指向包外", "en": "the part name {name} leads out of the package"},
    "overlap": {"zh": "{name} 与 {other} 的数据重叠", "en": "{name} overlaps {other}"},
    "large_part": {"zh": "{name} 有 {count} 字节", "en": "{name} has {count} bytes"},
    "inflates": {"zh": "{name} 解压后大得异常", "en": "{name} inflates beyond all measure"},
    "false_size": {
        "zh": "{name} 实有 {count} 字节，却自称 {claim} 字节",
        "en": "{name} has {count} bytes and claims {claim}",
    },
    "encoding": {"zh": "{name} 用了 {encoding} 编码", "en": "{name} is in the encoding {encoding}"},
    "document_type": {
        "zh": "{name} 中有文档类型声明（DTD）",
        "en": "{name} declares a document type (DTD)",
    },
    "any_document_type": {"zh": "含文档类型或实体声明", "en": "it declares a document type or entities"},
    "cell_outside": {"zh": "{name} 有表格范围之外的单元格", "en": "{name} has a cell outside every sheet"},
    "slow_password": {
        "zh": "核对密码所需的计算多得异常",
        "en": "checking its password would take forever",
    },
    "not_installed": {"zh": "没有安装 {name}", "en": "{name} is not installed"},
    "encryption": {"zh": "加密方式不能识别", "en": "the encryption is of no known kind"},
    "cipher": {"zh": "不支持加密方式 {name}", "en": "encryption by {name} is not supported"},
    "parser": {"zh": "解析时出错（{name}）", "en": "the parser gave up ({name})"},
    "died_by": {"zh": "信号 {name}", "en": "signal {name}"},
    "part_lacks": {"zh": "{name} 缺少 {element}", "en": "{name} has no {element}"},
    "part_open": {"zh": "{name} 没有结尾", "en": "{name} has no end"},
    "part_encoding": {"zh": "不是 {encoding} 编码", "en": "it is not {encoding}"},
    "part_element": {"zh": "没有完整的 XML 元素", "en": "it has no whole XML element"},
    # -- why the system refuses
    "os_denied": {"zh": "没有权限", "en": "permission denied"},
    "os_missing": {"zh": "不存在", "en": "it does not exist"},
    "os_folder": {"zh": "是文件夹", "en": "it is a folder"},
    "os_no_folder": {"zh": "路径中有一段不是文件夹", "en": "a part of its path is no folder"},
    "os_full": {"zh": "磁盘已满", "en": "the disk is full"},
    "os_read_only": {"zh": "磁盘是只读的", "en": "the disk is read-only"},
    "os_long_name": {"zh": "文件名太长", "en": "the name is too long"},
    "os_busy": {"zh": "正被其他程序占用", "en": "another program holds it"},
    "os_exists": {"zh": "已有同名文件", "en": "a file of that name is there"},
    # -- why a message does not go
    "sender": {"zh": "发件人", "en": "sender"},
    "recipient": {"zh": "收件人", "en": "recipient"},
    "reply_to": {"zh": "回复地址", "en": "reply address"},
    "no_starttls": {
        "zh": "不提供 STARTTLS，什么都没有发出（如确实如此，请写 security = tls 或 none）",
        "en": "it does not offer STARTTLS; nothing was sent (security = tls or none, if that is meant)",
    },
    "tls_failed": {
        "zh": "TLS 失败（security = {name}）：{reason}",
        "en": "TLS failed (security = {name}): {reason}",
    },
    "ascii_only": {
        "zh": "用户名和密码只能含 ASCII 字符",
        "en": "user and password may only hold ASCII characters",
    },
    "no_host": {"zh": "找不到这台服务器", "en": "there is no such server"},
    "timed_out": {"zh": "没有回应", "en": "it did not answer in time"},
    "os_refused": {"zh": "拒绝连接", "en": "it refuses connections"},
    "os_unreachable": {"zh": "网络不通", "en": "it cannot be reached from here"},
    # -- text files
    "not_regular": {"zh": "不是普通文件", "en": "it is no regular file"},
    "too_large": {"zh": "超过 {count} MB", "en": "it has more than {count} MB"},
    "old_excel": {"zh": "是旧版 Excel 文件", "en": "it is an old Excel file"},
    "excel": {"zh": "是 Excel 工作簿", "en": "it is an Excel workbook"},
    "pdf": {"zh": "是 PDF", "en": "it is a PDF"},
    "control": {"zh": "含控制字符 {name}", "en": "it holds the control character {name}"},
    "not_encoded": {
        "zh": "字节 {name} 不合 {encoding} 编码",
        "en": "the byte {name} is not {encoding}",
    },
    "quotes": {"zh": "引号不成对", "en": "quotation marks do not match"},
    "nested": {"zh": "嵌套过深", "en": "nested too deeply"},
    "toml_twice": {"zh": "同一个键写了两次", "en": "a key stands twice"},
    "toml_table_twice": {"zh": "同一个 [表] 写了两次", "en": "a [table] stands twice"},
    "toml_value": {"zh": "等号后的值不成立", "en": "what follows the equals sign is no value"},
    "toml_equals": {"zh": "键后面缺少等号", "en": "an equals sign is missing after the key"},
    "toml_statement": {
        "zh": "这一行不是“键 = 值”，也不是 [表]",
        "en": "it is neither key = value nor a [table]",
    },
    "toml_rest": {"zh": "值的后面还有多余的内容", "en": "something is left over after the value"},
    "toml_open_text": {"zh": "文字的引号没有闭合", "en": "the quotation mark of a text is not closed"},
    "toml_character": {"zh": "含有不允许的字符", "en": "a character that may not stand there"},
    "toml_backslash": {
        "zh": "文字中的反斜杠要写两个",
        "en": "a backslash within a text must be written twice",
    },
    "toml_open_list": {"zh": "方括号或花括号没有闭合", "en": "a bracket or brace is not closed"},
    "toml_bracket": {"zh": "[表] 的方括号没有闭合", "en": "the bracket of a [table] is not closed"},
    "toml_date": {"zh": "日期不存在", "en": "there is no such date"},
    "toml_other": {"zh": "这一行不合 TOML 的写法", "en": "it is no TOML"},
    # -- what may be written
    "any_text": {"zh": "一段文字", "en": "a text"},
    "example": {"zh": "{name} 之类", "en": "something like {name}"},
    "one_of": {"zh": "{names} 之一", "en": "one of {names}"},
    "quoted": {"zh": "加引号的文字", "en": "a text in quotation marks"},
    "characters": {"zh": "不超过 {count} 个字的内容", "en": "at most {count} characters"},
    "yes_no": {"zh": "是或否", "en": "yes or no"},
    "at_most": {"zh": "不超过 {name} 的数", "en": "a figure up to {name}"},
    "above": {"zh": "大于 {name} 的数", "en": "a figure above {name}"},
    "order": {
        "zh": "使 {low} 不高于 {high} 的数（现为 {first} 与 {second}）",
        "en": "figures that keep {low} at or below {high} (now {first} and {second})",
    },
    "free_day": {"zh": "周六、周日或节假日", "en": "a Saturday, Sunday or holiday"},
    "environment": {
        "zh": "环境变量 {name}（密码不写在文件里）",
        "en": "the environment variable {name} (a password has no place in the file)",
    },
    "ratio_alone": {
        "zh": "ratio（只有这样的目标才有分子分母）",
        "en": "ratio (only such a goal has a numerator and a denominator)",
    },
    "none_optional": {
        "zh": "无（模板 {name} 没有可选的工作表）",
        "en": "none (book {name} has no optional sheet)",
    },
    "adding_goal": {"zh": "一个 rollup 为 sum 的公司目标", "en": "a company goal whose rollup is sum"},
    "middle": {"zh": "与下限之和不为 0 的数", "en": "a figure whose sum with the lower bound is not 0"},
    # -- what a book's specification should say
    "formula_start": {"zh": "{name} 不以 = 开头", "en": "{name} does not start with ="},
    "formula_token": {"zh": "多出 {name}", "en": "unexpected {name}"},
    "formula_word": {
        "zh": "{name} 不是占位符，应写 {form} 或 {other}",
        "en": "{name} is no placeholder; write {form} or {other}",
    },
    "formula_brackets": {"zh": "括号不成对", "en": "parentheses do not match"},
    "sheet_title": {
        "zh": "应为 1 至 {count} 个字，不含 {names}",
        "en": "1 to {count} characters, none of {names}",
    },
    "other_title": {"zh": "应与其他工作表不同名", "en": "a title that no other sheet has"},
    "every_argument": {"zh": "每个参数都要有一列", "en": "a column for every argument"},
    "lasting_column": {"zh": "固定工作表中的一列", "en": "a column of a sheet that is always there"},
    "lasting_sheet": {"zh": "一张固定的工作表", "en": "a sheet that is always there"},
    "standing_column": {"zh": "工作簿中实际存在的一列", "en": "a column that stands in the workbook"},
    "check_columns": {
        "zh": "check: errors 与 check: warnings 各一列，按此顺序",
        "en": "check: errors and check: warnings, each once and in this order",
    },
    "last_year_only": {
        "zh": "only、linked、complete 只能与 from: {name} 同用",
        "en": "only, linked and complete with from: {name}",
    },
    "most_columns": {"zh": "最多 {count} 列", "en": "at most {count} columns"},
    "column_number": {"zh": "第 {count} 列", "en": "column {count}"},
    "room_beside": {"zh": "应与 {names} 错开", "en": "room beside {names}"},
    "panel_content": {"zh": "rows 与 columns、chart 或 each", "en": "rows and columns, a chart, or each"},
    "side_by_side": {"zh": "应为 {names} 中相邻的列", "en": "columns that stand side by side, of {names}"},
    "rising_numbers": {
        "zh": "应为 {count} 个逐个增大的数",
        "en": "{count} numbers, each larger than the one before",
    },
    "no_mapping": {"zh": "文件不是“键: 值”的结构", "en": "the file is no mapping"},
    "no_utf8": {"zh": "文字不是 UTF-8", "en": "the text is not UTF-8"},
    "no_yaml": {"zh": "这一行不合 YAML 的写法", "en": "it is no YAML"},
    "no_such_key": {"zh": "此处没有这样的键", "en": "no such key here"},
    "model_above": {"zh": "应大于 {name}", "en": "more than {name}"},
    "model_from": {"zh": "应不小于 {name}", "en": "{name} or more"},
    "model_below": {"zh": "应小于 {name}", "en": "less than {name}"},
    "model_to": {"zh": "应不大于 {name}", "en": "{name} or less"},
    "model_string": {"zh": "应为符合要求的文字", "en": "a text"},
    "model_int": {"zh": "应为整数", "en": "a whole number"},
    "model_float": {"zh": "应为数", "en": "a number"},
    "model_bool": {"zh": "应为 true 或 false", "en": "true or false"},
    "model_list": {"zh": "应为列表", "en": "a list"},
    "model_tuple": {"zh": "应为列表", "en": "a list"},
    "model_dict": {"zh": "应为“键: 值”的结构", "en": "a mapping"},
    "model_mapping": {"zh": "应为“键: 值”的结构", "en": "a mapping"},
    "model_model": {"zh": "应为“键: 值”的结构", "en": "a mapping"},
    "model_other": {"zh": "不合要求", "en": "it will not do"},
    # -- what a migrated workbook has no place for
    "own_sheets": {"zh": "自建的工作表", "en": "sheets of the planner's own"},
    "own_columns": {"zh": "自加的列", "en": "columns of the planner's own"},
    "beside_table": {"zh": "表格之外的内容", "en": "text outside the table"},
    "row_twice": {"zh": "编号重复的行", "en": "a row whose id stands twice"},
    "comment": {"zh": "批注", "en": "a comment"},
    "drawing": {"zh": "图片或图表", "en": "a picture or chart"},
}

FAILURES: dict[str, dict[str, str]] = {
    # -- the cycle
    "not_a_cycle": {
        "zh": "{path} 不是年度文件夹：其中没有 {name}",
        "en": "{path} is no cycle: it has no {name}",
    },
    "input_faults": {
        "zh": "{files} 中有 {count} 处错误",
        "en": "{count} {count:fault|faults} in {files}",
    },
    "book_languages": {
        "zh": "模板 {name} 的语言有 {known}，没有 {lang}",
        "en": "book {name} speaks {known}, not {lang}",
    },
    "year_range": {
        "zh": "年度须在 1900 至 9998 之间，而不是 {year}",
        "en": "a planning year lies between 1900 and 9998, not {year}",
    },
    "already_there": {
        "zh": "{path} 已经存在，没有做任何改动",
        "en": "{path} is there already; nothing was changed",
    },
    "no_department": {
        "zh": "departments.csv 中没有部门“{name}”；可写 {known}",
        "en": 'no department "{name}" in departments.csv; known: {known}',
    },
    # -- issuing
    "nobody_issued": {
        "zh": "departments.csv 中没有要发放工作簿的部门",
        "en": "departments.csv names no department to issue a workbook to",
    },
    "prefill_faults": {
        "zh": "预填内容有 {count} 处错误，没有生成工作簿",
        "en": "{count} {count:fault|faults} in the rows to fill in; no workbook was written",
    },
    "prefill_unused": {"zh": "{path} 中没有 {names} 的行", "en": "{path} has no row for {names}"},
    "no_sheet": {
        "zh": "模板 {name} 没有工作表 {keys}；有 {known}",
        "en": "book {name} has no sheet {keys}; there are {known}",
    },
    # -- files
    "not_there": {"zh": "{path} 不存在", "en": "{path} does not exist"},
    "not_reached": {"zh": "{path} 无法打开：{reason}", "en": "{path} cannot be opened: {reason}"},
    "not_folder": {"zh": "{path} 是文件，这里要的是文件夹", "en": "{path} is a file; a folder is wanted"},
    "not_file": {"zh": "{path} 是文件夹，这里要的是文件", "en": "{path} is a folder; a file is wanted"},
    "not_written": {"zh": "{path} 无法写入：{reason}", "en": "{path} could not be written: {reason}"},
    "folder_unread": {
        "zh": "文件夹 {path} 无法读取：{reason}",
        "en": "folder {path} cannot be read: {reason}",
    },
    "folder_not_made": {
        "zh": "无法建立文件夹 {path}：{reason}",
        "en": "folder {path} cannot be made: {reason}",
    },
    "out_is_input": {
        "zh": "{path} 正是要处理的文件；请给 --out 换一个文件夹",
        "en": "{path} is one of the files given; choose another folder for --out",
    },
    "demo_folder": {
        "zh": "{path} 不是空文件夹，也不是以前的演示；请换一个文件夹",
        "en": "{path} is not empty and no earlier demo; choose another folder",
    },
    # -- returned workbooks
    "not_read": {"zh": "{name} 读不出来", "en": "{name} could not be read"},
    "no_workbook": {
        "zh": "其中没有一份是 planbook 的工作簿",
        "en": "none of the files is a planbook workbook",
    },
    "years_mixed": {
        "zh": "这些文件属于不同的年度或模板（{names}）；请分开处理",
        "en": "the files belong to different years or books ({names}); take one at a time",
    },
    "settings_mixed": {
        "zh": "{names} 发出时的设置不同（{keys}）；请在年度文件夹中处理，或分开处理",
        "en": "{names} were issued with different settings ({keys}); work in their cycle, or take one "
        "at a time",
    },
    "copies_of_one": {
        "zh": "{names} 属于同一部门：请只给出一份",
        "en": "{names} are of one department: give one of them",
    },
    "cannot_annotate": {
        "zh": "{name} 不能批注：它不是能读取的 .xlsx",
        "en": "{name} cannot be annotated: it is no .xlsx that could be read",
    },
    "cannot_compare": {
        "zh": "两份工作簿属于不同的模板或部门：{names}",
        "en": "the two workbooks are of different books or departments: {names}",
    },
    "report_no_sheet": {
        "zh": "{name} 中没有工作表“{title}”；有 {known}",
        "en": '{name} has no sheet "{title}"; it has {known}',
    },
    "no_reference": {
        "zh": "“{name}”不是事实（XS-R003）、目标（XS-G001）、任务（XS-T001）、部门、公司目标，"
        "也不是汇总工作簿的单元格（文件:工作表!单元格）",
        "en": '"{name}" is no fact (XS-R003), goal (XS-G001), task (XS-T001), department, company goal or '
        "cell of a consolidated workbook (FILE:SHEET!CELL)",
    },
    "no_reference_near": {
        "zh": "没有“{name}”；相近的有 {known}",
        "en": 'there is no "{name}"; near it are {known}',
    },
    "no_figure": {
        "zh": "{name}：这个单元格不是表中的数字；请取表头下方的单元格",
        "en": "{name}: that cell is no figure of a table; take one below a table's header",
    },
    "figure_gone": {
        "zh": "{name}：现在的数字中没有与它相同的；报告可能较旧，或该列只用于相加",
        "en": "{name}: the figures of today have none like it; the report may be older, or the column only "
        "helps to add up",
    },
    "not_explained": {
        "zh": "{name}：“{column}”不是由表中其他数字算出的，没有可追溯的来源",
        "en": '{name}: "{column}" is not worked out from other figures; there is nothing to trace it to',
    },
    "figure_left": {
        "zh": "{name}：这一行只在签批版本里有，现在的数字中已没有",
        "en": "{name}: its row is not among the figures of today; only the signed state has it",
    },
    "no_heat": {
        "zh": "{name}：{department}在这一格没有数字",
        "en": "{name}: {department} has no figure there",
    },
    "goal_gone": {
        "zh": "{name}：现在没有公司目标“{goal}”；报告可能较旧",
        "en": '{name}: there is no company goal "{goal}" now; the report may be older',
    },
    "control_gone": {
        "zh": "{name}：现在的模板没有这项控制总数；报告可能较旧",
        "en": "{name}: the book of today has no such control total; the report may be older",
    },
    "no_report_title": {
        "zh": "{name}：读不出报告的标题，不知道是全公司还是哪个部门的报告；请用标题未改动的报告，或重新汇总",
        "en": "{name}: no title says whose report it is, the company's or a department's; take a report with "
        "its titles as written, or consolidate again",
    },
    "other_company": {
        "zh": "{name} 是“{department}”的报告，这里没有这个部门；请用 --cycle 给出它所属的周期",
        "en": '{name} is a report of "{department}", which is no department here; give the cycle it was '
        "made in (--cycle)",
    },
    "no_file_of": {
        "zh": "{name} 是“{department}”的报告，给出的文件中没有它的工作簿；"
        "请补上它交回的文件，或用 --cycle 给出周期",
        "en": '{name} is a report of "{department}", and none of the files given is its workbook; add the '
        "files it returned, or give the cycle (--cycle)",
    },
    "goals_of_cycle": {
        "zh": "{name}：公司目标写在周期的 company_goals.csv 中，文件里没有；"
        "请用 --cycle 给出周期，或改查承接它的部门目标（如 XS-G001）",
        "en": "{name}: company goals stand in company_goals.csv of a cycle, not in the files; give it "
        "(--cycle), or ask for a department's goal that took it over (XS-G001)",
    },
    "unknown_book": {
        "zh": "没有模板“{name}”；有 {known}",
        "en": 'unknown book "{name}"; known are {known}',
    },
    "book_faults": {
        "zh": "{name}：模板定义有 {count} 处错误",
        "en": "{name}: {count} {count:fault|faults} in the specification",
    },
    "signed_otherwise": {
        "zh": "{path} 中是当天签批的另一组数字；要重新签批，请先把它移走",
        "en": "{path} holds other figures that were signed for this day; move it away to sign anew",
    },
    "signed_changed": {
        "zh": "{path} 在签批之后被改动：数字与校验值不符",
        "en": "{path} was changed after it was signed: its figures do not match its hash",
    },
    "signed_version": {
        "zh": "{path} 由另一版 planbook 签批",
        "en": "{path} was signed by another version of planbook",
    },
    "signed_none": {"zh": "{path} 不是 planbook 的签批文件", "en": "{path} is no signed state of planbook"},
    "with_problem": {"zh": "{path}：{problem}", "en": "{path}: {problem}"},
    # -- mail
    "no_password": {
        "zh": "邮件用户 {name} 没有密码：请设置环境变量 {variable}",
        "en": "no password for the mail user {name}: set the environment variable {variable}",
    },
    "mail_security": {
        "zh": "邮件的 security 不能是“{name}”；可写 {known}",
        "en": 'mail security "{name}" is none of {known}',
    },
    "mail_server": {
        "zh": "邮件服务器 {host}:{port}：{reason}",
        "en": "mail server {host}:{port}: {reason}",
    },
    "mail_no_login": {
        "zh": "邮件服务器 {host}:{port} 不让 {name} 登录：{reason}",
        "en": "mail server {host}:{port} did not let {name} in: {reason}",
    },
    "mail_scope": {
        "zh": "{address} 只能看“{scope}”，不能看“{other}”",
        "en": '{address} may see "{scope}", not "{other}"',
    },
    "mail_large": {
        "zh": "发给 {address} 的邮件有 {size} MB，邮件服务器只收 {most} MB：请缩小这位收件人的范围",
        "en": "the message to {address} is {size} MB; mail servers take {most} MB: give the recipient a "
        "smaller scope",
    },
    "no_address": {
        "zh": "{role}：“{text}”不是单个邮件地址",
        "en": '{role}: "{text}" is no single e-mail address',
    },
    # -- frames, reports and formulas
    "no_form": {
        "zh": "没有导出格式“{name}”；有 {known}",
        "en": 'no form "{name}" of export; there are {known}',
    },
    "no_frame": {"zh": "没有数据表“{name}”；有 {known}", "en": 'no frame "{name}"; there are {known}'},
    "needs_pyarrow": {
        "zh": "Parquet 文件需要 pyarrow：pip install 'planbook[parquet]'",
        "en": "Parquet files need pyarrow: pip install 'planbook[parquet]'",
    },
    "setting_no_number": {"zh": "设置 {name} 须为数", "en": "the setting {name} must be a number"},
    "rows_do_not_fit": {
        "zh": "{name} 有 {count} 行，Excel 的一张工作表放不下",
        "en": "{count} rows of {name} do not fit a sheet of Excel",
    },
    "fact_not_placed": {
        "zh": "有事实不在任何一张明细表上",
        "en": "a fact stands on none of the fact sheets",
    },
    "table_too_wide": {
        "zh": "有 {count} 列的表放不进 {most} 列的版面",
        "en": "a table of {count} columns does not fit the {most} columns of its page",
    },
    "text_too_long": {
        "zh": "一段文字有 {count} 个字，一个单元格放不下",
        "en": "a text of {count} characters is too long for a cell",
    },
    "measure_lacks": {
        "zh": "指标公式 {name} 缺少 {argument}",
        "en": "measure {name} needs {argument}, which was not given",
    },
    "formula_gives": {"zh": "{formula} 的结果是 {value}", "en": "{formula} gives {value}"},
}


say = Phrases(DETAILS | FAILURES).say

_REASONS = {
    errno.EACCES: "os_denied",
    errno.EPERM: "os_denied",
    errno.ENOENT: "os_missing",
    errno.EISDIR: "os_folder",
    errno.ENOTDIR: "os_no_folder",
    errno.ENOSPC: "os_full",
    errno.EROFS: "os_read_only",
    errno.ENAMETOOLONG: "os_long_name",
    errno.EBUSY: "os_busy",
    errno.EEXIST: "os_exists",
    errno.ECONNREFUSED: "os_refused",
    errno.ENETUNREACH: "os_unreachable",
    errno.EHOSTUNREACH: "os_unreachable",
    errno.ETIMEDOUT: "timed_out",
}


def explain_os_error(error: OSError) -> Words:
    """Why the system refused a file, in words; in its own where there are none for it."""
    if error.errno in _REASONS:
        return say(_REASONS[error.errno])
    own = error.strerror or type(error).__name__
    return Words(own, own)
