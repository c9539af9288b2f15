"""One reviewed workbook as the roll-up sees it: owners, links and places of its rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from planbook.checks import Reviewed
from planbook.company import Company
from planbook.plan import PlanRow, Value

Record = dict[str, object]


@dataclass(frozen=True)
class Source:
    """A reviewed workbook with its goals and tasks by id; quarantined rows are not among them."""

    reviewed: Reviewed
    company: Company
    _rows: dict[str, Mapping[str, PlanRow]] = field(default_factory=dict, repr=False)

    def rows(self, sheet: str) -> Iterator[PlanRow]:
        """The rows of a sheet that count; none where the book has no such sheet."""
        return self.reviewed.rows(sheet)

    def has(self, sheet: str) -> bool:
        """Whether the workbook's book has the sheet."""
        return any(known.key == sheet for known in self.reviewed.book.sheets)

    def ident(self, sheet: str, row: PlanRow) -> str:
        """The id of a row, as it stands in its first column."""
        return self.reviewed.book.sheet(sheet).id.of(row.number)

    def row(self, sheet: str, ident: object) -> PlanRow | None:
        """The row with that id."""
        if sheet not in self._rows:
            self._rows[sheet] = {self.ident(sheet, row): row for row in self.rows(sheet)}
        return self._rows[sheet].get(str(ident))

    def goal(self, ident: object) -> PlanRow | None:
        """The goal with that id."""
        return self.row("goals", ident)

    def task(self, ident: object) -> PlanRow | None:
        """The task of the breakdown with that id."""
        return self.row("decomposition", ident)

    def value(self, sheet: str, row: PlanRow, key: str) -> Value:
        """A value of a row, typed or computed."""
        return self.reviewed.value(sheet, row, key)

    def values(self, sheet: str, row: PlanRow, *keys: str) -> Record:
        """Several values of a row by their keys."""
        return {key: self.reviewed.value(sheet, row, key) for key in keys}

    @property
    def department(self) -> str:
        """The code of the department the workbook was issued to."""
        issue = self.reviewed.submission.issue
        return issue.department if issue else ""

    @property
    def lang(self) -> str:
        """The language of the workbook."""
        issue = self.reviewed.submission.issue
        return issue.lang if issue else self.reviewed.book.languages[0]

    def owner(self, row: PlanRow | None) -> tuple[str, str]:
        """Code and name of the department a row belongs to: the one it names, else the workbook's."""
        code = str((row.get("department") if row else None) or self.department)
        found = self.company.find(code)
        return (found.code, found.name) if found else (code, code)

    def owned(self, row: PlanRow | None) -> Record:
        """The same as the columns of a frame."""
        code, name = self.owner(row)
        return {"department": code, "department_name": name}

    def place(self, sheet: str, row: PlanRow, key: str) -> Record:
        """Where a cell stood, as the columns of a frame."""
        place = self.reviewed.submission.locate(sheet, row.number, key)
        return {"file": place.file, "sheet": place.sheet, "cell": place.cell}

    def title(self, key: str, item: object) -> str | None:
        """The title of a list's item in the workbook's language; free text stays as it is."""
        if item is None or item == "":
            return None
        return self.reviewed.book.list_title(key, str(item), self.lang)
