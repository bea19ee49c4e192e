"""The answer check: four verdicts, strict, bounded in time. Importing this loads no sympy.

verify("1/2", "So half of it. The answer is: 0.5")  # Verdict.RIGHT
"""

from lemma_steps.answers.extract import extract_answer, gold_answer
from lemma_steps.answers.pool import VerifyPool, verify, verify_many
from lemma_steps.answers.verdict import Verdict

__all__ = ["Verdict", "VerifyPool", "extract_answer", "gold_answer", "verify", "verify_many"]
