"""Step: kept rows to Argilla, for people to review.

`from __future__ import annotations` is absent on purpose: distilabel looks for `StepInput` in the evaluated annotation
of `process`, and for `RuntimeParameter` in those of the attributes.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from distilabel.mixins.runtime_parameters import RuntimeParameter
from distilabel.pipeline.step_wrapper import _StepWrapperException
from distilabel.steps import GlobalStep, StepInput
from pydantic import Field, PrivateAttr, SecretStr

from lemma_steps.options import ARGILLA_HOME
from lemma_steps.output.record import normalise
from lemma_steps.review.choice import Choice

if TYPE_CHECKING:
    from distilabel.typing import StepOutput

    from lemma_steps.review.push import Push


class PushToArgilla(GlobalStep):
    """Sends kept rows to Argilla, one record each, and passes all rows on as they are.

    A row that is there stays as it is, with its answers: a pipeline that runs again sends what is new. A push that
    fails raises, and the pipeline fails with it.

    Attributes:
        dataset: name of the Argilla dataset; made if missing.
        workspace: its workspace; made if missing.
        api_url: the server; default ARGILLA_API_URL, else the server whose folder is `home`.
        api_key: its key; default ARGILLA_API_KEY. It is never written to a file.
        home: folder of a server that `recipes/review.py serve` started.
        choice: which rows: `all`, a `random` sample, or the most `uncertain`.
        size: how many, of a random sample or the most uncertain.
        seed: another seed, another random sample.
        reviewers: answers that complete a record; default the dataset's own, 1 of a new one.

    Runtime parameters:
        - `api_url`: the server.
        - `api_key`: its key.

    Input columns:
        - id (`str`) and the other columns of the record (`lemma_steps.output.record`).

    Categories:
        - save
    """

    dataset: str
    workspace: str = "lemma"
    api_url: RuntimeParameter[str | None] = Field(default=None, description="The address of the Argilla server.")
    api_key: RuntimeParameter[SecretStr | None] = Field(default=None, description="The key for the Argilla server.")
    home: str = str(ARGILLA_HOME)
    choice: Literal["all", "random", "uncertain"] = "all"
    size: int | None = None
    seed: int = 0
    reviewers: int | None = None

    _push: "Push | None" = PrivateAttr(default=None)

    def model_post_init(self, context: Any) -> None:
        """Make the pipeline raise what this step raises: by itself it stops, and returns what it has as a success."""
        super().model_post_init(context)
        if self.pipeline is None:
            return
        pipeline, stopping = self.pipeline, self.pipeline._error_callback

        def tell(error: BaseException) -> None:
            if isinstance(error, _StepWrapperException) and error.step.name == self.name:
                pipeline._exception = error.subprocess_exception
            stopping(error)

        pipeline._error_callback = tell

    @property
    def inputs(self) -> list[str]:
        """Columns read."""
        return ["id", "question", "erroneous_prefix", "reflection", "correction", "error_step", "output"]

    def load(self) -> None:
        """Connect, and refuse what the server would refuse, before any row is made."""
        super().load()
        from lemma_steps.review.connection import connect
        from lemma_steps.review.push import Push

        key = self.api_key.get_secret_value() if self.api_key else None
        client = connect(Path(self.home), self.api_url, key)
        self._push = Push(client, self.workspace, self.dataset, reviewers=self.reviewers)
        self._push.check()

    def unload(self) -> None:
        """Let go of the connection, which cannot travel with an error from the step's process."""
        self._push = None
        super().unload()

    def process(self, inputs: StepInput) -> "StepOutput":
        """Send the kept rows.

        Yields:
            All rows as they came.
        """
        from lemma_steps.review.rows import checked
        from lemma_steps.review.sample import Sample

        assert self._push is not None, "load() first"

        def kept() -> Any:
            return (checked(normalise(row), f"row {row['id']}") for row in inputs if not row.get("rejected_by"))

        sample = Sample.choose(kept(), Choice(self.choice), self.size, self.seed)
        self._logger.info(sample.statement)
        self._logger.info(self._push.send(sample, kept))
        yield inputs
