"""The base of the steps that ask a model: prompt in, one reply out, columns added."""

from __future__ import annotations

from typing import Any, ClassVar

from distilabel.mixins.runtime_parameters import RuntimeParameter
from distilabel.steps.tasks import Task
from pydantic import Field, PrivateAttr

from lemma_steps import prompts
from lemma_steps.errors import CallFailedError, RejectionError
from lemma_steps.llms.calls import Caller, provenance
from lemma_steps.seeds import seed_for
from lemma_steps.steps.base import Row, RowStep


class TeacherTask(RowStep, Task):
    """A row step that asks its `llm` with the prompt of `task` (a file of `templates/`).

    A reply that cannot be used rejects the row with a reason; the call stays in the row's provenance.
    """

    task: ClassVar[str]

    seed: RuntimeParameter[int] = Field(
        default=0, description="Seed of the run; every request derives its own from it."
    )

    _caller: Caller | None = PrivateAttr(default=None)

    def load(self) -> None:
        """Load the model."""
        super().load()
        self._caller = Caller(self.llm)

    def applies(self, row: Row) -> bool:
        """Whether this row is this step's business; the others are passed on."""
        return True

    def format_output(self, output: str | None, input: Row | None = None) -> Row:
        """The step's columns from the reply's text; pure.

        Raises:
            RejectionError: the reply is no use.
        """
        raise NotImplementedError

    async def process_row(self, row: Row) -> Row:
        """Ask once and add the columns."""
        if not self.applies(row):
            return row
        text, called = await self.ask(self.format_input(row), row, seed_for(self.seed, *self.request_identity(row)))
        return {**row, **self.parsed(text, row, called), "provenance": called}

    def request_identity(self, row: Row) -> tuple[Any, ...]:
        """What tells this row's request from another with the same prompt. Strategies share injections and labels."""
        return row.get("problem_id"), row.get("origin"), row.get("index")

    async def ask(self, messages: Any, row: Row, seed: int) -> tuple[str, list[dict[str, Any]]]:
        """The text of one reply, and the row's provenance with this call added."""
        assert self._caller is not None, "load() first"
        before, template = row.get("provenance") or [], prompts.template_id(self.task)
        try:
            answer = await self._caller.complete(messages, seed, self._check)
        except CallFailedError as failure:  # what was paid for stands in the row, whatever came of it
            paid = [provenance(failure.entry, self.name or self.task, template)] if failure.entry else []
            raise CallFailedError(failure.reason, failure.detail, {"provenance": [*before, *paid]}) from None
        return answer.text or "", [*before, provenance(answer, self.name or self.task, template)]

    async def aclose(self) -> None:
        """Let go of the model's connections; see `RowStep.aclose`."""
        if self._caller is not None:
            await self._caller.aclose()

    def _check(self, text: str) -> None:
        """A reply that does not hold what was asked for is no reply; one that declines is."""
        try:
            prompts.parse_reply(self.task, text)
        except prompts.ReplyError as error:
            if error.code != "declined":
                raise CallFailedError(error.code, error.detail) from None

    def parsed(self, text: str, row: Row, called: list[dict[str, Any]]) -> Row:
        """`format_output`, where a rejection keeps the provenance of the call that led to it."""
        try:
            return self.format_output(text, row)
        except RejectionError as rejection:
            rejection.columns.setdefault("provenance", called)
            raise
        except prompts.ReplyError as error:
            raise RejectionError(error.code, error.detail, {"provenance": called}) from None
