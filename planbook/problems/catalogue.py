"""The catalogue of problems: every code, its severity, what it says and how to mend it.

A message is a template over `{found}`, `{expected}` and `{subject}`.  Codes are stable: scripts
and mail filters rely on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a problem matters: an error keeps a row or a file out of the figures."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Code(StrEnum):
    """The stable code of each problem."""

    # -- the file itself
    NOT_A_FILE = "not-a-file"
    OWNER_FILE = "owner-file"
    FILE_TOO_LARGE = "file-too-large"
    NOT_A_WORKBOOK = "not-a-workbook"
    ENCRYPTED = "encrypted"
    BROKEN_PACKAGE = "broken-package"
    UNSAFE_PACKAGE = "unsafe-package"
    FOREIGN_WORKBOOK = "foreign-workbook"
    UNKNOWN_BOOK = "unknown-book"
    READ_FAILED = "read-failed"

    # -- identity
    IDENTITY_CONFLICT = "identity-conflict"
    IDENTITY_MISSING = "identity-missing"
    OTHER_CYCLE = "other-cycle"
    OTHER_SPEC = "other-spec"
    UNKNOWN_DEPARTMENT = "unknown-department"

    # -- structure
    SHEET_MISSING = "sheet-missing"
    SHEET_TWICE = "sheet-twice"
    SHEET_RENAMED = "sheet-renamed"
    COLUMN_MISSING = "column-missing"
    COLUMN_TWICE = "column-twice"
    COLUMN_MOVED = "column-moved"
    TEXT_BELOW = "text-below"
    ROW_ID_LOST = "row-id-lost"
    ROW_ID_TWICE = "row-id-twice"

    # -- cells
    ERROR_CELL = "error-cell"
    REQUIRED_MISSING = "required-missing"
    NOT_IN_LIST = "not-in-list"
    NOT_A_QUANTITY = "not-a-quantity"
    NOT_A_PERCENT = "not-a-percent"
    NOT_A_DATE = "not-a-date"
    READ_FROM_TEXT = "read-from-text"
    AMBIGUOUS_VALUE = "ambiguous-value"
    UNIT_MISMATCH = "unit-mismatch"
    FRACTION_FOR_POINTS = "fraction-for-points"
    ABOVE_ONE = "above-one"
    OUT_OF_RANGE = "out-of-range"
    BAD_CHARACTER = "bad-character"
    TOO_LONG = "too-long"

    # -- rows and links
    DUPLICATE = "duplicate"
    LINK_BROKEN = "link-broken"
    LINK_BY_METRIC = "link-by-metric"
    LINK_NEAR = "link-near"
    LINK_STALE = "link-stale"
    DATES_REVERSED = "dates-reversed"
    REASON_MISSING = "reason-missing"
    WEIGHTS_TOTAL = "weights-total"
    TASK_OVERDUE = "task-overdue"
    TASK_STALE = "task-stale"
    OUT_OF_SCOPE = "out-of-scope"
    QUARTERS_DISAGREE = "quarters-disagree"
    SHARED_GOAL = "shared-goal"
    METHOD_FALLBACK = "method-fallback"
    WEIGHTS_EQUAL = "weights-equal"
    RULE_BROKEN = "rule-broken"
    RULE_ADVICE = "rule-advice"

    # -- the returned set
    RESUBMITTED = "resubmitted"
    SAME_STAMP = "same-stamp"
    IDENTICAL_COPY = "identical-copy"
    NOT_RETURNED = "not-returned"

    # -- the departments' plans together
    WEIGHT_BLANK = "weight-blank"
    GOAL_NOT_TAKEN_OVER = "goal-not-taken-over"
    TARGETS_DIFFER = "targets-differ"
    DIRECTION_DIFFERS = "direction-differs"
    SUPPORT_ONE_SIDED = "support-one-sided"
    POSITION_OVERLOADED = "position-overloaded"
    BUDGET_EXCEEDED = "budget-exceeded"

    # -- the cycle's own inputs
    INPUT_MISSING = "input-missing"
    INPUT_UNREADABLE = "input-unreadable"
    INPUT_SYNTAX = "input-syntax"
    INPUT_COLUMN = "input-column"
    INPUT_COLUMN_MISSING = "input-column-missing"
    INPUT_VALUE = "input-value"
    INPUT_KEY = "input-key"
    INPUT_DUPLICATE = "input-duplicate"
    INPUT_REFERENCE = "input-reference"
    DEPARTMENT_CYCLE = "department-cycle"

    # -- what is filled in beforehand, and the outbox
    BACKGROUND_UNUSED = "background-unused"
    PREFILL_FILE = "prefill-file"
    PREFILL_SHEET = "prefill-sheet"
    PREFILL_NO_WORKBOOK = "prefill-no-workbook"
    PREFILL_ID = "prefill-id"
    PREFILL_ID_NEEDED = "prefill-id-needed"
    PREFILL_LEFT_OUT = "prefill-left-out"
    PREFILL_CALCULATED = "prefill-calculated"
    PREFILL_EMPTY = "prefill-empty"
    PREFILL_FULL = "prefill-full"
    PREFILL_OTHER_YEAR = "prefill-other-year"
    OUTBOX_FILLED = "outbox-filled"

    # -- the book's specification
    SPEC_SYNTAX = "spec-syntax"
    SPEC_UNKNOWN_KEY = "spec-unknown-key"
    SPEC_MISSING_KEY = "spec-missing-key"
    SPEC_BAD_VALUE = "spec-bad-value"
    SPEC_DUPLICATE_KEY = "spec-duplicate-key"
    SPEC_UNKNOWN_COLUMN = "spec-unknown-column"
    SPEC_UNKNOWN_NAME = "spec-unknown-name"
    SPEC_FUNCTION = "spec-function"
    SPEC_LIST = "spec-list"
    SPEC_CYCLE = "spec-cycle"
    SPEC_TRANSLATION = "spec-translation"
    SPEC_FORMULA = "spec-formula"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: `message` and `fix` by language."""

    severity: Severity
    message: dict[str, str]
    fix: dict[str, str]


def _entry(severity: Severity, zh: tuple[str, str], en: tuple[str, str]) -> Entry:
    return Entry(severity, {"zh": zh[0], "en": en[0]}, {"zh": zh[1], "en": en[1]})


_E, _W, _N = Severity.ERROR, Severity.WARNING, Severity.NOTE

CATALOGUE: dict[Code, Entry] = {
    # -- the file itself
    Code.NOT_A_FILE: _entry(
        _E,
        ("不是普通文件（{found}）。", "请给出 .xlsx 文件；目录、管道和设备不读。"),
        (
            "This is not a regular file ({found}).",
            "Give an .xlsx file; folders, pipes and devices are not read.",
        ),
    ),
    Code.OWNER_FILE: _entry(
        _N,
        ("这是 Excel 打开文件时留下的临时文件，已跳过。", "无需处理；关闭 Excel 后它会消失。"),
        (
            "This is the lock file Excel keeps while a workbook is open; it was passed over.",
            "Nothing to do; it goes when Excel closes.",
        ),
    ),
    Code.FILE_TOO_LARGE: _entry(
        _E,
        ("文件大小为 {found}，超过上限 {expected}。", "请删去图片和多余的工作表后再提交。"),
        (
            "The file has {found}, more than the limit of {expected}.",
            "Remove pictures and sheets that are not needed and return it again.",
        ),
    ),
    Code.NOT_A_WORKBOOK: _entry(
        _E,
        (
            "文件不是 .xlsx 工作簿，内容是 {found} 格式。",
            "请在 Excel 或 WPS 中打开原模板，另存为 .xlsx 后再提交。",
        ),
        (
            "This is no .xlsx workbook; its content is {found}.",
            "Open the workbook that was issued in Excel or WPS, save it as .xlsx and return that.",
        ),
    ),
    Code.ENCRYPTED: _entry(
        _E,
        ("工作簿设有打开密码，无法读取。", "请在“文件 > 信息 > 保护工作簿”中去掉密码后再提交。"),
        (
            "The workbook is encrypted with a password and cannot be read.",
            "Remove the password (File > Info > Protect Workbook) and return it again.",
        ),
    ),
    Code.BROKEN_PACKAGE: _entry(
        _E,
        ("文件已损坏：{found}。", "请重新打开并另存为 .xlsx；打不开时请索取新模板。"),
        (
            "The file is damaged: {found}.",
            "Open it, save it as .xlsx and return that; if it does not open, ask for a new copy.",
        ),
    ),
    Code.UNSAFE_PACKAGE: _entry(
        _E,
        ("文件内部结构不安全：{found}，已拒绝。", "请在 Excel 中新建副本（另存为 .xlsx）后再提交。"),
        (
            "The package is unsafe and was refused: {found}.",
            "Save a fresh copy as .xlsx in Excel and return that.",
        ),
    ),
    Code.FOREIGN_WORKBOOK: _entry(
        _E,
        (
            "这不是 planbook 发出的工作簿（没有编号，也没有可识别的表）。",
            "请把内容填入发给本部门的工作簿后再提交。",
        ),
        (
            "This workbook was not issued by planbook (no identity and no sheet it knows).",
            "Fill in the workbook that was issued to the department and return that.",
        ),
    ),
    Code.UNKNOWN_BOOK: _entry(
        _E,
        ("工作簿来自未知的模板“{found}”，可用的有 {expected}。", "请升级 planbook，或索取当前模板。"),
        (
            'The workbook belongs to an unknown book, "{found}"; known are {expected}.',
            "Upgrade planbook, or ask for a current copy.",
        ),
    ),
    Code.READ_FAILED: _entry(
        _E,
        ("文件无法读取：{found}。", "请重新打开并另存为 .xlsx 后再提交。"),
        ("The file could not be read: {found}.", "Open it, save it as .xlsx and return that."),
    ),
    # -- identity
    Code.IDENTITY_CONFLICT: _entry(
        _E,
        (
            "工作簿中的编号互相矛盾：{found}。",
            "请勿在不同部门的工作簿之间复制整张表；请用本部门的原件重新填写。",
        ),
        (
            "The copies of the workbook's identity disagree: {found}.",
            "Do not copy whole sheets between workbooks of two departments; use the department's own file.",
        ),
    ),
    Code.IDENTITY_MISSING: _entry(
        _W,
        ("工作簿的编号信息丢失，按表头识别为“{found}”。", "无需处理；下次请直接在原件中填写并保存。"),
        (
            'The workbook\'s identity is lost; it was recognised by its headers as "{found}".',
            "Nothing to do; next time fill in and save the original file.",
        ),
    ),
    Code.OTHER_CYCLE: _entry(
        _E,
        ("工作簿属于 {found}，当前是 {expected}。", "请提交当前年度的工作簿。"),
        ("The workbook belongs to {found}; this cycle is {expected}.", "Return the workbook of this year."),
    ),
    Code.OTHER_SPEC: _entry(
        _N,
        (
            "工作簿由另一版模板（{found}）生成，按其自身的表头读取。",
            "无需处理；若有列未读到，请索取新版工作簿。",
        ),
        (
            "The workbook was made from another version of the book ({found}); it was read by its headers.",
            "Nothing to do; if a column was not read, ask for a new copy.",
        ),
    ),
    Code.UNKNOWN_DEPARTMENT: _entry(
        _E,
        ("部门“{found}”不在部门清单中。", "请核对 departments.csv，或索取本部门的工作簿。"),
        (
            'Department "{found}" is not in the list of departments.',
            "Check departments.csv, or ask for the department's own workbook.",
        ),
    ),
    # -- structure
    Code.SHEET_MISSING: _entry(
        _E,
        ("找不到工作表“{expected}”。", "请从原件恢复该表；不要删除模板中的工作表。"),
        (
            'Sheet "{expected}" was not found.',
            "Restore it from the original; the template's sheets must not be deleted.",
        ),
    ),
    Code.SHEET_TWICE: _entry(
        _E,
        ("工作表“{subject}”出现了两份：{found}。", "请只保留一份，删除副本后再提交。"),
        ('Sheet "{subject}" stands twice: {found}.', "Keep one, delete the copy and return it again."),
    ),
    Code.SHEET_RENAMED: _entry(
        _N,
        ("工作表“{expected}”已改名为“{found}”，按列识别。", "无需处理。"),
        ('Sheet "{expected}" was renamed "{found}"; it was found by its columns.', "Nothing to do."),
    ),
    Code.COLUMN_MISSING: _entry(
        _E,
        ("找不到列“{expected}”。", "请从原件恢复该列；不要删除模板中的列。"),
        (
            'Column "{expected}" was not found.',
            "Restore it from the original; the template's columns must not be deleted.",
        ),
    ),
    Code.COLUMN_TWICE: _entry(
        _E,
        ("列“{expected}”出现了两次：{found}。", "请只保留一列。"),
        ('Column "{expected}" stands twice: {found}.', "Keep one of them."),
    ),
    Code.COLUMN_MOVED: _entry(
        _N,
        ("列“{subject}”已移到 {found} 列，照常读取。", "无需处理。"),
        ('Column "{subject}" was moved to {found}; it was read there.', "Nothing to do."),
    ),
    Code.TEXT_BELOW: _entry(
        _W,
        ("表格区域之外有内容：{found}。", "请把内容移到编号行内；行数不够时请索取更多行的模板。"),
        (
            "There is text outside the table's rows: {found}.",
            "Move it into a numbered row; ask for more rows if they are used up.",
        ),
    ),
    Code.ROW_ID_LOST: _entry(
        _W,
        ("该行的编号缺失或被改动（{found}），按位置识别为 {expected}。", "请勿修改编号列。"),
        (
            "The row's id is missing or changed ({found}); by its place it is {expected}.",
            "Leave the id column alone.",
        ),
    ),
    Code.ROW_ID_TWICE: _entry(
        _E,
        ("编号 {found} 出现了两次。", "请勿复制整行；在空白编号行中填写。"),
        ("The id {found} stands twice.", "Do not copy whole rows; fill in a row with an id of its own."),
    ),
    # -- cells
    Code.ERROR_CELL: _entry(
        _E,
        ("“{subject}”是错误值 {found}。", "请重新输入数值或文字。"),
        ('"{subject}" holds the error value {found}.', "Type the value again."),
    ),
    Code.REQUIRED_MISSING: _entry(
        _E,
        ("“{subject}”为必填项，未填写。", "请填写该单元格。"),
        ('"{subject}" is required and empty.', "Fill in the cell."),
    ),
    Code.NOT_IN_LIST: _entry(
        _E,
        ("“{subject}”的内容“{found}”不在下拉列表中，可选：{expected}。", "请从下拉列表中选择。"),
        ('"{subject}" has "{found}", which is not in its list: {expected}.', "Pick one from the dropdown."),
    ),
    Code.NOT_A_QUANTITY: _entry(
        _E,
        ("“{subject}”的内容“{found}”不是数值。", "请填写数字，单位写在单位列。"),
        ('"{subject}" has "{found}", which is no quantity.', "Type a number; the unit has its own column."),
    ),
    Code.NOT_A_PERCENT: _entry(
        _E,
        ("“{subject}”的内容“{found}”不是百分比。", "请填写 0% 到 100% 之间的数。"),
        ('"{subject}" has "{found}", which is no percentage.', "Type a figure between 0% and 100%."),
    ),
    Code.NOT_A_DATE: _entry(
        _E,
        ("“{subject}”的内容“{found}”不是日期。", "请按 2024-06-30 的形式填写。"),
        ('"{subject}" has "{found}", which is no date.', "Type it like 2024-06-30."),
    ),
    Code.READ_FROM_TEXT: _entry(
        _N,
        ("“{subject}”中的文字“{found}”读作 {expected}。", "无需处理；建议直接填写数值或日期。"),
        (
            '"{subject}" holds the text "{found}", read as {expected}.',
            "Nothing to do; a plain number or date is better.",
        ),
    ),
    Code.AMBIGUOUS_VALUE: _entry(
        _W,
        ("“{subject}”的内容“{found}”含义不明确，读作 {expected}。", "请改为明确的数值或日期。"),
        (
            '"{subject}" has "{found}", which can mean several things; it was read as {expected}.',
            "Type a plain number or date.",
        ),
    ),
    Code.UNIT_MISMATCH: _entry(
        _E,
        ("“{subject}”写的单位是“{found}”，该行的单位是“{expected}”，不能换算。", "请改用同一单位。"),
        (
            '"{subject}" was given in {found}, but the row\'s unit is {expected}, which does not convert.',
            "Use the row's unit.",
        ),
    ),
    Code.FRACTION_FOR_POINTS: _entry(
        _W,
        ("单位为 % 时“{subject}”填了 {found}，读作 {expected} 个百分点。", "若要表示 80%，请填 80 或 80%。"),
        (
            'The unit is % and "{subject}" has {found}; it was read as {expected} percentage points.',
            "For 80 percent type 80 or 80%.",
        ),
    ),
    Code.ABOVE_ONE: _entry(
        _W,
        ("“{subject}”为 {found}，超过 100%。", "请核对；若要表示 80%，请填 80%。"),
        ('"{subject}" is {found}, more than 100%.', "Check it; for eighty percent type 80%."),
    ),
    Code.OUT_OF_RANGE: _entry(
        _E,
        ("“{subject}”为 {found}，应在 {expected} 之间。", "请改正数值。"),
        ('"{subject}" is {found}; it should be within {expected}.', "Correct the figure."),
    ),
    Code.BAD_CHARACTER: _entry(
        _E,
        ("“{subject}”的名称“{found}”含有不允许的字符（* ? ~ ｜）。", "请删去这些字符。"),
        (
            '"{subject}" has "{found}" with a character that names may not hold (* ? ~ ｜).',
            "Remove the character.",
        ),
    ),
    Code.TOO_LONG: _entry(
        _W,
        ("“{subject}”有 {found} 个字，超过 {expected} 个。", "请写得短一些。"),
        ('"{subject}" is {found} characters long, more than {expected}.', "Make it shorter."),
    ),
    # -- rows and links
    Code.DUPLICATE: _entry(
        _E,
        ("“{subject}”重复：“{found}”已出现在 {expected}。", "请改名或删去其中一行。"),
        (
            '"{subject}" is not unique: "{found}" stands already in {expected}.',
            "Rename one, or clear the row.",
        ),
    ),
    Code.LINK_BROKEN: _entry(
        _E,
        ("“{subject}”指向的“{found}”不存在。", "请从下拉列表中重新选择。"),
        ('"{subject}" points at "{found}", which does not exist.', "Pick it again from the dropdown."),
    ),
    Code.LINK_BY_METRIC: _entry(
        _W,
        ("“{subject}”写的是“{found}”，按指标识别为“{expected}”。", "请从下拉列表中选择，以免误认。"),
        (
            '"{subject}" has "{found}"; by its metric it was taken for "{expected}".',
            "Pick it from the dropdown.",
        ),
    ),
    Code.LINK_NEAR: _entry(
        _W,
        ("“{subject}”写的是“{found}”，按近似名称识别为“{expected}”。", "请从下拉列表中选择，以免误认。"),
        (
            '"{subject}" has "{found}"; by its name it was taken for "{expected}".',
            "Pick it from the dropdown.",
        ),
    ),
    Code.LINK_STALE: _entry(
        _W,
        ("“{subject}”“{found}”不属于所选的上级“{expected}”。", "请先选上级，再重新选择本列。"),
        (
            '"{subject}" "{found}" does not belong to "{expected}" chosen beside it.',
            "Choose the parent first, then pick this one again.",
        ),
    ),
    Code.DATES_REVERSED: _entry(
        _E,
        ("“{subject}”{found} 早于开始日期 {expected}。", "请更正起止日期。"),
        ('"{subject}" {found} comes before the start, {expected}.', "Correct the two dates."),
    ),
    Code.REASON_MISSING: _entry(
        _E,
        ("达成率 {found} 低于 {expected}，须填写“{subject}”。", "请填写原因与改进措施。"),
        (
            'Attainment is {found}, below {expected}; "{subject}" is required.',
            "Give the cause and the improvement.",
        ),
    ),
    Code.WEIGHTS_TOTAL: _entry(
        _W,
        ("“{subject}”合计 {found}，应为 {expected}。", "请调整各行权重。"),
        ('"{subject}" totals {found}; it should be {expected}.', "Adjust the weights."),
    ),
    Code.TASK_OVERDUE: _entry(
        _W,
        ("任务“{subject}”应于 {expected} 完成，目前进度 {found}。", "请更新进度，或填写调整后的完成日期。"),
        (
            'Task "{subject}" was due on {expected} and stands at {found}.',
            "Update it, or give a new finish date.",
        ),
    ),
    Code.TASK_STALE: _entry(
        _W,
        ("任务“{subject}”上次更新为 {found}，已超过 {expected} 天。", "请更新进度与更新日期。"),
        (
            'Task "{subject}" was last updated on {found}, more than {expected} days ago.',
            "Update the progress and its date.",
        ),
    ),
    Code.OUT_OF_SCOPE: _entry(
        _E,
        ("部门“{found}”不在本工作簿的范围内（{expected}）。", "请从下拉列表中选择部门。"),
        (
            'Department "{found}" is outside this workbook\'s scope ({expected}).',
            "Pick the department from the dropdown.",
        ),
    ),
    Code.QUARTERS_DISAGREE: _entry(
        _W,
        ("“{subject}”四个季度合计 {found}，年度目标为 {expected}。", "请核对季度目标与年度目标。"),
        (
            'The quarters of "{subject}" come to {found}; the annual target is {expected}.',
            "Check the quarterly targets against the annual one.",
        ),
    ),
    Code.RULE_BROKEN: _entry(
        _E,
        ("“{subject}”：{expected}（现为“{found}”）。", "请按提示改正；表中“校验”列有同样的说明。"),
        ('"{subject}": {expected} (it says "{found}").', "Correct it; the row's check column says the same."),
    ),
    Code.RULE_ADVICE: _entry(
        _W,
        ("“{subject}”：{expected}（现为“{found}”）。", "请核对；表中“校验”列有同样的提示。"),
        (
            '"{subject}": {expected} (it says "{found}").',
            "Have a look; the row's check column says the same.",
        ),
    ),
    Code.SHARED_GOAL: _entry(
        _W,
        (
            "公司目标“{subject}”由 {found} 同时承接；牵头部门“{expected}”的数据计入汇总，其余仅列示。",
            "请在 company_goals.csv 中核对牵头部门。",
        ),
        (
            'Company goal "{subject}" is claimed by {found}; {expected} leads and counts.',
            "Check the lead department in company_goals.csv.",
        ),
    ),
    Code.METHOD_FALLBACK: _entry(
        _N,
        (
            "“{subject}”不能按{expected}计算达成率，已改用线性法（{found}）。",
            "无需处理；如需按基线法，请补充基线值。",
        ),
        (
            'Attainment of "{subject}" cannot be taken by the {expected} method; linear was used ({found}).',
            "Nothing to do; for the baseline method give a baseline.",
        ),
    ),
    Code.WEIGHTS_EQUAL: _entry(
        _N,
        ("“{subject}”的权重均未填写，按等权计算。", "请填写各目标权重。"),
        ('The weights of "{subject}" are all blank; equal weights were used.', "Give the weights."),
    ),
    # -- the departments' plans together
    Code.WEIGHT_BLANK: _entry(
        _W,
        (
            "“{subject}”的权重未填写，而同部门其他目标已填：按余下的 {expected} 计算。",
            "请填写权重，使部门总目标的权重合计 100%。",
        ),
        (
            '"{subject}" has no weight, its sisters have: it takes the {expected} that they leave.',
            "Give its weight, so that the department's goals total 100%.",
        ),
    ),
    Code.GOAL_NOT_TAKEN_OVER: _entry(
        _W,
        (
            "公司目标“{subject}”尚无部门承接（公司目标值 {expected}）。",
            "请指定部门在目标总表的“承接公司目标”中选择它。",
        ),
        (
            'No department has taken over the company goal "{subject}" (target {expected}).',
            "Let a department choose it as the company goal of one of its goals.",
        ),
    ),
    Code.TARGETS_DIFFER: _entry(
        _W,
        (
            "公司目标“{subject}”为 {expected}，各部门承接的目标合计 {found}。",
            "请与各部门商定差额，或调整公司目标。",
        ),
        (
            'The company goal "{subject}" is {expected}; the departments have taken over {found}.',
            "Settle the difference with the departments, or change the company goal.",
        ),
    ),
    Code.DIRECTION_DIFFERS: _entry(
        _W,
        (
            "承接公司目标“{subject}”的目标方向为“{found}”，公司目标为“{expected}”。",
            "请核对指标方向，或改为承接另一公司目标。",
        ),
        (
            'A goal that serves "{subject}" has the direction "{found}"; the company goal has "{expected}".',
            "Check the direction, or let it serve another company goal.",
        ),
    ),
    Code.SUPPORT_ONE_SIDED: _entry(
        _W,
        (
            "{found}的任务“{subject}”需要{expected}配合，但{expected}的计划中没有对应的任务或目标。",
            "请与{expected}商定，并让其在计划中写明。",
        ),
        (
            '"{subject}" of {found} counts on {expected}, whose own plan knows nothing of it.',
            "Agree on it with {expected} and let their plan name it.",
        ),
    ),
    Code.POSITION_OVERLOADED: _entry(
        _W,
        (
            "岗位“{subject}”同时负责的任务多达 {found} 项，上限为 {expected} 项。",
            "请调整时间，或把部分任务交给其他岗位。",
        ),
        (
            'The position "{subject}" leads {found} tasks at the same time; the limit is {expected}.',
            "Move their dates, or hand some of them to another position.",
        ),
    ),
    Code.BUDGET_EXCEEDED: _entry(
        _W,
        ("“{subject}”各任务预算合计 {found}，超过上限 {expected}。", "请削减预算，或申请提高上限。"),
        (
            'The tasks of "{subject}" are budgeted at {found}, above the ceiling of {expected}.',
            "Cut the budgets, or ask for a higher ceiling.",
        ),
    ),
    # -- the returned set
    Code.RESUBMITTED: _entry(
        _N,
        ("部门“{subject}”重复提交，采用修改时间较晚的一份（{expected}），本份不计。", "无需处理。"),
        (
            'Department "{subject}" returned more than once; the later one counts ({expected}).',
            "Nothing to do.",
        ),
    ),
    Code.SAME_STAMP: _entry(
        _E,
        (
            "部门“{subject}”提交了内容不同但修改时间相同或缺失的多份工作簿：{found}，均未计入。",
            "请只保留正确的一份。",
        ),
        (
            'Department "{subject}" returned workbooks that differ, with one time stamp or none: {found}.',
            "Keep the right one.",
        ),
    ),
    Code.IDENTICAL_COPY: _entry(
        _N,
        ("与 {expected} 内容完全相同，只计一次。", "无需处理。"),
        ("This is the same file as {expected}; it counts once.", "Nothing to do."),
    ),
    Code.NOT_RETURNED: _entry(
        _W,
        ("部门“{subject}”尚未提交。", "请催收。"),
        ('Department "{subject}" has not returned its workbook.', "Ask for it."),
    ),
    # -- the cycle's own inputs
    Code.INPUT_MISSING: _entry(
        _E,
        ("找不到 {expected}。", "请先运行 planbook init，或把文件放到该处。"),
        ("{expected} was not found.", "Run planbook init first, or put the file there."),
    ),
    Code.INPUT_UNREADABLE: _entry(
        _E,
        ("文件无法读取：{found}。", "请保存为 UTF-8 或 GB18030 编码、逗号或制表符分隔的文本。"),
        (
            "The file could not be read: {found}.",
            "Save it as UTF-8 or GB18030 text, separated by commas or tabs.",
        ),
    ),
    Code.INPUT_SYNTAX: _entry(
        _E,
        ("TOML 语法错误：{found}。", "请更正该行：文字要加引号，日期写作 2024-06-30。"),
        (
            "The TOML does not parse: {found}.",
            "Correct the line: text needs quotes, a date is written 2024-06-30.",
        ),
    ),
    Code.INPUT_COLUMN: _entry(
        _E,
        ("未知的列“{found}”，可用：{expected}。", "请更正列名。"),
        ('Unknown column "{found}"; known are {expected}.', "Correct the column's name."),
    ),
    Code.INPUT_COLUMN_MISSING: _entry(
        _E,
        ("缺少列“{expected}”。", "请补上该列。"),
        ('Column "{expected}" is missing.', "Add the column."),
    ),
    Code.INPUT_VALUE: _entry(
        _E,
        ("“{subject}”的值“{found}”无效，应为{expected}。", "请更正。"),
        ('"{subject}" has "{found}"; expected {expected}.', "Correct it."),
    ),
    Code.INPUT_KEY: _entry(
        _E,
        ("未知的设置“{found}”，可用：{expected}。", "请更正或删除该设置。"),
        ('Unknown setting "{found}"; known are {expected}.', "Correct or remove the setting."),
    ),
    Code.INPUT_DUPLICATE: _entry(
        _E,
        ("“{subject}”的值“{found}”重复。", "请保留一行。"),
        ('"{subject}" has "{found}" twice.', "Keep one line."),
    ),
    Code.INPUT_REFERENCE: _entry(
        _E,
        ("“{subject}”引用的“{found}”不存在。", "可用：{expected}。"),
        ('"{subject}" refers to "{found}", which does not exist.', "Known are {expected}."),
    ),
    Code.DEPARTMENT_CYCLE: _entry(
        _E,
        ("部门的上级关系成环：{found}。", "请更正 parent 列。"),
        ("The departments' parents form a circle: {found}.", "Correct the parent column."),
    ),
    # -- what is filled in beforehand, and the outbox
    Code.BACKGROUND_UNUSED: _entry(
        _W,
        (
            "模板“{subject}”没有接收战略背景的工作表，{found} 条内容没有写入工作簿。",
            "请换用有该表的模板，或删去此文件。",
        ),
        (
            'Book "{subject}" has no sheet that takes the background; {found} lines reach no workbook.',
            "Choose a book with such a sheet, or remove the file.",
        ),
    ),
    Code.PREFILL_FILE: _entry(
        _E,
        ("不能用来预填的文件（{found}），可用：{expected}。", "请保存为 CSV，或放入交回的工作簿。"),
        (
            "This is no file to fill in from ({found}); it may be {expected}.",
            "Save it as CSV, or give a returned workbook.",
        ),
    ),
    Code.PREFILL_SHEET: _entry(
        _E,
        ("从文件名“{found}”看不出是哪张工作表。", "请让文件名以工作表的键或名称开头：{expected}。"),
        (
            'The file\'s name, "{found}", does not say which sheet it is for.',
            "Let it begin with the key or title of a sheet: {expected}.",
        ),
    ),
    Code.PREFILL_NO_WORKBOOK: _entry(
        _E,
        ("部门“{found}”没有工作簿可以填入。", "请写明有工作簿的部门：{expected}。"),
        (
            'Department "{found}" has no workbook to fill in.',
            "Name a department that has one: {expected}.",
        ),
    ),
    Code.PREFILL_ID: _entry(
        _E,
        ("“{found}”不是该表的行编号。", "请写成 {expected} 的形式；留空则填入第一个空行。"),
        ('"{found}" is no row of the sheet.', "Write it like {expected}; blank means the first free row."),
    ),
    Code.PREFILL_ID_NEEDED: _entry(
        _E,
        (
            "工作表“{subject}”的每一行都属于另一张表的同号行，这一行没有写明编号。",
            "请在“编号”列写明是哪一行，如 {expected}。",
        ),
        (
            'A row of sheet "{subject}" is about the row of that number elsewhere; this one has no id.',
            "Say in the column id which row it is, such as {expected}.",
        ),
    ),
    Code.PREFILL_LEFT_OUT: _entry(
        _E,
        (
            "工作表“{subject}”不在本年度的工作簿中，这一行没有位置。",
            "请在 planbook.toml 的 sheets 中加入 {expected}。",
        ),
        (
            'Sheet "{subject}" is left out of this year\'s workbooks, so that the row has no place.',
            "Add {expected} to sheets in planbook.toml.",
        ),
    ),
    Code.PREFILL_CALCULATED: _entry(
        _E,
        ("“{subject}”由公式计算，不能填入“{found}”。", "请删去这一列；可以填写：{expected}。"),
        (
            '"{subject}" is calculated; "{found}" cannot be filled in.',
            "Remove the column; these can be filled in: {expected}.",
        ),
    ),
    Code.PREFILL_EMPTY: _entry(
        _W,
        ("这一行除“{subject}”外没有内容，已跳过。", "请填写内容或删去这一行。"),
        ('The line says nothing besides "{subject}"; it was passed over.', "Fill it in or remove it."),
    ),
    Code.PREFILL_FULL: _entry(
        _E,
        (
            "工作表“{subject}”只有 {found} 行，放不下这一行。",
            "请用 planbook generate --rows {expected} 增加行数，或减少预填的行。",
        ),
        (
            'Sheet "{subject}" has {found} rows and no place for this one.',
            "Ask for more with planbook generate --rows {expected}, or fill in fewer.",
        ),
    ),
    Code.PREFILL_OTHER_YEAR: _entry(
        _E,
        ("这是 {found} 的工作簿，能预填的是：{expected}。", "请给出本年度或上一年度交回的工作簿。"),
        (
            "This workbook is of {found}; what can be filled in is of {expected}.",
            "Give one that was returned this year or the year before.",
        ),
    ),
    Code.OUTBOX_FILLED: _entry(
        _E,
        (
            "“{subject}”的工作簿在生成之后被填写或保存过，没有覆盖。",
            "请先把它移到 inbox 或别处；确要覆盖请加 --force。",
        ),
        (
            'The workbook of "{subject}" was filled in or saved since it was written; it was left alone.',
            "Move it to the inbox or elsewhere first; to overwrite it all the same, add --force.",
        ),
    ),
    # -- the book's specification
    Code.SPEC_SYNTAX: _entry(
        _E,
        ("YAML 语法错误：{found}。", "请更正该行。"),
        ("The YAML does not parse: {found}.", "Correct the line."),
    ),
    Code.SPEC_UNKNOWN_KEY: _entry(
        _E,
        ("未知的键“{found}”。", "可用：{expected}。"),
        ('Unknown key "{found}".', "Write one of: {expected}."),
    ),
    Code.SPEC_MISSING_KEY: _entry(
        _E,
        ("缺少键“{expected}”。", "请补上。"),
        ('Key "{expected}" is missing.', "Add it."),
    ),
    Code.SPEC_BAD_VALUE: _entry(
        _E,
        ("值“{found}”无效：{expected}。", "请更正。"),
        ('Value "{found}" will not do: {expected}.', "Correct it."),
    ),
    Code.SPEC_DUPLICATE_KEY: _entry(
        _E,
        ("键“{found}”重复。", "请删去一个。"),
        ('Key "{found}" stands twice.', "Remove one of them."),
    ),
    Code.SPEC_UNKNOWN_COLUMN: _entry(
        _E,
        ("公式引用了未知的列“{found}”。", "可用：{expected}。"),
        ('The formula names an unknown column, "{found}".', "Write one of: {expected}."),
    ),
    Code.SPEC_UNKNOWN_NAME: _entry(
        _E,
        ("引用了未知的名称“{found}”。", "可用：{expected}。"),
        ('Unknown name "{found}".', "Write one of: {expected}."),
    ),
    Code.SPEC_FUNCTION: _entry(
        _E,
        ("函数 {found} 不在各表格软件共有的函数之列。", "请改用：{expected}。"),
        (
            "Function {found} is outside the set that every spreadsheet program shares.",
            "Write it with: {expected}.",
        ),
    ),
    Code.SPEC_LIST: _entry(
        _E,
        ("列表“{found}”不存在。", "可用：{expected}。"),
        ('List "{found}" does not exist.', "Write one of: {expected}."),
    ),
    Code.SPEC_CYCLE: _entry(
        _E,
        ("公式互相引用成环：{found}。", "请打断其中一处引用。"),
        ("Formulas refer to each other in a circle: {found}.", "Break one of the references."),
    ),
    Code.SPEC_TRANSLATION: _entry(
        _E,
        ("缺少“{expected}”语言的文字。", "请补上译文。"),
        ('The text in "{expected}" is missing.', "Add the translation."),
    ),
    Code.SPEC_FORMULA: _entry(
        _E,
        ("公式有误：{found}。", "请更正公式。"),
        ("The formula does not parse: {found}.", "Correct the formula."),
    ),
}
