"""What the simulated endpoint replies: the offline teacher's texts, and student solutions made from gold texts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from simulated_behaviour import uniform

from lemma_steps.llms.offline.decline import DeclineError
from lemma_steps.llms.offline.desk import answer
from lemma_steps.llms.offline.inject import inject
from lemma_steps.prompts import inference_prompt
from lemma_steps.sources import Source
from lemma_steps.trajectory import gold_trajectory

CHARS_PER_TOKEN = 4
NONSENSE = "lorem ipsum >>> 0xDEADBEEF <reflection <wrong> \\frac{ the the the"


class Replies:
    """The texts and bodies of replies, kept by content.

    Args:
        problems: file of the problems whose students are asked, as `--problems` takes it.
    """

    def __init__(self, problems: Path | None) -> None:
        rows = [row for row in Source(str(problems)).rows() if not row.get("reason")] if problems else []
        self._gold = {row["question"]: gold_trajectory(row["gold_solution"], row["gold_answer"]) for row in rows}
        self._of_prompt = {inference_prompt(question): question for question in self._gold}
        self._bodies: dict[tuple[str, str | None, float], bytes] = {}

    def body(self, key: str, request: dict[str, Any], fault: str | None, right_share: float) -> bytes:
        """The completion as the API gives it."""
        at = (key, fault, right_share)
        if at not in self._bodies:
            self._bodies[at] = json.dumps(self._completion(key, request, fault, right_share)).encode()
        return self._bodies[at]

    def _completion(self, key: str, request: dict[str, Any], fault: str | None, right_share: float) -> dict[str, Any]:
        chat = "messages" in request
        texts = [self._text(request, number, right_share) for number in range(request.get("n") or 1)]
        finish = "stop"
        if fault == "garbage":
            texts = [NONSENSE for _ in texts]
        elif fault == "truncated":
            texts, finish = [text[: len(text) // 2] for text in texts], "length"
        choices = [
            {
                "index": number,
                "finish_reason": finish,
                **({"message": {"role": "assistant", "content": text}} if chat else {"text": text}),
            }
            for number, text in enumerate(texts)
        ]
        return {
            "id": f"sim-{key}",
            "object": "chat.completion" if chat else "text_completion",
            "created": 0,
            "model": request.get("model", "sim"),
            "choices": choices,
            "usage": _usage(request, texts),
        }

    def _text(self, request: dict[str, Any], number: int, right_share: float) -> str:
        seed = (request.get("seed") or 0) + number
        if "messages" in request and len(request["messages"]) > 1:
            return answer(request["messages"], seed)
        prompt = request["messages"][0]["content"] if "messages" in request else request["prompt"]
        text = self._solution(prompt, seed, right_share)
        for stop in [request["stop"]] if isinstance(request.get("stop"), str) else request.get("stop") or []:
            text = text.partition(stop)[0]
        return text

    def _solution(self, prompt: str, seed: int, right_share: float) -> str:
        question = self._of_prompt.get(prompt)
        if question is None:
            return " I do not know this problem."
        gold = self._gold[question]
        if uniform(prompt, seed, "right") < right_share:
            return f" {gold}"
        try:
            return " " + "".join(inject(question, gold, "CA", seed).steps)
        except DeclineError:
            return " I cannot solve this.\nThe answer is: 0"

    def problem(self, request: dict[str, Any]) -> str | None:
        """The question that a request is about."""
        text = request["messages"][-1]["content"] if "messages" in request else request["prompt"]
        inside = text.partition("<question>")[2].partition("</question>")[0]
        return inside or self._of_prompt.get(text)


def _usage(request: dict[str, Any], texts: list[str]) -> dict[str, Any]:
    """Token figures by length; a system message counts as cached, in blocks of 128 as at OpenAI."""
    messages = request.get("messages") or [{"role": "user", "content": request.get("prompt", "")}]
    prompt = sum(len(message["content"]) for message in messages) // CHARS_PER_TOKEN
    cached = sum(len(m["content"]) for m in messages if m["role"] == "system") // CHARS_PER_TOKEN // 128 * 128
    made = sum(len(text) // CHARS_PER_TOKEN for text in texts)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": made,
        "total_tokens": prompt + made,
        "prompt_tokens_details": {"cached_tokens": cached},
    }
