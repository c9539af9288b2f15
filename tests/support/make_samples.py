"""Make sample_data/returned: issue the sample cycle's workbooks and fill them in with LibreOffice.

    python -m tests.support.make_samples

from the repository root.  What each person types stands in sample_content.yaml; here it is only
taken to the right cells, which are found by the hidden key row of the workbooks themselves.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import openpyxl
import yaml

from planbook.cycle import Cycle, load_cycle
from planbook.issuing import issue_workbooks
from planbook.layout import column_letter
from planbook.spec import Book
from tests.support.office import OfficeError, drive

SAMPLES = Path(__file__).resolve().parents[2] / "sample_data"
CONTENT = Path(__file__).with_name("sample_content.yaml")
INPUTS = ("planbook.toml", "departments.csv", "company_goals.csv")
PICKED, AS_TEXT = "▾", "'"

Action = dict[str, Any]
Row = dict[str, str]


# --- what people type -----------------------------------------------------------------------


@dataclass(frozen=True)
class Return:
    """One workbook as a department sends it back."""

    file: str
    department: str
    modified: str
    continues: str
    tables: Mapping[str, tuple[Row, ...]]
    then: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Content:
    """Everything that comes back: workbooks, and files that are none, by name."""

    locales: Mapping[str, str]
    returns: tuple[Return, ...]
    others: Mapping[str, str]


def load_content(path: Path = CONTENT) -> Content:
    """The tables of sample_content.yaml; every scalar is the text that is typed."""
    loaded = yaml.load(path.read_text("utf-8"), yaml.BaseLoader)
    returns = []
    for entry in loaded["returns"]:
        own = {key: entry.pop(key, "") for key in ("file", "department", "modified", "continues")}
        then = entry.pop("then", ())
        tables = {sheet: tuple(parse_table(text)) for sheet, text in entry.items()}
        returns.append(Return(**own, tables=tables, then=then))
    others = {entry["file"]: entry["text"] for entry in loaded["others"]}
    return Content(loaded["locales"], tuple(returns), others)


def parse_table(text: str) -> Iterator[Row]:
    """The rows of a table, blank cells left out."""
    lines = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    keys = lines[0]
    for cells in lines[1:]:
        if len(cells) > len(keys):
            raise ValueError(f"a row has {len(cells)} cells for {len(keys)} columns: {cells}")
        yield {key: cell for key, cell in zip(keys, cells, strict=False) if cell}


# --- where it goes --------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """One table of a workbook: its sheet, the 1-based row of its header, columns by key, rows by id."""

    title: str
    header: int
    columns: Mapping[str, int]
    rows: Mapping[str, int]

    def letter(self, key: str) -> str:
        return column_letter(self.columns[key])

    def cell(self, ident: str, key: str) -> str:
        return f"{self.letter(key)}{self.rows[ident]}"


def find_places(path: Path, book: Book) -> dict[str, Place]:
    """The tables of a workbook by sheet key, as its own hidden key rows and printed ids have them."""
    workbook = openpyxl.load_workbook(path, read_only=True)
    try:
        sheets = {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in workbook.worksheets}
    finally:
        workbook.close()
    places = {}
    for sheet in book.sheets:
        title = next((title for title in sheet.title.every() if title in sheets), "")
        if not title:  # an optional sheet that was not asked for
            continue
        grid = sheets[title]
        at = next(number for number, row in enumerate(grid) if row and row[0] == "id")
        columns = {str(key): index for index, key in enumerate(grid[at]) if key}
        ids = {str(row[0]): number for number, row in enumerate(grid, 1) if number > at + 2 and row[0]}
        places[sheet.key] = Place(title, at + 2, columns, ids)
    return places


def typing(book: Book, tables: Mapping[str, Sequence[Row]], places: Mapping[str, Place]) -> Iterator[Action]:
    """The keystrokes that fill the tables in, sheet by sheet in the book's order."""
    labels: dict[tuple[str, str], str] = {}
    for sheet in book.sheets:
        if sheet.key not in places:
            continue
        place = places[sheet.key]
        for ident, row in zip(place.rows, tables.get(sheet.key, ()), strict=False):
            ident = row.get("id", ident)
            for key, text in row.items():
                if key == "id":
                    continue
                link = sheet.column(key).link
                if text.startswith(PICKED) and link:
                    text = labels[link.sheet, text.removeprefix(PICKED)]
                elif sheet.column(key).name:
                    labels[sheet.key, text] = f"{ident}｜{text}"
                yield _type(place.title, place.cell(ident, key), text)


def _type(sheet: str, cell: str, text: str) -> Action:
    kept = text.startswith(AS_TEXT)
    return {
        "do": "set_text" if kept else "set",
        "sheet": sheet,
        "cell": cell,
        "text": text.removeprefix(AS_TEXT),
    }


def afterwards(steps: Sequence[Mapping[str, Any]], places: Mapping[str, Place]) -> Iterator[Action]:
    """What the planner does to the workbook itself when all is typed."""
    for step in steps:
        place = places.get(step.get("sheet", ""))
        if step["do"] == "own_sheet":
            yield {"do": "insert_sheet", "title": step["title"]}
            yield from _own_rows(step["title"], step["rows"])
            continue
        assert place is not None, f"{step} names no sheet"
        if step["do"] == "rename":
            yield {"do": "rename_sheet", "sheet": place.title, "to": step["to"]}
        elif step["do"] == "reorder":
            yield {"do": "reorder_sheet", "sheet": place.title, "position": int(step["position"])}
        elif step["do"] == "move_column":
            source, target = place.letter(step["column"]), place.letter(step["before"])
            yield {"do": "move_column", "sheet": place.title, "from": source, "to": target}
        elif step["do"] == "own_column":
            letter = place.letter(step["before"])
            column = {"sheet": place.title, "at": letter, "row": place.header, "title": step["title"]}
            yield {"do": "unprotect", "sheet": place.title}
            yield {"do": "insert_own_column", **column}
            for number, text in enumerate(step["rows"], place.header + 1):
                yield _type(place.title, f"{letter}{number}", text)
            yield {"do": "protect", "sheet": place.title}
        else:
            raise ValueError(f"there is no step {step['do']!r}")


def _own_rows(title: str, rows: Sequence[Sequence[str]]) -> Iterator[Action]:
    for number, row in enumerate(rows, 1):
        for column, text in enumerate(row):
            yield _type(title, f"{column_letter(column)}{number}", text)


# --- making them ----------------------------------------------------------------------------


def copy_inputs(folder: Path) -> Cycle:
    """The sample cycle in a folder of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in INPUTS:
        shutil.copyfile(SAMPLES / name, folder / name)
    return load_cycle(folder)


def make_returns(out: Path, content: Content | None = None) -> list[Path]:
    """Issue the workbooks, have LibreOffice fill them in as the content says, and save them in `out`."""
    content = content or load_content()
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="planbook-samples-") as folder:
        # What the planners type stands in the content, and nothing in the rows before them.
        cycle = replace(copy_inputs(Path(folder)), take_over_goals=False)
        departments = sorted({item.department for item in content.returns})
        issued = {item.department: item.path for item in issue_workbooks(cycle, departments)}
        book = cycle.load_book()
        waiting = list(content.returns)
        while waiting:
            ready = [r for r in waiting if not r.continues or (out / r.continues).exists()]
            if not ready:
                raise ValueError(f"{waiting[0].file} continues {waiting[0].continues}, which is not there")
            _fill_in(ready, issued, book, content.locales, cycle, out)
            waiting = [r for r in waiting if r not in ready]
    for name, text in content.others.items():
        (out / name).write_text(text, "utf-8", newline="\n")
    return sorted(out.iterdir())


def _fill_in(
    returns: Sequence[Return],
    issued: Mapping[str, Path],
    book: Book,
    locales: Mapping[str, str],
    cycle: Cycle,
    out: Path,
) -> None:
    """One start of LibreOffice per language: the locale decides how what is typed is recognised."""
    jobs: dict[str, list[Action]] = {}
    for item in returns:
        source = out / item.continues if item.continues else issued[item.department]
        places = find_places(source, book)
        actions = [*typing(book, item.tables, places), *afterwards(item.then, places), {"do": "recalculate"}]
        language = cycle.company.department(item.department).language or cycle.language
        job = {"input": source, "output": out / item.file, "modified": item.modified, "actions": actions}
        jobs.setdefault(locales[language], []).append(job)
    for locale, batch in jobs.items():
        refused = [line for report in drive(batch, locale=locale) for line in report["refused"]]
        if refused:
            raise OfficeError("a person would have been refused: " + "; ".join(refused))


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="planbook-returned-") as folder:
        made = make_returns(Path(folder))
        target = SAMPLES / "returned"
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        for path in made:
            shutil.copyfile(path, target / path.name)
            print(f"{path.stat().st_size:>9,} {path.name}")


if __name__ == "__main__":
    main()
