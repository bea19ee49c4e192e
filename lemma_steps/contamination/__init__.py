"""Keeps evaluation questions out of training data: `shipped_index().query(question) -> Match | None`."""

from lemma_steps.contamination.index import ContaminationIndex, Match, shipped_index

__all__ = ["ContaminationIndex", "Match", "shipped_index"]
