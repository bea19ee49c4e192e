"""One change of one chain: what an error maker proposes, and how it becomes a whole wrong solution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from lemma_steps.arithmetic import Number, Operator
from lemma_steps.llms.offline.carry import Carry, Edit, apply
from lemma_steps.llms.offline.numerals import fits, is_money, raw, write
from lemma_steps.llms.offline.worked import Chain, Worked


@dataclass(frozen=True, slots=True)
class Change:
    """An error at `chain`: edits of its left side, or another `result`.

    Attributes:
        prose: edits of the same step outside the chain, which belong to the same error.
    """

    chain: Chain
    left: tuple[Edit, ...] = ()
    result: Fraction | None = None
    prose: tuple[Edit, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A whole wrong solution with the number (0-based) of its first wrong step."""

    steps: tuple[str, ...]
    error: int


def realise(worked: Worked, change: Change) -> Draft:
    """The solution in which `change` is made and carried on.

    Raises:
        CarryError: it cannot be carried without a doubt.
    """
    chain = change.chain
    known = [c.value for c in worked.results_before(chain)] + [raw(n) for n in chain.left.numbers]
    known += [raw(n) for n in worked.numerals if n.begin < worked.starts[chain.step]]
    carry = Carry(worked, change.left, known)
    carry.error(chain, change.result)
    carry.run(chain.step, chain.end, change.prose)
    return Draft(cut(worked, [*carry.edits, *change.prose]), chain.step)


def cut(worked: Worked, edits: Sequence[Edit]) -> tuple[str, ...]:
    """The steps after the edits, none of which crosses a boundary; a step that is edited away is left out."""
    bounds = zip(worked.starts, worked.starts[1:], strict=False)
    return tuple(step for begin, end in bounds if (step := apply(worked.text, edits, begin, end)))


_WORDED = {"plus": "+", "minus": "-", "times": "*", "multiplied by": "*", "divided by": "/"}
_SPOKEN = {"+": "plus", "-": "minus", "*": "times", "/": "divided by"}


def operator_edit(worked: Worked, operator: Operator, symbol: str) -> Edit | None:
    """Another operator in the dress of the one there; None where the operator has no mark of its own."""
    dress = worked.text[operator.begin : operator.end]
    if not dress or "frac" in dress:
        return None
    if dress.lower() in _WORDED:
        return Edit(operator.begin, operator.end, _SPOKEN[symbol])
    if symbol == "*":
        latex = "$" in worked.text and "\\" in worked.text
        symbol = r"\times " if latex else "x" if " x " in worked.text else "*"
        if symbol == "x":
            around = worked.text[operator.begin - 1], worked.text[operator.end : operator.end + 1]
            symbol = symbol if around == (" ", " ") else "*"
    return Edit(operator.begin, operator.end, symbol)


def number_edits(worked: Worked, chain: Chain, number: Number, value: Fraction) -> tuple[Edit, tuple[Edit, ...]] | None:
    """`number` of the left side replaced by `value`, there and in the step's words; None if it stands elsewhere."""
    old = raw(number)
    others = [c for c in worked.in_step(chain.step) if c.begin != chain.begin]
    if any(raw(n) == old for c in others for n in c.left.numbers) or old == chain.value:
        return None
    if sum(raw(n) == old for n in chain.left.numbers) != 1:
        return None
    mentions = [n for n in worked.prose(chain.step) if raw(n) == old]
    if any(worked.latex or e.begin <= n.begin < e.end for n in mentions for e in worked.equations):
        return None
    if not all(fits(value, n) and (not is_money(n) or is_money(number)) for n in mentions):
        return None
    prose = tuple(Edit(n.begin, n.end, write(value, n)) for n in mentions)
    return Edit(number.begin, number.end, write(value, number)), prose
