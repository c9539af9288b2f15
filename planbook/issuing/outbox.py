"""Whether a workbook in the outbox is still as planbook wrote it."""

from __future__ import annotations

import zipfile
from datetime import datetime
from pathlib import Path

from planbook.problems import Problem
from planbook.reader.preflight import open_package

# What xlsxwriter stamps on every part. Others write the time of day or 1980-01-01, and most of
# them the time into the properties as well.
STAMP = (1980, 1, 31, 0, 0, 0)


def is_untouched(path: Path, created: datetime) -> bool:
    """Whether nobody has saved the workbook since planbook wrote it, dated `created`.

    False also for what is no workbook: whoever put it there may want it.
    """
    package = open_package(path)
    if isinstance(package, Problem) or package.modified is None or not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        stamped = all(entry.date_time == STAMP for entry in archive.infolist())
    return stamped and package.modified.replace(tzinfo=None) == created
