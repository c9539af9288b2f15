"""background.csv: what a department should know before it plans, as its office writes it down."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from planbook.company import BackgroundFact
from planbook.cycle.company_files import Names
from planbook.cycle.csv_file import Heading, read_rows, suggest
from planbook.problems import Code, Problem, list_words, say
from planbook.spec import Book, Item, Source

BACKGROUND_COLUMNS: Final = (
    Heading("department", ("部门", "部门代码", "部门名称", "Department", "Department code")),
    Heading("kind", ("类型", "类别", "Kind", "Type"), required=True),
    Heading("text", ("内容", "说明", "Text", "Content"), required=True),
)


def read_background(
    path: Path, file: str, book: Book, names: Names | None, faults: list[Problem]
) -> tuple[BackgroundFact, ...]:
    """The facts in the order of the file; `faults` receives everything wrong with them.

    A blank department is the whole company.  With `names` None, departments could not be read and
    references to them are not judged.
    """
    kinds = _kinds(book)
    facts = []
    for row in read_rows(path, file, BACKGROUND_COLUMNS, faults) or ():
        typed = row.text("department")
        department = names.find(typed) if names and typed else ""
        if department is None and names:
            row.note(Code.INPUT_REFERENCE, "department", expected=suggest(typed, names.spellings))
        kind = row.choice("kind", kinds, "") if kinds else row.text("kind")
        for key, expected in (("kind", list_words(item.key for item in kinds)), ("text", say("any_text"))):
            if row.has(key) and not row.text(key):
                row.note(Code.INPUT_VALUE, key, expected=expected)
        text = row.text("text")
        if kind and text:
            facts.append(BackgroundFact(department or "", kind, text, row.line))
    return tuple(facts)


def _kinds(book: Book) -> tuple[Item, ...]:
    """The kinds of the list that the book's sheet of background has; none where it has no such sheet."""
    for sheet in book.sheets:
        for take in sheet.takes:
            for key, name in take.columns.items() if take.source is Source.BACKGROUND else ():
                if name == "kind":
                    return book.lists[sheet.column(key).list].items
    return ()
