"""What follows an erroneous prefix: a reflection that says what is wrong, and the right solution from there or anew."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from lemma_steps.llms.offline import wording
from lemma_steps.llms.offline.decline import DeclineError
from lemma_steps.llms.offline.diagnose import Diagnosis, diagnose, first_error
from lemma_steps.llms.offline.labels import amount, shown
from lemma_steps.llms.offline.numerals import raw, write
from lemma_steps.llms.offline.restate import restate
from lemma_steps.llms.offline.worked import Chain, Worked

MAX_DECIMALS = 6
"""A result with more decimals was cut off by a machine, not miscalculated."""
_LABEL = re.compile(r"(?:\bstep\s+|^\s*\(?)\d+\b(?=[.:)]|\s*$)", re.IGNORECASE | re.MULTILINE)
_ANSWERED = re.compile(r"\banswer is\b|\\boxed|####", re.IGNORECASE)
_DONE = {"+": "added", "-": "subtracted", "*": "multiplied", "/": "divided"}
_SENTENCE_END = re.compile(r"(?<=[.?!])\s+")


def revise(question: str, reference: str, attempt: Sequence[str], strategy: str, seed: int) -> tuple[str, str]:
    """Reflection and correction for `attempt`, whose last step is wrong.

    Raises:
        DeclineError: the error is none that the reference proves, or there is no second way to present it.
    """
    rng = random.Random(seed)
    gold = Worked.read(question, reference)
    attempt = attempt[: _reach(gold, attempt)]
    found = diagnose(gold, attempt) or slip(gold, attempt)
    correction = restate(gold, rng) if strategy == "fresh_restart" else _rest(gold, found.resume)
    return reflection(gold, gold.attempt(attempt), found, strategy, rng), correction


def _reach(gold: Worked, attempt: Sequence[str]) -> int:
    """How many steps of the attempt to judge: all, but up to the first error where it runs on to its final answer."""
    if not _ANSWERED.search(attempt[-1]):
        return len(attempt)
    if located := first_error(gold, attempt):
        return located[0]
    false = gold.attempt(attempt).false
    return false[0].step + 1 if false else len(attempt)


def slip(gold: Worked, attempt: Sequence[str]) -> Diagnosis:
    """A student's slip of arithmetic in the attempt's last step.

    Raises:
        DeclineError: the last step is not the first false one by arithmetic, or the way to it is not gold's.
    """
    tried = gold.attempt(attempt)
    last = len(attempt) - 1
    false = [c for c in tried.false if c.left.value is not None and c.result.decimals <= MAX_DECIMALS]
    if not false or false[0].step != last:
        raise DeclineError("not_decidable", "the last step is not the first whose arithmetic is false")
    golden = {c.value for c in gold.computed}
    earlier = [c.value for c in tried.computed if c.end <= false[0].begin]
    if strange := [value for value in earlier if value not in golden]:
        raise DeclineError("not_decidable", f"the value {strange[0]} before the error does not occur in the reference")
    if stray := _stray(gold, tried, false[0].begin):
        raise DeclineError("not_decidable", f"{stray} before the error stands neither in question nor reference")
    if _ANSWERED.search(tried.text[: false[0].begin]):
        raise DeclineError("not_decidable", "the attempt states an answer before the error")
    done = set(earlier)
    open_steps = (c.step for c in gold.computed if c.value not in done)
    resume = next(open_steps, None)
    if resume is None:
        raise DeclineError("not_decidable", "nothing is left to correct")
    # what gold says in words or symbols before its next computation belongs to the way there
    done_before = [c.step for c in gold.computed if c.value in done and c.step < resume]
    return Diagnosis("CA", max(done_before, default=-1) + 1, false[0], None)


def _stray(gold: Worked, tried: Worked, end: int) -> str | None:
    """The first number before `end` without a source: computed in words, misread or made up, it may be the first error."""
    known = gold.given | {value for n in gold.numerals for value in (n.value, raw(n))}
    labels = [match.span() for match in _LABEL.finditer(tried.text, 0, end)]
    for number in tried.numerals:
        if number.end > end:
            return None
        labelled = any(begin <= number.begin < stop for begin, stop in labels)
        if not labelled and not {number.value, raw(number)} & known and not gold.is_common(raw(number)):
            return number.text
    return None


def reflection(gold: Worked, tried: Worked, found: Diagnosis, strategy: str, rng: random.Random) -> str:
    """An opening, what is wrong and what is right instead, and the turn to the correction."""
    body = wording.say(rng, "reflections", _kind(gold, found), **slots(gold, tried, found))
    opening, turn = (wording.say(rng, part, strategy) for part in ("openings", "turns"))
    return f"{opening} {body[0].upper()}{body[1:]} {turn}"


def _kind(gold: Worked, found: Diagnosis) -> str:
    """Which phrases fit: a lost addend and a slip on a way that gold does not go have their own."""
    if found.code == "CO" and not found.wrong_part:
        return "sum"
    if found.right is None and found.wrong and found.wrong.left.value is not None:
        value = found.wrong.left.value
        return "CA" if {value, value * 100} & {c.value for c in gold.computed} else "aside"
    return found.code


def explain(gold: Worked, tried: Worked, found: Diagnosis) -> str:
    """The error in one sentence, for explanations and reasons."""
    return wording.say(random.Random(0), "explained", found.code, **slots(gold, tried, found))


def slots(gold: Worked, tried: Worked, found: Diagnosis) -> dict[str, str]:
    """What the phrases name: expressions, results and numbers, wrong and right."""
    dress = "${}$" if gold.latex else "{}"
    parts = [dress.format(p) if p and found.code != "QM" else p for p in (found.wrong_part, found.right_part)]
    sentences = _SENTENCE_END.split(gold.question.strip())
    asked = [s for s in sentences if s.endswith("?") and len(s.split()) > 3] or [gold.question.strip()]
    named = dict(zip(("wrong_part", "right_part", "asked"), (*parts, asked[-1]), strict=True))
    if found.code == "OP":
        named |= {"did": _DONE[found.wrong_part], "ought": _DONE[found.right_part]}
    if found.wrong:
        named |= {"expression": shown(tried, found.wrong.left), "wrong_result": amount(tried, found.wrong.result)}
        named["right_result"] = dress.format(_value(found.wrong))
    if found.right:
        named["right_result"] = amount(gold, found.right.result)
        named["right_expression"] = shown(gold, found.right.left)
    return named


def _value(chain: Chain) -> str:
    """The true value of a chain's left side, as the chain would write it, or as a fraction."""
    assert chain.left.value is not None, "a false chain has a value"
    percent = chain.result.unit == "%"
    value = chain.left.value * (100 if percent else 1)
    return (write(value, chain.result) if 10**4 % value.denominator == 0 else str(value)) + "%" * percent


def _rest(gold: Worked, resume: int) -> str:
    return "".join(gold.steps[resume:]).strip()
