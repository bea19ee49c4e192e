"""Light, deterministic smoothing: connectives at the beginning of sentences, no number and no formula touched."""

from __future__ import annotations

import random
import re

from lemma_steps.llms.offline import wording

_STARTS = re.compile(r"(The|He|She|They|It|There|This|These|We|You|In|On|At|Each|All|Both)\b(?= )")


def smooth(correction: str, seed: int) -> str:
    """`correction` with a connective before some of its lines."""
    rng = random.Random(seed)
    lines = correction.split("\n")
    for number, line in enumerate(lines[1:-1], 1):
        if _STARTS.match(line) and not _connected(lines[number - 1]) and rng.random() < 0.7:
            lines[number] = f"{wording.say(rng, 'smoothed')}, {line[0].lower()}{line[1:]}"
    return "\n".join(lines)


def _connected(line: str) -> bool:
    return line.startswith(tuple(f"{word}," for word in wording.variants("smoothed")))
