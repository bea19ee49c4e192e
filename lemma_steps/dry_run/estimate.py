"""What one step of a run would ask and cost."""

from __future__ import annotations

from dataclasses import dataclass

from lemma_steps.llms.engine.prices import Prices
from lemma_steps.llms.engine.usage import Usage
from lemma_steps.llms.tokens import Prompt

LONGER = 2
"""How many times longer replies are in the second total that a dry run gives. Measured against gold solutions: 0.9 to 1.0
times for models that were fine-tuned on GSM8K, 3 times for a chat model that reasons step by step on MATH."""


@dataclass(frozen=True, slots=True)
class StepEstimate:
    """What one step would ask of its model: replies, tokens, and dollars, which are `None` where no price is known.

    `tokens_fixed` are those of `tokens_in` that all prompts of the step begin with. `usd` takes none of them from a
    cache, `usd_cached` all; `usd_batch` is `usd` by the batch API, `usd_longer` with replies `LONGER` times as long.
    """

    step: str
    model: str
    calls: int
    tokens_in: int
    tokens_fixed: int
    tokens_out: int
    usd: float | None
    usd_cached: float | None
    usd_batch: float | None
    usd_longer: float | None
    first: Prompt

    @classmethod
    def priced(cls, step: str, model: str, figures: list[int], prices: Prices, first: Prompt) -> StepEstimate:
        """The estimate of a step; `figures` are calls, tokens in, fixed ones among them, tokens out."""
        calls, tokens_in, fixed, out = figures
        usages = Usage(tokens_in, 0, out), Usage(tokens_in, fixed, out), Usage(tokens_in, 0, LONGER * out)
        usd, cached, longer = (prices.usd(model, usage) for usage in usages)
        batch = prices.usd(model, usages[0], batch=True)
        return cls(step, model, calls, tokens_in, fixed, out, usd, cached, batch, longer, first)
