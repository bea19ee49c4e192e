"""Runs a linear distilabel pipeline in one process and one event loop, row by row.

Stock distilabel moves batches between processes: every step waits for the slowest call of its batch. Here each row walks
the chain alone, so a call waits for nothing but its own row and the cap of its endpoint (design, section Execution).
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from distilabel.steps import GeneratorStep

from lemma_steps.errors import RefusedError
from lemma_steps.steps.base import OrderedStep, RowStep

if TYPE_CHECKING:
    from distilabel.pipeline import Pipeline

Row = dict[str, Any]
T = TypeVar("T")
R = TypeVar("R")


@dataclass
class StepCount:
    """Rows that entered and left one step alive, and why the others left. Rows rejected earlier are not counted again."""

    rows_in: int = 0
    rows_out: int = 0
    rejected: Counter[str] = field(default_factory=Counter)

    def add(self, alive: bool, results: Iterable[Row]) -> None:
        """Count one row that arrived (alive or rejected earlier) and the rows that it became."""
        if not alive:
            return
        self.rows_in += 1
        for row in results:
            if row.get("rejected_by"):
                self.rejected[row["reason"]] += 1
            else:
                self.rows_out += 1


async def in_order(source: AsyncIterator[T], work: Callable[[T], Awaitable[R]], admitted: int) -> AsyncIterator[R]:
    """Results of `work` in the order of `source`, with up to `admitted` items under way at once."""
    window: deque[asyncio.Future[R]] = deque()
    try:
        async for item in source:
            window.append(asyncio.ensure_future(work(item)))
            while window and (len(window) >= admitted or window[0].done()):
                yield await window.popleft()
        while window:
            yield await window.popleft()
    finally:
        for task in window:
            task.cancel()
        await asyncio.gather(*window, return_exceptions=True)


class Runner:
    """Runs a pipeline that is one chain: a generator step, then row steps and ordered steps.

    A context manager: the steps are loaded on entry, so that what they refuse is refused before anything is written.

    Args:
        pipeline: a distilabel `Pipeline`; its steps are loaded here, not in processes of their own.
        admitted: rows under way at once. About ten times the cap of requests in flight keeps every endpoint busy while
            the slowest row at the head holds back the output.

    Raises:
        RefusedError: the pipeline branches, or holds a step that is neither a row step nor an ordered step.
    """

    def __init__(self, pipeline: Pipeline, admitted: int = 2000) -> None:
        self.generator, self.steps = _chain(pipeline)
        self.admitted = admitted
        self._loaded = ExitStack()
        self.counts: dict[str, StepCount] = {step.name: StepCount() for step in (self.generator, *self.steps)}

    def __enter__(self) -> Runner:
        for step in (self.generator, *self.steps):
            step.load()
            self._loaded.callback(step.unload)
        return self

    def __exit__(self, *error: object) -> None:
        self._loaded.close()

    def rows(self) -> AsyncIterator[Row]:
        """All rows that leave the chain, kept and rejected, in input order."""
        stream = self._problems()
        for ordered, steps in _stretches(self.steps):
            stream = self._one_by_one(stream, steps) if ordered else self._concurrent(stream, steps)
        return stream

    async def aclose(self) -> None:
        """Finish the requests under way and close the connections of this event loop; to be awaited when rows end."""
        for step in self.steps:
            if isinstance(step, RowStep):
                await step.aclose()

    async def _problems(self) -> AsyncIterator[Row]:
        for rows, _ in self.generator.process():
            for row in rows:
                self.counts[self.generator.name].add(True, [row])
                yield row

    async def _concurrent(self, stream: AsyncIterator[Row], steps: list[RowStep]) -> AsyncIterator[Row]:
        async def walk(row: Row, depth: int = 0) -> list[Row]:
            for index in range(depth, len(steps)):
                step = steps[index]
                results = await step.advance(row)
                self.counts[step.name].add(not row.get("rejected_by"), results)
                if len(results) != 1:
                    walks = await asyncio.gather(*(walk(result, index + 1) for result in results))
                    return [row for rows in walks for row in rows]
                row = results[0]
            return [row]

        async for rows in in_order(stream, walk, self.admitted):
            for row in rows:
                yield row

    async def _one_by_one(self, stream: AsyncIterator[Row], steps: list[OrderedStep]) -> AsyncIterator[Row]:
        async for row in stream:
            for step in steps:
                result = step.process_in_order(row)
                self.counts[step.name].add(not row.get("rejected_by"), [result])
                row = result
            yield row


def _stretches(steps: list[RowStep | OrderedStep]) -> Iterator[tuple[bool, list[Any]]]:
    """Neighbouring steps of one kind together: (ordered?, steps)."""
    start = 0
    for end in range(1, len(steps) + 1):
        ordered = isinstance(steps[start], OrderedStep)
        if end == len(steps) or isinstance(steps[end], OrderedStep) != ordered:
            yield ordered, steps[start:end]
            start = end


def _chain(pipeline: Pipeline) -> tuple[GeneratorStep, list[RowStep | OrderedStep]]:
    graph = pipeline.dag.G
    order = [
        pipeline.dag.get_step(name)["step"] for level in pipeline.dag.iter_based_on_trophic_levels() for name in level
    ]
    for step in order:
        if graph.out_degree(step.name) > 1 or graph.in_degree(step.name) > 1:
            raise RefusedError(
                f"pipeline {pipeline.name}: step {step.name} branches or joins; the runner takes one linear chain"
            )
    if not order or not isinstance(order[0], GeneratorStep) or sum(graph.in_degree(s.name) == 0 for s in order) != 1:
        raise RefusedError(f"pipeline {pipeline.name}: one generator step must stand first")
    for step in order[1:]:
        if not isinstance(step, RowStep | OrderedStep):
            raise RefusedError(
                f"pipeline {pipeline.name}: step {step.name} is a {type(step).__name__}, neither RowStep nor OrderedStep; "
                "run this pipeline with Pipeline.run"
            )
    return order[0], order[1:]
