"""`planbook --help` answers at once: it loads none of the heavy libraries."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEAVY = {"ironcalc", "numpy", "openpyxl", "pandas", "python_calamine", "sqlalchemy", "xlsxwriter"}
MARK = "modules loaded: "
ASK_FOR_HELP = f"""
import json, sys
from planbook.cli import main
try:
    main(["--help"])
except SystemExit as end:
    assert not end.code, end.code
print({MARK!r} + json.dumps(sorted(sys.modules)))
"""


def test_help_loads_no_heavy_library() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", ASK_FOR_HELP],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    text, _, modules = done.stdout.rpartition(MARK)
    assert "Usage" in text
    assert "demo" in text
    loaded = {name.partition(".")[0] for name in json.loads(modules)}
    assert "planbook" in loaded
    assert not loaded & HEAVY
