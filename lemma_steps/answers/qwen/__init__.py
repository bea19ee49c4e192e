"""The answer check of the published evaluation, with its laxness: for comparing with printed figures, never for filtering.

    match("18", "She sells 9 eggs for $2 each. The answer is: 18")  # Verdict.RIGHT

The rules are those of Qwen2.5-Math's grader (`evaluation/{parser,grader,math_eval}.py`, MIT licence), which LEMMA used
unchanged; the code is not. It departs from them on purpose in that model text is never evaluated, a comparison has 10
seconds of CPU time, and an answer of more than 20,000 characters is wrong. Also, the published runner executed a reply
that ends in a fenced block and has no box; here such a reply is graded as it stands.
"""

from lemma_steps.answers.qwen.extract import extract, gold_of, normalise
from lemma_steps.answers.qwen.match import match, match_many

__all__ = ["extract", "gold_of", "match", "match_many", "normalise"]
