"""Headless Chromium: a page is opened, a script looks at it, and what it found comes back."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
SECONDS = 120


def find_chromium() -> str | None:
    """The browser, where there is one."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def require_chromium() -> str:
    """The browser; the test is skipped without it, or fails where nothing may be skipped."""
    found = find_chromium()
    if found is None:
        if os.environ.get("PLANBOOK_REQUIRE_OFFICE") == "1":
            pytest.fail("PLANBOOK_REQUIRE_OFFICE=1, and there is no Chromium")
        pytest.skip("there is no Chromium here")
    return found


def _run(folder: Path, *arguments: str) -> str:
    program = require_chromium()
    command = [program, *FLAGS, f"--user-data-dir={folder / 'profile'}", *arguments]
    done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=True)
    return done.stdout.decode("utf-8")


def ask_page(page: Path, folder: Path, script: str) -> Any:
    """Run `script`, the body of a function that returns plain data, in a copy of the page."""
    probe = folder / "probe.html"
    text = page.read_text("utf-8")
    added = (
        "<script>window.addEventListener('load', function () {"
        "var answer; try { answer = (function () {" + script + "})(); }"
        "catch (error) { answer = {failed: String(error)}; }"
        "var pre = document.createElement('pre'); pre.id = 'probe-answer';"
        "pre.textContent = JSON.stringify(answer); document.body.appendChild(pre); });</script>"
    )
    probe.write_text(text.replace("</body>", added + "</body>"), "utf-8")
    shown = _run(folder, "--virtual-time-budget=10000", "--dump-dom", probe.as_uri())
    found = re.search(r'<pre id="probe-answer">(.*?)</pre>', shown, re.DOTALL)
    assert found is not None, "the page did not run the script"
    return json.loads(html.unescape(found[1]))


def print_page(page: Path, folder: Path) -> Path:
    """The page as Chromium would print it."""
    target = folder / "printed.pdf"
    _run(folder, "--no-pdf-header-footer", f"--print-to-pdf={target}", page.as_uri())
    return target
