"""A stand-in for teacher and student, which lets a run be counted before it is paid for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from distilabel.models.llms.base import AsyncLLM
from pydantic import Field

from lemma_steps import prompts
from lemma_steps.llms.engine.keys import request_key
from lemma_steps.llms.tokens import Prompt, Tokens
from lemma_steps.prompts.rendering import system_block
from lemma_steps.segmentation import segment
from lemma_steps.trajectory import as_output, closing

_CLOSING = closing("")


@dataclass
class Tally:
    """What one step asked of one model.

    `calls` are replies. `tokens_fixed` are those of `tokens_in` that every prompt of the step begins with.
    """

    calls: int = 0
    tokens_in: int = 0
    tokens_fixed: int = 0
    tokens_out: int = 0
    first: Prompt | None = None
    _seen: set[str] = field(default_factory=set)
    _question: str | None = None

    def is_new(self, *content: Any) -> bool:
        """Was this not asked before? What was asked once is not paid for again."""
        key = request_key({"content": content})
        new = key not in self._seen
        self._seen.add(key)
        return new

    def show(self, prompt: Prompt, question: str) -> None:
        """Keep the first prompt: of those of the first question, which are asked at once, the one that sorts first."""
        if self.first is None or (question == self._question and str(prompt) < str(self.first)):
            self.first, self._question = prompt, question


class RehearsalLLM(AsyncLLM):
    """Replies to every prompt in its format, and at the length of the gold solution, so that every candidate gets through.

    Injected solutions are marked at the middle step and end in a wrong answer, the locator finds that step, students
    are always wrong. The words around them are those of the prompt's own first example. Nobody should train on this.

    Attributes:
        model: the model that it stands in for.
        gold: gold solution with its closing statement, by question.
        tokens: counts as `model` does.
        tally: what was asked so far.
        labels_by_construction: whether the model that it stands in for knows where its own injections are wrong.
    """

    model: str
    gold: dict[str, str] = Field(default_factory=dict)
    tokens: Any = None
    tally: Any = None
    labels_by_construction: bool = False

    @property
    def model_name(self) -> str:
        """The name of the model that it stands in for."""
        return self.model

    async def agenerate(
        self, input: list[dict[str, str]] | str, num_generations: int = 1, seed: int | None = None
    ) -> dict[str, Any]:
        """Reply, and count what was not asked before. Samples of one student prompt read it once."""
        of_student = isinstance(input, str) or len(input) == 1
        fixed, question, replies = self._answer(input, num_generations, seed or 0)
        counts: Tokens = self.tokens or Tokens.of(self.model)
        tokens_in, tokens_out = counts.prompt(input), [counts.count(reply) for reply in replies]
        tally: Tally = self.tally or Tally()
        if tally.is_new(input, seed, num_generations):
            tally.calls += num_generations
            tally.tokens_out += sum(tokens_out)
            tally.show(input, question)
            if not of_student or tally.is_new(input):
                tally.tokens_in += tokens_in
                tally.tokens_fixed += min(counts.count(fixed), tokens_in)
        return {
            "generations": replies,
            "statistics": {"input_tokens": [tokens_in] * num_generations, "output_tokens": tokens_out},
        }

    def _answer(self, prompt: Prompt, number: int, seed: int) -> tuple[str, str, list[str]]:
        """The fixed part of a prompt, its question, and the replies."""
        if isinstance(prompt, str) or len(prompt) == 1:
            text = prompt if isinstance(prompt, str) else str(prompt[0]["content"])
            fixed, question = split_inference(text)
            gold = self.gold.get(question, question)
            return fixed, question, [wrong(gold, seed + sample) for sample in range(number)]
        task, row = prompts.read_row(prompt)
        question = str(row["question"])
        reply = rehearse(task, row, self.gold.get(question), seed)
        return str(prompt[0]["content"]), question, [reply] * number


def split_inference(prompt: str) -> tuple[str, str]:
    """What stands before the question of a student's prompt, and the question."""
    before, after = prompts.inference_prompt("\0").split("\0")
    fixed, found, question = prompt.removesuffix(after).rpartition(before)
    return fixed + found, question


def rehearse(task: str, row: Mapping[str, Any], gold: str | None, seed: int) -> str:
    """The reply to a teacher's prompt.

    Args:
        task: a key of `prompts.TASKS`.
        row: the fields that the prompt shows, as `prompts.read_row` gives them.
        gold: the gold solution with its closing statement; `None` takes what the row shows.
        seed: chooses the wrong answer.
    """
    words = example(task)
    if task in ("solve", "explain_answer"):
        return f"<solution>{gold or closing(row.get('answer') or '0')}</solution>"
    if task == "reflect":
        return (
            f"<alternative>{gold or row['reference_solution']}</alternative>\n<follow_up>{words.follow_up}</follow_up>"
        )
    if task == "inject_error":
        return _injection(row["reference_solution"], words.explanation, seed)
    if task == "locate_first_error":
        return f"<reason>{words.reason}</reason>\n<error_step>{middle(len(row['steps']))}</error_step>"
    if task == "classify_error":
        return f"<reason>{words.reason}</reason>\n<error_type>{words.error_type}</error_type>"
    if task == "smooth":
        return _revision(row["reflection"], row["correction"])
    gold = gold or row["reference_solution"] or "".join(row["attempt"])
    steps = segment(gold)
    begin = min(len(row["attempt"]), len(steps)) - 1 if task == "fix_continue" else 0
    return _revision(words.reflection, "".join(steps[begin:]))


@cache
def example(task: str) -> Any:
    """The parsed reply of the first example in a task's prompt."""
    examples = system_block(task).partition("\n## Example 1")[2]
    return prompts.parse_reply(task, examples.partition("Reply:\n\n")[2].partition("\n## Example")[0])


def middle(n_steps: int) -> int:
    """The step, 1-based, at which every rehearsed error is."""
    return (n_steps + 1) // 2


def wrong(gold: str, seed: int) -> str:
    """The gold solution with a closing statement that is wrong whatever the answer is."""
    body, _, answer = gold.rpartition(_CLOSING)
    number = 2000 + seed % 1000
    return f"{body}{_CLOSING}{number if str(number) not in answer else number + 1000}"


def _injection(reference: str, explanation: str, seed: int) -> str:
    steps = segment(as_output(wrong(reference, seed)))
    at = middle(len(steps)) - 1
    core = steps[at].strip()
    marked = steps[at].replace(core, f"<wrong>{core}</wrong>", 1)
    solution = "".join([*steps[:at], marked, *steps[at + 1 :]])
    return f"<solution>{solution}</solution>\n<explanation>{explanation}</explanation>"


def _revision(reflection: str, correction: str) -> str:
    return f"<reflection>{reflection}</reflection>\n<correction>{correction}</correction>"
