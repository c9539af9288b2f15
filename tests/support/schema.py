"""The schema's judge: Microsoft's own Open XML SDK, as one program that needs neither .NET nor Node.

`make office` fetches it (see `ooxml/package.json`).  It knows the order of elements, required
attributes, enumerations and ids that must exist; limits that no schema states are for `validate`.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

VALIDATOR = (
    Path(__file__)
    .with_name("ooxml")
    .joinpath("node_modules", "@xarsh", "ooxml-validator-linux-x64", "ooxml-validator")
)
# Planners may have Excel 2010: what only a later schema knows must be marked as ignorable.
OLDEST = "Office2010"


def require_validator() -> None:
    """Skip the test without the validator; with PLANBOOK_REQUIRE_OFFICE=1 fail it."""
    if VALIDATOR.is_file():
        return
    reason = "the OOXML validator is not there: `make office` fetches it with npm (Linux on x64 only)"
    if os.environ.get("PLANBOOK_REQUIRE_OFFICE") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def _validate(path: Path) -> list[str]:
    # The program would want ICU for texts in other languages; its messages are English anyway.
    environment = {**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
    done = subprocess.run(
        [str(VALIDATOR), str(path), OLDEST], capture_output=True, timeout=120, env=environment
    )
    try:
        report: dict[str, Any] = json.loads(done.stdout.decode("utf-8"))
        ok, errors = bool(report["ok"]), report["errors"]
    except (ValueError, KeyError) as error:
        raise RuntimeError(f"the OOXML validator failed on {path.name}: {done.stderr!r}") from error
    faults = [f"{e['path'] or path.name} {e['xPath'] or ''}: {e['description'].strip()}" for e in errors]
    return faults or ([] if ok else [f"{path.name} is not valid"])


def check_schema(paths: Sequence[Path]) -> dict[Path, list[str]]:
    """What the schema forbids in each of these files, a sentence each; empty lists are good."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        return dict(zip(paths, pool.map(_validate, paths), strict=True))
