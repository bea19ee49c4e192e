"""The answer check: four verdicts, strict, bounded in time. Importing this loads no sympy.

    verify("1/2", "So half of it. The answer is: 0.5")  # Verdict.RIGHT

What is equal, where custom varies (`tests/answers/pairs.yaml` has a row for each):

- Numbers are exact. A decimal stands for an endless value from six places on: 0.333333 is 1/3, 0.33 is not.
- 5% is 0.05 and, where only one side has the sign, 5; it is never 500.
- A unit or base on one side only carries no weight; on both sides it must agree (120 minutes are 2 hours, 5 m are not
  5 cm, 12 cm^2 are not 12 cm). A bare letter after a number is a variable: 5m is not 5.
- Bare lists and sets are unordered, with multiplicity; tuples, intervals and matrices are ordered and keep their
  brackets. A bare list equals a tuple in the same order.
- `x = 5` equals 5, `y = 5` does not equal `x = 5`; an equation in several variables equals its rearrangements only.
"""

from lemma_steps.answers.extract import extract_answer, gold_answer
from lemma_steps.answers.own_statement import missing_statement
from lemma_steps.answers.pool import VerifyPool, shared_pool, verify, verify_many
from lemma_steps.answers.verdict import Verdict

__all__ = [
    "Verdict",
    "VerifyPool",
    "extract_answer",
    "gold_answer",
    "missing_statement",
    "shared_pool",
    "verify",
    "verify_many",
]
