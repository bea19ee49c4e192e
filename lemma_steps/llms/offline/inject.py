"""Makes one error of a requested type in a gold solution and checks that it is exactly that."""

from __future__ import annotations

import random
from dataclasses import dataclass

from lemma_steps.llms.offline.carry import CarryError
from lemma_steps.llms.offline.changes import Draft, realise
from lemma_steps.llms.offline.decline import DeclineError
from lemma_steps.llms.offline.diagnose import Diagnosis, diagnose
from lemma_steps.llms.offline.makers import MAKERS
from lemma_steps.llms.offline.numerals import raw
from lemma_steps.llms.offline.worked import Worked, plain
from lemma_steps.segmentation import segment

MAX_CHAINS = 50
"""Solutions with more computations are declined, so that time stays bounded; people write fewer."""
MAX_DRAFTS = 60
"""Proposals tried before a type counts as not available."""


@dataclass(frozen=True, slots=True)
class Injected:
    """A wrong solution: its steps, the 0-based number of the wrong one, and what is wrong with it."""

    steps: tuple[str, ...]
    error: int
    diagnosis: Diagnosis

    @property
    def marked(self) -> str:
        """The solution with the wrong step between `<wrong>` and `</wrong>`."""
        step = self.steps[self.error]
        lead, tail = step[: len(step) - len(step.lstrip())], step[len(step.rstrip()) :]
        marked = f"{lead}<wrong>{step.strip()}</wrong>{tail}"
        return "".join([*self.steps[: self.error], marked, *self.steps[self.error + 1 :]])


def inject(question: str, reference: str, code: str, seed: int) -> Injected:
    """A wrong version of `reference` (a `gold_trajectory`) with one error of type `code`; the seed chooses which.

    Raises:
        DeclineError: the problem cannot be treated, or offers no place for an error of this type.
    """
    worked = Worked.read(question, reference)
    if code not in MAKERS:
        raise DeclineError("type_not_available", f"no rule makes an error of type {code}")
    if not worked.computed:
        raise DeclineError("no_computed_quantity", "no equation of the solution can be recomputed")
    if len(worked.computed) > MAX_CHAINS:
        raise DeclineError("too_many_computations", f"the solution has {len(worked.computed)}")
    if worked.broken:
        false = worked.text[worked.broken[0].begin : worked.broken[0].end]
        raise DeclineError("solution_not_right", f"{false!r} is false")
    for tries, proposal in enumerate(MAKERS[code](worked, random.Random(seed))):
        if tries == MAX_DRAFTS:
            break
        try:
            draft = proposal if isinstance(proposal, Draft) else realise(worked, proposal)
        except CarryError:
            continue
        if injected := _confirmed(worked, draft, code):
            return injected
    raise DeclineError("type_not_available", f"no place for an error of type {code}")


def available_types(question: str, reference: str) -> list[str]:
    """The types of which `inject` makes an error in this solution (with seed 0; a rare site may need another)."""
    found = []
    for code in MAKERS:
        try:
            inject(question, reference, code, seed=0)
        except DeclineError:
            continue
        found.append(code)
    return found


def _confirmed(worked: Worked, draft: Draft, code: str) -> Injected | None:
    """The draft, if it has exactly one error, at its step and of its type, and another answer."""
    text = "".join(draft.steps)
    if tuple(segment(text)) != draft.steps or _paired(text) != _paired(worked.text):
        return None
    diagnosis = diagnose(worked, draft.steps[: draft.error + 1])
    if diagnosis is None or diagnosis.code != code or plain(draft.steps[draft.error]) in plain(worked.text):
        return None
    if diagnosis.wrong and any(c.same_as(diagnosis.wrong) for c in worked.computed):
        return None
    wrong = worked.attempt(draft.steps)
    if [c.step for c in wrong.false] != [draft.error] * (code == "CA") or not all(
        map(wrong.in_false_chain, wrong.broken)
    ):
        return None
    if len(wrong.computed) + len(wrong.false) + (code == "MS") != len(worked.computed) and code != "QM":
        return None
    old, new = worked.answer_number, wrong.answer_number
    return Injected(draft.steps, draft.error, diagnosis) if old and new and raw(old) != raw(new) else None


def _paired(text: str) -> tuple[int, int, bool]:
    """How far braces, brackets and, in LaTeX, dollar signs are from being in pairs."""
    odd = text.count("$") % 2 == 1 and "\\" in text
    return text.count("{") - text.count("}"), text.count("(") - text.count(")"), odd
