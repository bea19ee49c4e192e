"""The 12 error types, every spelling by which they are known, and how often each occurs."""

from lemma_steps.taxonomy.distributions import default_distribution, published_percent, read_counts, read_distribution
from lemma_steps.taxonomy.types import TAXONOMY, ErrorType, resolve

__all__ = [
    "TAXONOMY",
    "ErrorType",
    "default_distribution",
    "published_percent",
    "read_counts",
    "read_distribution",
    "resolve",
]
