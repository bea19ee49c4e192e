"""Models: the offline teacher, and clients of real ones."""

from lemma_steps.llms.openai_compatible import OpenAICompatibleLLM
from lemma_steps.llms.spec import parse_llm, refuse_unpriced

__all__ = ["OpenAICompatibleLLM", "parse_llm", "refuse_unpriced"]
