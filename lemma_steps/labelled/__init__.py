"""Public sets of solutions whose first wrong step is labelled, read into one form."""

from __future__ import annotations

from lemma_steps.labelled.conventions import Conventions, registry
from lemma_steps.labelled.labelled_set import LabelledSet
from lemma_steps.labelled.solution import LabelledSolution

__all__ = ["Conventions", "LabelledSet", "LabelledSolution", "registry"]
