"""The errors that the offline teacher can make, by type: each maker proposes changes in an order drawn by `rng`.

A maker knows what a change of its type is (`recomputable` in the taxonomy); whether the change can be carried to the
end is decided elsewhere.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from lemma_steps.llms.offline.changes import Change, Draft
from lemma_steps.llms.offline.makers.formulas import concept_confused, formula_confused
from lemma_steps.llms.offline.makers.operators import operator_changed
from lemma_steps.llms.offline.makers.results import result_miscalculated
from lemma_steps.llms.offline.makers.steps import question_misread, step_left_out
from lemma_steps.llms.offline.makers.terms import count_off, term_invented
from lemma_steps.llms.offline.makers.values import factor_mistaken, result_misused, value_misread
from lemma_steps.llms.offline.worked import Worked

Maker = Callable[[Worked, random.Random], Iterator[Change | Draft]]

MAKERS: dict[str, Maker] = {
    "CA": result_miscalculated,
    "CO": count_off,
    "CV": value_misread,
    "HA": term_invented,
    "UC": factor_mistaken,
    "OP": operator_changed,
    "FC": formula_confused,
    "MS": step_left_out,
    "CS": result_misused,
    "QM": question_misread,
    "CC": concept_confused,
}
