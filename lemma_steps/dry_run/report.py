"""The estimate of a run, and how it is told in plain text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lemma_steps.dry_run.estimate import LONGER, StepEstimate


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
    if usd is None:
        return "unknown"
    if 0 < usd < 0.0001:
        return "under $0.0001"
    return f"${usd:,.2f}" if usd >= 1 or usd == 0 else f"${usd:.4f}"


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
