"""Gold against prediction: the composite answers here, their scalars through a function that the caller gives.

In the calling process that function is `quick`, which knows numbers and words and says None for the rest; in a worker
it is `symbolic.scalar`, which always has an answer. One rule set serves both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from lemma_steps.answers import tables
from lemma_steps.answers.bounds import refuse
from lemma_steps.answers.dress import dress, key
from lemma_steps.answers.quantity import clock, parse_quantity, same
from lemma_steps.answers.structure import equation, group, plus_minus, unwrap
from lemma_steps.answers.verdict import Verdict

Scalar = Callable[[str, str], Verdict | None]
"""Compares two dressed scalars; None means: not decided here."""

_WORDS = re.compile(r"[A-Za-z][A-Za-z' \-]*")
_CHOICE = re.compile(r'\(?"?\(?([A-H])\)?"?[).:]?(?:\s.*)?', re.DOTALL)
_BASE = re.compile(r"(-?[0-9A-Z]+)_\{?(\d+)\}?")
_SET_MAKER = re.compile(r"[<>|]|\\(?:le|ge|ne|mathbb|setminus|emptyset|infty|cup|cap|pm|begin)(?![A-Za-z])")
_SPACED = re.compile(r"(?!\d{1,3}(?: \d{3})+$)-?\d+(?: -?\d+)+")
_MAX_WORDS = 8


def _verdict(equal: bool) -> Verdict:
    return Verdict.RIGHT if equal else Verdict.WRONG


def words(text: str) -> str | None:
    """`text` as a plain-language answer ("Friday", "not enough"), folded for comparison, or None."""
    plain = text.replace('"', " ").strip()
    if not _WORDS.fullmatch(plain) or len(plain.split()) > _MAX_WORDS:
        return None
    quoted = text.startswith('"') and text.endswith('"')
    letters = len(plain) < 3 and plain.casefold() != "no"
    if not quoted and (letters or plain in tables.FUNCTIONS or not re.search("[aeiouyAEIOUY]", plain)):
        return None
    return re.sub(r"^(?:the|an?) ", "", " ".join(plain.casefold().split()))


def quick(gold: str, prediction: str) -> Verdict | None:
    """Numbers, clock times, numerals in a base, words and choice letters; None for anything symbolic."""
    one, two = parse_quantity(gold), parse_quantity(prediction)
    if one and two:
        return _verdict(same(one, two))
    if (then := clock(gold)) and (when := clock(prediction)):
        return _verdict(then[0] == when[0] and (then[1] == when[1] or None in (then[1], when[1])))
    numeral, written = _BASE.fullmatch(key(gold)), _BASE.fullmatch(key(prediction))
    if numeral and written:
        return _verdict(numeral.groups() == written.groups())
    if (one or two) and (based := numeral or written):
        return _verdict(based[1] == key(prediction if numeral else gold))
    said, heard = words(gold), words(prediction)
    if said and (heard or two):
        return _verdict(said == heard)
    if re.fullmatch("[A-H]", key(gold)) and (choice := _CHOICE.fullmatch(prediction)):
        return _verdict(choice[1] == key(gold))
    return Verdict.WRONG if one and heard else None


def _settle(results: Sequence[Verdict | None]) -> Verdict | None:
    """The verdict on a whole whose parts must all be right."""
    for verdict in (Verdict.WRONG, None, Verdict.UNPARSED):
        if verdict in results:
            return verdict
    return Verdict.RIGHT


def _match(gold: Sequence[str], prediction: Sequence[str], scalar: Scalar) -> Verdict | None:
    """Items in any order; each gold item takes the first equal one that is left."""
    left, undecided = list(prediction), []
    for item in gold:
        results = [compare(item, other, scalar) for other in left]
        if Verdict.RIGHT in results:
            left.pop(results.index(Verdict.RIGHT))
        else:
            open_ = [result for result in results if result is not Verdict.WRONG]
            undecided.append(_settle(open_) if open_ else Verdict.WRONG)
    return _settle(undecided)


def _composite(gold: str, prediction: str, scalar: Scalar) -> Verdict | None:
    """Two composites. A bare list stands for a set, or for a tuple in its order."""
    one, two = group(gold), group(prediction)
    if one is None or two is None:
        return None if _SET_MAKER.search(gold + prediction) else Verdict.WRONG
    kinds = {one.kind, two.kind}
    if len(kinds) > 1 and "union" in kinds:
        return None
    if len(one.items) != len(two.items) or (len(kinds) > 1 and "list" not in kinds):
        return Verdict.WRONG
    if one.ordered or two.ordered:
        return _settle([compare(a, b, scalar) for a, b in zip(one.items, two.items, strict=True)])
    verdict = _match(one.items, two.items, scalar)
    return None if verdict is Verdict.WRONG and one.kind == "union" and scalar is quick else verdict


def _equations(text: str) -> bool:
    """Whether `text` lists several equations, `x = 1, y = 2`."""
    found = group(text)
    return found is not None and found.kind == "list" and all("=" in item for item in found.items)


def compare(gold: str, prediction: str, scalar: Scalar) -> Verdict | None:
    """The verdict on two dressed answers, or None where `scalar` could not decide."""
    if key(gold) == key(prediction):
        return Verdict.RIGHT
    if _SPACED.fullmatch(gold) or _SPACED.fullmatch(prediction):  # coefficients; algebra would add and multiply them
        return _verdict(gold.split() == re.split(r"[\s,]+", prediction.strip("()[]{} ")))
    if (parse_quantity(gold) and parse_quantity(prediction)) or not (gold and prediction):
        return quick(gold, prediction)
    if _equations(gold) or _equations(prediction):
        verdict = _composite(gold, prediction, scalar)
        return verdict if verdict or scalar is quick else scalar(gold, prediction)
    (label, values), (name, said) = equation(gold), equation(prediction)
    if label and name and key(label) != key(name) and words(label) is None and words(name) is None:
        return Verdict.WRONG
    if (label and not name and "=" in prediction) or (name and not label and "=" in gold):
        return None if scalar is quick else scalar(gold, prediction)
    if values != [gold] or said != [prediction]:
        results = [compare(value, said[-1], scalar) for value in values]
        return Verdict.RIGHT if Verdict.RIGHT in results else _settle(results)
    if group(gold) or group(prediction):
        verdict = _composite(gold, prediction, scalar)
        return scalar(gold, prediction) if verdict is None and scalar is not quick else verdict
    return scalar(unwrap(plus_minus(gold)), unwrap(plus_minus(prediction)))


def judge(gold: str, prediction: str, scalar: Scalar) -> Verdict | None:
    """The verdict on two answers as extracted: the same text is right; refused ones, as written or dressed, are unparsed."""
    if gold.split() == prediction.split():
        return Verdict.RIGHT
    for spelled in (lambda text: text, dress):
        gold, prediction = spelled(gold), spelled(prediction)
        if refuse(gold) or refuse(prediction):
            return Verdict.UNPARSED
    return compare(gold, prediction, scalar)
