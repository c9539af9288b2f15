"""planbook runs a company's planning year on Excel workbooks.

The names below are the public interface; they are imported when first used, so that
``import planbook`` costs nothing.

>>> import planbook
>>> cycle = planbook.load_cycle(folder)                          # doctest: +SKIP
>>> planbook.issue_workbooks(cycle)                              # doctest: +SKIP
>>> collection = planbook.collect_returns(cycle)                 # doctest: +SKIP
>>> planbook.roll_up_cycle(cycle, collection).goals              # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "PlanbookError": "planbook.problems",
    "Problem": "planbook.problems",
    "load_spec": "planbook.spec",
    "read_workbook": "planbook.reader",
    "load_cycle": "planbook.cycle",
    "create_cycle": "planbook.cycle",
    "issue_workbooks": "planbook.issuing",
    "collect_returns": "planbook.workflow",
    "roll_up_cycle": "planbook.workflow",
    "roll_up_files": "planbook.workflow",
    "write_consolidated": "planbook.reports",
}

if TYPE_CHECKING:
    from planbook.cycle import create_cycle, load_cycle
    from planbook.issuing import issue_workbooks
    from planbook.problems import PlanbookError, Problem
    from planbook.reader import read_workbook
    from planbook.reports import write_consolidated
    from planbook.spec import load_spec
    from planbook.workflow import collect_returns, roll_up_cycle, roll_up_files

__all__ = [
    "PlanbookError",
    "Problem",
    "collect_returns",
    "create_cycle",
    "issue_workbooks",
    "load_cycle",
    "load_spec",
    "read_workbook",
    "roll_up_cycle",
    "roll_up_files",
    "write_consolidated",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'planbook' has no attribute {name!r}")
    return getattr(import_module(home), name)
