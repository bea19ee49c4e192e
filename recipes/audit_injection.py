"""Are injected errors what they claim to be? Checks every injection of finished sets, or of a file.

    uv run recipes/audit_injection.py out                                     what recipes/lemma.py wrote
    uv run recipes/audit_injection.py out other --json figures.json
    uv run recipes/audit_injection.py injections.jsonl --classifier vllm:http://localhost:8000/v1#my-model --output audit

Four checks need no model: the declared step is the first that departs from the gold solution, the final answer is wrong
because of it, nothing else is false, and the declared type is what the change shows. --classifier asks a model for the
type, which does not see the declared one. Prints pass rates per type and writes checks.jsonl, audit.json and audit.md.
"""

from __future__ import annotations

import json
import shlex
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from lemma_steps import options
from lemma_steps.console import exit_codes, many, quiet_libraries, refuse_unwritable
from lemma_steps.errors import StoppedError

CONFIG = Path(__file__).parent / "configs" / "audit_injection.yaml"
COLUMNS = ("id", "path", "problem_id", "index", "requested_type", "declared_step", "injection_checks", "model_type")


def build(paths: list[str], model: Any, seed: int) -> Any:
    """The chain as a distilabel `Pipeline`: injections, their checks, and a model's opinion where one is asked."""
    from distilabel.pipeline import Pipeline

    from lemma_steps import steps
    from lemma_steps.steps.load_injections import LoadInjections

    chain: list[tuple[type, dict[str, Any]]] = [
        (LoadInjections, {"paths": paths}),
        (steps.AuditInjection, {"reject": False}),
    ]
    if model is not None:
        chain.append((steps.ClassifyErrors, {"llm": model, "seed": seed}))
    with Pipeline(name="audit_injection", description="Checks of injected errors.") as pipeline:
        steps.connect(chain, {})
    return pipeline


def main(
    paths: Annotated[
        list[str], typer.Argument(metavar="DIR|FILE", help="Results of recipes/lemma.py, or files of injections.")
    ],
    classifier: Annotated[
        str | None, typer.Option(help="Ask for the types too: openai:MODEL, vllm:URL#MODEL, embedded:NAME or offline.")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures here as well.")] = None,
    output: Annotated[
        Path, typer.Option(help="Directory for everything that is written; the same again resumes.")
    ] = Path("injection_audit"),
    config: Annotated[Path, typer.Option(help="How the classifier is asked.")] = CONFIG,
    seed: Annotated[int | None, typer.Option(help="Seed of the classifier's requests.")] = None,
    budget_usd: options.BudgetUsd = None,
    prices: options.PriceFile = None,
    batch: options.Batch = None,
) -> None:
    """Check injected errors against their gold solutions."""
    quiet_libraries()
    with exit_codes():
        from lemma_steps.settings import ModelSettings

        settings = ModelSettings.read(config, {"teacher": classifier, "seed": seed, "prices": prices, "batch": batch})
        refuse_unwritable(json_file, "--json")
        report = run(paths, settings, output, asks=classifier is not None, budget_usd=budget_usd)
        if json_file:
            try:
                write(json_file, as_json(report))
            except OSError as error:
                raise StoppedError(f"--json {json_file}: {error.strerror}; give another file") from None
        show(report, output)


def run(paths: list[str], settings: Any, output: Path, *, asks: bool, budget_usd: float | None) -> dict[str, Any]:
    """Check the input, then the injections, and write what was found; returns the figures."""
    from lemma_steps.execution import carry_out, failed_calls, saved
    from lemma_steps.llms.spec import refuse_unpriced, teacher_llm
    from lemma_steps.output.injection_rates import InjectionRates, markdown
    from lemma_steps.run_directory import STORE
    from lemma_steps.steps.load_injections import LoadInjections

    total = LoadInjections(name="check", paths=paths).check()
    model = teacher_llm(settings, str(output / STORE)) if asks else None
    refuse_unpriced([model], settings.prices, budget_usd)
    command = shlex.join(["python", "recipes/audit_injection.py", *sys.argv[1:]])

    async def consume(
        rows: AsyncIterator[dict[str, Any]], runner: Any, facts: Callable[[], Mapping[str, Any]]
    ) -> dict[str, Any]:
        rates, unanswered, part = InjectionRates(), Counter[str](), output / "checks.jsonl.part"
        try:
            with part.open("w", encoding="utf-8") as lines:
                async for row in rows:
                    if asks:
                        unanswered[row["sample_types"][0]["reason"] or ""] += 1
                        row = with_opinion(row)
                    rates.add(row)
                    lines.write(json.dumps({name: row.get(name) for name in COLUMNS}) + "\n")
            report = {**rates.report(), "paths": paths, "classifier": model and model.model_name}
            report |= {"failed_calls": failed_calls({"reasons": unanswered}), "run": {"command": command, **facts()}}
            write(output / "audit.md", markdown(report, command))
            write(output / "audit.json", as_json(report))
            part.replace(output / "checks.jsonl")
        except OSError as error:
            raise StoppedError(
                f"{error.filename or output}: {error.strerror or error}; free some space and run again"
            ) from None
        return report

    pipeline = build(paths, model, settings.seed)
    return carry_out(pipeline, [model], settings, output, saved(pipeline), consume, total=total, budget_usd=budget_usd)


def with_opinion(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with the model's opinion as one more check, `type_by_model`."""
    label, declared = row["sample_types"][0], row["requested_type"]
    code = label["code"]
    outcome = "not_computable" if code is None or declared is None else "pass" if code == declared else "fail"
    detail = f"{label['reason']}: {label['detail'] or ''}" if code is None else f"declared {declared}, found {code}"
    found = {"check": "type_by_model", "outcome": outcome, "detail": "" if outcome == "pass" else detail}
    return {**row, "injection_checks": [*row["injection_checks"], found], "model_type": code}


def as_json(report: Mapping[str, Any]) -> str:
    return json.dumps(report, indent=2, ensure_ascii=False) + "\n"


def write(path: Path, text: str) -> None:
    """Write a file; a lone surrogate of a model's text, which no file can hold, is written as its number."""
    path.write_text(text, encoding="utf-8", errors="backslashreplace")


def show(report: Mapping[str, Any], output: Path) -> None:
    """The table on the terminal, and the first failure of every check."""
    from lemma_steps.evaluation.results.labels import printable
    from lemma_steps.output.injection_rates import NOTES, screen

    console = Console()
    if not console.is_terminal:
        console = Console(width=140)  # a file or a pipe has no edge to fold at
    console.print(screen(report))
    for note in NOTES:
        console.print(Text(f"  {note}", style="dim"))
    for check, failures in report["examples"].items():
        first = failures[0]
        console.print(Text(printable(f"{check}: first failure {first['id']}, {first['detail']}")))
    if failed := report["failed_calls"]:
        console.print(Text(f"note: a call failed for {many(failed, 'injection')}; the same command asks again"))
    console.print(Text(f"{output}: {many(report['n'], 'injection')}; checks.jsonl, audit.json, audit.md"))


if __name__ == "__main__":
    typer.run(main)
