"""Drive one running LibreOffice through a list of jobs, as a person at the keyboard would.

Run by the Python that has the `uno` module (normally /usr/bin/python3), never imported by
the tests. One JSON document comes in on stdin::

    {"pipe": name, "seconds": 60,
     "jobs": [{"input": path, "output": path or absent, "actions": [{"do": "set", ...}, ...]}]}

and one goes out on stdout: a list with one report per job::

    {"input": ..., "output": ..., "errors": [...], "refused": [...], "results": [one per action]}

`errors` is what could not be carried out (no such file, sheet or action); `refused` is what a
person would have been refused as well (a locked cell on a protected sheet). A failed action
does not stop the ones after it, and a failed job not the next one.

Data validations are not enforced: a `set` ends like a paste, which skips them in every client.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import uno  # type: ignore[import-not-found]

FILTERS = {
    ".xlsx": "Calc MS Excel 2007 XML",
    ".xls": "MS Excel 97",
    ".ods": "calc8",
    ".pdf": "calc_pdf_Export",
    ".csv": "Text - txt - csv (StarCalc)",
    ".html": "HTML (StarCalc)",  # each cell as it is drawn
}
# com.sun.star.sheet.CellFlags: VALUE 1, DATETIME 2, STRING 4, FORMULA 16. Formats, notes stay.
TYPED_CONTENT = 1 | 2 | 4 | 16
# com.sun.star.sheet.AddressConvention.XL_OOX, formulas as an .xlsx stores them. XL_A1 (1) takes the
# argument separator from the user's settings, and the settings here are nobody's.
EXCEL_FILE = 3
TEXT_FORMAT = 256  # com.sun.star.util.NumberFormat.TEXT


class RefusedError(Exception):
    """The application would have told a person that this is not allowed."""


def struct(name: str, **fields: Any) -> Any:
    """A UNO structure `com.sun.star.<name>` with the fields given."""
    value = uno.createUnoStruct("com.sun.star." + name)
    for field, content in fields.items():
        setattr(value, field, content)
    return value


def properties(**fields: Any) -> tuple[Any, ...]:
    return tuple(struct("beans.PropertyValue", Name=name, Value=value) for name, value in fields.items())


def enum_name(value: Any) -> str:
    return str(value.value)


class Book:
    """One open spreadsheet with the actions a person can do in it."""

    def __init__(self, document: Any) -> None:
        self.document = document

    def sheet(self, action: dict[str, Any]) -> Any:
        name = action["sheet"]
        sheets = self.document.Sheets
        if not sheets.hasByName(name):
            raise LookupError(f"there is no sheet {name!r}; the sheets are {list(sheets.ElementNames)}")
        return sheets.getByName(name)

    def cell(self, action: dict[str, Any]) -> Any:
        return self.sheet(action).getCellRangeByName(action["cell"])

    def writable(self, action: dict[str, Any], where: str) -> Any:
        """The range, provided that a person may type into it; else `RefusedError`."""
        sheet = self.sheet(action)
        cells = sheet.getCellRangeByName(where)
        # For a range with locked and unlocked cells the value is only that of the first one.
        mixed = enum_name(cells.getPropertyState("CellProtection")) == "AMBIGUOUS_VALUE"
        if sheet.isProtected() and (mixed or cells.CellProtection.IsLocked):
            raise RefusedError(f"{action['sheet']}!{where} is locked and the sheet is protected")
        return cells

    def do_recalculate(self, action: dict[str, Any]) -> None:
        # ScModelObj::calculateAll is DoHardRecalc; calculate() only touches dirty cells, and the
        # dispatcher's .uno:CalculateHard does nothing in a document loaded hidden.
        self.document.calculateAll()

    def do_set(self, action: dict[str, Any]) -> None:
        value = action["text"] if "text" in action else action["value"]
        cell = self.writable(action, action["cell"])
        key = cell.NumberFormat
        if isinstance(value, bool):
            cell.FormulaLocal = "TRUE" if value else "FALSE"
        elif isinstance(value, (int, float)):
            cell.setValue(value)
        elif self.document.NumberFormats.getByKey(key).Type & TEXT_FORMAT:
            cell.setString(value)
        elif value.startswith("="):
            self.set_formula(cell, value)
        else:
            cell.FormulaLocal = value
        # What is typed changes the format of an unformatted cell only: a date into "General"
        # shows as a date, one typed over 0.00 keeps 0.00.
        if cell.NumberFormat != key and not self.is_general(key):
            cell.NumberFormat = key

    do_type = do_set

    def set_formula(self, cell: Any, text: str) -> None:
        """Enter a formula in Excel's own notation (`Sheet!A1`), which Calc A1 is not."""
        parser = self.document.createInstance("com.sun.star.sheet.FormulaParser")
        parser.CompileEnglish = True
        parser.FormulaConvention = EXCEL_FILE
        cell.setTokens(parser.parseFormula(text[1:], cell.CellAddress))

    def is_general(self, key: int) -> bool:
        formats = self.document.NumberFormats
        return bool(formats.getStandardIndex(formats.getByKey(key).Locale) == key)

    def do_set_text(self, action: dict[str, Any]) -> None:
        self.writable(action, action["cell"]).setString(action["text"])

    def do_clear(self, action: dict[str, Any]) -> None:
        where = action.get("range") or action["cell"]
        self.writable(action, where).clearContents(TYPED_CONTENT)

    def do_insert_sheet(self, action: dict[str, Any]) -> None:
        """A sheet of the planner's own, behind the others."""
        self.document.Sheets.insertNewByName(action["title"], self.document.Sheets.Count)

    def do_rename_sheet(self, action: dict[str, Any]) -> None:
        self.sheet(action).setName(action["to"])

    def do_reorder_sheet(self, action: dict[str, Any]) -> None:
        self.sheet(action)
        names = list(self.document.Sheets.ElementNames)
        position = action["position"]
        # moveByName counts the place in front of a sheet of the old order.
        before = position + 1 if position > names.index(action["sheet"]) else position
        self.document.Sheets.moveByName(action["sheet"], before)

    def do_unprotect(self, action: dict[str, Any]) -> None:
        sheet = self.sheet(action)
        sheet.unprotect(action.get("password", ""))
        if sheet.isProtected():
            raise RefusedError(f"{action['sheet']} is protected with another password")

    def do_protect(self, action: dict[str, Any]) -> None:
        self.sheet(action).protect(action.get("password", ""))

    def do_insert_own_column(self, action: dict[str, Any]) -> None:
        sheet, at = self.sheet(action), self.column(action, "at")
        self.unlocked(action, lambda: sheet.Columns.insertByIndex(at, 1))
        heading = sheet.getCellByPosition(at, action.get("row", 1) - 1)
        self.unlocked(action, lambda: heading.setString(action["title"]))

    def do_move_column(self, action: dict[str, Any]) -> None:
        """Cut a column and insert it elsewhere; it stands at `to` afterwards."""
        source, target = self.column(action, "from"), self.column(action, "to")
        if source != target:
            self.unlocked(action, lambda: self.move_column(self.sheet(action), source, target))

    def move_column(self, sheet: Any, source: int, target: int) -> None:
        place = target + 1 if target > source else target
        sheet.Columns.insertByIndex(place, 1)
        if place <= source:
            source += 1
        old, new = sheet.Columns.getByIndex(source), sheet.Columns.getByIndex(place)
        width, visible = old.Width, old.IsVisible
        sheet.moveRange(new.getCellByPosition(0, 0).CellAddress, old.RangeAddress)
        new.Width = width
        new.IsVisible = visible
        sheet.Columns.removeByIndex(source, 1)

    def column(self, action: dict[str, Any], key: str) -> int:
        address = self.sheet(action).getCellRangeByName(action[key] + "1").CellAddress
        return int(address.Column)

    def unlocked(self, action: dict[str, Any], change: Any) -> None:
        """Do `change` with the protection off, as a person without a password can."""
        sheet = self.sheet(action)
        protected = sheet.isProtected()
        if protected:
            self.do_unprotect(action)
        try:
            change()
        finally:
            if protected:
                self.do_protect(action)

    def do_read(self, action: dict[str, Any]) -> dict[str, Any]:
        sheet = self.sheet(action)
        return {name: self.content(sheet.getCellRangeByName(name)) for name in action["cells"]}

    def content(self, cell: Any) -> dict[str, Any]:
        kind = enum_name(cell.Type)
        formula = str(cell.Formula) if kind == "FORMULA" else None
        value: float | str | None
        if cell.getError():
            kind, value = "ERROR", str(cell.String)
        elif kind == "FORMULA":
            value = cell.Value if cell.FormulaResultType2 == 1 else str(cell.String)
        else:
            value = {"EMPTY": None, "VALUE": cell.Value}.get(kind, str(cell.String))
        style = self.document.NumberFormats.getByKey(cell.NumberFormat).FormatString
        return {
            "kind": kind.lower(),
            "value": value,
            "shown": str(cell.String),
            "formula": formula,
            "format": str(style),
        }

    def do_validation(self, action: dict[str, Any]) -> dict[str, Any]:
        rule = self.cell(action).Validation
        return {
            "type": enum_name(rule.Type),
            "operator": enum_name(rule.getOperator()),
            "formula1": rule.getFormula1(),
            "formula2": rule.getFormula2(),
            "error_style": enum_name(rule.ErrorAlertStyle),
            "error_shown": rule.ShowErrorMessage,
            "error_title": rule.ErrorTitle,
            "error": rule.ErrorMessage,
            "prompt": rule.InputMessage,
        }

    def do_wipe_validation(self, action: dict[str, Any]) -> None:
        """What a paste does besides: the validation of the cells pasted upon is gone."""
        cells = self.writable(action, action["cell"])
        rule = cells.Validation
        rule.Type = uno.Enum("com.sun.star.sheet.ValidationType", "ANY")
        cells.Validation = rule

    def do_store(self, action: dict[str, Any]) -> None:
        """A copy of the workbook as it stands now; the suffix of `to` says as what, `password` locks it."""
        store(self.document, action["to"], action.get("password", ""))

    def do_sheets(self, action: dict[str, Any]) -> list[dict[str, Any]]:
        sheets = self.document.Sheets
        every = [sheets.getByIndex(index) for index in range(sheets.Count)]
        return [{"name": s.Name, "visible": s.IsVisible, "protected": s.isProtected()} for s in every]

    def do_save(self, action: dict[str, Any]) -> None:
        """Nothing: a job with an output is stored at its end."""


def connect(pipe: str, seconds: float) -> Any:
    """The desktop of the LibreOffice that listens on `pipe`; it may still be starting."""
    context = uno.getComponentContext()
    resolver = context.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", context)
    deadline = time.monotonic() + seconds
    while True:
        try:
            remote = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
            return remote.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", remote)
        except Exception:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def open_book(desktop: Any, path: str) -> Any:
    url = uno.systemPathToFileUrl(str(Path(path).resolve()))
    # MacroExecutionMode 0 is "never", UpdateDocMode 0 "no update of links".
    document = desktop.loadComponentFromURL(
        url, "_blank", 0, properties(Hidden=True, MacroExecutionMode=0, UpdateDocMode=0)
    )
    if document is None:
        raise OSError(f"LibreOffice could not open {path}")
    if not document.supportsService("com.sun.star.sheet.SpreadsheetDocument"):
        document.close(True)
        raise OSError(f"LibreOffice did not open {path} as a spreadsheet")
    return document


def lock(suffix: str, password: str) -> dict[str, Any]:
    """What tells a filter to encrypt; those of Microsoft's formats want the key, as the dialogue makes it."""
    if suffix == ".ods":
        return {"Password": password}
    named: dict[str, Any] = {"OOXPassword": password, "CryptoType": "Standard"}
    if suffix == ".xls":  # MS-OFFCRYPTO 2.3.6.2: RC4 with a key of forty bits
        unique = bytes(range(16))
        word = hashlib.md5(password.encode("utf-16-le")).digest()
        key = hashlib.md5((word[:5] + unique) * 16).digest()
        named = {"STD97EncryptionKey": uno.ByteSequence(key), "STD97UniqueID": uno.ByteSequence(unique)}
    values = tuple(struct("beans.NamedValue", Name=name, Value=value) for name, value in named.items())
    return {"EncryptionData": uno.Any("[]com.sun.star.beans.NamedValue", values)}


def store(document: Any, output: str, password: str = "") -> None:
    """Store beside the output first, so that a job may write over its own input."""
    target = Path(output).resolve()
    part = target.with_name(target.name + ".part")
    url = uno.systemPathToFileUrl(str(part))
    locked = lock(target.suffix.lower(), password) if password else {}
    how = properties(FilterName=FILTERS[target.suffix.lower()], Overwrite=True, **locked)
    document.storeToURL(url, how)
    part.replace(target)


def reason(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    text = lines[0] if lines else traceback.format_exception_only(type(error), error)[-1].strip()
    return f"{type(error).__name__}: {text}"


def act(book: Book, action: dict[str, Any], report: dict[str, Any]) -> Any:
    """One action; its result, or None with the reason put into the report."""
    name = action.get("do", "")
    label = json.dumps(action, ensure_ascii=False)
    method = getattr(book, "do_" + name, None)
    try:
        if method is None or not re.fullmatch(r"[a-z_]+", name):
            raise LookupError(f"there is no action {name!r}")
        return method(action)
    except RefusedError as refusal:
        report["refused"].append(f"{label}: {refusal}")
    except Exception as error:
        report["errors"].append(f"{label}: {reason(error)}")
    return None


def run(desktop: Any, job: dict[str, Any]) -> dict[str, Any]:
    report: dict[str, Any] = {
        "input": job.get("input"),
        "output": job.get("output"),
        "errors": [],
        "refused": [],
        "results": [],
    }
    document = None
    try:
        document = open_book(desktop, job["input"])
        book = Book(document)
        report["results"] = [act(book, action, report) for action in job.get("actions", [])]
        if job.get("output"):
            store(document, job["output"])
    except Exception as error:
        report["errors"].append(f"{job.get('input')}: {reason(error)}")
    finally:
        if document is not None:
            try:
                document.close(True)
            except Exception as error:
                report["errors"].append(f"closing {job.get('input')}: {reason(error)}")
    return report


def main() -> None:
    order = json.loads(sys.stdin.buffer.read().decode("utf-8"))
    desktop = connect(order["pipe"], order.get("seconds", 60))
    reports = [run(desktop, job) for job in order["jobs"]]
    sys.stdout.buffer.write(json.dumps(reports, ensure_ascii=False).encode("utf-8"))
    sys.stdout.buffer.flush()
    with contextlib.suppress(Exception):  # the connection goes down with the office
        desktop.terminate()
    # An ordinary end takes the bridge apart while its own thread still writes to it, and now and
    # then that thread dies of a segmentation fault (LibreOffice 7.4, binaryurp's Writer).
    os._exit(0)


if __name__ == "__main__":
    main()
