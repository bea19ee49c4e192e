"""Step: which of the student's solutions reach the gold answer."""

from __future__ import annotations

import asyncio

from lemma_steps.answers import Verdict
from lemma_steps.steps.answer_step import AnswerStep
from lemma_steps.steps.base import Row


class ScoreSamples(AnswerStep):
    """The verdict on every student solution.

    Only `wrong` ones become errors to learn from; `unparsed` and `timed_out` are neither right nor wrong.

    Input columns:
        - samples (`list[dict]`): the student's solutions.
        - gold_answer (`str`): the answer to reach.

    Output columns:
        - sample_verdicts (`list[str]`): `right`, `wrong`, `unparsed` or `timed_out` per solution.
        - right_samples (`int`): how many are right.
        - failure_rate (`float`): share of wrong ones among right and wrong, `None` without either.

    Categories:
        - scorer
    """

    @property
    def inputs(self) -> list[str]:
        """Columns read."""
        return ["samples", "gold_answer"]

    @property
    def outputs(self) -> list[str]:
        """Columns added."""
        return ["sample_verdicts", "right_samples", "failure_rate"]

    async def process_row(self, row: Row) -> Row:
        """Check all solutions of the problem at once."""
        checks = [self.check(row["gold_answer"], sample["solution"]) for sample in row["samples"]]
        verdicts = await asyncio.gather(*checks)
        right, wrong = verdicts.count(Verdict.RIGHT), verdicts.count(Verdict.WRONG)
        return {
            **row,
            "sample_verdicts": [str(verdict) for verdict in verdicts],
            "right_samples": right,
            "failure_rate": wrong / (right + wrong) if right + wrong else None,
        }
