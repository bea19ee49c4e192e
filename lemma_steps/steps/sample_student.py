"""Step: solutions of the student, asked for or recorded."""

from __future__ import annotations

from distilabel.mixins.runtime_parameters import RuntimeParameter
from distilabel.models.llms import LLM
from pydantic import Field, PrivateAttr

from lemma_steps import prompts
from lemma_steps.errors import CallFailedError
from lemma_steps.llms.calls import Caller, provenance
from lemma_steps.llms.engine.store import Entry
from lemma_steps.seeds import seed_for
from lemma_steps.steps.base import Row, RowStep
from lemma_steps.student_samples import StudentSamples
from lemma_steps.trajectory import student_solution


class SampleStudent(RowStep):
    """Several solutions of the student for each problem, under the prompt that training and evaluation use.

    Recorded samples of a problem are used as they are and no call is made for it. Without a student and without
    recorded samples the list is empty, and only injected errors can follow. The paper samples at temperature 0.7
    (section 3.3): higher ones bring nonsense. A base model (`api: completions`) continues the bare prompt and would go
    on with problems of its own: unless the model has stop strings already, it gets `prompts.INFERENCE_STOP`.

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
            _stop_at_next_problem(self.llm)
            self._caller = Caller(self.llm)
        if self.samples_file is not None:
            self._recorded = StudentSamples.read(self.samples_file)

    def unload(self) -> None:
        """Unload the model and let go of the recorded samples."""
        super().unload()
        if self.llm is not None:
            self.llm.unload()
        if self._recorded is not None:
            self._recorded.close()
            self._recorded = None

    async def process_row(self, row: Row) -> Row:
        """Recorded samples where there are any, else one call per sample."""
        called = list(row.get("provenance") or [])
        if self._recorded is not None and (found := self._recorded.of(row["problem_id"], row["question"])):
            return {**row, "samples": found, "provenance": called}
        if self._caller is None:
            return {**row, "samples": [], "provenance": called}
        messages = [{"role": "user", "content": prompts.inference_prompt(row["question"], shots=self.shots)}]
        seed = seed_for(self.seed, row["problem_id"], "sample")
        answers = await self._caller.samples(messages, seed, self.n_samples)
        template = prompts.template_id("inference", shots=self.shots)
        paid = [answer if isinstance(answer, Entry) else answer.entry for answer in answers]
        called += [provenance(entry, self.name or "sample_student", template) for entry in paid if entry]
        samples = [
            {"sample": number, "solution": student_solution(answer.text or ""), "student": answer.model}
            for number, answer in enumerate(answers)
            if isinstance(answer, Entry)
        ]
        if not samples:  # no sample at all costs the row; a lost one among others costs itself
            failure = next(answer for answer in answers if isinstance(answer, CallFailedError))
            raise CallFailedError(failure.reason, failure.detail, {"provenance": called})
        return {**row, "samples": samples, "provenance": called}

    async def aclose(self) -> None:
        """Let go of the model's connections; see `RowStep.aclose`."""
        if self._caller is not None:
            await self._caller.aclose()


def _stop_at_next_problem(llm: LLM) -> None:
    kwargs = dict(llm.generation_kwargs or {})
    if getattr(llm, "api", "chat") == "completions" and not kwargs.get("stop"):
        llm.generation_kwargs = kwargs | {"stop": list(prompts.INFERENCE_STOP)}
