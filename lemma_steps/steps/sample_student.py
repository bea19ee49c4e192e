"""Step: solutions of the student, asked for or recorded."""

from __future__ import annotations

import asyncio
from typing import Any

from distilabel.mixins.runtime_parameters import RuntimeParameter
from distilabel.models.llms import LLM
from pydantic import Field, PrivateAttr

from lemma_steps import prompts
from lemma_steps.errors import CallFailedError
from lemma_steps.llms.calls import Caller
from lemma_steps.seeds import seed_for
from lemma_steps.steps.base import Row, RowStep
from lemma_steps.student_samples import StudentSamples
from lemma_steps.trajectory import student_solution


class SampleStudent(RowStep):
    """Several solutions of the student for each problem, under the prompt that training and evaluation use.

    Recorded samples of a problem are used as they are and no call is made for it. Without a student and without
    recorded samples the list is empty, and only injected errors can follow. The paper samples at temperature 0.7
    (section 3.3): higher ones bring nonsense.

    Attributes:
        llm: the student, or `None`.
        samples_file: JSONL of recorded samples (design, "Files that cross parts"), `starter` for the bundled ones, or `None`.

    Runtime parameters:
        - `n_samples`: solutions asked for per problem.
        - `shots`: demonstrations of our own before the question, for base models.
        - `seed`: seed of the run.

    Input columns:
        - problem_id (`str`): which problem.
        - question (`str`): the problem.

    Output columns:
        - samples (`list[dict]`): `{sample, solution, student}` per solution; `solution` begins with one space
          and holds no calculator marks.
        - provenance (`list[dict]`): the calls made.

    Categories:
        - text-generation
    """

    llm: LLM | None = None
    samples_file: str | None = None
    n_samples: RuntimeParameter[int] = Field(default=4, ge=1, description="Solutions asked for per problem.")
    shots: RuntimeParameter[int] = Field(default=0, ge=0, description="Demonstrations before the question.")
    seed: RuntimeParameter[int] = Field(default=0, description="Seed of the run.")

    _caller: Caller | None = PrivateAttr(default=None)
    _recorded: StudentSamples | None = PrivateAttr(default=None)

    @property
    def inputs(self) -> list[str]:
        """Columns read."""
        return ["problem_id", "question"]

    @property
    def outputs(self) -> list[str]:
        """Columns added."""
        return ["samples", "provenance"]

    def load(self) -> None:
        """Load the model and the recorded samples."""
        super().load()
        if self.llm is not None:
            self.llm.load()
            self._caller = Caller(self.llm)
        if self.samples_file is not None:
            self._recorded = StudentSamples.read(self.samples_file)

    def unload(self) -> None:
        """Unload the model."""
        if self.llm is not None:
            self.llm.unload()
        super().unload()

    async def process_row(self, row: Row) -> Row:
        """Recorded samples where there are any, else one call per sample."""
        provenance = list(row.get("provenance") or [])
        if self._recorded is not None and (found := self._recorded.of(row["problem_id"], row["question"])):
            return {**row, "samples": found, "provenance": provenance}
        if self._caller is None:
            return {**row, "samples": [], "provenance": provenance}
        messages = [{"role": "user", "content": prompts.inference_prompt(row["question"], shots=self.shots)}]
        asked = [self._sample(messages, row, number) for number in range(self.n_samples)]
        results = await asyncio.gather(*asked, return_exceptions=True)
        answers = [result for result in results if not isinstance(result, BaseException)]
        for failure in results:
            if isinstance(failure, BaseException) and (not answers or not isinstance(failure, CallFailedError)):
                raise failure  # no sample at all costs the row; a lost one among others costs itself
        return {
            **row,
            "samples": [sample for sample, _ in answers],
            "provenance": provenance + [entry for _, entry in answers],
        }

    async def _sample(self, messages: Any, row: Row, number: int) -> tuple[Row, Row]:
        assert self._caller is not None
        completion = await self._caller.complete(messages, seed_for(self.seed, row["problem_id"], "sample", number))
        sample = {"sample": number, "solution": student_solution(completion.text), "student": completion.model}
        return sample, completion.provenance(self.name or "sample_student", prompts.template_id("inference"))
