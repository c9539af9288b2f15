"""Where the shipped specs and sample data stand, in an installed package and in a checkout.

Both are folders at the top of the repository and are installed inside the package.  An editable
install, or none at all, leaves them at the top: there they stand beside the package.
"""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path


def specs_folder() -> Traversable:
    """The folder of the books that ship with planbook, one YAML file or more each."""
    return _find_folder("workbook_specs")


def samples_folder() -> Traversable:
    """The folder of the demo's inputs: departments, company goals and returned workbooks."""
    return _find_folder("sample_data")


def _find_folder(name: str) -> Traversable:
    package = files("planbook")
    installed = package.joinpath(name)
    if installed.is_dir():
        return installed
    if isinstance(package, Path):
        beside = package.parent / name
        if beside.is_dir():
            return beside
    raise FileNotFoundError(f"the installation of planbook is incomplete: {installed} is missing")
