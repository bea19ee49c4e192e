"""What a run would ask and cost, from a rehearsal of a sample of its problems. Nothing is called."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from lemma_steps.errors import RefusedError
from lemma_steps.llms.engine.prices import BATCH_SHARE, Prices
from lemma_steps.llms.engine.usage import Usage
from lemma_steps.llms.rehearsal import RehearsalLLM, Tally
from lemma_steps.llms.spec import parse_llm
from lemma_steps.llms.tokens import Prompt, Tokens
from lemma_steps.runner import Runner
from lemma_steps.settings import Settings
from lemma_steps.trajectory import gold_trajectory

Row = dict[str, Any]
LONGER = 2
"""How many times longer replies are in the second total that a dry run gives. Measured against gold solutions: 0.9 to 1.0
times for models that were fine-tuned on GSM8K, 3 times for a chat model that reasons step by step on MATH."""


@dataclass(frozen=True, slots=True)
class StepEstimate:
    """What one step would ask of its model: replies, tokens, and dollars, which are `None` where no price is known.

    `tokens_fixed` are those of `tokens_in` that all prompts of the step begin with. `usd` takes none of them from a
    cache, `usd_cached` all; `usd_batch` is `usd` by the batch API, `usd_longer` with replies `LONGER` times as long.
    """

    step: str
    model: str
    calls: int
    tokens_in: int
    tokens_fixed: int
    tokens_out: int
    usd: float | None
    usd_cached: float | None
    usd_batch: float | None
    usd_longer: float | None
    first: Prompt


@dataclass(frozen=True, slots=True)
class DryRun:
    """The estimate of a run.

    Attributes:
        problems: rows of each source.
        sampled: rows of each source that were rehearsed.
        counters: who counted the tokens of each model.
        steps: one estimate per step that asks a model, in the order of the pipeline.
    """

    problems: dict[str, int]
    sampled: dict[str, int]
    counters: dict[str, str]
    steps: list[StepEstimate]

    def total(self, figure: str) -> Any:
        """The sum of one figure over the steps; `None` where it is not known for all."""
        values = [getattr(step, figure) for step in self.steps]
        return None if None in values else sum(values)

    def total_dollars(self, figure: str) -> str:
        """The same in words: what is known of it, and whether something is not."""
        known = [usd for step in self.steps if (usd := getattr(step, figure)) is not None]
        return " + ".join([dollars(sum(known))] * bool(known) + ["unknown"] * (len(known) < len(self.steps)))

    def __str__(self) -> str:
        """All of it as plain text: the figures, what they rest on, the prompts."""
        return "\n".join([*_report(self), *(line for step in self.steps for line in _prompt(step))])


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
    teacher = stand_in(settings.teacher, "--teacher")
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
            _priced(step, llm.model, [round(figure) for figure in sums[step]], prices, first[step])
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


def _priced(step: str, model: str, figures: list[int], prices: Prices, first: Prompt) -> StepEstimate:
    calls, tokens_in, fixed, out = figures
    usd, cached, longer = (
        prices.usd(model, usage)
        for usage in (Usage(tokens_in, 0, out), Usage(tokens_in, fixed, out), Usage(tokens_in, 0, LONGER * out))
    )
    batch = None if usd is None else usd * BATCH_SHARE
    return StepEstimate(step, model, calls, tokens_in, fixed, out, usd, cached, batch, longer, first)


def _report(run: DryRun) -> Iterator[str]:
    sources = (f"{source} {size:,} (from {run.sampled[source]:,})" for source, size in run.problems.items())
    yield f"Dry run: nothing was called. Problems: {', '.join(sources) or 'none'}"
    if not run.steps:
        yield "No step would ask a model."
        return
    figures = ("calls", "tokens_in", "tokens_fixed", "tokens_out", "usd", "usd_batch")
    cells: list[tuple[str, ...]] = [
        ("step", "calls", "tokens in", "of them fixed", "tokens out", "dollars", "by batch API", "model")
    ]
    for step in run.steps:
        cells.append((step.step, *_shown({name: getattr(step, name) for name in figures}), step.model))
    amounts = [run.total_dollars(name) for name in figures[-2:]]
    cells.append(("total", *_shown({name: run.total(name) for name in figures})[:-2], *amounts, ""))
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    yield ""
    for row in cells:
        first, *middle, last = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join([first.strip().ljust(widths[0]), *middle, last.strip()]).rstrip()
    yield ""
    yield from _notes(run)


def _shown(figures: dict[str, Any]) -> list[str]:
    """Cells of a row of the table; the fixed tokens as a share of all."""
    share = 100 * figures["tokens_fixed"] / max(figures["tokens_in"], 1)
    shown = {"tokens_fixed": f"{share:.0f} %", **{name: dollars(figures[name]) for name in ("usd", "usd_batch")}}
    return [shown.get(name) or f"{figure:,}" for name, figure in figures.items()]


def dollars(usd: float | None) -> str:
    """An amount as text; cents, and digits below them where it is small."""
    return "unknown" if usd is None else f"${usd:,.2f}" if usd >= 1 or usd == 0 else f"${usd:.4f}"


def _notes(run: DryRun) -> Iterator[str]:
    for model, counter in run.counters.items():
        yield f"- Tokens of {model}: counted by {counter}."
    yield "- Calls: as if none failed, nothing were rejected, every student sample were wrong and its error had a type."
    longer = run.total_dollars("usd_longer")
    yield f"- Replies: as long as the gold solutions. Models write more: {LONGER} times as much makes {longer} in all."
    yield "  Reasoning models also charge for hidden tokens, which are not in here."
    cached = run.total_dollars("usd_cached")
    yield f"- Dollars: nothing from the server's cache. With every fixed part cached, {cached} in all."
    for model in sorted({step.model for step in run.steps if step.usd is None}):
        yield f"- No price is known for {model}: give one in a file for --prices, - {{model: {model}, input: 0, output: 0}}"


def _prompt(step: StepEstimate) -> Iterator[str]:
    yield f"\n===== first prompt of {step.step}, to {step.model}"
    if isinstance(step.first, str):
        yield step.first
        return
    for message in step.first:
        yield f"----- {message['role']}\n{message['content']}"
