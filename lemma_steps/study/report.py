"""The words and files of a study's result. It says what was measured and no more."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lemma_steps.evaluation.results.table_text import DASH, escape_markdown, markdown
from lemma_steps.study.difference import Difference
from lemma_steps.study.grid import Grid
from lemma_steps.study.result import StudyResult
from lemma_steps.study.stages import clock
from lemma_steps.study.trained import Trained

_SAME_TOKENS = 0.01
"""Two arms count as trained on equally many tokens up to this share."""
MINUS = "−"


def grids(result: StudyResult) -> tuple[Grid, list[Grid]]:
    """What each arm was trained on, and what follows the table of scores: means over seeds, and differences."""
    config = result.config
    training = Grid(
        "Training",
        ["Arm", "Method", "Config", "Rows", "Trained tokens", "Epochs", "Steps", "Batch", "Loss first → last", "Time"],
        [_training_row(one, config.training.config, len(config.training.seeds) > 1) for one in result.trained],
    )
    after = []
    if len(config.training.seeds) > 1:
        headings = list(next(iter(result.means.values())))
        after.append(
            Grid(
                f"Mean over {len(config.training.seeds)} training seeds, and from lowest to highest, in %",
                ["Arm", *headings],
                [[arm, *(_spread(scores[one]) for one in headings)] for arm, scores in result.means.items()],
            )
        )
    if any(result.differences.values()):
        after.append(
            Grid(
                "Differences on the same documents, in points of percent",
                ["First − second", "On", "Difference [95 %]", "Documents that differ", "Reading"],
                [
                    [f"{one.first} − {one.second}", heading, _signed(one), _differing(one), reading(one)]
                    for n in range(len(next(iter(result.differences.values()))))
                    for heading, of_task in result.differences.items()
                    for one in [of_task[n]]
                ],
            )
        )
    return training, after


def reading(difference: Difference) -> str:
    """What a difference says, in a word."""
    if difference.shown:
        better = difference.first if difference.estimate.score > 0 else difference.second
        return f"{better} scored higher"
    return f"no difference shown (under {difference.smallest:.1f} none could be)"


def remarks(result: StudyResult) -> list[str]:
    """What must be known about the tables."""
    config, several = result.config, len(result.config.training.seeds)
    found = [
        f"{heading}: every model scored {round(next(iter(result.means.values()))[heading][0])} % there, so this task says"
        " nothing about the methods."
        for heading in result.silent
    ]
    found += _equal_tokens(result)
    for one in result.trained:
        if over := one.facts["data"].get("over_length"):
            found.append(f"{one.name}: {over:,} rows over the sequence length were left out.")
        if len(one.losses) < 2:
            found.append(f"{one.name}: logged {len(one.losses)} losses, too few to see it learn.")
    if count := sum(map(len, result.differences.values())):
        found.append(
            "Differences are over the same documents, drawn again as pairs (95 % bootstrap). 'No difference shown' is no "
            "proof of equality: the number beside it is the smallest difference that so many documents, differing as much, "
            "could show."
        )
    found.append(
        f"Each arm was trained with {several} seeds; a difference counts as shown only where it is also larger than what the "
        "seeds leave open (95 % by Student's t). The intervals in the table are over documents alone."
        if several > 1
        else "Each arm was trained once: the intervals are over documents, and another training seed may give other scores."
    )
    if count > 1:
        found.append(
            f"{count} differences are given, uncorrected: about one in twenty intervals leaves out 0 by chance."
        )
    if config.evaluation.limit:
        found.append(f"Only the first {config.evaluation.limit} documents of each task were asked.")
    return found


def write(result: StudyResult, place: Path, seconds: Mapping[str, float]) -> None:
    """Write study.md and study.json into the study's folder."""
    training, after = grids(result)
    parts = [
        "# Study\n",
        escape_markdown(_setting(result, sum(seconds.values()))),
        "",
        training.markdown(),
        markdown([result.table]),
        *(grid.markdown() for grid in after),
    ]
    parts.append("## Remarks\n")
    parts += [f"- {escape_markdown(remark)}" for remark in remarks(result)]
    (place / "study.md").write_text("\n".join(parts) + "\n", encoding="utf-8")
    (place / "study.json").write_text(json.dumps(_data(result, seconds), indent=1) + "\n", encoding="utf-8")


def _setting(result: StudyResult, seconds: float) -> str:
    """What the study is of, in a paragraph."""
    data, part = result.config.data, result.config.evaluation
    student = (
        data.student
        if data.student != "none"
        else f"recorded ({data.student_samples})"
        if data.student_samples
        else "none"
    )
    first = result.trained[0].facts
    asked = f"{part.model}{f', {part.gen_kwargs}' if part.gen_kwargs else ''}"
    return (
        f"Model trained: {first['base_model']} ({first.get('hardware', 'unknown machine')}). "
        f"Problems: {', '.join(data.problems)}"
        f"{f', the first {data.limit:,} of each' if data.limit else ''}; teacher: {data.teacher}; student: {student}; seed "
        f"{data.seed}. Evaluated with {asked}. All stages took {seconds / 60:,.0f} minutes."
    )


def _data(result: StudyResult, seconds: Mapping[str, float]) -> dict[str, Any]:
    return {
        "study": result.config.model_dump(mode="json"),
        "arms": [
            {"arm": one.name, "seed": one.seed, "training": dict(one.facts), "losses": one.losses}
            for one in result.trained
        ],
        "scores": [
            {"model": row.label, "on": heading, "score": cell.score, "low": cell.low, "high": cell.high, "n": cell.size}
            for row in result.table.rows
            for heading, cell in row.cells.items()
        ],
        "differences": [
            {
                "first": one.first,
                "second": one.second,
                "on": heading,
                "difference": one.estimate.score,
                "low": one.estimate.low,
                "high": one.estimate.high,
                "documents": one.estimate.size,
                "differing": one.differing,
                "by_seed": list(one.by_seed),
                "smallest_that_could_show": one.smallest,
                "shown": one.shown,
            }
            for heading, of_task in result.differences.items()
            for one in of_task
        ],
        "remarks": remarks(result),
        "seconds": dict(seconds),
    }


def _training_row(one: Trained, config: str, several: bool) -> list[str]:
    facts, losses = one.facts, [loss for _, loss in one.losses]
    return [
        f"{one.name}, seed {one.seed}" if several else one.name,
        one.arm.method,
        one.arm.config or config,
        f"{facts['data']['rows']:,}",
        f"{facts['data']['trained_tokens']:,}",
        f"{facts['epochs']:g}",
        f"{facts['steps']:,}",
        f"{facts['global_batch']:,}",
        f"{losses[0]:.3f} → {losses[-1]:.3f}" if losses else DASH,
        clock(seconds) if (seconds := (facts.get("finished") or {}).get("seconds")) else DASH,
    ]


def _equal_tokens(result: StudyResult) -> list[str]:
    """How near the arms with equal tokens came to the reference."""
    reference = next((one for one in result.trained if one.name == result.config.reference), None)
    found = []
    for one in result.trained:
        if reference is None or one.arm.rows != "equal_tokens" or one.seed != reference.seed:
            continue
        share = one.tokens / reference.tokens - 1
        near = "equal to" if abs(share) <= _SAME_TOKENS else "NOT equal to"
        said = f"{one.name}: {one.tokens:,.0f} trained tokens over all epochs, {near} "
        said += f"{reference.name}'s {reference.tokens:,.0f} ({100 * share:+.1f} %)."
        if one.short_of:
            rows, epochs = one.facts["data"]["rows"], one.facts["epochs"]
            said += f" Its rows ran out, so that all {rows:,} were trained on for {epochs:g} epochs."
        found.append(said)
    return found


def _spread(scores: list[float]) -> str:
    mean = f"{sum(scores) / len(scores):.1f}"
    return mean if len(scores) == 1 else f"{mean} ({min(scores):.1f} to {max(scores):.1f})"


def _signed(one: Difference) -> str:
    numbers = [one.estimate.score, *(bound for bound in (one.estimate.low, one.estimate.high) if bound is not None)]
    first, *bounds = [f"{number:+.1f}".replace("-", MINUS) for number in numbers]
    return f"{first} [{', '.join(bounds)}]" if bounds else first


def _differing(one: Difference) -> str:
    return f"{one.differing:,} of {one.estimate.size or 0:,}"
