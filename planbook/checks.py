"""Rules across the rows of a workbook: plain functions in one visible list.

Each takes a `Reviewed` submission and yields problems; none raises, none changes anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from planbook.calc import Calculated, calculate_plan
from planbook.calendar import QUARTERS
from planbook.layout.cells import SettingValue
from planbook.plan import Plan, PlanRow, Value
from planbook.problems import Code, Problem, Words, rank_problems, say
from planbook.problems import Severity as ProblemSeverity
from planbook.reader import Submission, show_value
from planbook.spec import Book, Kind, Place, Severity, references
from planbook.weights import share_weights


@dataclass(frozen=True)
class Reviewed:
    """A submission that was read, its computed columns, and the settings they were computed with."""

    submission: Submission
    book: Book
    calculated: Calculated
    settings: Mapping[str, SettingValue]
    as_of: date

    def rows(self, sheet: str) -> Iterator[PlanRow]:
        """The rows of a sheet that are not quarantined; none where the book has no such sheet."""
        for row in self.submission.plan.rows(sheet):
            if (sheet, row.number) not in self.submission.quarantined:
                yield row

    def value(self, sheet: str, row: PlanRow, key: str) -> Value:
        """A value of a row, typed or computed."""
        column = self.book.sheet(sheet).by_key.get(key)
        if column is None:
            return None
        if column.calculated:
            return self.calculated.get(sheet, row.number, key)
        value = row.get(key)
        default = column.default if column.default != "{department}" else None
        return default if value is None else value

    def problem(
        self,
        code: Code,
        sheet: str,
        number: int,
        key: str,
        found: str | Words = "",
        expected: str | Words = "",
        subject: str | Words = "",
    ) -> Problem:
        """A problem at a cell of this submission."""
        place = self.submission.locate(sheet, number, key)
        return Problem(code, place, found, expected, subject or self.title(sheet, key))

    @property
    def lang(self) -> str:
        """The workbook's language."""
        return self.submission.issue.lang if self.submission.issue else self.book.languages[0]

    def limit(self, key: str) -> float:
        """A threshold: the cycle's, else the book's."""
        value = self.settings.get(key, self.book.settings[key].value)
        return float(value) if isinstance(value, int | float) else 0.0

    def title(self, sheet: str, key: str) -> str:
        """A column's title in the workbook's language."""
        return self.book.sheet(sheet).column(key).title.to(self.lang)


Check = Callable[[Reviewed], Iterator[Problem]]


def review_submission(
    submission: Submission, *, as_of: date | None = None, settings: Mapping[str, SettingValue] | None = None
) -> Reviewed | None:
    """Compute a submission's measures, quarantined rows left out; None for a file that was refused.

    `as_of` is the date the measures are taken at: the workbook's own where none is given, and
    the last day of its year where it has none.  `settings` go before the workbook's own.
    """
    book, issue = submission.book, submission.issue
    if book is None or issue is None:
        return None
    own = submission.plan.inputs.get("as_of")
    day = as_of or (own if isinstance(own, date) else date(issue.year, 12, 31))
    merged = {**submission.settings, **(settings or {})}
    sound = {
        sheet: tuple(row for row in rows if (sheet, row.number) not in submission.quarantined)
        for sheet, rows in submission.plan.tables.items()
    }
    plan = Plan(sound, {**submission.plan.inputs, "as_of": day})
    return Reviewed(submission, book, calculate_plan(book, plan, merged), merged, day)


def check_submission(reviewed: Reviewed) -> Submission:
    """The submission with the problems of every check added, worst first."""
    found = (problem for check in CHECKS for problem in check(reviewed))
    submission = reviewed.submission
    return replace(submission, problems=rank_problems((*submission.problems, *found)))


def check_required_when(reviewed: Reviewed) -> Iterator[Problem]:
    """Cells that are required because of what stands beside them; the reason gate is one."""
    whole = _calculate_whole(reviewed)  # a row kept out of the figures still says how its links are judged
    sight = _Sight(reviewed)
    for sheet, number, key in sorted(whole.due):
        row = next(r for r in reviewed.submission.plan.rows(sheet) if r.number == number)
        source = reviewed.submission.sources.get(sheet)
        if row.get(key) is not None or (source and key not in source.columns):  # a lost column is said once
            continue
        column = reviewed.book.sheet(sheet).column(key)
        if (sheet, number) in reviewed.submission.quarantined or not sight.sees(
            sheet, row, str(column.required)
        ):
            continue
        if whole.get(sheet, number, "reason_due") == 1 and column.kind is Kind.TEXT:
            attainment = _percent(whole.get(sheet, number, "attainment"))
            limit = _percent(reviewed.limit("reason_below"))
            yield reviewed.problem(Code.REASON_MISSING, sheet, number, key, attainment, limit)
        else:
            yield reviewed.problem(Code.REQUIRED_MISSING, sheet, number, key)


def check_rules(reviewed: Reviewed) -> Iterator[Problem]:
    """The rules that the book itself gives its rows; the workbook's check column says the same.

    A rule with a code of its own is left to the check that reports by this code.
    """
    sight = _Sight(reviewed)
    for name, number, key in sorted(_broken_rules(reviewed)):
        rule = next(rule for rule in reviewed.book.sheet(name).rules if rule.key == key)
        row = next(r for r in reviewed.submission.plan.rows(name) if r.number == number)
        if rule.code or not sight.sees(name, row, rule.when):
            continue
        code = Code.RULE_BROKEN if rule.severity is Severity.ERROR else Code.RULE_ADVICE
        column = reviewed.book.sheet(name).column(rule.column)
        found = show_value(reviewed.submission, column, reviewed.value(name, row, rule.column))
        said = Words(rule.message.to("zh"), rule.message.to("en"))
        yield reviewed.problem(code, name, number, rule.column, found, said)


class _Sight:
    """Which conditions can be judged: what a lost column or an unread cell would say is said at its root."""

    def __init__(self, reviewed: Reviewed) -> None:
        self._reviewed = reviewed
        problems = reviewed.submission.problems
        self._faulty = {p.location for p in problems if p.severity is ProblemSeverity.ERROR}
        self._read: dict[tuple[str, str], frozenset[tuple[str, str]]] = {}

    def sees(self, sheet: str, row: PlanRow, formula: str) -> bool:
        """Whether all that `formula` looks at in this row, and in the rows it names, was read."""
        book, submission = self._reviewed.book, self._reviewed.submission
        if (sheet, formula) not in self._read:
            self._read[sheet, formula] = _columns_read(book, sheet, formula)
        read = self._read[sheet, formula]
        if any(_is_lost(self._reviewed, *column) for column in read):
            return False
        own = {re.split("[>~]", name)[0] for name in references(formula)} & set(book.sheet(sheet).by_key)
        if (sheet, row.number) in submission.quarantined and self._is_faulty(sheet, row.number, own):
            return False
        for column in book.sheet(sheet).columns:
            if column.link is None or (sheet, column.key) not in read:
                continue
            taken = {key for at, key in read if at == column.link.sheet}
            ident = book.sheet(column.link.sheet).id
            numbers = [other.number for other in submission.plan.rows(column.link.sheet)]
            named = (number for number in numbers if ident.of(number) == row.get(column.key))
            if any(self._is_faulty(column.link.sheet, number, taken) for number in named):
                return False
        return True

    def _is_faulty(self, sheet: str, number: int, keys: Iterable[str]) -> bool:
        submission = self._reviewed.submission
        there = submission.sources[sheet].columns
        return any(submission.locate(sheet, number, key) in self._faulty for key in keys if key in there)


def _broken_rules(reviewed: Reviewed) -> frozenset[tuple[str, int, str]]:
    """The rules that rows break, quarantined ones among them.

    A quarantined task is still a task: its goal is not without one, and its other faults are said
    in the same round.
    """
    return _calculate_whole(reviewed).broken


def _calculate_whole(reviewed: Reviewed) -> Calculated:
    """The computed columns with every row in its place, quarantined ones among them."""
    submission = reviewed.submission
    if not submission.quarantined:
        return reviewed.calculated
    whole = Plan(submission.plan.tables, {**submission.plan.inputs, "as_of": reviewed.as_of})
    return calculate_plan(reviewed.book, whole, reviewed.settings)


def _columns_read(book: Book, sheet: str, formula: str) -> frozenset[tuple[str, str]]:
    """The columns, with their sheets, that a formula of `sheet` looks at, through calculated ones as well."""
    found: set[tuple[str, str]] = set()
    ahead, seen = [(sheet, formula)], {(sheet, formula)}
    while ahead:
        at, text = ahead.pop()
        for name in references(text):
            via, linked, _ = name.partition(">")
            other, key = _target(book, at, name)
            found |= {(other, key), (at, via)} if linked else {(other, key)}
            column = book.sheet(other).by_key.get(key)
            if column is not None and column.calculated and not column.check:
                step = (other, book.formula_of(column))
                if step not in seen:
                    seen.add(step)
                    ahead.append(step)
    return frozenset(found)


def _is_lost(reviewed: Reviewed, sheet: str, key: str) -> bool:
    """Whether an input that a rule looks at is nowhere in the file: its sheet or its column was not found."""
    source, column = reviewed.submission.sources.get(sheet), reviewed.book.sheet(sheet).by_key.get(key)
    if source is None:
        return True
    typed = column is not None and not column.calculated and column.place is not Place.VIRTUAL
    return typed and key not in source.columns


def _target(book: Book, sheet: str, name: str) -> tuple[str, str]:
    """The sheet and the column that a reference in a formula of `sheet` is about."""
    name = name.partition("~")[0]
    via, linked, key = name.partition(">")
    if linked:
        link = book.sheet(sheet).column(via).link
        return (link.sheet if link else sheet), key
    for mark in "#.":
        other, marked, key = name.partition(mark)
        if marked:
            return other, key
    return sheet, name


def check_weights(reviewed: Reviewed) -> Iterator[Problem]:
    """The weights of a department's own goals total 100 %, or are all blank."""
    if not _has(reviewed, "goals", "weight", "level"):
        return
    groups: dict[str, list[PlanRow]] = {}
    for row in reviewed.submission.plan.rows("goals"):  # quarantined ones too: they have a weight
        department = row.get("department")  # where none could be read, that is said already
        if department and reviewed.value("goals", row, "level") == "department":
            groups.setdefault(str(department), []).append(row)
    names = {item.key: item.title.to("zh") for item in reviewed.submission.items.get("department", ())}
    for department, rows in groups.items():
        weights = [w for w in (row.get("weight") for row in rows) if isinstance(w, int | float)]
        name = names.get(department, department)
        if not weights:
            yield reviewed.problem(Code.WEIGHTS_EQUAL, "goals", rows[0].number, "weight", subject=name)
            continue
        blank = [row for row in rows if not isinstance(row.get("weight"), int | float)]
        left = share_weights([*map(float, weights), *[None] * len(blank)])[-1]
        for row in blank:
            subject = str(row.get("goal") or name)
            yield reviewed.problem(
                Code.WEIGHT_BLANK, "goals", row.number, "weight", expected=_percent(left), subject=subject
            )
        if blank and sum(weights) <= 1 + reviewed.limit("weight_slack"):
            continue  # the blank ones take what is left, so the total is 100 %
        if abs(sum(weights) - 1) > reviewed.limit("weight_slack"):
            subject = f"{name} {reviewed.title('goals', 'weight')}"
            yield reviewed.problem(
                Code.WEIGHTS_TOTAL, "goals", rows[0].number, "weight", _percent(sum(weights)), "100%", subject
            )


def check_owners(reviewed: Reviewed) -> Iterator[Problem]:
    """A review stands for the department whose goal it names, or for the division it belongs to."""
    if not (_has(reviewed, "review", "department", "goal") and _has(reviewed, "goals", "department")):
        return
    ids = reviewed.book.sheet("goals").id
    owners = {ids.of(goal.number): goal.get("department") for goal in reviewed.rows("goals")}
    items = reviewed.submission.items.get("department", ())
    names = {item.key: item.title.to(reviewed.lang) for item in items}
    for row in reviewed.rows("review"):
        named, owner = row.get("department"), owners.get(str(row.get("goal")))
        if named and owner and named != owner and not reviewed.submission.is_within(str(owner), str(named)):
            found, expected = (names.get(str(code), str(code)) for code in (named, owner))
            yield reviewed.problem(Code.OTHER_OWNER, "review", row.number, "department", found, expected)


def check_quarters(reviewed: Reviewed) -> Iterator[Problem]:
    """The four quarters' targets against the annual target, by the goal's aggregation."""
    for goal in reviewed.rows("goals"):
        annual = reviewed.value("goals", goal, "target")
        ident = reviewed.book.sheet("goals").id.of(goal.number)
        targets = {
            row.get("quarter"): row.get("target")
            for row in reviewed.rows("review")
            if row.get("goal") == ident
        }
        numbers = [targets[q] for q in QUARTERS if isinstance(targets.get(q), int | float)]
        if len(numbers) < len(QUARTERS) or not isinstance(annual, int | float):
            continue
        aggregation = reviewed.value("goals", goal, "aggregation")
        total = _aggregate([float(str(n)) for n in numbers], str(aggregation))
        if abs(total - annual) > reviewed.limit("target_slack") * max(abs(annual), 1e-9):
            yield reviewed.problem(
                Code.QUARTERS_DISAGREE, "goals", goal.number, "target", f"{total:,.10g}", f"{annual:,.10g}",
                str(goal.get("goal")),
            )  # fmt: skip


def _aggregate(quarters: list[float], aggregation: str) -> float:
    if aggregation == "last":
        return quarters[-1]
    total = sum(quarters)
    return total / len(quarters) if aggregation == "mean" else total


def check_tasks(reviewed: Reviewed) -> Iterator[Problem]:
    """Tasks past their finish, and tasks nobody has updated."""
    tasks = {reviewed.book.sheet("decomposition").id.of(r.number): r for r in reviewed.rows("decomposition")}
    limit = reviewed.settings.get("stale_days", reviewed.book.settings["stale_days"].value)
    for row in reviewed.rows("tracking"):
        task = tasks.get(str(row.get("task")))
        name = str(task.get("task")) if task else str(row.get("task"))
        if reviewed.value("tracking", row, "status") == "overdue":
            finish = reviewed.value("tracking", row, "plan_finish")
            done = _percent(row.get("percent"))
            yield reviewed.problem(
                Code.TASK_OVERDUE, "tracking", row.number, "percent", done, str(finish), name
            )
        if reviewed.value("tracking", row, "stale") == "yes":
            updated = str(row.get("updated"))
            yield reviewed.problem(
                Code.TASK_STALE, "tracking", row.number, "updated", updated, f"{limit:g}", name
            )


def check_method(reviewed: Reviewed) -> Iterator[Problem]:
    """Goals that the chosen attainment method cannot serve, and that fell back to linear."""
    chosen = reviewed.settings.get("method", reviewed.book.settings["method"].value)
    if chosen == "linear":
        return
    used, wanted = (
        Words(*(reviewed.book.list_title("method", key, lang) for lang in ("zh", "en")))
        for key in ("linear", str(chosen))
    )
    for goal in reviewed.rows("goals"):
        linear = reviewed.value("goals", goal, "ytd_method") == "linear"
        if linear and reviewed.value("goals", goal, "ytd_attainment") is not None:
            name = str(goal.get("goal"))
            yield reviewed.problem(Code.METHOD_FALLBACK, "goals", goal.number, "goal", used, wanted, name)


def check_band(reviewed: Reviewed) -> Iterator[Problem]:
    """A band whose midpoint is zero has no deviation rate, so it is refused."""
    for sheet in ("goals", "review"):
        for row in reviewed.rows(sheet):
            low, high = reviewed.value(sheet, row, "target"), reviewed.value(sheet, row, "target_high")
            banded = reviewed.value(sheet, row, "direction") == "band"
            if not (banded and isinstance(low, int | float) and isinstance(high, int | float)):
                continue
            if high < low or round(low + high, 9) == 0:
                bounds = say("above", name=f"{low:,.10g}") if high < low else say("middle")
                yield reviewed.problem(
                    Code.OUT_OF_RANGE, sheet, row.number, "target_high", f"{high:,.10g}", bounds
                )


def _has(reviewed: Reviewed, sheet: str, *keys: str) -> bool:
    columns = reviewed.book.sheet(sheet).by_key
    return all(key in columns for key in keys)


def _percent(value: object) -> str:
    return f"{value:.1%}" if isinstance(value, int | float) else "—"


CHECKS: tuple[Check, ...] = (
    check_required_when,
    check_rules,
    check_weights,
    check_owners,
    check_quarters,
    check_band,
    check_tasks,
    check_method,
)
