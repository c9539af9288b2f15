"""A cycle's inputs: what is read, and that every fault is named with its file, line and column."""

from __future__ import annotations

import json
import pickle
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from planbook.company import CompanyGoal, Department
from planbook.cycle import Cycle, create_cycle, cycle_items, find_cycle, load_cycle
from planbook.cycle.company_files import DEPARTMENT_COLUMNS, GOAL_COLUMNS
from planbook.cycle.csv_file import Heading, decode_text, read_address
from planbook.cycle.folder import starter_text
from planbook.cycle.settings_file import KEYS, setting_keys
from planbook.cycle.toml_file import find_lines
from planbook.mail import MailSettings, Recipient
from planbook.problems import Code, CycleError, OutputError, Problem, Severity, SpecError
from planbook.spec import load_spec
from planbook.values import match_key

SAMPLES = Path(__file__).resolve().parent.parent / "sample_data"

TOML = "year = 2024\n"
DEPARTMENTS = "code,name,parent\nYX,营销中心,\nXS,销售部,YX\nKH,客户部,YX\nCW,财务部,\n"
GOALS = "goal,target\n营收增长,1.2亿元\n"


def write_cycle(
    folder: Path,
    toml: str | bytes = TOML,
    departments: str | bytes | None = DEPARTMENTS,
    goals: str | bytes | None = GOALS,
) -> Path:
    """A folder with the inputs given; None leaves a file out."""
    inputs = {"planbook.toml": toml, "departments.csv": departments, "company_goals.csv": goals}
    for name, content in inputs.items():
        if content is not None:
            data = content.encode() if isinstance(content, str) else content
            (folder / name).write_bytes(data)
    return folder


def find_faults(folder: Path) -> tuple[Problem, ...]:
    """The problems with which the cycle is refused, each with texts in both languages."""
    with pytest.raises(CycleError) as caught:
        load_cycle(folder)
    assert "\n" not in str(caught.value)
    for problem in caught.value.problems:
        for lang in ("zh", "en"):
            assert not re.search(r"\{(found|expected|subject)\}", problem.line(lang))
    return caught.value.problems


def places(problems: tuple[Problem, ...]) -> list[tuple[Code, str, int, str]]:
    """Code, file, line and column or key of each problem."""
    return [(p.code, p.location.file, p.location.line, p.location.path) for p in problems]


# -- planbook.toml -------------------------------------------------------------------------


def test_defaults(tmp_path: Path) -> None:
    cycle = load_cycle(write_cycle(tmp_path))
    assert (cycle.year, cycle.start_month, cycle.book, cycle.language) == (2024, 1, "annual_plan", "zh")
    assert (cycle.name, cycle.as_of, cycle.due) == (tmp_path.name, None, None)
    assert (cycle.recipients, cycle.smtp, cycle.problems) == ((), None, ())
    assert cycle.settings == {"holidays": (), "makeup_days": ()}
    folders = [cycle.outbox, cycle.inbox, cycle.reports, cycle.prefill]
    assert folders == [tmp_path / name for name in ("outbox", "inbox", "reports", "prefill")]
    assert cycle.day == date.today()


def test_everything_set(tmp_path: Path) -> None:
    toml = """
name = "华辰科技"
year = 2024
fiscal_year_start = 4
book = "classic"
language = "en"
as_of = 2024-07-01
due = "2024年5月31日"

[settings]
green = 0.95
amber = "85%"
reason_below = 0.9
cap = 1
behind = 0.05
stale_days = 10
method = "基线法"
working_days = true
holidays = ["2024-10-01 至 2024-10-03", 2024-05-01]
makeup_days = [2024-09-29]

[paths]
outbox = "out/2024"
prefill = "../prefill"

[[recipients]]
address = "finance@example.com"
scope = "营销中心"
language = "zh"
name = "财务（总部）"
detail = "tasks"

[[recipients]]
address = "board@example.com"

[smtp]
host = "smtp.example.com"
port = 465
security = "tls"
user = "planning"
sender = "planning@example.com"
reply_to = "finance@example.com"
"""
    cycle = load_cycle(write_cycle(tmp_path, toml))
    assert (cycle.name, cycle.book, cycle.language, cycle.start_month) == ("华辰科技", "classic", "en", 4)
    assert (cycle.as_of, cycle.due) == (date(2024, 7, 1), date(2024, 5, 31))
    assert cycle.settings == {
        "green": 0.95,
        "amber": 0.85,
        "reason_below": 0.9,
        "cap": 1.0,
        "behind": 0.05,
        "stale_days": 10.0,
        "method": "baseline",
        "working_days": "yes",
        "holidays": (date(2024, 5, 1), date(2024, 10, 1), date(2024, 10, 2), date(2024, 10, 3)),
        "makeup_days": (date(2024, 9, 29),),
    }
    assert cycle.outbox == tmp_path / "out/2024"
    assert cycle.prefill == tmp_path / "../prefill"
    assert cycle.recipients == (
        Recipient("finance@example.com", scope="YX", language="zh", name="财务（总部）", detail="tasks"),
        Recipient("board@example.com"),
    )
    assert cycle.smtp == MailSettings(
        "smtp.example.com",
        port=465,
        security="tls",
        user="planning",
        sender="planning@example.com",
        reply_to="finance@example.com",
    )


def test_settings_at_adds_the_dates_of_the_year(tmp_path: Path) -> None:
    cycle = load_cycle(write_cycle(tmp_path, "year = 2024\nfiscal_year_start = 4\nas_of = 2024-07-01\n"))
    found = cycle.settings_at(date(2024, 10, 5))
    assert found["as_of"] == date(2024, 10, 5)
    assert found["quarter_ends"] == (
        date(2024, 6, 30),
        date(2024, 9, 30),
        date(2024, 12, 31),
        date(2025, 3, 31),
    )
    assert cycle.settings_at()["as_of"] == date(2024, 7, 1)
    assert (cycle.week(), cycle.week(date(2024, 12, 30))) == ("2024-W27", "2025-W01")


@pytest.mark.parametrize(
    ("toml", "code", "line", "path", "expected"),
    [
        ("years = 2024\nyear = 2024", Code.INPUT_KEY, 1, "years", "year"),
        ("yeer = 2025", Code.INPUT_KEY, 1, "yeer", "year"),  # and not that the year is missing
        ("\n\nyear = '2024'", Code.INPUT_VALUE, 3, "year", "1900–9998"),
        ("year = true", Code.INPUT_VALUE, 1, "year", "1900–9998"),
        ("year = 24", Code.INPUT_VALUE, 1, "year", "1900–9998"),
        ("name = 'x'", Code.INPUT_VALUE, 0, "year", "1900–9998"),
        ("year = 2024\nfiscal_year_start = 13", Code.INPUT_VALUE, 2, "fiscal_year_start", "1–12"),
        ("year = 2024\nname = 7", Code.INPUT_VALUE, 2, "name", "a text in quotation marks"),
        ("year = 2024\nlanguage = 'fr'", Code.INPUT_VALUE, 2, "language", "one of zh, en"),
        ("year = 2024\nbook = 'anual_plan'", Code.INPUT_REFERENCE, 2, "book", "annual_plan"),
        ("year = 2024\nbook = 'mine.yaml'", Code.INPUT_REFERENCE, 2, "book", "annual_plan, classic"),
        ("year = 2024\nas_of = 'soon'", Code.INPUT_VALUE, 2, "as_of", "something like 2024-07-01"),
        ("year = 2024\nas_of = '6/7/2024'", Code.INPUT_VALUE, 2, "as_of", "something like 2024-07-01"),
        ("year = 2024\ndue = 45000", Code.INPUT_VALUE, 2, "due", "something like 2024-07-01"),
        ("year = 2024\nsettings = 1", Code.INPUT_VALUE, 2, "settings", "[settings]"),
        ("year = 2024\n[settings]\ngren = 1.0", Code.INPUT_KEY, 3, "settings.gren", "green"),
        (
            "year = 2024\n[settings]\ngreen = 90",
            Code.INPUT_VALUE,
            3,
            "settings.green",
            'something like 0.9, "90%"',
        ),
        (
            "year = 2024\n[settings]\ngreen = true",
            Code.INPUT_VALUE,
            3,
            "settings.green",
            'something like 0.9, "90%"',
        ),
        (
            "year = 2024\n[settings]\ngreen = nan",
            Code.INPUT_VALUE,
            3,
            "settings.green",
            'something like 0.9, "90%"',
        ),
        (
            "year = 2024\n[settings]\ngreen = '约90%'",
            Code.INPUT_VALUE,
            3,
            "settings.green",
            'something like 0.9, "90%"',
        ),
        (
            "year = 2024\n[settings]\nstale_days = -1",
            Code.INPUT_VALUE,
            3,
            "settings.stale_days",
            "something like 7",
        ),
        (
            "year = 2024\nsettings.method = 'liner'",
            Code.INPUT_VALUE,
            2,
            "settings.method",
            "one of linear, baseline",
        ),
        (
            "year = 2024\nsettings.method = 3",
            Code.INPUT_VALUE,
            2,
            "settings.method",
            "one of linear, ratio, baseline",
        ),
        (
            "year = 2024\n[settings]\nworking_days = 1",
            Code.INPUT_VALUE,
            3,
            "settings.working_days",
            "one of yes, no",
        ),
        (
            "year = 2024\n[settings]\namber = 0.9\ngreen = 0.8",
            Code.INPUT_VALUE,
            3,
            "settings.amber",
            "figures that keep amber at or below green (now 0.9 and 0.8)",
        ),
        (
            "year = 2024\n[settings]\ngreen = 0.8",
            Code.INPUT_VALUE,
            3,
            "settings.green",
            "figures that keep amber at or below green (now 0.9 and 0.8)",
        ),
        (
            "year = 2024\n[settings]\ncap = 0.95",
            Code.INPUT_VALUE,
            3,
            "settings.cap",
            "figures that keep green at or below cap (now 1 and 0.95)",
        ),
        (
            "year = 2024\n[settings]\nholidays = 2024-10-01",
            Code.INPUT_VALUE,
            3,
            "settings.holidays",
            "something like [2024-10-01]",
        ),
        (
            "year = 2024\n[settings]\nholidays = [\n 2024-10-01,\n 'some day',\n]",
            Code.INPUT_VALUE,
            3,
            "settings.holidays",
            'something like 2024-10-01, "2024-10-01 至 2024-10-07"',
        ),
        (
            "year = 2024\n[settings]\nmakeup_days = [2024-07-03]",
            Code.INPUT_VALUE,
            3,
            "settings.makeup_days",
            "a Saturday, Sunday or holiday",
        ),
        (
            "year = 2024\n[settings]\nquarter_ends = []",
            Code.INPUT_KEY,
            3,
            "settings.quarter_ends",
            ", ".join(setting_keys(load_spec())),
        ),
        ("year = 2024\n[paths]\noutbox = ''", Code.INPUT_VALUE, 3, "paths.outbox", "something like outbox"),
        ("year = 2024\n[paths]\ninbox = 'outbox'", Code.INPUT_DUPLICATE, 3, "paths.inbox", ""),
        ("year = 2024\n[paths]\noutbox = 'inbox'", Code.INPUT_DUPLICATE, 3, "paths.outbox", ""),
        ("year = 2024\n[paths]\ninbocks = 'x'", Code.INPUT_KEY, 3, "paths.inbocks", "inbox"),
        ("year = 2024\nrecipients = 'a@example.com'", Code.INPUT_VALUE, 2, "recipients", "[[recipients]]"),
        ("year = 2024\n[recipients]\nx = 1", Code.INPUT_VALUE, 2, "recipients", "[[recipients]]"),
        (
            "year = 2024\n[[recipients]]\nname = 'x'",
            Code.INPUT_VALUE,
            2,
            "recipients.1.address",
            "something like name@example.com",
        ),
        (
            "year = 2024\n[[recipients]]\naddress = 'a@example.com'\n\n[[recipients]]\naddress = 'b at x'",
            Code.INPUT_VALUE,
            6,
            "recipients.2.address",
            "something like name@example.com",
        ),
        (
            "year = 2024\n[[recipients]]\naddress = 'a@example.com'\nscope = '消售部'",
            Code.INPUT_REFERENCE,
            4,
            "recipients.1.scope",
            "销售部",
        ),
        (
            "year = 2024\n[[recipients]]\naddress = 'a@example.com'\ndetail = 'all'",
            Code.INPUT_VALUE,
            4,
            "recipients.1.detail",
            "one of goals, tasks",
        ),
        (
            "year = 2024\n[[recipients]]\naddress = 'a@example.com'\nlang = 'en'",
            Code.INPUT_KEY,
            4,
            "recipients.1.lang",
            "language",
        ),
        (
            "year = 2024\n[[recipients]]\naddress = 'a@b.example'\n[[recipients]]\naddress = 'A@b.example'",
            Code.INPUT_DUPLICATE,
            5,
            "recipients.2.address",
            "",
        ),
        (
            "year = 2024\n[smtp]\nsender = 'a@example.com'",
            Code.INPUT_VALUE,
            2,
            "smtp.host",
            "something like smtp.example.com",
        ),
        (
            "year = 2024\n[smtp]\nhost = 'h'\nport = 70000\nsender = 'a@example.com'",
            Code.INPUT_VALUE,
            4,
            "smtp.port",
            "1–65535",
        ),
        (
            "year = 2024\n[smtp]\nhost = 'h'\nsecurity = 'ssl'\nsender = 'a@example.com'",
            Code.INPUT_VALUE,
            4,
            "smtp.security",
            "one of starttls, tls, none",
        ),
        (
            "year = 2024\n[smtp]\nhost = 'h'",
            Code.INPUT_VALUE,
            2,
            "smtp.sender",
            "something like name@example.com",
        ),
    ],
)
def test_fault_of_the_settings(
    tmp_path: Path, toml: str, code: Code, line: int, path: str, expected: str
) -> None:
    problems = find_faults(write_cycle(tmp_path, toml))
    assert places(problems) == [(code, "planbook.toml", line, path)]
    assert str(problems[0].expected) == expected


@pytest.mark.parametrize("key", ["password", "PASSWORD", "密码", "token"])
def test_a_password_is_refused_and_never_shown(tmp_path: Path, key: str) -> None:
    toml = f'year = 2024\n[smtp]\nhost = "h"\nsender = "a@example.com"\n"{key}" = "hunter2"\n'
    (problem,) = find_faults(write_cycle(tmp_path, toml))
    assert places((problem,)) == [(Code.INPUT_KEY, "planbook.toml", 5, f"smtp.{key}")]
    assert "PLANBOOK_SMTP_PASSWORD" in problem.line("zh")
    assert "hunter2" not in repr(problem)


@pytest.mark.parametrize(
    "toml",
    [
        "year = 2024\nsmtp = 'smtp://me:hunter2@example.com'",
        "year = 2024\n[smtp]\nhost = 'me:hunter2@example.com'\nsender = 'a@example.com'",
        "year = 2024\n[smtp]\npassword = hunter2",
    ],
)
def test_a_misplaced_password_is_never_shown(tmp_path: Path, toml: str) -> None:
    assert "hunter2" not in repr(find_faults(write_cycle(tmp_path, toml)))


@pytest.mark.parametrize(
    ("toml", "line"), [("year = 2024\nname = \nx = 1", 2), ("a = 1\na = 2", 2), ("a = [1,\n2", 2)]
)
def test_broken_toml_is_placed_and_the_tables_still_judged(tmp_path: Path, toml: str, line: int) -> None:
    problems = find_faults(write_cycle(tmp_path, toml, departments="code\nX\n"))
    assert [(p.code, p.location.file, p.location.line) for p in problems] == [
        (Code.INPUT_SYNTAX, "planbook.toml", line),
        (Code.INPUT_COLUMN_MISSING, "departments.csv", 1),
    ]


def test_every_fault_of_all_three_files_at_once(tmp_path: Path) -> None:
    toml = "year = 2024\nbok = 'classic'\n[settings]\nmethod = 'x'\n"
    departments = "代码,名称,上级,邮箱\nYX,营销中心,,\n\nXS,销售部,ZZ,nobody\n"
    goals = "公司目标,目标值,牵头部门\n营收增长,很多,销售部\n成本下降,5,没有部\n"
    assert places(find_faults(write_cycle(tmp_path, toml, departments, goals))) == [
        (Code.INPUT_KEY, "planbook.toml", 2, "bok"),
        (Code.INPUT_VALUE, "planbook.toml", 4, "settings.method"),
        (Code.INPUT_VALUE, "departments.csv", 4, "邮箱"),
        (Code.INPUT_REFERENCE, "departments.csv", 4, "上级"),
        (Code.INPUT_VALUE, "company_goals.csv", 2, "目标值"),
        (Code.INPUT_REFERENCE, "company_goals.csv", 3, "牵头部门"),
    ]


def test_a_book_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("include: [classic.yaml]\nname: Mine Own\n", encoding="utf-8")
    problems = find_faults(write_cycle(tmp_path, "year = 2024\nbook = 'mine.yaml'\n"))
    assert {p.location.file for p in problems} >= {"mine.yaml"}


def test_lines_of_keys() -> None:
    text = '''a = 1
b.c = """
d = 2
"""
"e f" = [
  1,
]

[t]
x = 1
[[r]]
y = 1
[[r]] # second
y = 2
[t.'s']
'''
    lines = find_lines(text)
    assert lines == {
        ("a",): 1,
        ("b",): 2,
        ("b", "c"): 2,
        ("e f",): 5,
        ("t",): 9,
        ("t", "x"): 10,
        ("r",): 11,
        ("r", 0): 11,
        ("r", 0, "y"): 12,
        ("r", 1): 13,
        ("r", 1, "y"): 14,
        ("t", "s"): 15,
    }


# -- departments.csv -----------------------------------------------------------------------

FULL_DEPARTMENTS = """\
{titles}
YX,营销中心,,张*,YX@example.com,40%,,市场与销售,1200万元,是
XS,销售部,营销中心,,,0.6,en,"开拓
签约","5,000,000",
KH,客户部,yx,无,-,,中文,,,否
"""
CHINESE_TITLES = "代码,名称,上级,负责人,邮箱,权重,语言,职责,预算上限,工作簿"
KEY_TITLES = "code,name,parent,head,email,weight,language,duties,budget_ceiling,workbook"
ENGLISH_TITLES = "Code,Name,Parent,Head,E-mail,Weight,Language,Duties,Budget ceiling,Workbook"
READ_DEPARTMENTS = (
    Department("YX", "营销中心", "", "张*", "YX@example.com", 0.4, "", "市场与销售", 12_000_000.0, True),
    Department("XS", "销售部", "YX", "", "", 0.6, "en", "开拓\n签约", 5_000_000.0, None),
    Department("KH", "客户部", "YX", "", "", None, "zh", "", None, False),
)


@pytest.mark.parametrize("titles", [CHINESE_TITLES, KEY_TITLES, ENGLISH_TITLES])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_departments_in_every_form(tmp_path: Path, titles: str, encoding: str, line_end: str) -> None:
    text = FULL_DEPARTMENTS.format(titles=titles).replace("\n", line_end)
    company = load_cycle(write_cycle(tmp_path, departments=text.encode(encoding))).company
    assert company.departments == READ_DEPARTMENTS


def test_tabs_blank_lines_and_empty_columns(tmp_path: Path) -> None:
    text = "\n\n代码\t名称\t职责\t\t\n\nYX\t营销中心\t市场, 销售\t\t\n\t\t\t\t\nXS\t销售部\t\t\t\n\n"
    departments = load_cycle(write_cycle(tmp_path, departments=text)).company.departments
    assert departments == (Department("YX", "营销中心", duties="市场, 销售"), Department("XS", "销售部"))


def test_titles_in_any_width_and_script(tmp_path: Path) -> None:
    text = "ＣＯＤＥ,名稱,預算上限,上級\nＹＸ,营销中心（总部）,,\n"
    (department,) = load_cycle(write_cycle(tmp_path, departments=text)).company.departments
    assert department == Department("YX", "营销中心（总部）")


@pytest.mark.parametrize(
    ("text", "code", "line", "path"),
    [
        ("code\nYX\n", Code.INPUT_COLUMN_MISSING, 1, ""),
        ("\n\ncode,name,nmae\nYX,营销,\n", Code.INPUT_COLUMN, 3, "nmae"),
        ("code,name,代码\nYX,营销,\n", Code.INPUT_DUPLICATE, 1, "代码"),
        ("code,name\n", Code.INPUT_VALUE, 2, ""),
        ("code,name,duties\nYX,营销,市场,销售\n", Code.INPUT_COLUMN, 2, "D"),
        ("code,name\n,营销\nXS,销售部\n", Code.INPUT_VALUE, 2, "code"),
        ("code,name\nYX,\n", Code.INPUT_VALUE, 2, "name"),
        ("code,name\nA/B,营销\n", Code.INPUT_VALUE, 2, "code"),
        ("code,name\n..,营销\n", Code.INPUT_VALUE, 2, "code"),
        (f"code,name\n{'A' * 21},营销\n", Code.INPUT_VALUE, 2, "code"),
        (f"code,name\nA,{'长' * 61}\n", Code.INPUT_VALUE, 2, "name"),
        ("code,name\nA,营销*部\n", Code.BAD_CHARACTER, 2, "name"),
        ("代码,名称\nYX,营销\n\nyx,市场\n", Code.INPUT_DUPLICATE, 4, "代码"),
        ("代码,名称\nYX,营销\nSC,营 销\n", Code.INPUT_DUPLICATE, 3, "名称"),
        ("代码,名称\nYX,营销\nSC,YX\n", Code.INPUT_DUPLICATE, 3, "名称"),
        ("code,name,上级\nYX,营销,总部\n", Code.INPUT_REFERENCE, 2, "上级"),
        ("code,name,parent\nYX,营销,YX\n", Code.DEPARTMENT_CYCLE, 2, "parent"),
        ("code,name,parent\nC,丙,A\nA,甲,B\nB,乙,甲\n", Code.DEPARTMENT_CYCLE, 3, "parent"),
        ("code,name,email\nYX,营销,a@b\n", Code.INPUT_VALUE, 2, "email"),
        ("code,name,email\nYX,营销,a@example.com;b@example.com\n", Code.INPUT_VALUE, 2, "email"),
        ("code,name,weight\nYX,营销,-10%\n", Code.INPUT_VALUE, 2, "weight"),
        ("code,name,weight\nYX,营销,40\n", Code.INPUT_VALUE, 2, "weight"),
        ("code,name,权重\nYX,营销,较大\n", Code.INPUT_VALUE, 2, "权重"),
        ("code,name,language\nYX,营销,法语\n", Code.INPUT_VALUE, 2, "language"),
        ("code,name,budget_ceiling\nYX,营销,-5\n", Code.INPUT_VALUE, 2, "budget_ceiling"),
        ("code,name,budget_ceiling\nYX,营销,1e200\n", Code.INPUT_VALUE, 2, "budget_ceiling"),
        ("code,name,budget_ceiling\nYX,营销,5天\n", Code.UNIT_MISMATCH, 2, "budget_ceiling"),
        ("code,name,workbook\nYX,营销,也许\n", Code.INPUT_VALUE, 2, "workbook"),
        ('code,name\nYX,营销\nXS,"销售部\nKH,客户部\n', Code.INPUT_UNREADABLE, 3, ""),
    ],
)
def test_fault_of_a_department(tmp_path: Path, text: str, code: Code, line: int, path: str) -> None:
    problems = find_faults(write_cycle(tmp_path, departments=text))
    assert places(problems) == [(code, "departments.csv", line, path)]


def test_line_of_a_row_after_a_cell_of_several_lines(tmp_path: Path) -> None:
    text = 'code,name,duties,email\nYX,营销,"一\n二\n三",\nXS,销售部,,nobody\n'
    problems = find_faults(write_cycle(tmp_path, departments=text))
    assert places(problems) == [(Code.INPUT_VALUE, "departments.csv", 5, "email")]


def test_two_circles_are_two_problems(tmp_path: Path) -> None:
    text = "code,name,parent\nA,甲,B\nB,乙,A\nC,丙,A\nD,丁,E\nE,戊,D\n"
    problems = find_faults(write_cycle(tmp_path, departments=text))
    assert [(p.location.line, p.found) for p in problems] == [(2, "A → B → A"), (5, "D → E → D")]


def test_what_is_near_is_offered(tmp_path: Path) -> None:
    text = "code,name,parent\nXS,销售部,\nDQ,大区,消售部\n"
    (problem,) = find_faults(write_cycle(tmp_path, departments=text))
    assert str(problem.expected) == "销售部"


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"PK\x03\x04rest", 0),
        (b"code,name\nA,\x00\n", 2),
        (b"code,name\nA,B\nC,\xff\xff\n", 3),
        (b"\xef\xbb\xbfcode,name\nA,\xd6\xd0\n", 2),
    ],
)
def test_bytes_that_are_no_text(tmp_path: Path, data: bytes, line: int) -> None:
    (problem,) = find_faults(write_cycle(tmp_path, departments=data))
    assert places((problem,)) == [(Code.INPUT_UNREADABLE, "departments.csv", line, "")]


def test_missing_files_and_folders_in_their_place(tmp_path: Path) -> None:
    folder = write_cycle(tmp_path, departments=None, goals=None)
    (folder / "company_goals.csv").mkdir()
    assert places(find_faults(folder)) == [
        (Code.INPUT_MISSING, "departments.csv", 0, ""),
        (Code.INPUT_UNREADABLE, "company_goals.csv", 0, ""),
    ]


def test_tables_elsewhere(tmp_path: Path) -> None:
    folder = tmp_path / "2024"
    folder.mkdir()
    write_cycle(folder, "year = 2024\n[paths]\ndepartments = '../org.csv'\n", departments=None)
    assert places(find_faults(folder)) == [(Code.INPUT_MISSING, "../org.csv", 0, "")]
    (tmp_path / "org.csv").write_text(DEPARTMENTS, encoding="gb18030")
    assert len(load_cycle(folder).company.departments) == 4


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("a.b-c@mail.example.com", "a.b-c@mail.example.com"),
        (" ａ＠example.com ", "a@example.com"),
        ("张三@example.com", None),
        ("a@example", None),
        ("A <a@example.com>", None),
        ("a@example.com\nBcc: b@example.com", None),
        ("", None),
    ],
)
def test_address(text: str, address: str | None) -> None:
    assert read_address(text) == address


# -- company_goals.csv ---------------------------------------------------------------------


def goal_of(folder: Path, titles: str, row: str) -> CompanyGoal:
    """The one goal of a file of one row."""
    (goal,) = load_cycle(write_cycle(folder, goals=f"{titles}\n{row}\n")).company.goals
    return goal


def test_a_whole_goal(tmp_path: Path) -> None:
    titles = (
        "公司目标,衡量指标,单位,指标方向,基线值,目标值,目标上限,汇总方式,"
        "上卷方式,权重,完成时限,牵头部门,配合部门"
    )
    row = (
        "年度营收增长15%,营收总额,亿元,越高越好,16000万元,1.84亿元,,累计,"
        "相加,30%,2024年底,销售部,客户部、CW；客户部"
    )
    assert goal_of(tmp_path, titles, row) == CompanyGoal(
        "年度营收增长15%",
        metric="营收总额",
        unit="亿元",
        direction="higher",
        baseline=1.6,
        target=1.84,
        aggregation="sum",
        rollup="sum",
        weight=0.3,
        due=date(2024, 12, 31),
        lead="XS",
        cooperating=("KH", "CW"),
    )


def test_a_goal_in_english(tmp_path: Path) -> None:
    titles = (
        "Goal\tMetric\tUnit\tDirection\tBaseline\tTarget\tUpper target\tAggregation\tRoll-up\tLead department"
    )
    row = "Stock\tDays of stock\tdays\tWithin a band\t\t25–35\t\tAverage\tWeighted attainment\tCW"
    goal = goal_of(tmp_path, titles, row)
    assert (goal.unit, goal.direction, goal.target, goal.target_high) == ("天", "band", 25.0, 35.0)
    assert (goal.aggregation, goal.rollup, goal.lead) == ("mean", "weighted", "CW")


@pytest.mark.parametrize(
    ("unit", "target", "read", "value"),
    [
        ("", "1.2亿元", "亿元", 1.2),
        ("元", "1.2亿元", "元", 120_000_000.0),
        ("万元", "1.2亿元", "万元", 12_000.0),
        ("%", "15%", "%", 15.0),
        ("%", "5个百分点", "%", 5.0),
        ("次", "0", "次", 0.0),
        ("回/月", "3", "回/月", 3.0),
        ("", "90", "", 90.0),
        ("分", "≥90分", "分", 90.0),
    ],
)
def test_targets_in_the_unit_of_their_row(
    tmp_path: Path, unit: str, target: str, read: str, value: float
) -> None:
    goal = goal_of(tmp_path, "goal,unit,target", f"目标,{unit},{target}")
    assert (goal.unit, goal.target) == (read, value)


@pytest.mark.parametrize(
    ("titles", "row", "code", "path"),
    [
        ("goal,target", "营收增长,", Code.INPUT_VALUE, "target"),
        ("goal,target", "营收增长,无", Code.INPUT_VALUE, "target"),
        ("goal,target", ",5", Code.INPUT_VALUE, "goal"),
        ("goal,target", "营收?,5", Code.BAD_CHARACTER, "goal"),
        ("goal,target", "营收,很多", Code.INPUT_VALUE, "target"),
        ("goal,target", "营收,90-95", Code.INPUT_VALUE, "target"),
        ("goal,target", "营收,9e99", Code.INPUT_VALUE, "target"),
        ("goal,unit,target", "营收,万元,5天", Code.UNIT_MISMATCH, "target"),
        ("goal,unit,target", "营收,万元,1200万", Code.INPUT_VALUE, "target"),
        ("goal,unit,target,baseline", "营收,万元,5,上年", Code.INPUT_VALUE, "baseline"),
        ("goal,target,direction", "营收,5,向上", Code.INPUT_VALUE, "direction"),
        ("goal,target,aggregation", "营收,5,总和吧", Code.INPUT_VALUE, "aggregation"),
        ("goal,target,rollup", "营收,5,平均", Code.INPUT_VALUE, "rollup"),
        ("goal,target,weight", "营收,5,120%", Code.INPUT_VALUE, "weight"),
        ("goal,target,due", "营收,5,某天", Code.INPUT_VALUE, "due"),
        ("goal,target,lead", "营收,5,销售", Code.INPUT_REFERENCE, "lead"),
        ("goal,target,cooperating", "营收,5,销售部、新部", Code.INPUT_REFERENCE, "cooperating"),
        ("goal,target,target_high,direction", "库存,25,,band", Code.INPUT_VALUE, "target_high"),
        ("goal,target,direction", "库存,25,区间", Code.INPUT_VALUE, "target_high"),
        ("goal,target,target_high,direction", "库存,25,25,区间", Code.INPUT_VALUE, "target_high"),
        ("goal,target,target_high,direction", "偏差,-5,5,区间", Code.INPUT_VALUE, "target_high"),
        ("goal,target,target_high,direction", "库存,25-35,40,区间", Code.INPUT_VALUE, "target_high"),
        ("goal,target,target_high,direction", "库存,25,30-35,区间", Code.INPUT_VALUE, "target_high"),
        ("goal,target,target_high,direction", "库存,25,35,", Code.INPUT_VALUE, "direction"),
    ],
)
def test_fault_of_a_goal(tmp_path: Path, titles: str, row: str, code: Code, path: str) -> None:
    problems = find_faults(write_cycle(tmp_path, goals=f"{titles}\n{row}\n"))
    assert places(problems) == [(code, "company_goals.csv", 2, path)]


def test_a_goal_stands_once(tmp_path: Path) -> None:
    problems = find_faults(write_cycle(tmp_path, goals="目标,目标值\n营收增长,5\n 营收 增长 ,6\n"))
    assert places(problems) == [(Code.INPUT_DUPLICATE, "company_goals.csv", 3, "目标")]


def test_departments_are_not_judged_when_their_file_is_missing(tmp_path: Path) -> None:
    folder = write_cycle(tmp_path, departments=None, goals="goal,target,lead\n营收,5,销售部\n")
    assert places(find_faults(folder)) == [(Code.INPUT_MISSING, "departments.csv", 0, "")]


RATIO = "公司目标,单位,目标值,上卷方式,分子,分母\n营收,万元,100,相加,,\n新业务收入,元,200000,相加,,\n满意度,分,90,,,\n"


def test_a_ratio_names_what_it_divides(tmp_path: Path) -> None:
    goals = load_cycle(
        write_cycle(tmp_path, goals=RATIO + "占比,%,20,分子分母,新业务收入,营收\n")
    ).company.goals
    assert (goals[3].rollup, goals[3].numerator, goals[3].denominator) == ("ratio", "新业务收入", "营收")
    bare = load_cycle(write_cycle(tmp_path, goals=RATIO + "占比,%,20,分子分母,,\n")).company.goals
    assert (bare[3].rollup, bare[3].numerator, bare[3].denominator) == ("ratio", "", "")


@pytest.mark.parametrize(
    ("row", "code", "path"),
    [
        ("占比,%,20,分子分母,新业务收入,", Code.INPUT_VALUE, "分母"),
        ("占比,%,20,分子分母,,营收", Code.INPUT_VALUE, "分子"),
        ("占比,%,20,分子分母,新业务,营收", Code.INPUT_REFERENCE, "分子"),
        ("占比,%,20,分子分母,新业务收入,占比", Code.INPUT_REFERENCE, "分母"),
        ("占比,%,20,分子分母,新业务收入,满意度", Code.INPUT_REFERENCE, "分母"),  # a mean does not add
        ("占比,%,20,相加,新业务收入,", Code.INPUT_VALUE, "上卷方式"),
    ],
)
def test_fault_of_a_ratio(tmp_path: Path, row: str, code: Code, path: str) -> None:
    problems = find_faults(write_cycle(tmp_path, goals=f"{RATIO}{row}\n"))
    assert places(problems) == [(code, "company_goals.csv", 5, path)]


@pytest.mark.parametrize(
    ("row", "code", "expected"),
    [
        ("满意度,%,0.15", Code.FRACTION_FOR_POINTS, "15%"),
        ("满意度,%,约50", Code.AMBIGUOUS_VALUE, "50 %"),
    ],
)
def test_doubtful_values_are_warnings(tmp_path: Path, row: str, code: Code, expected: str) -> None:
    cycle = load_cycle(write_cycle(tmp_path, goals=f"goal,unit,target\n{row}\n"))
    (problem,) = cycle.problems
    assert places((problem,)) == [(code, "company_goals.csv", 2, "target")]
    assert problem.expected == expected


# -- finding, creating, items --------------------------------------------------------------


def test_find_cycle_looks_upwards(tmp_path: Path) -> None:
    write_cycle(tmp_path)
    deep = tmp_path / "reports" / "2024"
    deep.mkdir(parents=True)
    assert find_cycle(deep) == find_cycle(tmp_path) == tmp_path.resolve()
    assert find_cycle(deep / "none" / "file.xlsx") == tmp_path.resolve()


def test_no_cycle(tmp_path: Path) -> None:
    (tmp_path / "planbook.toml").mkdir()
    assert find_cycle(tmp_path) != tmp_path.resolve()
    assert places(find_faults(tmp_path)) == [(Code.INPUT_UNREADABLE, "planbook.toml", 0, "")] + [
        (Code.INPUT_MISSING, name, 0, "") for name in ("departments.csv", "company_goals.csv")
    ]
    assert places(find_faults(tmp_path / "nowhere")) == [(Code.INPUT_MISSING, "planbook.toml", 0, "")]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("book", ["annual_plan", "classic"])
def test_create_then_load(tmp_path: Path, book: str, lang: str) -> None:
    folder = tmp_path / "new" / "2025"
    made = create_cycle(folder, year=2025, book=book, lang=lang)
    assert made == load_cycle(folder)
    assert (made.year, made.book, made.language, made.problems) == (2025, book, lang, ())
    assert len(made.company.children("")) == 3
    assert len(made.company.issued()) == 7
    assert {goal.due for goal in made.company.goals} == {date(2025, 12, 31)}
    assert all(path.is_dir() for path in (made.outbox, made.inbox, made.reports))
    for name in ("departments.csv", "company_goals.csv"):
        assert (folder / name).read_bytes().startswith(b"\xef\xbb\xbf")  # for Excel
    assert cycle_items(load_spec(book), made.company)["company_goal"]


def test_create_again_changes_nothing(tmp_path: Path) -> None:
    create_cycle(tmp_path, year=2025)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    with pytest.raises(CycleError, match=r"planbook\.toml is there already"):
        create_cycle(tmp_path, year=2026)
    assert before == {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}


def test_create_spares_tables_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "departments.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(CycleError, match=r"departments\.csv is there already"):
        create_cycle(tmp_path, year=2025)
    assert [path.name for path in tmp_path.iterdir()] == ["departments.csv"]


def test_create_refuses_what_it_cannot_do(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="unknown book"):
        create_cycle(tmp_path, year=2025, book="other")
    with pytest.raises(CycleError, match="speaks"):
        create_cycle(tmp_path, year=2025, lang="fr")
    with pytest.raises(CycleError, match="1900"):
        create_cycle(tmp_path, year=25)
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(OutputError):
        create_cycle(tmp_path / "file", year=2025)


def commented_keys(text: str) -> Iterator[tuple[str, str, list[str]]]:
    """Table, key and the comment lines right above each key, set or commented out."""
    table, comment = "", []
    for line in text.splitlines():
        header = re.fullmatch(r"#?\[\[?(\w+)\]\]?", line)
        entry = re.match(r"#?(\w+) = ", line)
        if header:
            table = header[1]
        elif entry:
            yield table, entry[1], comment
        comment = [*comment, line] if line.startswith("# ") else []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_template_explains_every_key(tmp_path: Path, lang: str) -> None:
    values = {"year": "2025", "book": json.dumps("annual_plan"), "language": json.dumps(lang)}
    text = starter_text("planbook.toml", lang, values)
    assert tomllib.loads(text)["year"] == 2025
    explained = list(commented_keys(text))
    expected = {(table, key) for table, keys in KEYS.items() for key in keys}
    expected -= {("", "settings"), ("", "paths"), ("", "recipients"), ("", "smtp")}
    expected |= {("settings", key) for key in setting_keys(load_spec())}
    assert {(table, key) for table, key, _ in explained} == expected
    assert all(comment for _, _, comment in explained)
    # With every example taken at its word, the file is still sound and what it shows is the default.
    folder = tmp_path / "all"
    made = create_cycle(folder, year=2025, lang=lang)
    (folder / "planbook.toml").write_text(re.sub(r"(?m)^#(?=[\[a-z])", "", text), encoding="utf-8")
    cycle = load_cycle(folder)
    book = load_spec()
    defaults = {key: setting.value for key, setting in book.settings.items() if not setting.many}
    assert {key: value for key, value in cycle.settings.items() if key in defaults} == defaults
    assert (cycle.outbox, cycle.inbox, cycle.prefill) == (made.outbox, made.inbox, made.prefill)
    assert len(cycle.recipients) == 1
    assert cycle.smtp is not None


@pytest.mark.parametrize(
    ("name", "headings"), [("departments.csv", DEPARTMENT_COLUMNS), ("company_goals.csv", GOAL_COLUMNS)]
)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_starter_tables_have_every_column(name: str, headings: tuple[Heading, ...], lang: str) -> None:
    header = starter_text(name, lang, {"year": "2025"}).splitlines()[0]
    assert len(header.split(",")) == len(headings)


def test_items_of_the_lists_that_the_cycle_fills(tmp_path: Path) -> None:
    cycle = load_cycle(write_cycle(tmp_path))
    book = cycle.load_book()
    items = cycle_items(book, cycle.company)
    assert set(items) == {"department", "company_goal"}
    assert [(item.key, item.title.to("zh")) for item in items["department"]] == [
        ("YX", "营销中心"),
        ("XS", "销售部"),
        ("KH", "客户部"),
        ("CW", "财务部"),
    ]
    assert [(item.key, item.title.to("en")) for item in items["company_goal"]] == [("营收增长", "营收增长")]
    scoped = cycle_items(book, cycle.company, iter(["KH", "YX"]))
    assert [item.key for item in scoped["department"]] == ["YX", "KH"]
    assert scoped["company_goal"] == items["company_goal"]


def test_a_cycle_goes_to_worker_processes() -> None:
    cycle = load_cycle(SAMPLES)
    assert pickle.loads(pickle.dumps(cycle)) == cycle


# -- the sample ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sample() -> Cycle:
    """The demo's cycle."""
    return load_cycle(SAMPLES)


def test_sample_is_sound(sample: Cycle) -> None:
    assert sample.problems == ()
    assert (sample.name, sample.year, sample.as_of) == ("华辰科技", 2024, date(2024, 7, 1))
    assert len(sample.company.departments) == 15
    assert [d.name for d in sample.company.children("")] == ["营销中心", "产品研发中心", "运营支持中心"]
    assert sample.smtp is None
    assert [(r.scope, r.language) for r in sample.recipients] == [("", ""), ("YX", ""), ("", "en")]


def test_sample_issues_eleven_workbooks(sample: Cycle) -> None:
    issued = [d.name for d in sample.company.issued()]
    expected = "营销中心 市场部 国际业务部 研发部 产品部 质量部 生产部 采购部 物流部 人力资源部 财务部"
    assert issued == expected.split()
    assert [d.name for d in sample.company.scope("YX")] == ["营销中心", "销售部", "客户部"]
    assert sample.company.department("GJ").language == "en"


def test_sample_goals_are_led_and_weighted(sample: Cycle) -> None:
    goals = sample.company.goals
    assert 4 <= len(goals) <= 7
    assert sum(goal.weight or 0 for goal in goals) == pytest.approx(1)
    assert all(goal.lead and goal.baseline is not None for goal in goals)
    assert {goal.direction for goal in goals} == {"higher", "lower"}
    assert goals[0].target == 1.84


# -- whatever stands in the files ----------------------------------------------------------

CELLS = st.sampled_from(
    ["", "YX", "XS", "营销中心", "销售部", "40%", "1.2亿元", "90–95", "约50", "区间", "累计", "无", '"', "是"]
) | st.text(max_size=12)


@st.composite
def tables(draw: st.DrawFn, headings: tuple[Heading, ...]) -> str:
    """Text that looks like a table with titles we know, the first of them those required."""
    separator = draw(st.sampled_from([",", "\t"]))
    known = [word for heading in headings for word in (heading.key, *heading.titles)]
    required = [heading.key for heading in headings if heading.required]
    lines = [[*required, *draw(st.lists(st.sampled_from(known), max_size=6))]]
    lines += draw(st.lists(st.lists(CELLS, min_size=2, max_size=8), max_size=6))
    return draw(st.sampled_from(["\n", "\r\n", "\r"])).join(separator.join(line) for line in lines)


def load_or_refuse(toml: bytes, departments: bytes, goals: bytes) -> tuple[Cycle | None, Counter[str]]:
    """Load a cycle of these files, or count the errors of each; anything but a CycleError is a failure."""
    cycle, problems = None, ()
    with TemporaryDirectory() as name:
        try:
            cycle = load_cycle(write_cycle(Path(name), toml, departments, goals))
        except CycleError as error:
            problems = error.problems
    errors = Counter(p.location.file for p in problems if p.severity is Severity.ERROR)
    assert bool(cycle) is not bool(errors), "a cycle, or errors that say why there is none"
    for problem in problems:
        assert "\n" not in problem.line("zh") + problem.line("en")
    if cycle:
        # What was let through can be walked: no circles, no dangling parents, nobody issued twice.
        named = [d.code for top in cycle.company.issued() for d in cycle.company.scope(top.code)]
        assert len(named) == len(set(named))
        assert cycle_items(cycle.load_book(), cycle.company)["department"]
    return cycle, errors


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(departments=tables(DEPARTMENT_COLUMNS), goals=tables(GOAL_COLUMNS))
def test_any_table_is_read_or_refused(departments: str, goals: str) -> None:
    cycle, errors = load_or_refuse(TOML.encode(), departments.encode(), goals.encode("utf-8", "replace"))
    assert set(errors) <= {"departments.csv", "company_goals.csv"}
    for goal in cycle.company.goals if cycle else ():
        assert match_key(goal.goal) in match_key(goals), "a goal that nobody typed"


@settings(max_examples=150, deadline=None)
@given(departments=st.binary(max_size=200), goals=st.binary(max_size=200))
@example(departments=b"code,name\r" + b"A,B\r", goals=b'goal,target\n"' + b"x" * 200_000)
@example(departments=b"\xff\xfe\x00", goals=b"\xfe\xff\xd8\x00")
@example(departments=b"code,name\nA,B", goals="\ufeffgoal,target\nx,5".encode("gb18030"))
def test_any_bytes_are_read_or_refused(departments: bytes, goals: bytes) -> None:
    cycle, errors = load_or_refuse(TOML.encode(), departments, goals)
    assert set(errors) <= {"departments.csv", "company_goals.csv"}
    assert cycle is None or b"code" in departments.replace(b"\x00", b"") or "代码".encode() in departments


VALUES = st.sampled_from(
    [
        *(
            "1",
            "1.5",
            "-1",
            "nan",
            "1e400",
            "true",
            "''",
            "'x'",
            "'XS'",
            "'zh'",
            "'a@example.com'",
            '"\\u0000"',
        ),
        *("[]", "[1]", "[[]]", "{}", "{a = 1}", "[{address = 1}]"),
        *("2024-07-01", "07:00:00", "[0001-01-01]", "[9999-12-31]", "'2024-01-01 至 9999-12-31'"),
        *(f"'{'长' * 300}.yaml'", f"'{'x' * 5000}'"),
    ]
)
NAMES = st.sampled_from(
    [
        *KEYS[""],
        *setting_keys(load_spec()),
        *KEYS["paths"],
        *KEYS["recipients"],
        *KEYS["smtp"],
        "'é x'",
        "a.b",
    ]
)
HEADERS = st.sampled_from(
    ["[settings]", "[paths]", "[[recipients]]", "[smtp]", "[smtp.host]", "[settings.green]"]
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.builds(lambda key, value: f"{key} = {value}", NAMES, VALUES), HEADERS, st.text(max_size=8)
        ),
        max_size=10,
    )
)
def test_any_settings_are_read_or_refused(lines: list[str]) -> None:
    toml = "\n".join(lines)
    cycle, errors = load_or_refuse(toml.encode("utf-8", "replace"), DEPARTMENTS.encode(), GOALS.encode())
    assert cycle is None or "year" in toml, "a cycle needs its year"
    assert cycle is None or 1900 <= cycle.year <= 9998
    assert "planbook.toml" in errors or cycle or "[paths]" in toml, "the tables are sound"


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"])))
def test_utf_8_text_decodes_as_it_is(text: str) -> None:
    if not text.encode().startswith((b"PK\x03\x04", b"%PDF")):
        assert decode_text(text.encode("utf-8-sig")) == text.removeprefix("\ufeff")
