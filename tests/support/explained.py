"""The sample year with its consolidated workbook, made once for all tests that explain its figures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from planbook.cycle import Cycle, load_cycle
from planbook.explain import Explanation, explain, find_subject
from planbook.measures import Collection, RollUp
from planbook.reports import write_consolidated
from planbook.resources import samples_folder
from planbook.workflow import collect_returns, roll_up_cycle

_FOLDER = TemporaryDirectory()  # gone with the process


@dataclass(frozen=True)
class Made:
    """A year: its cycle, figures and consolidated workbook in one language."""

    cycle: Cycle
    collection: Collection
    figures: RollUp
    report: Path
    lang: str = "zh"

    def about(self, reference: str, *, deep: bool = False) -> Explanation:
        """The explanation of a reference."""
        subject = find_subject(reference, self.figures)
        return explain(subject, self.figures, self.collection, lang=self.lang, deep=deep)


@lru_cache
def _collected() -> tuple[Cycle, Collection]:
    cycle = load_cycle(samples_folder())
    return cycle, collect_returns(cycle, [samples_folder() / "returned"])


@lru_cache
def make_sample_year(scope: str = "", lang: str = "zh") -> Made:
    """The sample year, or the part of it below `scope`."""
    cycle, collection = _collected()
    figures = roll_up_cycle(cycle, collection, scope=scope, lang=lang)
    report = Path(_FOLDER.name) / f"report-{scope}-{lang}.xlsx"
    write_consolidated(report, figures, lang=lang)
    return Made(cycle, collection, figures, report, lang)
