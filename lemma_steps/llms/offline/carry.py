"""Carries one wrong value through the rest of a solution, as a student would who does not notice it.

Every number after the error is either explained (the question's, an earlier result, a constant) or the error's own
consequence. Where a number could be either, or is neither, the error is not carried and the site is given up: a wrong
guess would be a second error.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from lemma_steps.arithmetic import Expression, Number, find_equations
from lemma_steps.llms.offline.numerals import fits, is_fraction, is_money, raw, write
from lemma_steps.llms.offline.worked import CLOSING, Chain, Worked


@dataclass(frozen=True, slots=True)
class Edit:
    """`text[begin:end]` becomes `new`; offsets are into the gold text."""

    begin: int
    end: int
    new: str


class CarryError(Exception):
    """The wrong value cannot be carried without a doubt."""


def apply(text: str, edits: Iterable[Edit], begin: int = 0, end: int | None = None) -> str:
    """`text[begin:end]` with the edits that lie in it; an insertion belongs to what begins there."""
    end = len(text) if end is None else end
    parts, at = [], begin
    for edit in sorted(edits, key=lambda e: (e.begin, e.end)):
        if begin <= edit.begin and edit.end <= end and (edit.begin < end or end == len(text)):
            if edit.begin < at:
                raise CarryError("edits overlap")
            parts += [text[at : edit.begin], edit.new]
            at = edit.end
    return "".join([*parts, text[at:end]])


class Carry:
    """One walk from the error to the end of a solution, collecting edits.

    Attributes:
        worked: the right solution.
        edits: what changes, so far.
        changed: gold's value to the wrong one, for every result that the error reaches.
        fixed: values that the error does not reach.
    """

    def __init__(self, worked: Worked, edits: Sequence[Edit], known: Iterable[Fraction]) -> None:
        self.worked = worked
        self.edits = list(edits)
        self.changed: dict[Fraction, Fraction] = {}
        self.fixed = set(worked.given) | set(known)
        self._money: set[Fraction] = set()
        self._last: dict[Fraction, Fraction] = {}

    def error(self, chain: Chain, result: Fraction | None) -> None:
        """Start at `chain`, whose left side `edits` change or whose result they replace by `result`."""
        if result is None:
            self._settle(chain, self._recompute(chain))
        else:
            self._write(chain, result)

    def run(self, step: int, after: int, also: Sequence[Edit] = ()) -> None:
        """Let everything from offset `after`, in `step` and later, follow from `changed`.

        `also` are edits of the same step that belong to the error.

        Raises:
            CarryError: some number is in doubt, does not fit, or the final answer stays the same.
        """
        for number in range(step, len(self.worked.steps)):
            for chain in self.worked.in_step(number):
                if chain.begin >= after:
                    self._follow(chain)
            self._rewrite_prose(number, after if number == step else 0, also)
        self._close()

    def _refers(self, number: Number) -> bool:
        """Is this number one that the error reaches?"""
        value = raw(number)
        if value not in self.changed:
            if value in self.fixed or self.worked.is_common(value) or number.value in self.fixed:
                return False
            raise CarryError(f"{number.text} has no source")
        if value in self.fixed:
            raise CarryError(f"{number.text} has two sources")
        return True

    def _references(self, side: Expression) -> list[Edit]:
        numbers = list(side.numbers)
        for fraction in self.worked.numerals:
            if side.begin <= fraction.begin and fraction.end <= side.end and is_fraction(fraction):
                inner = [n for n in numbers if fraction.begin <= n.begin < fraction.end]
                if raw(fraction) in self.changed or raw(fraction) in self.fixed:
                    if any(raw(n) in self.changed for n in inner):
                        raise CarryError(f"{fraction.text} can be read in two ways")
                    numbers = [n for n in numbers if n not in inner] + [fraction]
        return [self._replace(n, self.changed[raw(n)]) for n in numbers if self._refers(n)]

    def _replace(self, number: Number, new: Fraction) -> Edit:
        like = replace(number, unit="$") if raw(number) in self._money and number.unit != "%" else number
        if not fits(new, like):
            raise CarryError(f"{new} cannot stand for {number.text}")
        return Edit(number.begin, number.end, write(new, like))

    def _follow(self, chain: Chain) -> None:
        if chain.verdict != "right":
            raise CarryError("a later chain is not right in gold")
        references = self._references(chain.left)
        if not references:
            self.fixed.add(chain.value)
            return
        self.edits += references
        self._settle(chain, self._recompute(chain))

    def _recompute(self, chain: Chain) -> Fraction:
        text = apply(self.worked.text, self.edits, chain.begin, chain.end)
        equations = find_equations(text)
        value = equations[0].left.value if equations else None
        result = None if value is None else chain.settle(value)
        if result is None:
            raise CarryError(f"{text!r} cannot be computed")
        return result

    def _settle(self, chain: Chain, result: Fraction) -> None:
        """Leave out the terms between left side and result, which no longer hold, and write `result`."""
        if len(chain.terms) > 2:
            self.edits.append(Edit(chain.terms[1].begin, chain.terms[-1].begin, ""))
        self._write(chain, result)

    def _write(self, chain: Chain, result: Fraction) -> None:
        """Write `result` for `chain` and remember it."""
        if is_money(chain.result):
            self._money.add(chain.value)
        if result != chain.value:
            self.edits.append(self._replace(chain.result, result))
            if self.changed.get(chain.value, result) != result:
                self.fixed.add(chain.value)
            self.changed[chain.value] = result
        self._last[chain.value] = result

    def _rewrite_prose(self, step: int, after: int, also: Sequence[Edit]) -> None:
        end = self.worked.starts[step + 1]
        for number in self.worked.prose(step):
            if any(e.begin <= number.begin < e.end or e.begin <= number.begin == e.end for e in also):
                continue
            if number.begin < after and raw(number) not in self.changed:
                continue
            if self._refers(number):
                self._opaque(number)
                self.edits.append(self._replace(number, self.changed[raw(number)]))
        for word in self.worked.number_words:
            if self.worked.starts[step] <= word.begin < end and word.value in self.changed:
                raise CarryError(f"the word {word.text} may mean the changed value")

    def _opaque(self, number: Number) -> None:
        """Refuse to change a number inside an equation that is not understood."""
        for equation in self.worked.equations:
            bare = not equation.left.operators and not equation.right.operators
            if equation.begin <= number.begin < equation.end and not (bare and number.begin >= equation.right.begin):
                raise CarryError(f"{number.text} is part of an unchecked equation")

    def _close(self) -> None:
        answer = self.worked.answer_number
        if answer is None or raw(answer) not in self._last or self._last[raw(answer)] == raw(answer):
            raise CarryError("the final answer does not change")
        if self.worked.text.count(CLOSING) != 1:
            raise CarryError("there is more than one closing statement")
        self.edits.append(self._replace(answer, self._last[raw(answer)]))
