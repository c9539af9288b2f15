"""What the departments of a scope typed themselves: the only place where others may be named."""

from __future__ import annotations

from collections.abc import Collection as Codes

from planbook.measures import Collection


def typed_in_scope(collection: Collection, scope: str, inside: Codes[str]) -> str:
    """Every text in the rows of the departments `inside`, and the names of the files they came in.

    A row without a department belongs to `scope`.
    """
    return " ".join(
        f"{reviewed.submission.file} {value}"
        for reviewed in collection.accepted
        for sheet, rows in reviewed.submission.plan.tables.items()
        for row in rows
        if str(reviewed.value(sheet, row, "department") or scope) in inside
        for value in row.values.values()
        if isinstance(value, str)
    )
