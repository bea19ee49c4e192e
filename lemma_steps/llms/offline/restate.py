"""A gold solution told again in another presentation, for the strategy that starts over."""

from __future__ import annotations

import random
import re
from string import ascii_uppercase

from lemma_steps.arithmetic import find_equations
from lemma_steps.llms.offline import wording
from lemma_steps.llms.offline.decline import DeclineError
from lemma_steps.llms.offline.labels import amount, mentions, nearby_unit, shown, unit
from lemma_steps.llms.offline.numerals import raw
from lemma_steps.llms.offline.worked import CLOSING, Chain, Worked

_COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_LEAD = re.compile(
    r"(?:(?<=\A)|(?<=[.;,] ))[^\d.;:=\n]{3,90}\b(?:is|are|was|were|has|have|had|costs?|makes?|earns?)\s+\Z"
)
_CONNECTIVE = re.compile(r"\A(?:(?:Therefore|So|Thus|Hence|Then|Finally|Next|First|Now|In total|Altogether)\b,?\s+)+")
_FOREIGN = re.compile("[£€¥₹]")
_INVERSE = {"+": "-", "-": "+", "*": "/", "/": "*"}


def restate(worked: Worked, rng: random.Random) -> str:
    """The computations of `worked` under names, by a plan, or from the last one backwards, with a check at the end.

    A step whose numbers do not all come from the question or an earlier computation keeps its own words.

    Raises:
        DeclineError: the computations do not lead to the answer, or too many steps would keep their own words.
    """
    answer = worked.answer_number
    chains = worked.computed
    reached = [c for c in chains if answer is not None and c.value == raw(answer)]
    if not reached:
        raise DeclineError("no_second_presentation", "no computation has the final answer as its result")
    if _FOREIGN.search(worked.text):
        raise DeclineError("no_second_presentation", "sums of money are in another currency than dollars")
    chains = [c for c in chains if c.end <= reached[-1].end]
    own_words = [c for c in chains if not _explained(worked, c)]
    if 2 * len(own_words) > len(chains):
        raise DeclineError("no_second_presentation", "most computations use numbers without a visible source")
    free = not own_words and len(chains) <= len(ascii_uppercase)
    lines = rng.choice([_named, _planned, _backward] if free else [_planned])(worked, chains, rng)
    checks = [check for c in reversed(chains) if (check := _check(worked, c))]
    if checks:
        lines.append(wording.say(rng, "restated", "check", check=checks[0]))
    return "\n".join([*lines, CLOSING + worked.answer])


def _explained(worked: Worked, chain: Chain) -> bool:
    earlier = {c.value for c in worked.results_before(chain)}
    known = earlier | worked.given
    return all(raw(n) in known or n.value in known or worked.is_common(raw(n)) for n in chain.left.numbers)


def _equation(worked: Worked, chain: Chain) -> str:
    """`left = result unit`, in dollar signs where the solution is LaTeX."""
    left = shown(worked, chain.left, bare=True)
    if worked.latex:
        return f"${left} = {chain.result.text}$"
    if unit(worked, chain.result) or chain.result.unit:
        return f"{left} = {amount(worked, chain.result)}"
    money = "$" if any(n.unit == "$" for n in mentions(worked, chain)) else ""
    return f"{left} = {money}{chain.result.text} {nearby_unit(worked, chain)}".rstrip()


def _told(worked: Worked, chain: Chain) -> str:
    """The equation, after the words that lead to it in its step where no unit says what it is about."""
    lead = _LEAD.search(worked.text[worked.starts[chain.step] : chain.begin].removesuffix("$"))
    if nearby_unit(worked, chain) or worked.latex or lead is None:
        return _equation(worked, chain)
    words = _CONNECTIVE.sub("", lead[0].strip())
    first = words.split()[0]
    words = words if first.lower() not in wording.variants("words", "function") else words[0].lower() + words[1:]
    return f"{words} {_equation(worked, chain)}"


def _named(worked: Worked, chains: list[Chain], rng: random.Random) -> list[str]:
    lines = [wording.say(rng, "restated", "named")]
    names: dict[object, str] = {}
    for chain, letter in zip(chains, ascii_uppercase, strict=False):
        what = nearby_unit(worked, chain)
        call = f"{letter} ({what})" if what and not worked.latex else f"${letter}$" if worked.latex else letter
        named = [n for n in chain.left.numbers if raw(n) in names and raw(n) not in worked.given]
        uses = [f"{names[raw(n)]} = {n.text}" for n in named]
        since = ", ".join(f"${u}$" if worked.latex else u for u in dict.fromkeys(uses))
        since = f"Since {since}: " if since else ""
        lines.append(f"{since}{call} is {_equation(worked, chain)}.")
        names[chain.value] = letter
    return lines


def _planned(worked: Worked, chains: list[Chain], rng: random.Random) -> list[str]:
    units = [nearby_unit(worked, c) for c in chains]
    count = f"{_COUNTS[len(chains)] if len(chains) < len(_COUNTS) else len(chains)} value{'s' * (len(chains) > 1)}"
    distinct = len(set(units)) == len(units) and all(units) and len(units) > 1 and not worked.latex
    if distinct:
        lines = [wording.say(rng, "restated", "planned", count=count, units=", then ".join(units))]
    else:
        lines = [wording.say(rng, "restated", "planned_plainly", count=count.replace("value", "computation"))]
    return lines + _in_order(worked, chains, rng)


def _backward(worked: Worked, chains: list[Chain], rng: random.Random) -> list[str]:
    *before, last = chains
    needed = [n for n in last.left.numbers if raw(n) in {c.value for c in before} - worked.given]
    if not needed:
        return _planned(worked, chains, rng)
    values = " and ".join(dict.fromkeys(f"${n.text}$" if worked.latex else n.text for n in needed))
    opening = wording.say(rng, "restated", "backward", left=shown(worked, last.left), needed=values)
    return [opening, *_in_order(worked, chains, rng)]


def _in_order(worked: Worked, chains: list[Chain], rng: random.Random) -> list[str]:
    lines, told = [], -1
    for number, chain in enumerate(chains):
        place = "first" if number == 0 else "last" if number == len(chains) - 1 else "next"
        if chain.step == told:
            continue
        if _explained(worked, chain):
            lines.append(wording.say(rng, "restated", place, step=_told(worked, chain)))
        else:
            lines.append(worked.steps[chain.step].strip())
            told = chain.step
    return lines


def _check(worked: Worked, chain: Chain) -> str | None:
    """The computation undone: 75 - 25 = 50 is checked by 50 + 25 = 75."""
    if len(chain.left.numbers) != 2 or len(chain.left.operators) != 1 or chain.left.value != chain.value:
        return None
    first, second = chain.left.numbers
    symbol = chain.left.operators[0].symbol
    if symbol not in _INVERSE or any(n.unit == "%" for n in (first, second, chain.result)):
        return None
    inverse = r"\times" if _INVERSE[symbol] == "*" and worked.latex else _INVERSE[symbol]
    text = f"{chain.result.text} {inverse} {second.text} = {first.text}"
    if [equation.verdict for equation in find_equations(text)] != [
        "right"
    ]:  # signs, which numbers do not have: 42 - (-12)
        return None
    return f"${text}$" if worked.latex else text
