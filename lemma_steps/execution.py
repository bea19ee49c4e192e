"""One run of a pipeline into its directory: resumable, paid for once, ended cleanly."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import yaml

from lemma_steps.llms.engine.prices import Prices
from lemma_steps.llms.engine.store import RequestStore
from lemma_steps.llms.openai_compatible import OpenAICompatibleLLM
from lemma_steps.output import write_result
from lemma_steps.progress import Progress
from lemma_steps.run_directory import STORE, run_directory
from lemma_steps.runner import Runner
from lemma_steps.settings import ModelSettings, Settings
from lemma_steps.shards.chains import leave_to_merge
from lemma_steps.shards.order import Order
from lemma_steps.shards.places import claim_output
from lemma_steps.shards.shard import Shard

if TYPE_CHECKING:
    from distilabel.models.llms import LLM
    from distilabel.pipeline import Pipeline

Row = dict[str, Any]
T = TypeVar("T")

_FAILED = (
    "http_",
    "batch_",
    "reply_",
    "request_",
    "connection_",
    "garbled_",
    "empty_reply",
    "refused",
    "content_filtered",
)


def failed_calls(report: Mapping[str, Any]) -> int:
    """Rows of a result that were rejected because a call failed, and which the same command asks for again."""
    reasons = report["reasons"].items()
    return sum(count for reason, count in reasons if reason.startswith(_FAILED))


def place_of(output: Path, shard: Shard | None) -> Path:
    """The directory of a run, or of its part."""
    return output / shard.folder if shard else output


def execute(
    pipeline: Pipeline,
    models: Sequence[LLM | None],
    settings: Settings,
    output: Path,
    command: str,
    *,
    shard: Shard | None = None,
    total: int | None = None,
    budget_usd: float | None = None,
    repo: str | None = None,
) -> dict[str, Any]:
    """Run the pipeline and write the result; returns the content of `report.json`.

    Args:
        pipeline: the chain.
        models: the models in it, whose replies lie in the directory's request store.
        settings: what decides the rows.
        output: the run's directory, or that of all parts.
        command: the command that makes this result again.
        shard: the part to make; `None` for the whole.
        total: problems to come, where known.
        budget_usd: dollars that may be spent on the directory, all its runs together.
        repo: the Hub repository that the card names.

    Raises:
        RefusedError: the directory is another's, the store is damaged, or no row was kept.
        StoppedError: budget, disk or endpoint ended the run; the same call goes on.
    """
    written = saved(pipeline)
    claim_output(output, shard, written)
    if shard:
        leave_to_merge(pipeline)
    place = place_of(output, shard)

    async def write(rows: AsyncIterator[Row], runner: Runner, facts: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
        order = Order(place, lambda: runner.generator.block)
        writing = write_result(
            order.watch(rows) if shard else rows,
            list(runner.counts),
            place,
            settings.model_dump(),
            command,
            run=facts,
            repo=repo,
        )
        return await (order.settle(writing) if shard else writing)

    return carry_out(pipeline, models, settings, place, written, write, total=total, budget_usd=budget_usd)


def saved(pipeline: Pipeline) -> str:
    """The pipeline as `distilabel pipeline run --config` reads it, and by which a directory knows its run."""
    return yaml.safe_dump(pipeline.dump(), sort_keys=False, allow_unicode=True)


def carry_out(
    pipeline: Pipeline,
    models: Sequence[LLM | None],
    settings: ModelSettings,
    place: Path,
    written: str,
    consume: Callable[[AsyncIterator[Row], Runner, Callable[[], Mapping[str, Any]]], Awaitable[T]],
    *,
    total: int | None = None,
    budget_usd: float | None = None,
) -> T:
    """Run the pipeline in its directory and give its rows, in input order, to `consume`; returns what that returns.

    Args:
        pipeline: the chain.
        models: the models in it, whose replies lie in the directory's request store.
        settings: the prices, and how many rows may be under way.
        place: the run's directory, where nobody else runs meanwhile.
        written: what the directory knows the run by (`saved`).
        consume: takes the rows, the runner, and a function that says what was spent so far.
        total: rows to come, where known.
        budget_usd: dollars that may be spent on the directory, all its runs together.

    Raises:
        RefusedError: the directory is another's, or the store is damaged.
        StoppedError: budget, disk or endpoint ended the run; the same call goes on.
    """
    runner = Runner(pipeline, admitted=settings.admitted)
    asked = [model for model in models if isinstance(model, OpenAICompatibleLLM)]
    with runner, run_directory(place, written), RequestStore.shared(place / STORE) as store:
        store.price(Prices.read(settings.prices))
        store.ledger.budget_usd = budget_usd
        with Progress(runner, store.ledger, total, lambda: [b for model in asked for b in model.batches]) as progress:

            async def work() -> T:
                try:
                    return await consume(progress.watch(runner.rows()), runner, store.ledger.facts)
                finally:
                    if paid := sum(model.under_way for model in asked):
                        waiting = f"waiting for the replies to {paid} requests that were sent; Ctrl-C leaves them"
                        print(waiting, file=sys.stderr, flush=True)
                    await runner.aclose()

            return asyncio.run(work())
