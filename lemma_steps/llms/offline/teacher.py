"""The teacher that needs no key, no download and no GPU.

`from __future__ import annotations` is absent on purpose: distilabel reads the signature of `agenerate`.
"""

import json
from typing import TYPE_CHECKING

from distilabel.models.llms.base import AsyncLLM

from lemma_steps.llms.offline.desk import answer

if TYPE_CHECKING:
    from distilabel.typing import FormattedInput, GenerateOutput

CHARS_PER_TOKEN = 4
"""The statistics' token counts are estimates: nothing is tokenized here."""


class OfflineTeacher(AsyncLLM):
    """Answers the six tasks of the recipe (of `lemma_steps.prompts`) by rule, from nothing but the messages.

    It makes, finds and corrects errors in solutions whose computations it can recompute from a reference solution, and
    declines everything else with a reason. It is no substitute for a strong teacher: its errors are of eleven
    mechanical kinds and its words are phrases. It serves the quick start, tests, ablation controls, and as an oracle.
    """

    @property
    def model_name(self) -> str:
        """The name in the record's `teacher` column."""
        return "offline-teacher"

    @property
    def labels_by_construction(self) -> bool:
        """Its own injections need no locator: the wrong step is known."""
        return True

    async def agenerate(
        self, input: "FormattedInput", num_generations: int = 1, seed: int | None = None
    ) -> "GenerateOutput":
        """The replies to one prompt, computed on the spot.

        Args:
            input: the messages that `lemma_steps.prompts.render` made.
            num_generations: how many replies; they differ by seed.
            seed: chooses among what the rules allow; None counts as 0.

        Returns:
            The replies, and token counts estimated from their lengths.
        """
        replies = [answer(input, (seed or 0) + number) for number in range(num_generations)]
        asked = len(json.dumps(input)) // CHARS_PER_TOKEN
        return {
            "generations": replies,
            "statistics": {
                "input_tokens": [asked] * num_generations,
                "output_tokens": [len(reply) // CHARS_PER_TOKEN for reply in replies],
            },
        }
