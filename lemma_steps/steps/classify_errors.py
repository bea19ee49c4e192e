"""Step: the error type of each wrong student solution."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any, ClassVar

from lemma_steps import prompts
from lemma_steps.answers import Verdict
from lemma_steps.errors import RejectionError
from lemma_steps.output.error_tally import explained
from lemma_steps.seeds import seed_for
from lemma_steps.segmentation import segment
from lemma_steps.steps.base import Row
from lemma_steps.steps.teacher_task import TeacherTask
from lemma_steps.trajectory import gold_trajectory


class ClassifyErrors(TeacherTask):
    """Asks the teacher which of the 12 error types each wrong solution shows (paper, section 3.2).

    A solution that the teacher finds right although its answer differs, or that it cannot classify, gets no type and the
    reason instead; it is never taken for a right one.

    Input columns:
        - question (`str`): the problem.
        - gold_solution, gold_answer (`str`): the reference that the teacher sees.
        - samples (`list[dict]`), sample_verdicts (`list[str]`): the student's solutions and their verdicts.

    Output columns:
        - sample_types (`list[dict]`): `{code, reason, detail}` per solution; `code` is `None` where there is no type, for the
          `reason`; `detail` is what the teacher says of it.
        - wrong_samples (`list[dict]`): `{error_type, reason, samples}`: how many of the wrong have each type, or why none.
        - provenance (`list[dict]`): the calls made.

    Categories:
        - critique
    """

    task: ClassVar[str] = "classify_error"

    @property
    def inputs(self) -> list[str]:
        """Columns read."""
        return ["question", "gold_solution", "gold_answer", "samples", "sample_verdicts"]

    @property
    def outputs(self) -> list[str]:
        """Columns added."""
        return ["sample_types", "wrong_samples", "provenance"]

    def format_input(self, input: Row) -> list[prompts.Message]:
        """The prompt for one solution, given in the column `solution`."""
        return prompts.render(
            self.task,
            question=input["question"],
            reference_solution=gold_trajectory(input["gold_solution"], input["gold_answer"]),
            steps=segment(input["solution"]),
        )

    def format_output(self, output: str | None, input: Row | None = None) -> Row:
        """The code, or the reason why there is none, and the teacher's words."""
        reply = prompts.parse_reply(self.task, output or "")
        return {
            "code": reply.error_type,
            "reason": None if reply.error_type else "no_error_found",
            "detail": reply.reason,
        }

    async def process_row(self, row: Row) -> Row:
        """One call per wrong solution."""
        wrong = [verdict == Verdict.WRONG for verdict in row["sample_verdicts"]]
        labels = await asyncio.gather(
            *(self._classify(row, sample) for sample, is_wrong in zip(row["samples"], wrong, strict=True) if is_wrong)
        )
        found = iter(labels)
        counts = Counter(
            (label["code"], None if label["code"] else explained(label["reason"], label["detail"]))
            for label, _ in labels
        )
        tally = [{"error_type": code, "reason": reason, "samples": n} for (code, reason), n in counts.items()]
        types = [next(found)[0] if is_wrong else _untyped("not_wrong") for is_wrong in wrong]
        calls = [call for _, called in labels for call in called]
        provenance = [*(row.get("provenance") or []), *calls]
        return {**row, "sample_types": types, "wrong_samples": tally or None, "provenance": provenance}

    async def _classify(self, row: Row, sample: Row) -> tuple[Row, list[dict[str, Any]]]:
        asked = {**row, "solution": sample["solution"], "provenance": []}
        seed = seed_for(self.seed, row["problem_id"], "student", sample["sample"])
        try:
            text, called = await self.ask(self.format_input(asked), asked, seed)
            return self.parsed(text, asked, called), called
        except RejectionError as rejection:
            return _untyped(rejection.reason, rejection.detail), rejection.columns.get("provenance", [])


def _untyped(reason: str, detail: str | None = None) -> Row:
    return {"code": None, "reason": reason, "detail": detail}
