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
from planbook.measures.tidy import export_frames, problem_frame, tidy_frame
from planbook.measures.totals import measure_totals, total_facts

__all__ = [
    "Collection",
    "Receipt",
    "RollUp",
    "choose_returns",
    "collect",
    "combine_scores",
    "export_frames",
    "label_files",
    "measure_totals",
    "problem_frame",
    "roll_up",
    "tidy_frame",
    "total_facts",
    "workbook_paths",
]
