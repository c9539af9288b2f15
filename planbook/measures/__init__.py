"""Facts, scores and roll-ups: what the workbooks add up to."""

from planbook.measures.collect import Collection, Receipt, collect, workbook_paths
from planbook.measures.model import RollUp
from planbook.measures.roll_up import roll_up
from planbook.measures.scores import combine_scores

__all__ = ["Collection", "Receipt", "RollUp", "collect", "combine_scores", "roll_up", "workbook_paths"]
