"""The rows of a set as what is trained on, after everything that would spoil a training run has been looked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from lemma_steps.errors import RefusedError
from lemma_steps.prompts import inference_prompt
from lemma_steps.training.prompt_wrapper import detect, unwrap
from lemma_steps.trajectory import OUTPUT_START, as_output

COLUMNS = {
    "response": ("instruction", "output", "segments"),
    "masked_response": ("instruction", "output", "segments", "error_begin", "error_end"),
    "published": ("instruction", "output"),
}
"""The columns that each dataset type of ours needs, by the last part of its dotted path."""

ALSO_READ = ("id", "input", "method")
"""Columns that are looked at where a set has them."""

_REMEDIES = {
    "hold no text in instruction or output": "mend or drop them",
    "hold half of a surrogate pair, which is no text": "mend or drop them",
    "have something in `input`, for which the prompt has no place": "put it into `instruction`",
    "have an output that does not begin with one space": "write them with recipes/lemma.py or recipes/baselines.py",
    "have another prompt than this version": "make the set again, or train with the version that made it",
    "are corrections without the place of the error": "use type lemma_steps.training.response",
    "have the error outside the output": "make the set again",
}


_SURROGATE = re.compile("[\ud800-\udfff]")


class Example(NamedTuple):
    """A prompt, what the model is to write after it, and the characters `[begin, end)` of that on which no loss falls."""

    prompt: str
    output: str
    error: tuple[int, int] | None = None


class Examples:
    """The examples of a set; iterating gives them in the order of its rows.

    Args:
        rows: the rows, as something that can be gone through more than once.
        kind: a key of `COLUMNS`. `masked_response` reads where the wrong step is; in rows of other methods than `lemma`
            it may be null, as they have none. `published` takes any question and output, takes off a prompt that was put
            around all questions, and gives the output the beginning that ours have.
        where: the set's name in messages.

    Attributes:
        wrapper: what was found around the instructions (`prompt_wrapper.unwrap`); "" for bare questions.

    Raises:
        RefusedError: there are no rows, a column is missing, or rows cannot be trained on; the text says how many, which
            is the first, and what to do.
    """

    def __init__(self, rows: Iterable[Mapping[str, Any]], kind: str, where: str) -> None:
        self._rows, self._kind, self._where, self.wrapper = rows, kind, where, ""
        self._check()
        if kind == "published":
            self.wrapper = detect((row["instruction"] for row in rows), where)

    @property
    def masks(self) -> bool:
        """Whether the wrong steps are left out of the loss."""
        return self._kind == "masked_response"

    def __iter__(self) -> Iterator[Example]:
        return map(self.example, self._rows)

    def example(self, row: Mapping[str, Any]) -> Example:
        """One checked row."""
        if self._kind == "published":
            return Example(inference_prompt(unwrap(row["instruction"])[0]), as_output(row["output"]))
        error = None
        if self.masks and row["error_begin"] is not None:
            error = (row["error_begin"], row["error_end"])
        return Example(inference_prompt(row["instruction"]), row["output"], error)

    def _check(self) -> None:
        faults: dict[str, tuple[int, str]] = {}
        number = 0
        for number, row in enumerate(self._rows, 1):
            if number == 1 and (missing := [name for name in COLUMNS[self._kind] if name not in row]):
                raise RefusedError(
                    f"{self._where}: no column {', '.join(missing)} among {', '.join(row)}; give what recipes/lemma.py "
                    "or recipes/baselines.py wrote, or for the released set use type lemma_steps.training.published"
                )
            if fault := self._fault(row):
                count, first = faults.get(fault) or (0, f"row {number}{self._detail(row, fault)}")
                faults[fault] = (count + 1, first)
        if not number:
            raise RefusedError(f"{self._where}: holds no rows; give a set with at least one")
        for fault, (count, first) in faults.items():
            raise RefusedError(
                f"{self._where}: {count:,} of {number:,} rows {fault} (first: {first}); {_REMEDIES[fault]}"
            )

    def _fault(self, row: Mapping[str, Any]) -> str | None:
        no_text, no_unicode, has_input, no_space, other_prompt, no_error, misplaced = _REMEDIES
        question, output = row["instruction"], row["output"]
        if not isinstance(question, str) or not isinstance(output, str) or not output.strip():
            return no_text
        if _SURROGATE.search(question) or _SURROGATE.search(output):
            return no_unicode
        if row.get("input"):
            return has_input
        if self._kind == "published":
            return None
        if not output.startswith(OUTPUT_START) or output[len(OUTPUT_START)].isspace():
            return no_space
        if _joined(row) != inference_prompt(question) + output:
            return other_prompt
        if self.masks:
            begin, end = row["error_begin"], row["error_end"]
            if begin is None or end is None:
                return no_error if row.get("method") == "lemma" or begin is not end else None
            return None if 0 <= begin < end <= len(output) else misplaced
        return None

    def _detail(self, row: Mapping[str, Any], fault: str) -> str:
        name = f", id {str(row['id'])[:40]}" if row.get("id") else ""
        if "another prompt" not in fault:
            return name
        prompt = _joined(row).removesuffix(row["output"])
        question = row["instruction"]
        return f"{name}: {(prompt.replace(question, '{instruction}') if question else prompt)[:200]!r}"


def _joined(row: Mapping[str, Any]) -> str:
    return "".join(part["text"] for part in row["segments"] or ())
