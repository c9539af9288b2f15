"""The catalogue of problems: every code, its severity, what it says and how to mend it.

A message is a template over `{found}`, `{expected}` and `{subject}`.  Codes are stable: scripts
and mail filters rely on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a problem matters: an error must be mended; most keep a row or a file out of the figures."""

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
    OWN_REPORT = "own-report"
    UNKNOWN_BOOK = "unknown-book"
    READ_FAILED = "read-failed"

    # -- what kind of file it is, and how reading it went
    MACROS_IGNORED = "macros-ignored"
    OTHER_FORMAT = "other-format"
    DECRYPTED = "decrypted"
    PASSWORD_WRONG = "password-wrong"
    PASSWORD_UNSUPPORTED = "password-unsupported"
    FAR_CELL = "far-cell"
    READER_DIED = "reader-died"
    READ_TOO_LONG = "read-too-long"
    READ_TOO_LARGE = "read-too-large"
    PART_DAMAGED = "part-damaged"

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

    # -- what people did to sheets, columns and rows
    HEADER_MISSING = "header-missing"
    SHEET_HIDDEN = "sheet-hidden"
    OWN_SHEETS = "own-sheets"
    COLUMN_CONFLICT = "column-conflict"
    COLUMN_NEAR = "column-near"
    COLUMN_BY_NAME = "column-by-name"
    COLUMN_RENAMED = "column-renamed"
    COLUMNS_HIDDEN = "columns-hidden"
    OWN_COLUMNS = "own-columns"
    ROWS_HIDDEN = "rows-hidden"
    MERGED_CELLS = "merged-cells"

    # -- what a cell holds beside its value
    FORMULA_IN_INPUT = "formula-in-input"
    FORMULA_WITHOUT_VALUE = "formula-without-value"
    PRECISION_LOST = "precision-lost"
    LOOKALIKE = "lookalike"
    NOT_IN_LIST_NEAR = "not-in-list-near"
    SHOWN_SCALED = "shown-scaled"
    SHOWN_CONDITIONALLY = "shown-conditionally"
    TEXT_UNSEEN = "text-unseen"

    # -- cells
    ERROR_CELL = "error-cell"
    REQUIRED_MISSING = "required-missing"
    NOT_IN_LIST = "not-in-list"
    NOT_LISTED = "not-listed"
    NOT_A_QUANTITY = "not-a-quantity"
    NOT_A_PERCENT = "not-a-percent"
    NOT_A_DATE = "not-a-date"
    YEAR_AS_DATE = "year-as-date"
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
    OTHER_OWNER = "other-owner"
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

    # -- formula cells
    FORMULA_OVERWRITTEN = "formula-overwritten"
    FORMULA_MISSING = "formula-missing"
    FORMULA_COLUMN_MISSING = "formula-column-missing"
    FORMULA_CHANGED = "formula-changed"
    VALUE_STALE = "value-stale"
    VALUES_NOT_STORED = "values-not-stored"
    READINGS_DIFFER = "readings-differ"

    # -- against an earlier copy, and moves to a newer book
    PROGRESS_BACKWARDS = "progress-backwards"
    ROW_RENAMED = "row-renamed"
    NO_PLACE = "no-place"
    VALUE_UNREAD = "value-unread"

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
    PREFILL_INCOMPLETE = "prefill-incomplete"
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
            "The file is {found} large, more than the limit of {expected}.",
            "Remove pictures and sheets that are not needed and return it again.",
        ),
    ),
    Code.NOT_A_WORKBOOK: _entry(
        _E,
        (
            "这不是 .xlsx 工作簿，而是{found}。",
            "请在 Excel 或 WPS 中打开原模板，另存为 .xlsx 后再提交。",
        ),
        (
            "This is no .xlsx workbook but {found}.",
            "Open the workbook that was issued in Excel or WPS, save it as .xlsx and return that.",
        ),
    ),
    Code.ENCRYPTED: _entry(
        _E,
        (
            "工作簿设有打开密码，无法读取。",
            "请在“文件 > 信息 > 保护工作簿”中去掉密码后再提交，或用 --password 给出密码。",
        ),
        (
            "The workbook is encrypted with a password and cannot be read.",
            "Remove the password (File > Info > Protect Workbook) and return it again, or give --password.",
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
    Code.OWN_REPORT: _entry(
        _N,
        (
            "这是 planbook 自己写出的汇总工作簿，不是部门交回的，已跳过。",
            "无需处理；也可以把它移到别的文件夹。",
        ),
        (
            "This is a consolidated workbook that planbook wrote, no department's return; "
            "it was passed over.",
            "Nothing to do; it may be moved to a folder of its own.",
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
        ("文件无法读取：{found}。", "请关闭占用它的程序并核对权限；仍不行时重新另存为 .xlsx 后再提交。"),
        (
            "The file could not be read: {found}.",
            "Close what holds it and check its permissions; failing that, save it afresh as .xlsx and "
            "return that.",
        ),
    ),
    # -- what kind of file it is, and how reading it went
    Code.MACROS_IGNORED: _entry(
        _N,
        ("工作簿带有宏（.xlsm），只读取单元格，宏未运行。", "无需处理；建议另存为 .xlsx。"),
        (
            "The workbook has macros (.xlsm); its cells were read and no macro was run.",
            "Nothing to do; saving it as .xlsx is better.",
        ),
    ),
    Code.OTHER_FORMAT: _entry(
        _N,
        ("文件以 {found} 格式保存，已按单元格读取。", "无需处理；建议在 Excel 或 WPS 中另存为 .xlsx。"),
        (
            "The file was saved as {found}; its cells were read.",
            "Nothing to do; saving it as .xlsx is better.",
        ),
    ),
    Code.DECRYPTED: _entry(
        _N,
        ("工作簿设有打开密码，已用给定的密码读取。", "无需处理。"),
        ("The workbook is encrypted; it was read with the password given.", "Nothing to do."),
    ),
    Code.PASSWORD_WRONG: _entry(
        _E,
        ("工作簿设有打开密码，给定的密码不对。", "请核对密码，或去掉密码后再提交。"),
        (
            "The workbook is encrypted, and the password given does not open it.",
            "Check the password, or remove it and return the workbook again.",
        ),
    ),
    Code.PASSWORD_UNSUPPORTED: _entry(
        _E,
        (
            "工作簿设有打开密码，本机不能解密：{found}。",
            "请安装 planbook[encrypted]；已安装时请去掉密码，或在 Excel 中另存为带密码的 .xlsx 后再提交。",
        ),
        (
            "The workbook is encrypted and cannot be opened here: {found}.",
            "Install planbook[encrypted]; if it is there, remove the password or save as .xlsx with one.",
        ),
    ),
    Code.FAR_CELL: _entry(
        _E,
        (
            "工作表“{subject}”在 {found} 处有内容，使表格大到无法读取。",
            "请删除该单元格的内容（Ctrl+End 可定位），保存后再提交。",
        ),
        (
            'Sheet "{subject}" has content as far out as {found}, which makes it too large to read.',
            "Clear that cell (Ctrl+End goes there), save and return it again.",
        ),
    ),
    Code.READER_DIED: _entry(
        _E,
        (
            "读取该文件的进程意外终止（{found}），文件未读取。",
            "请在 Excel 或 WPS 中另存为新的 .xlsx 后再提交。",
        ),
        (
            "The process that read the file ended unexpectedly ({found}); the file was not read.",
            "Save it afresh as .xlsx in Excel or WPS and return that.",
        ),
    ),
    Code.READ_TOO_LONG: _entry(
        _E,
        ("读取超过 {expected} 秒，已放弃。", "请删去模板之外的内容，另存为 .xlsx 后再提交。"),
        (
            "Reading took longer than {expected} {expected:second|seconds} and was given up.",
            "Remove what does not belong to the template, save as .xlsx and return that.",
        ),
    ),
    Code.READ_TOO_LARGE: _entry(
        _E,
        ("读取所需内存超过 {expected}，已放弃。", "请删去模板之外的内容，另存为 .xlsx 后再提交。"),
        (
            "Reading needed more than {expected} of memory and was given up.",
            "Remove what does not belong to the template, save as .xlsx and return that.",
        ),
    ),
    # -- identity
    Code.PART_DAMAGED: _entry(
        _W,
        (
            "表格已读取，但文件内部有损坏的部件（{found}），无法制作批注副本或带出批注。",
            "请在 Excel 中打开并另存为 .xlsx 后再处理。",
        ),
        (
            "The tables were read, but a part inside the file is damaged ({found}): no return copy "
            "can be made of it and no comments taken from it.",
            "Open it in Excel, save it as .xlsx and try again.",
        ),
    ),
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
    # -- what people did to sheets, columns and rows
    Code.HEADER_MISSING: _entry(
        _E,
        ("工作表“{subject}”中找不到表头行。", "请从原件恢复表头行；不要删除或改写列标题。"),
        (
            'Sheet "{subject}" has no row of column titles that can be recognised.',
            "Restore the titles from the original; do not delete or overwrite them.",
        ),
    ),
    Code.SHEET_HIDDEN: _entry(
        _N,
        ("工作表“{subject}”被隐藏，照常读取。", "无需处理；如不应隐藏，请取消隐藏。"),
        (
            'Sheet "{subject}" is hidden; it was read all the same.',
            "Nothing to do; unhide it if that was not meant.",
        ),
    ),
    Code.OWN_SHEETS: _entry(
        _N,
        ("自建的工作表未读取：{found}。", "无需处理；要提交的内容请填入模板的表中。"),
        (
            "Sheets of your own were left alone: {found}.",
            "Nothing to do; what should count belongs on the template's sheets.",
        ),
    ),
    Code.COLUMN_CONFLICT: _entry(
        _E,
        (
            "{found} 列的隐藏标识是“{subject}”，标题却是“{expected}”，无法确定是哪一列，未读取。",
            "请从原件恢复该列标题，或把内容移回原来的列。",
        ),
        (
            'Column {found} is marked "{subject}" but titled "{expected}"; which one it is cannot be told, '
            "and it was not read.",
            "Restore the title from the original, or move the content back to its own column.",
        ),
    ),
    Code.COLUMN_NEAR: _entry(
        _W,
        ("列标题“{found}”按近似名称识别为“{expected}”。", "请核对；如不是该列，请恢复原标题。"),
        (
            'The column title "{found}" was taken for "{expected}", which it resembles.',
            "Check it; restore the original title if it is another column.",
        ),
    ),
    Code.COLUMN_BY_NAME: _entry(
        _W,
        ("列“{subject}”的标题丢失，按工作簿中的名称定位到 {found} 列。", "请从原件恢复列标题。"),
        (
            'The title of column "{subject}" is lost; a defined name of the workbook points at {found}.',
            "Restore the title from the original.",
        ),
    ),
    Code.COLUMN_RENAMED: _entry(
        _N,
        ("列“{expected}”的标题改成了“{found}”，按隐藏标识读取。", "无需处理。"),
        (
            'Column "{expected}" was given the title "{found}"; it was read by its hidden mark.',
            "Nothing to do.",
        ),
    ),
    Code.COLUMNS_HIDDEN: _entry(
        _N,
        ("{found} 列被隐藏，照常读取。", "无需处理；提交前请确认隐藏列的内容。"),
        (
            "Hidden columns were read all the same: {found}.",
            "Nothing to do; check what they hold before returning the workbook.",
        ),
    ),
    Code.OWN_COLUMNS: _entry(
        _N,
        ("自加的列未读取：{found}。", "无需处理；要提交的内容请填入模板的列中。"),
        (
            "Columns of your own were left alone: {found}.",
            "Nothing to do; what should count belongs in the template's columns.",
        ),
    ),
    Code.ROWS_HIDDEN: _entry(
        _N,
        ("第 {found} 行被隐藏或筛选掉，照常读取。", "无需处理；提交前请确认这些行的内容。"),
        (
            "Rows that are hidden or filtered out were read all the same: {found}.",
            "Nothing to do; check what they hold before returning the workbook.",
        ),
    ),
    Code.MERGED_CELLS: _entry(
        _E,
        (
            "{found} 是合并单元格，内容只属于左上角的 {expected}，其余单元格读作空白。",
            "请取消合并，并在每个单元格中分别填写。",
        ),
        (
            "{found} is merged; its content belongs to {expected} alone, the other cells were read as blank.",
            "Unmerge it and fill in every cell.",
        ),
    ),
    # -- what a cell holds beside its value
    Code.FORMULA_IN_INPUT: _entry(
        _N,
        (
            "“{subject}”中填的是公式 {found}，按其显示的值“{expected}”读取。",
            "无需处理；建议改为填写数值，以免引用变化。",
        ),
        (
            '"{subject}" holds the formula {found}; the value it shows, "{expected}", was used.',
            "Nothing to do; a plain value cannot change by itself.",
        ),
    ),
    Code.FORMULA_WITHOUT_VALUE: _entry(
        _E,
        (
            "“{subject}”中填的是公式 {found}，文件里没有保存它的结果。",
            "请填写数值，或在 Excel 中打开、重新计算并保存后再提交。",
        ),
        (
            '"{subject}" holds the formula {found}, and the file has no result stored for it.',
            "Type the value, or open the file in Excel, recalculate, save and return it again.",
        ),
    ),
    Code.PRECISION_LOST: _entry(
        _W,
        (
            "“{subject}”的数字“{found}”超过 15 位，后面的位数不可靠，读作 {expected}。",
            "编号请按文本填写（先输入一个单引号），金额请用较大的单位。",
        ),
        (
            '"{subject}" has "{found}", more than the 15 digits a number holds; it was read as {expected}.',
            "Type a number that is a name as text (an apostrophe first), or use a larger unit.",
        ),
    ),
    Code.LOOKALIKE: _entry(
        _W,
        (
            "“{subject}”的内容“{found}”含有外形相似的异种字符，识别为“{expected}”。",
            "请从下拉列表中重新选择，或重新输入。",
        ),
        (
            '"{subject}" has "{found}" with letters of another alphabet that look alike; '
            'it was taken for "{expected}".',
            "Pick it from the dropdown again, or type it anew.",
        ),
    ),
    Code.NOT_IN_LIST_NEAR: _entry(
        _E,
        ("“{subject}”的内容“{found}”不在下拉列表中，想填的可能是“{expected}”。", "请从下拉列表中选择。"),
        (
            '"{subject}" has "{found}", which is not in its list; perhaps "{expected}" is meant.',
            "Pick one from the dropdown.",
        ),
    ),
    Code.SHOWN_SCALED: _entry(
        _W,
        (
            "“{subject}”的数字格式显示“{expected}”，存储的是 {found}，按存储值读取。",
            "请核对；请改为常规数字格式，单位写在单位列。",
        ),
        (
            'The number format of "{subject}" shows "{expected}" where {found} is stored; what is stored was '
            "read.",
            "Check it, and use a plain number format; the unit has its own column.",
        ),
    ),
    Code.SHOWN_CONDITIONALLY: _entry(
        _W,
        (
            "“{subject}”的条件格式在条件成立时显示“{expected}”，存储的是 {found}，按存储值读取。",
            "请核对；请删除该条件格式，或去掉其中的数字格式与字体颜色。",
        ),
        (
            'Where its condition holds, a conditional format of "{subject}" shows "{expected}"; {found} is '
            "stored, and was read.",
            "Check it, and remove that conditional format, or its number format and font colour.",
        ),
    ),
    Code.TEXT_UNSEEN: _entry(
        _W,
        (
            "“{subject}”的文字与底色相同或字号过小，看不出内容；存储的 {found} 照常读取。",
            "请核对：需要则改用自动字体颜色，不需要则清除内容。",
        ),
        (
            'The text of "{subject}" has the colour of its ground, or letters too small to see; {found} is '
            "stored, and was read.",
            "Check it: give it an automatic font colour, or clear the cell.",
        ),
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
    Code.NOT_LISTED: _entry(
        _W,
        (
            "“{subject}”的内容“{found}”不在清单中，按原文保留，不计入清单中的任何一项；清单中有 {expected}。",
            "请从下拉列表中选择；确实不属于清单时无需处理。",
        ),
        (
            '"{subject}" has "{found}", which is not in its list: {expected}. It was kept and adds to none '
            "of them.",
            "Pick one from the dropdown; if none of them is meant, nothing to do.",
        ),
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
    Code.YEAR_AS_DATE: _entry(
        _E,
        (
            "“{subject}”中的数字 {expected} 按日期显示为 {found}；想填的可能是 {expected} 年。",
            "请填写完整日期，如 {expected}-12-31。",
        ),
        (
            '"{subject}" holds the number {expected}, which a cell for dates shows as {found}; '
            "perhaps the year {expected} is meant.",
            "Type a whole date, like {expected}-12-31.",
        ),
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
        (
            "单位为 % 时“{subject}”填了 {found}，读作 {found} 个百分点。",
            "本意若是 {expected}，请填 {expected}。",
        ),
        (
            'The unit is % and "{subject}" has {found}; it was read as {found} percentage points.',
            "If {expected} is meant, type {expected}.",
        ),
    ),
    Code.ABOVE_ONE: _entry(
        _W,
        ("“{subject}”为 {found}，超过 100%。", "请核对：最多为 100%。要填八成时写 80%，不写 80。"),
        (
            '"{subject}" is {found}, more than 100%.',
            "Check it: 100% is the most. For eighty percent type 80%, not 80.",
        ),
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
        _E,
        ("“{subject}”有 {found} 个字，超过 {expected} 个。", "请缩短到 {expected} 个字以内。"),
        (
            '"{subject}" is {found} characters long, more than {expected}.',
            "Shorten it to {expected} characters.",
        ),
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
        (
            "“{subject}”指向的“{found}”在“{expected}”中不存在。",
            "请补上被指向的那一行，或从下拉列表中重新选择。",
        ),
        (
            '"{subject}" points at "{found}", which does not exist on "{expected}".',
            "Fill in the row it points at, or pick it again from the dropdown.",
        ),
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
    Code.OTHER_OWNER: _entry(
        _W,
        (
            "“{subject}”填的是“{found}”，所选目标的责任部门是“{expected}”。",
            "请改为目标的责任部门，或重新选择目标。",
        ),
        (
            '"{subject}" is {found}; the goal beside it is {expected}\'s.',
            "Name the goal's department, or pick the goal anew.",
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
            'Task "{subject}" was last updated on {found}, more than {expected} {expected:day|days} ago.',
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
        ("“{subject}”为“{found}”：{expected}。", "请按提示改正；表中“校验”列有同样的说明。"),
        ('"{subject}" is "{found}": {expected}.', "Correct it; the row's check column says the same."),
    ),
    Code.RULE_ADVICE: _entry(
        _W,
        ("“{subject}”为“{found}”：{expected}。", "请核对；表中“校验”列有同样的提示。"),
        (
            '"{subject}" is "{found}": {expected}.',
            "Have a look; the row's check column says the same.",
        ),
    ),
    Code.SHARED_GOAL: _entry(
        _W,
        (
            "公司目标“{subject}”由{found}同时承接；牵头部门“{expected}”的数据计入汇总，其余仅列示。",
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
            "“{subject}”不能按{expected}计算达成率，已改用{found}。",
            "无需处理；如需按基线法，请补充基线值。",
        ),
        (
            'Attainment of "{subject}" cannot be taken by the method {expected}; {found} was used instead.',
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
            '"{subject}" has no weight and other goals of its department have: it takes the {expected} they '
            "leave.",
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
    # -- formula cells
    Code.FORMULA_OVERWRITTEN: _entry(
        _W,
        (
            "“{subject}”的公式被改成了固定值“{found}”，按公式应为“{expected}”；汇总按公式计算。",
            "请撤销，或从同列其他行复制公式恢复；页面自身的公式丢失时请索取新表。不要在灰色单元格中填写。",
        ),
        (
            'The formula of "{subject}" was replaced by "{found}"; it gives "{expected}", which was used.',
            "Undo it, or copy the formula from another row of its column; a page's own come with a new copy.",
        ),
    ),
    Code.FORMULA_MISSING: _entry(
        _W,
        (
            "“{subject}”的公式被删除，按公式应为“{expected}”；汇总按公式计算。",
            "请从同列其他行复制公式恢复；页面自身的公式丢失时请索取新表。",
        ),
        (
            'The formula of "{subject}" is gone; it gives "{expected}", which was used.',
            "Copy it from another row of its column; for a page's own, ask for a new copy.",
        ),
    ),
    Code.FORMULA_COLUMN_MISSING: _entry(
        _W,
        ("计算列“{expected}”已被删除；汇总仍按公式计算。", "需要在表中看到该列时，请索取新表。"),
        (
            'The calculated column "{expected}" was deleted; its figures were computed all the same.',
            "Ask for a new copy to see it again.",
        ),
    ),
    Code.FORMULA_CHANGED: _entry(
        _W,
        (
            "“{subject}”的公式被改动，显示“{found}”，按原公式应为“{expected}”；汇总按原公式计算。",
            "请从同列其他行复制公式恢复。",
        ),
        (
            'The formula of "{subject}" was changed and shows "{found}"; as issued it gives "{expected}", '
            "which was used.",
            "Copy the formula from another row of the column.",
        ),
    ),
    Code.VALUE_STALE: _entry(
        _W,
        (
            "“{subject}”存的是旧值“{found}”，重新计算应为“{expected}”；汇总按重新计算的值。",
            "请在 Excel 中打开，按 Ctrl+Alt+F9 重新计算后保存。",
        ),
        (
            '"{subject}" has "{found}" stored, an old value; calculated anew it is "{expected}".',
            "Open it in Excel, recalculate with Ctrl+Alt+F9 and save.",
        ),
    ),
    Code.VALUES_NOT_STORED: _entry(
        _N,
        ("保存此文件的程序没有存公式的结果，已由 planbook 计算。", "无需处理。"),
        (
            "The program that saved this file stored no results of formulas; planbook computed them.",
            "Nothing to do.",
        ),
    ),
    Code.READINGS_DIFFER: _entry(
        _N,
        (
            "表中公式显示“{found}”，汇总为“{expected}”：表中的公式不认以文字填写的数，汇总按读出的数计算（“{subject}”）。",
            "无需处理；改填数值或日期后两者一致。",
        ),
        (
            'The workbook shows "{found}" and reports have "{expected}": its formulas cannot use figures '
            'typed as text, reports use what was read ("{subject}").',
            "Nothing to do; with plain numbers and dates both agree.",
        ),
    ),
    # -- against an earlier copy, and moves to a newer book
    Code.PROGRESS_BACKWARDS: _entry(
        _W,
        ("“{subject}”由上次的 {expected} 退到 {found}。", "请核对；确有返工时在风险描述中说明。"),
        (
            '"{subject}" went back from {expected} in the earlier copy to {found}.',
            "Check it; if work was undone, say so under risk.",
        ),
    ),
    Code.ROW_RENAMED: _entry(
        _W,
        (
            "“{subject}”由“{expected}”改成了“{found}”，编号未变。",
            "只是改名则无需处理；若换成了另一项，请填在新的编号行。",
        ),
        (
            '"{subject}" was "{expected}" and is now "{found}" under the same id.',
            "If it was only renamed, nothing to do; for another matter use a row with an id of its own.",
        ),
    ),
    Code.NO_PLACE: _entry(
        _W,
        (
            "“{subject}”的内容“{found}”在新版工作簿中没有位置，未带入。",
            "请核对是否还需要；需要时填入备注栏。",
        ),
        (
            '"{subject}" holds "{found}", which has no place in today\'s workbook and was left behind.',
            "See whether it is still needed; if so, write it into a note.",
        ),
    ),
    Code.VALUE_UNREAD: _entry(
        _W,
        ("“{subject}”的内容“{found}”读不出，新工作簿中该单元格为空。", "请在新工作簿中重新填写。"),
        (
            '"{subject}" holds "{found}", which could not be read; the cell is empty in the new workbook.',
            "Fill it in again in the new workbook.",
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
        ("“{subject}”不能是“{found}”，应写：{expected}。", "请更正。"),
        ('"{subject}" cannot be "{found}"; write {expected}.', "Correct it."),
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
            'Book "{subject}" has no sheet that takes the background; {found} {found:line|lines} of it '
            "{found:reaches|reach} no workbook.",
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
            'Sheet "{subject}" has {found} {found:row|rows} and no place for this one.',
            "Ask for more with planbook generate --rows {expected}, or fill in fewer.",
        ),
    ),
    Code.PREFILL_INCOMPLETE: _entry(
        _W,
        (
            "“{subject}”有 {found} 行没有带到新的一年：上年工作簿中须{expected}。",
            "请使用上年最终交回的工作簿，或用 CSV 填入这些值。",
        ),
        (
            '"{subject}" was not carried on for {found} {found:row|rows}: last year\'s workbook needs '
            "{expected}.",
            "Use the last workbook that was returned, or fill the values in from a CSV file.",
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
