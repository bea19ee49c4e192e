"""From the stream of rows to a complete result folder."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lemma_steps.errors import RefusedError, StoppedError
from lemma_steps.label_quality.of_run import label_quality
from lemma_steps.output.card import render_card
from lemma_steps.output.figures import draw_figures
from lemma_steps.output.record import normalise
from lemma_steps.output.report import render_report
from lemma_steps.output.summary import Summary
from lemma_steps.output.writer import DatasetWriter

_VERSIONS = ("lemma-recipes", "distilabel", "math-verify", "sympy", "pyarrow")


async def write_result(
    rows: AsyncIterator[Mapping[str, Any]],
    steps: Sequence[str],
    output_dir: Path,
    settings: Mapping[str, Any],
    command: str,
    *,
    run: Callable[[], Mapping[str, Any]] = dict,
    repo: str | None = None,
    about: Callable[[], Mapping[str, Any]] = dict,
    by_problem: Callable[[], Iterable[Mapping[str, Any]]] | None = None,
) -> dict[str, Any]:
    """Write all rows and what there is to say about them, and return the content of `report.json`.

    Args:
        rows: the stream as it leaves the chain, in input order.
        steps: names of the chain's steps in order, the loader included.
        output_dir: the result folder.
        settings: what decides the rows; shown in report and card.
        command: the exact command that makes this result again.
        run: asked when all rows are written: more facts that vary from run to run, such as what was spent.
        repo: the Hub repository that the card names, if the set will be published.
        about: asked when all rows are written: more of the set for `report.json`, such as what it is a subset of.
        by_problem: where `rows` has another order, asked when all are written for the same rows, those of one problem
            together, which is how the figures count them.

    Raises:
        StoppedError: a file cannot be written; a former result stays as it was.
        RefusedError: no row was kept; the rejected rows and the report are written, the text has the top reasons.
    """
    summary, started = Summary(steps), time.monotonic()
    try:
        with DatasetWriter(output_dir) as writer:
            async for row in rows:
                record = writer.write(row)
                if by_problem is None:
                    summary.add(record)
            for row in by_problem() if by_problem else ():
                summary.add(normalise(row))
            facts = {"command": command, **_facts(time.monotonic() - started, summary.funnel.entered), **run()}
            report = {**summary.report(settings=settings, run=facts), **about()}
            report["label_quality"] = label_quality(report["calls"], settings)
            for name, data in draw_figures(report):
                writer.write_figure(name, data)
            writer.write_text("report.json", json.dumps(report, ensure_ascii=False, indent=2, default=str) + "\n")
            writer.write_text("report.html", render_report(report, summary.examples))
            writer.write_text("README.md", render_card(report, summary.examples, repo=repo))
    except OSError as error:
        where = error.filename or output_dir
        raise StoppedError(f"{where}: {error.strerror or error}; free some space and run again") from error
    if not report["kept"]:
        top = ", ".join(f"{reason} ({count:,})" for reason, count in list(report["reasons"].items())[:3])
        entered = f"{report['entered']:,} that entered" if report["entered"] else "an empty input"
        raise RefusedError(
            f"{output_dir}: no row was kept of {entered}{top and ': '}{top}"
            "; see report.html, then check problems, student and teacher"
        )
    return report


def _facts(seconds: float, entered: int) -> dict[str, Any]:
    return {
        "seconds": round(seconds, 1),
        "rows_per_second": round(entered / max(seconds, 1e-9), 1),
        "python": platform.python_version(),
        "platform": platform.platform(terse=True),
        "versions": {name: version(name) for name in _VERSIONS},
    }
