"""The planning year in its folder: planbook.toml, departments.csv, company_goals.csv, background.csv."""

from planbook.cycle.folder import Cycle, create_cycle, cycle_items, find_cycle, load_cycle, spoken_in
from planbook.cycle.toml_file import CYCLE_FILE, PASSWORD_VARIABLE

__all__ = [
    "CYCLE_FILE",
    "PASSWORD_VARIABLE",
    "Cycle",
    "create_cycle",
    "cycle_items",
    "find_cycle",
    "load_cycle",
    "spoken_in",
]
