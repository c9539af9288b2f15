"""Resolve what stands in a link column to the id of a row: by label, by name, by metric, or nearly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from planbook.plan import PlanRow
from planbook.problems import Code
from planbook.reader.rows import label_id
from planbook.spec import Column, Sheet
from planbook.values import fold_lookalikes, match_key

NEAR = 0.6  # similarity from which a typed name is taken for a row's
AHEAD = 0.1  # by how much the nearest name must lead the next


@dataclass(frozen=True, slots=True)
class Resolved:
    """The id found (``""`` for none), the row's name, and what to say about how it was found."""

    id: str
    name: str = ""
    code: Code | None = None


class LinkTargets:
    """The rows a link column may name, ready for look-up."""

    def __init__(self, column: Column, sheet: Sheet, rows: Sequence[PlanRow]) -> None:
        link = column.link
        assert link is not None, "only link columns have targets"
        self.column = column
        self.rows = {sheet.id.of(row.number): row for row in rows}
        self._names = {ident: str(row.get(link.label) or "") for ident, row in self.rows.items()}
        self._metrics = {
            ident: str(row.get(link.metric) or "") for ident, row in self.rows.items() if link.metric
        }

    def resolve(self, text: str, parents: Mapping[str, object]) -> Resolved:
        """The row `text` means; `parents` are the values chosen beside it, which break ties."""
        ident = label_id(text) or (text.strip() if text.strip() in self.rows else "")
        if ident in self.rows:
            return Resolved(ident, self._names[ident])
        name = text.split("｜", 1)[-1] if label_id(text) else text
        wanted = match_key(name)
        exact = self._within([i for i, n in self._names.items() if match_key(n) == wanted], parents)
        if len(exact) == 1:
            return Resolved(exact[0], self._names[exact[0]])
        alike = self._alike(name, parents)
        if alike:
            return Resolved(alike, self._names[alike], Code.LOOKALIKE)
        metric = self._within([i for i, m in self._metrics.items() if m and match_key(m) == wanted], parents)
        if len(metric) == 1:
            return Resolved(metric[0], self._names[metric[0]], Code.LINK_BY_METRIC)
        near = self._nearest(wanted, parents)
        return (
            Resolved(near, self._names[near], Code.LINK_NEAR) if near else Resolved("", "", Code.LINK_BROKEN)
        )

    def parents_agree(self, ident: str, parents: Mapping[str, object]) -> bool:
        """Whether the row belongs to the parents chosen beside it."""
        row = self.rows[ident]
        return all(
            chosen is None or row.get(key) is None or row.get(key) == chosen
            for key, chosen in parents.items()
        )

    def _within(self, idents: list[str], parents: Mapping[str, object]) -> list[str]:
        agreeing = [ident for ident in idents if self.parents_agree(ident, parents)]
        return agreeing or idents

    def _alike(self, text: str, parents: Mapping[str, object]) -> str:
        """The one row whose name looks the same, in letters of another alphabet."""
        seen = match_key(fold_lookalikes(text))
        same = [i for i, name in self._names.items() if match_key(fold_lookalikes(name)) == seen]
        alike = self._within(same, parents)
        return alike[0] if len(alike) == 1 else ""

    def _nearest(self, wanted: str, parents: Mapping[str, object]) -> str:
        candidates = self._within(list(self._names), parents)
        scores = sorted(
            ((_similarity(wanted, match_key(self._names[ident])), ident) for ident in candidates),
            reverse=True,
        )
        if not scores or scores[0][0] < NEAR:
            return ""
        clear = len(scores) == 1 or scores[0][0] - scores[1][0] >= AHEAD
        return scores[0][1] if clear else ""


def _similarity(first: str, second: str) -> float:
    return fuzz.ratio(first, second) / 100 if first and second else 0.0
