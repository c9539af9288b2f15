"""Render pages of real workbooks into docs/pictures: `make pictures`.

The sample company's returned plans are written anew by today's book, LibreOffice prints them,
and the first page of each sheet named below becomes a picture.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from planbook.calc import Calculator
from planbook.cycle import Cycle, cycle_items
from planbook.layout import Layout, resolve_layout
from planbook.reader import Submission, read_workbook
from planbook.reports import write_consolidated
from planbook.resources import samples_folder
from planbook.workflow import collect_returns, expectations, roll_up_cycle, run_demo
from planbook.writer import write_workbook

FOLDER = Path(__file__).parent.parent.parent / "docs" / "pictures"
DPI = 88
RETURNED = {"zh": "营销中心-2024计划.xlsx", "en": "International Sales - plan 2024.xlsx"}
REPORTS = ("summary", "variance", "scores")
SHEETS = ("goals", "decomposition", "tracking", "review", "execution", "responsibility")


def main() -> None:
    """Draw every picture anew."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        demo = run_demo(work / "demo")
        for lang, returned in RETURNED.items():
            submission = read_workbook(samples_folder() / "returned" / returned, expectations(demo.cycle))
            path = work / f"{lang}.xlsx"
            layout = write_again(path, submission, demo.cycle)
            draw(path, dict(pages_of(layout)), f"planner-{lang}")
            report = work / f"report-{lang}.xlsx"
            figures = roll_up_cycle(demo.cycle, collect_returns(demo.cycle), lang=lang)
            write_consolidated(report, figures, lang=lang)
            book = demo.cycle.load_book()
            draw(report, {key: book.report(key).title.to(lang) for key in REPORTS}, f"report-{lang}")
    write_page()


def write_again(path: Path, submission: Submission, cycle: Cycle) -> Layout:
    """A returned plan as a workbook of today's book, with every sheet it fills."""
    assert submission.book is not None
    assert submission.issue is not None
    many = {key: len(value) for key, value in submission.settings.items() if isinstance(value, tuple)}
    items = cycle_items(submission.book, cycle.company, submission.issue.scope)
    layout = resolve_layout(submission.book, lang=submission.issue.lang, items=items, many=many, sheets=())
    write_workbook(path, Calculator(layout), submission.issue, submission.plan, submission.settings)
    return layout


def pages_of(layout: Layout) -> Iterator[tuple[str, str]]:
    """The sheets to draw: a name for the picture and the sheet's title."""
    yield "index", layout.index_title
    dashboard = getattr(layout.book, "dashboard", None)
    if dashboard is not None:
        yield "dashboard", dashboard.title.to(layout.lang)
    for key in SHEETS:
        yield key, layout.sheet(key).title


def draw(path: Path, titles: dict[str, str], stem: str) -> None:
    """The first page of each sheet, found by the sheet's title in the footer."""
    soffice = shutil.which("soffice") or "soffice"
    profile = f"-env:UserInstallation={(path.parent / 'profile').as_uri()}"
    command = [soffice, profile, "--headless", "--convert-to", "pdf", "--outdir", str(path.parent), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    pdf = path.with_suffix(".pdf")
    text = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], check=True, capture_output=True).stdout
    pages = text.decode("utf-8").split("\f")
    for name, title in titles.items():
        footer = re.compile(rf"(?m)^\s*{re.escape(title)}\s")
        found = [
            number for number, page in enumerate(pages, 1) if footer.search("\n".join(page.splitlines()[-4:]))
        ]
        if not found:
            raise SystemExit(f"{path.name}: no page of {title}")
        target = FOLDER / f"{stem}-{name}"
        page = ["-f", str(found[0]), "-l", str(found[0]), "-singlefile"]
        subprocess.run(["pdftoppm", "-png", "-r", str(DPI), *page, str(pdf), str(target)], check=True)
        print(target.with_suffix(".png").relative_to(FOLDER.parent.parent))


def write_page() -> None:
    """docs/pictures.md: every picture under its name."""
    lines = ["# Pictures", "", "Made by `make pictures` from the sample company's workbooks.", ""]
    for picture in sorted(FOLDER.glob("*.png"), key=lambda p: (p.stem.split("-")[1] != "zh", p.stem)):
        lines += [f"## {picture.stem}", "", f"![{picture.stem}](pictures/{picture.name})", ""]
    FOLDER.with_suffix(".md").write_text("\n".join(lines), "utf-8")


if __name__ == "__main__":
    main()
