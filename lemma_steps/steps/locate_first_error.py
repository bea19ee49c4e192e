"""Step: the number of the first wrong step, by votes of the teacher."""

from __future__ import annotations

import asyncio
from collections import Counter
from math import inf
from typing import ClassVar, Literal

from distilabel.mixins.runtime_parameters import RuntimeParameter
from pydantic import Field

from lemma_steps import prompts
from lemma_steps.arithmetic import first_false_step
from lemma_steps.errors import RejectionError
from lemma_steps.seeds import seed_for
from lemma_steps.segmentation import segment
from lemma_steps.steps.base import Row
from lemma_steps.steps.teacher_task import TeacherTask
from lemma_steps.trajectory import gold_trajectory

Votes = list[tuple[Row | RejectionError, list[Row]]]
"""Of each vote its step, or why there is none, and the calls made."""


class LocateFirstError(TeacherTask):
    """Asks the teacher for the first wrong step, `votes` times, and keeps the share of votes for the winner.

    For an injected error the injector's mark must agree with the votes, or the row is rejected. A teacher that knows the
    step by construction (the offline one, for its own injections) is not asked.

    The arithmetic check of every step costs nothing and may have a say, see `checker`. A false equation before the
    injector's mark then means that the labels disagree, and nobody is asked. Where the teacher declines to judge, the
    check decides alone, if it finds something; a call that failed is no judgement and is made again by the next run.

    Attributes:
        with_reference: whether the locator sees the gold solution.

    Runtime parameters:
        - `votes`: how often to ask.
        - `checker`: `off`; `vote`: the first step with a false equation is one more vote; `earliest`: it wins where it
            comes before the voted step or the votes see no error.
        - `seed`: seed of the run.

    Input columns:
        - question, gold_solution, gold_answer, erroneous_solution (`str`): what the teacher sees.
        - steps (`list[str]`): optional; the steps of `erroneous_solution` where a labelled set gives its own.
        - declared_step (`int`): optional; the injector's mark, `None` for student errors.
        - problem_id, origin (`str`), index (`int`): optional; they tell one request from another with the same prompt.

    Output columns:
        - error_step (`int`): the first wrong step, 1-based.
        - n_steps (`int`): steps of the wrong solution.
        - locator_agreement (`float`): share of the votes asked for that name `error_step`, or no error in a row that is
            rejected for that; a reply that cannot be read names nothing. `None` where nobody voted.
        - label_source (`str`): `construction`, `teacher`, or `arithmetic` where the votes alone would have said otherwise.
        - teacher (`str`): who was asked.
        - provenance (`list[dict]`): the calls made.

    Categories:
        - critique
    """

    task: ClassVar[str] = "locate_first_error"

    with_reference: bool = True
    votes: RuntimeParameter[int] = Field(default=1, ge=1, description="How often to ask for the step.")
    checker: RuntimeParameter[Literal["off", "vote", "earliest"]] = Field(
        default="off", description="What the arithmetic check of every step may say."
    )

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
            steps=_steps(input),
        )

    def format_output(self, output: str | None, input: Row | None = None) -> Row:
        """One vote: the step's number, or `None` for no error."""
        step = prompts.parse_reply(self.task, output or "").error_step
        n_steps = len(_steps(input or {}))
        if step is not None and not 1 <= step <= n_steps:
            raise RejectionError("step_out_of_range", f"step {step} of {n_steps}")
        return {"vote": step}

    async def process_row(self, row: Row) -> Row:
        """Vote, or take the step known by construction."""
        declared = row.get("declared_step")
        if declared is not None and getattr(self.llm, "labels_by_construction", False):
            return {**row, **self._unvoted(row), "error_step": declared, "label_source": "construction"}
        false = None if self.checker == "off" else first_false_step(_steps(row))
        if declared is not None and false is not None and false < declared:
            detail = f"marked step {declared}, false equation in step {false}"
            raise RejectionError("labels_disagree", detail, self._unvoted(row))
        return self.labelled(row, await self.asked(row), false, self.checker)

    async def asked(self, row: Row) -> Votes:
        """All votes on a row, each with the calls that it took."""
        return await asyncio.gather(*(self._vote(row, number) for number in range(self.votes)))

    def labelled(self, row: Row, results: Votes, false: int | None, checker: str) -> Row:
        """The row with the label that the votes and the check's say come to.

        Args:
            row: with `declared_step`, if an injector marked one.
            results: of `asked`.
            false: the first step with a false equation.
            checker: what it may say.

        Raises:
            RejectionError: there is no vote, no error, or not the declared one.
        """
        declared, rule_based = row.get("declared_step"), getattr(self.llm, "labels_by_construction", False)
        calls = [*(row.get("provenance") or []), *(call for _, called in results for call in called)]
        columns = {**self._unvoted(row), "provenance": calls}
        votes = Counter(vote["vote"] for vote, _ in results if isinstance(vote, dict))
        failures = [vote for vote, _ in results if isinstance(vote, RejectionError)]
        if not votes and (false is None or {failure.reason for failure in failures} != {"declined"}):
            raise RejectionError(failures[0].reason, failures[0].detail, columns)
        step, by_check = decided(votes, declared, false, checker)
        columns["locator_agreement"] = votes[step] / len(results) if votes and not rule_based else None
        if step is None:
            raise RejectionError("no_error_found", f"{votes[None]} of {len(results)} votes see no error", columns)
        if declared is not None and step != declared:
            raise RejectionError("labels_disagree", f"marked step {declared}, voted step {step}", columns)
        source = "arithmetic" if rule_based or by_check else "teacher"
        return {**row, **columns, "error_step": step, "label_source": source}

    def _unvoted(self, row: Row) -> Row:
        return {"n_steps": len(_steps(row)), "teacher": self.llm.model_name, "locator_agreement": None}

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


def _steps(row: Row) -> list[str]:
    return row.get("steps") or segment(row["erroneous_solution"])


def decided(
    votes: Counter[int | None], declared: int | None, false: int | None, checker: str
) -> tuple[int | None, bool]:
    """The first wrong step, and whether the teacher alone would have said another."""
    step = voted = _winner(votes, declared)
    if checker == "vote" and false is not None:
        step = _winner(votes + Counter({false: 1}), declared)
    elif checker == "earliest" and false is not None:
        step = false if voted is None else min(voted, false)
    return step, step != voted


def _winner(votes: Counter[int | None], declared: int | None) -> int | None:
    """The step with most votes. A tie goes to the injector's mark, else to the earliest step, last to no error."""
    tied = [step for step, count in votes.items() if count == max(votes.values())]
    return declared if declared and declared in tied else min(tied, key=lambda step: step or inf, default=None)
