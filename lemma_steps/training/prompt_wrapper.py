"""Whether the `instruction` of a foreign set is the bare question, or a prompt that somebody put around it.

Nobody has stated which of the two the released `panzs19/LEMMA` holds: its evaluation wraps the question in the Alpaca
words, its training template in "Human: ... Assistant:", and its `instruction` may hold either, both or none.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from itertools import takewhile

from lemma_steps.errors import RefusedError

_WRAPPERS = {
    "alpaca": re.compile(
        r"\s*(?:Below is an instruction that describes a task[^\n]*\n+)?#{2,3} Instruction:(?P<question>.*?)"
        r"(?:#{2,3} Input:\s*)?#{2,3} Response:(?:\s*Let's think step by step\.?)?\s*",
        re.DOTALL,
    ),
    "human": re.compile(
        r"\s*(?:Human|User|Question):(?P<question>.*?)(?:Assistant|Answer):(?:\s*Let's think step by step\.?)?\s*",
        re.DOTALL,
    ),
}
_ENOUGH = 20
"""Different instructions from which on a beginning or an end that all of them share is no accident."""
_SHARED = 12
"""Characters; shorter than any known wrapper, longer than what questions happen to share."""


def unwrap(instruction: str) -> tuple[str, str]:
    """The question in `instruction`, and the names of the wrappers that were around it, outermost first, joined by "+".

    The names are `alpaca` ("### Instruction: ... ### Response: ...") and `human` ("Human: ... Assistant:"); "" is none,
    and then the text comes back as it was.
    """
    names = []
    while found := next(
        ((name, hit) for name, form in _WRAPPERS.items() if (hit := form.fullmatch(instruction))), None
    ):
        names.append(found[0])
        instruction = found[1]["question"].strip()
    return instruction, "+".join(names)


def detect(instructions: Iterable[str], where: str) -> str:
    """The one name that `unwrap` gives for every instruction of a set; "" where all are bare questions.

    Raises:
        RefusedError: some are wrapped otherwise than others, or all share a beginning or an end that is no known wrapper.
    """
    names: Counter[str] = Counter()
    questions: set[str] = set()
    for instruction in instructions:
        question, name = unwrap(instruction)
        names[name] += 1
        questions.add(question)
    if len(names) > 1:
        counts = ", ".join(f"{count:,} {name or 'bare'}" for name, count in names.most_common())
        raise RefusedError(f"{where}: instructions are not all wrapped alike ({counts}); split the set by form")
    ends = (_shared_start(questions), _shared_start([question[::-1] for question in questions])[::-1])
    if len(questions) >= _ENOUGH and (shared := [end for end in ends if len(end.strip()) >= _SHARED]):
        raise RefusedError(
            f"{where}: every instruction shares the words {shared[0].strip()[:60]!r}, which is no wrapper known here; "
            "take them off, so that `instruction` is the bare question"
        )
    return next(iter(names), "")


def _shared_start(texts: Collection[str]) -> str:
    pairs = zip(min(texts, default=""), max(texts, default=""), strict=False)
    return "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
