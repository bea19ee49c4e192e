"""Step: the number of the first wrong step, by votes of the teacher."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import ClassVar

from distilabel.mixins.runtime_parameters import RuntimeParameter
from pydantic import Field

from lemma_steps import prompts
from lemma_steps.errors import RejectionError
from lemma_steps.seeds import seed_for
from lemma_steps.segmentation import segment
from lemma_steps.steps.base import Row
from lemma_steps.steps.teacher_task import TeacherTask
from lemma_steps.trajectory import gold_trajectory


class LocateFirstError(TeacherTask):
    """Asks the teacher for the first wrong step, `votes` times, and keeps the share of votes for the winner.

    For an injected error the injector's mark must agree with the votes, or the row is rejected. A teacher that knows the
    step by construction (the offline one, for its own injections) is not asked.

    Attributes:
        with_reference: whether the locator sees the gold solution.

    Runtime parameters:
        - `votes`: how often to ask.
        - `seed`: seed of the run.

    Input columns:
        - question, gold_solution, gold_answer, erroneous_solution (`str`): what the teacher sees.
        - declared_step (`int`): optional; the injector's mark, `None` for student errors.
        - problem_id, origin (`str`), index (`int`): optional; they tell one request from another with the same prompt.

    Output columns:
        - error_step (`int`): the first wrong step, 1-based.
        - n_steps (`int`): steps of the wrong solution.
        - locator_agreement (`float`): share of votes for `error_step`; `None` where nobody voted.
        - label_source (`str`): `construction`, `teacher` or `arithmetic`.
        - teacher (`str`): who was asked.
        - provenance (`list[dict]`): the calls made.

    Categories:
        - critique
    """

    task: ClassVar[str] = "locate_first_error"

    with_reference: bool = True
    votes: RuntimeParameter[int] = Field(default=1, ge=1, description="How often to ask for the step.")

    @property
    def inputs(self) -> list[str]:
        """Columns read."""
        return ["question", "gold_solution", "gold_answer", "erroneous_solution"]

    @property
    def outputs(self) -> list[str]:
        """Columns added."""
        return ["error_step", "n_steps", "locator_agreement", "label_source", "teacher", "provenance"]

    def format_input(self, input: Row) -> list[prompts.Message]:
        """Question, numbered steps and, if so set, the gold solution."""
        reference = gold_trajectory(input["gold_solution"], input["gold_answer"]) if self.with_reference else None
        return prompts.render(
            self.task,
            question=input["question"],
            reference_solution=reference,
            steps=segment(input["erroneous_solution"]),
        )

    def format_output(self, output: str | None, input: Row | None = None) -> Row:
        """One vote: the step's number, or `None` for no error."""
        step = prompts.parse_reply(self.task, output or "").error_step
        n_steps = len(segment((input or {})["erroneous_solution"]))
        if step is not None and not 1 <= step <= n_steps:
            raise RejectionError("step_out_of_range", f"step {step} of {n_steps}")
        return {"vote": step}

    async def process_row(self, row: Row) -> Row:
        """Vote, or take the step known by construction."""
        n_steps = len(segment(row["erroneous_solution"]))
        label = {"n_steps": n_steps, "teacher": self.llm.model_name, "locator_agreement": None}
        rule_based = getattr(self.llm, "labels_by_construction", False)
        declared = row.get("declared_step")
        if declared is not None and rule_based:
            return {**row, **label, "error_step": declared, "label_source": "construction"}
        results = await asyncio.gather(*(self._vote(row, number) for number in range(self.votes)))
        calls = [*(row.get("provenance") or []), *(call for _, called in results for call in called)]
        columns = {**label, "provenance": calls}
        votes = Counter(vote["vote"] for vote, _ in results if isinstance(vote, dict))
        if not votes:
            first = next(vote for vote, _ in results if isinstance(vote, RejectionError))
            raise RejectionError(first.reason, first.detail, columns)
        step, share = _winner(votes, declared)
        if step is None:
            raise RejectionError("no_error_found", f"{votes[None]} of {votes.total()} votes see no error", columns)
        if declared is not None and step != declared:
            raise RejectionError("labels_disagree", f"marked step {declared}, voted step {step}", columns)
        agreement = None if rule_based else share
        source = "arithmetic" if rule_based else "teacher"
        return {**row, **columns, "error_step": step, "locator_agreement": agreement, "label_source": source}

    async def _vote(self, row: Row, number: int) -> tuple[Row | RejectionError, list[Row]]:
        asked = {**row, "provenance": []}
        called: list[Row] = []
        try:
            text, called = await self.ask(self.format_input(row), asked, self._seed(row, number))
            return self.parsed(text, asked, called), called
        except RejectionError as rejection:
            return rejection, rejection.columns.get("provenance", called)

    def _seed(self, row: Row, number: int) -> int:
        return seed_for(self.seed, *self.request_identity(row), "vote", number)


def _winner(votes: Counter[int | None], declared: int | None) -> tuple[int | None, float]:
    """The step with most votes and its share. A tie goes to the injector's mark, else to the earliest step."""
    most = max(votes.values())
    tied = [step for step, count in votes.items() if count == most]
    step = declared if declared in tied else min(tied, key=lambda s: (s is None, s or 0))
    return step, most / votes.total()
