"""Facts, scores and roll-ups: what the workbooks add up to."""

from planbook.measures.collect import (
    Collection,
    Receipt,
    choose_returns,
    collect,
    label_files,
    workbook_paths,
)
from planbook.measures.model import RollUp
from planbook.measures.roll_up import roll_up
from planbook.measures.scores import combine_scores

__all__ = [
    "Collection",
    "Receipt",
    "RollUp",
    "choose_returns",
    "collect",
    "combine_scores",
    "label_files",
    "roll_up",
    "workbook_paths",
]
