"""Roll-ups for tests of reports and mail, made from short records instead of workbooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd

from planbook.calendar import FiscalYear
from planbook.company import Company, CompanyGoal, Department
from planbook.measures import RollUp, frames
from planbook.problems import Code, Location, Problem
from planbook.spec import Book, load_spec

YEAR, AS_OF = 2024, date(2024, 7, 1)
Record = Mapping[str, Any]


def frame(records: Sequence[Record], columns: Sequence[str]) -> pd.DataFrame:
    """A frame as the roll-up makes them: object columns, None where nothing is."""
    return pd.DataFrame([[r.get(c) for c in columns] for r in records], columns=list(columns), dtype=object)


def rate(attainment: float | None) -> str:
    """The rating of an attainment at the usual thresholds."""
    if attainment is None:
        return "none"
    return "green" if attainment >= 1 else "amber" if attainment >= 0.9 else "red"


def measure(target: float | None, actual: float | None, direction: str = "higher") -> dict[str, Any]:
    """Deviation, rate, favourability, attainment and rating of one pair, linear method."""
    if target is None or actual is None:
        return {"target": target, "actual": actual, "rating": "none"}
    sign = -1 if direction == "lower" else 1
    deviation = round(actual - target, 9)
    ratio = deviation / abs(target) if target else None
    attainment = max(0.0, 1 + sign * ratio) if ratio is not None else float(sign * actual >= 0)
    favour = "even" if deviation == 0 else "good" if sign * deviation > 0 else "bad"
    return {
        "target": target,
        "actual": actual,
        "deviation": deviation,
        "deviation_rate": ratio,
        "favourable": favour,
        "attainment": attainment,
        "rating": rate(attainment),
        "method_used": "linear",
    }


@dataclass
class Builder:
    """Collects goals, tasks and receipts of a company, and makes the roll-up of them."""

    departments: tuple[Department, ...]
    goals: list[dict[str, Any]] = field(default_factory=list)
    facts: list[dict[str, Any]] = field(default_factory=list)
    tasks: list[dict[str, Any]] = field(default_factory=list)
    receipts: list[dict[str, Any]] = field(default_factory=list)
    company_goals: list[dict[str, Any]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def name(self, code: str) -> str:
        """The name of a department."""
        return next(d.name for d in self.departments if d.code == code)

    def goal(self, code: str, goal: str, quarters: Sequence[tuple[float, float]], **more: Any) -> None:
        """A goal with its counted quarters; `more` overrides any column of the goal and its facts."""
        ident = f"G{sum(g['department'] == code for g in self.goals) + 1:03d}"
        direction = more.get("direction", "higher")
        shared = {
            "department": code,
            "department_name": self.name(code),
            "goal_id": ident,
            "goal": goal,
            "metric": goal + "指标",
            "unit": "万元",
            "direction": direction,
            "aggregation": "sum",
            "level": "department",
            "file": f"{code}.xlsx",
            **{k: v for k, v in more.items() if k not in ("driver", "weight", "annual_target")},
        }
        for number, (target, actual) in enumerate(quarters, 1):
            count = sum(f["department"] == code for f in self.facts) + 1
            place = {"sheet": "4_季度复盘", "cell": f"H{6 + count}", "sha256": f"{count:02x}" * 32}
            state = {"fact": f"{code}-R{count:03d}", "quarter": f"q{number}", "counted": "yes"}
            figures = measure(target, actual, direction)
            self.facts.append({**shared, **state, **figures, "cause": more.get("driver"), **place})
        summed = shared["aggregation"] == "sum"
        targets, actuals = [q[0] for q in quarters], [q[1] for q in quarters]
        pair = (
            (sum(targets), sum(actuals))
            if summed and quarters
            else quarters[-1]
            if quarters
            else (None, None)
        )
        record = {
            **shared,
            **measure(*pair, direction),
            "coverage": f"{len(quarters)}/2",
            "quarters": len(quarters),
            "annual_target": more.get("annual_target"),
            "year_completion": pair[1] / more["annual_target"] if more.get("annual_target") else None,
            "weight": more.get("weight"),
            "driver": more.get("driver"),
            "fact": self.facts[-1]["fact"] if quarters else None,
            "sheet": "1_目标总表",
            "cell": f"D{6 + int(ident[1:])}",
        }
        self.goals.append(record)

    def task(self, code: str, task: str, percent: float | None, expected: float, **more: Any) -> None:
        """A tracked task."""
        behind = None if percent is None else percent - expected
        record = {
            "department": code,
            "department_name": self.name(code),
            "goal": "目标",
            "task": task,
            "percent": percent,
            "expected": expected,
            "schedule_deviation": behind,
            "status": "blank" if behind is None else "behind" if behind < -0.1 else "on_track",
            "stale": "no",
            "finish": date(2024, 6, 30),
            "file": f"{code}.xlsx",
            "cell": "C7",
        }
        self.tasks.append({**record, **more})

    def receipt(self, code: str, receipt: str = "accepted", **more: Any) -> None:
        """What became of a department's return."""
        name = self.name(code) if code else None
        record = {"department": code, "department_name": name, "receipt": receipt, "file": f"{code}.xlsx"}
        self.receipts.append({**record, "rows": 20, "errors": 0, "warnings": 0, **more})

    def company(self) -> Company:
        """The departments and the company goals."""
        return Company(
            self.departments,
            tuple(CompanyGoal(str(row["goal"]), unit=row["unit"]) for row in self.company_goals),
        )

    def share(self, book: Book) -> None:
        """Put beside each figure what it adds to those above it, as the roll-up does."""
        for number, row in enumerate(self.company_goals, 1):
            row["number"] = number
        above = {row["goal"]: row for row in self.company_goals}
        for goal_no, goal in enumerate(self.goals, 1):
            goal["goal_no"] = goal_no
            mine = [g for g in self.goals if g["department"] == goal["department"]]
            goal["share"] = 1 / len(mine) if goal["level"] == "department" else None
            own = [f for f in self.facts if (f["file"], f["goal_id"]) == (goal["file"], goal["goal_id"])]
            top = above.get(goal.get("company_goal"))
            if top is not None:
                goal |= {"company_no": top["number"], "company_use": "counted"}
            for position, fact in enumerate(own, 1):
                fact["goal_no"] = goal_no
                if goal["aggregation"] == "last" and position < len(own):
                    continue
                for name in ("target", "actual"):
                    fact[f"adds_{name}"] = fact[name]
                    if top is not None and top["rollup"] == "sum":
                        fact["company_no"] = top["number"]
                        converted = book.unit_table.convert(fact[name], fact["unit"], top["unit"])
                        fact[f"company_adds_{name}"] = converted

    def scores(self) -> list[Record]:
        """One row per node: the mean of its goals' attainment, or of its parts' scores."""
        company = Company(self.departments)
        records = []
        found: dict[str, float | None] = {}
        for code in (*reversed([d.code for d in company.below("")]), ""):
            goals = [g for g in self.goals if g["department"] == code]
            known = [min(g["attainment"], 1.2) for g in goals if g.get("attainment") is not None]
            parts = [found[child.code] for child in company.children(code)]
            every = [part for part in parts if part is not None] if parts else known
            if parts and known:
                every.append(sum(known) / len(known))
            found[code] = sum(every) / len(every) if every else None
        for code in ("", *(d.code for d in company.below(""))):
            inside = {d.code for d in company.below(code)}
            goals = [g for g in self.goals if g["department"] in inside]
            mine = [g for g in self.goals if g["department"] == code and g.get("attainment") is not None]
            own = sum(min(g["attainment"], 1.2) for g in mine) / len(mine) if mine else None
            score = found[code]
            parent = next((d.parent for d in self.departments if d.code == code), None)
            siblings = len(company.children(parent or "")) + any(
                g["department"] == parent for g in self.goals
            )
            leaves = [d.code for d in company.below(code) if not company.children(d.code)]
            covered = sum(any(g["department"] == leaf for g in goals) for leaf in leaves)
            share = covered / len(leaves) if leaves else 0
            tasks = [t for t in self.tasks if t["department"] in inside]
            records.append(
                {
                    "code": code,
                    "name": self.name(code) if code else None,
                    "node": "company" if not code else "division" if company.children(code) else "department",
                    "depth": len(list(company.above(code))) + 1 if code else 0,
                    "score": score,
                    "share": 1 / siblings if code else None,
                    "own": own,
                    "own_share": 1 / (len(company.children(code)) + 1)
                    if mine and company.children(code)
                    else None,
                    "rating": rate(score),
                    "low": (score or 0) * share,
                    "high": (score or 0) * share + 1.2 * (1 - share),
                    "covered": covered,
                    "expected": len(leaves),
                    "goals": len(goals),
                    "missed": sum(g["rating"] in ("amber", "red") for g in goals),
                    "tasks": len(tasks),
                    "late": sum(t["status"] in ("behind", "overdue") for t in tasks),
                }
            )
        return records

    def make(self, *, book: str = "annual_plan", scope: str = "", **more: Any) -> RollUp:
        """The roll-up of what was collected."""
        ends = FiscalYear(YEAR).quarter_ends
        self.share(load_spec(book))
        values: dict[str, Any] = {
            "book": load_spec(book),
            "company": self.company(),
            "year": YEAR,
            "start_month": 1,
            "as_of": AS_OF,
            "settings": {"quarter_ends": ends, "as_of": AS_OF},
            "scope": scope,
            "facts": frame(self.facts, frames.FACTS.names),
            "goals": frame(self.goals, frames.GOALS.names),
            "tasks": frame(self.tasks, frames.TASKS.names),
            "scores": frame(self.scores(), frames.SCORES.names),
            "company_goals": frame(self.company_goals, frames.COMPANY_GOALS.names),
            "receipts": frame(self.receipts, frames.RECEIPTS.names),
            "problems": tuple(self.problems),
            "review_rows": len(self.facts),
            "kept_out": 0,
        }
        return RollUp(**{**values, **more})


SMALL = (
    Department("YX", "营销中心", workbook=True),
    Department("XS", "销售部", "YX"),
    Department("KH", "客户部", "YX"),
    Department("CW", "财务部"),
)


def small_company() -> Builder:
    """Three departments: revenue missed, costs under and over their limit, one that returned nothing."""
    build = Builder(SMALL)
    build.goal(
        "XS",
        "营收增长",
        [(3000.0, 2800.0), (3000.0, 2925.5)],
        driver="客观：华东暴雨；主观：跟进慢",
        annual_target=12000.0,
        company_goal="年度营收增长15%",
    )
    build.goal(
        "KH",
        "投诉下降",
        [(12.0, 12.0), (10.0, 15.0)],
        direction="lower",
        unit="次",
        driver="客观：新系统上线",
    )
    build.goal("XS", "差旅费用", [(100.0, 80.0)], direction="lower")
    build.goal("KH", "满意度", [(90.0, 92.0), (90.0, 93.0)], aggregation="last", unit="分")
    build.goal("KH", "复购率", [], aggregation="last", unit="%")
    build.task(
        "XS",
        "完成华东10家重点客户拜访",
        0.8,
        1.0,
        status="overdue",
        owner="李*",
        risk="决策链延迟",
        action="协调接口人",
    )
    build.task("KH", "上线工单系统", 0.5, 0.7, owner="王*", stale="yes")
    build.task("KH", "培训客服", 1.0, 1.0, status="done")
    build.receipt("XS", "partial", errors=1, warnings=2, modified="2024-07-01 09:20")
    build.receipt("KH", modified="2024-07-01 10:05")
    build.receipt(
        "CW", "missing", file=None, rows=None, errors=None, warnings=None, reason="未收到财务部的工作簿。"
    )
    build.company_goals.append(
        {
            "goal": "年度营收增长15%",
            "rollup": "sum",
            "unit": "亿元",
            "company_target": 1.84,
            "annual_target": 1.2,
            "coverage": "1/1",
            **measure(0.6, 0.57255),
        }
    )
    build.problems += [
        Problem(Code.READ_FROM_TEXT, Location("XS.xlsx", "4_季度复盘", "H8"), "1.2亿元", "1.2", "目标值"),
        Problem(Code.NOT_A_QUANTITY, Location("XS.xlsx", "4_季度复盘", "H12"), "约定", "数字", "实际完成值"),
        Problem(Code.NOT_RETURNED, subject="财务部"),
    ]
    return build


LONG = "客观：华东区域连续暴雨导致客户拜访大面积延期，三家重点客户招标推迟至第三季度；主观：新客户筛选标准过严，线索分配规则调整后跟进不及时，区域经理空缺两个月"


def large_company(lang: str = "zh") -> Builder:
    """Twelve departments in three divisions with long texts, negative values and large amounts."""
    divisions = {"YX": "营销中心", "YF": "产品研发中心", "ZN": "职能中心"}
    leaves = {
        "YX": ("华东销售部", "华南销售部", "大客户与战略合作部", "市场与品牌部"),
        "YF": ("云产品研发一部", "终端研发部", "质量与测试部", "产品部"),
        "ZN": ("财务部", "人力资源部", "供应链与采购管理部", "法务合规部"),
    }
    english = {
        "营销中心": "Marketing and Sales",
        "产品研发中心": "Research and Development",
        "职能中心": "Support functions",
    }
    departments: list[Department] = []
    for code, name in divisions.items():
        departments.append(Department(code, english[name] if lang == "en" else name))
        for n, leaf in enumerate(leaves[code], 1):
            title = f"{english[name].split()[0]} department {n}" if lang == "en" else leaf
            departments.append(Department(f"{code}{n}", title, code))
    build = Builder(tuple(departments))
    codes = [d.code for d in departments if d.parent]
    shapes: list[tuple[str, str, str, list[tuple[float, float]], str]] = [
        ("营收总额", "亿元", "higher", [(1.25, 1.18), (1.4, 1.4635)], "sum"),
        ("营业利润", "元", "higher", [(-12500000.0, -18234567.89), (3500000.0, 2100000.5)], "sum"),
        (
            "单位获客成本控制在预算以内（含投放与渠道返点）",
            "元",
            "lower",
            [(320.0, 355.0), (310.0, 298.0)],
            "last",
        ),
        ("重大质量事故", "起", "lower", [(0.0, 0.0), (0.0, 1.0)], "sum"),
        ("客户满意度评分", "分", "higher", [(88.0, 86.4), (90.0, 91.0)], "last"),
    ]
    for n, code in enumerate(codes[:-2]):
        for s, (goal, unit, direction, quarters, aggregation) in enumerate(shapes):
            factor = 1 + ((n * 7 + s * 5) % 9 - 2 - n % 3) / 25
            bent = [(t, round(a * factor, 4) if t else float(n % 4 == 1)) for t, a in quarters]
            driver = (LONG, "拓展人员缺编", None)[(n + s) % 3]
            build.goal(
                code, goal, bent, unit=unit, direction=direction, aggregation=aggregation, driver=driver
            )
        status = ("overdue", "behind", "on_track", "done")[n % 4]
        build.task(
            code,
            "完成华东区域十家重点客户的现场拜访并形成需求清单与签约推进计划",
            (0.4, 0.55, 0.7, 1.0)[n % 4],
            (1.0, 0.8, 0.7, 1.0)[n % 4],
            status=status,
            owner="李*",
            risk=LONG[:40],
            action="协调客户接口人，约定七月十五日前反馈",
            updated=date(2024, 6, 20),
            stale="yes" if n % 3 == 0 else "no",
        )
        build.receipt(
            code,
            "partial" if n % 4 == 1 else "accepted",
            modified="2024-07-01 09:20",
            file=f"{departments[0].name}-{code}-2024计划（终稿）.xlsx",
        )
    for code in codes[-2:]:
        name = build.name(code)
        build.receipt(
            code,
            "missing",
            file=None,
            rows=None,
            errors=None,
            warnings=None,
            reason=f"未收到{name}的工作簿。",
        )
    build.receipt("", "quarantined", file="扫描件.xlsx", reason="不是工作簿。", rows=None)
    for goal, unit, target, actual in (
        ("年度营收增长15%", "亿元", 26.5, 25.9871),
        ("新业务收入占比达到20%，并在三年内形成第二增长曲线", "%", 18.0, 18.6),
        ("费用总额", "万元", 125000.0, 131234.5),
    ):
        direction = "lower" if goal == "费用总额" else "higher"
        build.company_goals.append(
            {
                "goal": goal,
                "rollup": "sum" if unit != "%" else "weighted",
                "unit": unit,
                "company_target": target * 2,
                "annual_target": target * 1.9,
                "coverage": "10/10",
                "direction": direction,
                **measure(target, actual, direction),
            }
        )
    place = Location("营销中心.xlsx", "4_季度复盘", "H8")
    for n in range(12):
        code = (Code.READ_FROM_TEXT, Code.NOT_A_QUANTITY, Code.REASON_MISSING, Code.WEIGHTS_TOTAL)[n % 4]
        build.problems.append(Problem(code, place, "1.2亿元", "120000000", "实际完成值"))
    return build
