"""Rehearses a sample of a run's problems and scales what was asked to all of them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Any

from lemma_steps.dry_run.estimate import StepEstimate
from lemma_steps.dry_run.report import DryRun
from lemma_steps.errors import RefusedError
from lemma_steps.llms.engine.prices import Prices
from lemma_steps.llms.rehearsal import RehearsalLLM, Tally
from lemma_steps.llms.spec import parse_llm
from lemma_steps.llms.tokens import Prompt, Tokens
from lemma_steps.runner import Runner
from lemma_steps.settings import Settings
from lemma_steps.trajectory import gold_trajectory

Row = dict[str, Any]


def dry_run(build: Callable[..., Any], settings: Settings, sample: int = 50, prices: Prices | None = None) -> DryRun:
    """Rehearse evenly spread problems of each source and scale the counts to all of them.

    The chain is the real one, with models that reply at once and at the length of the gold solutions. Nothing is called
    and nothing is written; the same arguments give the same estimate. Nothing is rejected on the way, every student
    sample is wrong and its error has a type: about the most calls that there can be, since only a student error that
    gets no type costs more, an injection in its place. Recorded student samples are used as they are.

    Args:
        build: makes the pipeline from settings, `teacher` and `student`.
        settings: what the run would be.
        sample: problems of each source to rehearse, where there are so many; up to twice as many are.
        prices: dollars per token; those of the settings if not given.

    Raises:
        RefusedError: the models, the problems, the prices or the pipeline are refused.
    """
    prices = prices or Prices.read(settings.prices)
    teacher = None if settings.teacher == "none" else stand_in(settings.teacher, "--teacher")
    student = None if settings.student == "none" else stand_in(settings.student, "--student")
    rehearsal = _Rehearsal(build(settings, teacher, student))
    with rehearsal:
        problems, picked = spread(rehearsal.all_problems(), sample)
        steps = asyncio.run(rehearsal.estimates(problems, picked, prices))
    counters = {step.model: rehearsal.llms[step.step].tokens.name for step in steps}
    return DryRun(problems, {source: len(rows) for source, rows in picked.items()}, counters, steps)


def stand_in(spec: str, option: str) -> RehearsalLLM:
    """The stand-in for the model that a SPEC of the command line names. No key is needed.

    Raises:
        RefusedError: the spec has no known form.
    """
    if spec.startswith("openai:") and (model := spec.removeprefix("openai:")):
        return RehearsalLLM(model=model)
    if (spec, option) == ("offline", "--student"):
        raise RefusedError(
            f"{option} {spec}: the rule-based teacher is no student; name a model, or use --student-samples"
        )
    real = parse_llm(spec, option)
    by_construction = getattr(real, "labels_by_construction", False)
    return RehearsalLLM(model=real.model_name, labels_by_construction=by_construction)


def spread(rows: Iterable[Row], sample: int) -> tuple[dict[str, int], dict[str, list[Row]]]:
    """How many rows each source has, and `sample` to twice as many of them, evenly spread, in one pass."""
    seen: Counter[str] = Counter()
    stride: dict[str, int] = {}
    kept: dict[str, list[Row]] = {}
    for row in rows:
        source = row["source"]
        rows_of = kept.setdefault(source, [])
        if seen[source] % stride.setdefault(source, 1) == 0:
            rows_of.append(row)
        seen[source] += 1
        if len(rows_of) == 2 * sample:
            kept[source], stride[source] = rows_of[::2], 2 * stride[source]
    return dict(seen), kept


class _Rehearsal(Runner):
    """Runs the chain over given problems, one after the other, with a model of its own in each step."""

    def __init__(self, pipeline: Any) -> None:
        super().__init__(pipeline, admitted=1)
        self.llms: dict[str, RehearsalLLM] = {}
        self._given: list[Row] = []
        tokens: dict[str, Tokens] = {}
        for step in self.steps:
            if isinstance(llm := getattr(step, "llm", None), RehearsalLLM):
                counter = tokens.get(llm.model) or tokens.setdefault(llm.model, Tokens.of(llm.model))
                own = RehearsalLLM(model=llm.model, tokens=counter, labels_by_construction=llm.labels_by_construction)
                step.llm = self.llms[step.name] = own

    def all_problems(self) -> Iterator[Row]:
        """What the generator gives."""
        return (row for batch, _ in self.generator.process() for row in batch)

    async def _problems(self) -> AsyncIterator[Row]:
        for row in self._given:
            yield row

    async def estimates(
        self, problems: dict[str, int], picked: dict[str, list[Row]], prices: Prices
    ) -> list[StepEstimate]:
        """Rehearse the picked rows of each source, and scale what was asked to all of its rows."""
        sums: dict[str, list[float]] = {}
        first: dict[str, Prompt] = {}
        for source, rows in picked.items():
            for step, tally in (await self._rehearse(rows)).items():
                if tally.first is not None:
                    first.setdefault(step, tally.first)
                    figures = (tally.calls, tally.tokens_in, tally.tokens_fixed, tally.tokens_out)
                    scaled = [figure * problems[source] / len(rows) for figure in figures]
                    sums[step] = [sum(pair) for pair in zip(sums.get(step, [0.0] * 4), scaled, strict=True)]
        return [
            StepEstimate.priced(step, llm.model, [round(figure) for figure in sums[step]], prices, first[step])
            for step, llm in self.llms.items()
            if step in sums
        ]

    async def _rehearse(self, rows: list[Row]) -> dict[str, Tally]:
        usable = [row for row in rows if not row.get("rejected_by")]
        gold = {row["question"]: gold_trajectory(row["gold_solution"], row["gold_answer"]) for row in usable}
        for llm in self.llms.values():
            llm.gold, llm.tally = gold, Tally()
        self._given = rows
        async for _ in self.rows():
            pass
        return {step: llm.tally for step, llm in self.llms.items()}
