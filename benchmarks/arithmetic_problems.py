"""Makes word problems in the form of GSM8K that the offline teacher can treat: as many as wanted, no two alike.

    uv run benchmarks/arithmetic_problems.py --count 1000 --output problems.jsonl

Each problem is a template with a name, a thing and numbers drawn by seed and position, so that the first N problems of a
seed are the same however many are made. Every computed value is unlike every other value of its problem: the teacher
then never doubts where a number comes from.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

_WORDS = (
    "Amira Bela Carla Dario Edda Farid Greta Hakim Ilka Jonas Kadri Lothar Mirela Nuri Odile Petra Quentin Rosa Samir Tilda "
    "Umar Vesna Wanda Xenia Yusuf Zora Anselm Birgit Casimir Delia Emre Frida Gustav Helmi Iris Jarek Katia Leander",
    "apples badges beads bolts bricks buttons candles cards chairs chestnuts coins cookies corks crayons envelopes figs "
    "flowers folders hinges jars keys labels lamps leaflets marbles medals mugs nails olives parcels pebbles pencils "
    "plums ribbons rolls seeds shells sponges stamps tickets tiles towels walnuts whistles",
)
NAMES, THINGS = (words.split() for words in _WORDS)
Template = tuple[str, tuple[tuple[str, str, str, str], ...]]
TEMPLATES: tuple[Template, ...] = (
    (
        "{name} packs {a} boxes with {b} {thing} each and puts {c} loose {thing} beside them. Then {name} gives {d} "
        "{thing} away. How many {thing} does {name} have in the end?",
        (
            ("a", "*", "b", "The boxes hold {} {thing}."),
            ("r1", "+", "c", "With the loose ones there are {} {thing}."),
            ("r2", "-", "d", "After the gift {} {thing} are left."),
        ),
    ),
    (
        "On Monday {name} counts {a} {thing}, on Tuesday {b} more than on Monday, and on Wednesday {c} times as many as on "
        "Tuesday. How many {thing} does {name} count on Tuesday and Wednesday together?",
        (
            ("a", "+", "b", "On Tuesday there are {} {thing}."),
            ("r1", "*", "c", "On Wednesday there are {} {thing}."),
            ("r1", "+", "r2", "On the two days there are {} {thing}."),
        ),
    ),
    (
        "A shop has {a} shelves with {b} {thing} each and {c} shelves with {d} {thing} each. {name} buys {e} of the {thing}. "
        "How many {thing} does the shop still have?",
        (
            ("a", "*", "b", "The first shelves carry {} {thing}."),
            ("c", "*", "d", "The other shelves carry {} {thing}."),
            ("r1", "+", "r2", "All shelves together carry {} {thing}."),
            ("r3", "-", "e", "After the sale {} {thing} remain."),
        ),
    ),
    (
        "{name} owns {a} {thing} and finds {b} more. {name} needs {c} {thing} for each of {d} friends. How many {thing} are "
        "missing?",
        (
            ("a", "+", "b", "{name} now has {} {thing}."),
            ("c", "*", "d", "The friends need {} {thing}."),
            ("r2", "-", "r1", "So {} {thing} are missing."),
        ),
    ),
    (
        "A club orders {a} crates of {b} {thing}. {name} takes out {c} broken {thing} and shares the others equally among {d} "
        "groups. How many {thing} does each group get?",
        (
            ("a", "*", "b", "The crates hold {} {thing}."),
            ("r1", "-", "c", "Without the broken ones there are {} {thing}."),
            ("r2", "/", "d", "Each group gets {} {thing}."),
        ),
    ),
    (
        "{name} sells {a} {thing} at {b} dollars each and pays {c} dollars for the stall and {d} dollars for every one of {e} "
        "helpers. How many dollars does {name} keep?",
        (
            ("a", "*", "b", "The {thing} bring in {} dollars."),
            ("d", "*", "e", "The helpers cost {} dollars."),
            ("r2", "+", "c", "All costs together are {} dollars."),
            ("r1", "-", "r3", "So {name} keeps {} dollars."),
        ),
    ),
)
RANGES = {"a": (21, 98), "b": (13, 89), "c": (3, 79), "d": (3, 59), "e": (13, 94)}
_AVOIDED = frozenset({0, 1, 2, 7, 10, 12, 24, 30, 50, 52, 60, 100, 365, 1000})
"""Values that the teacher knows without a source (conversion factors, halves, hundreds)."""


def problems(seed: int = 0) -> Iterator[dict[str, str]]:
    """Problems without end: `{id, question, answer}`, the answer with calculator marks and a `####` line."""
    draw, seen = random.Random(f"arithmetic problems {seed}"), set()
    number = 0
    while True:
        template = draw.randrange(len(TEMPLATES))
        name, thing = draw.choice(NAMES), draw.choice(THINGS)
        given = {letter: draw.randint(*bounds) for letter, bounds in RANGES.items()}
        question, steps = TEMPLATES[template]
        given = {letter: value for letter, value in given.items() if f"{{{letter}}}" in question}
        values = _values(given, steps)
        key = (template, thing, *given.values())  # not all solutions hold the name
        if values is None or key in seen:
            continue
        seen.add(key)
        words = {"name": name, "thing": thing}
        lines = [
            sentence.format(_equation(values[x], sign, values[y], values[f"r{k}"]), **words)
            for k, (x, sign, y, sentence) in enumerate(steps, 1)
        ]
        result = values[f"r{len(steps)}"]
        number += 1
        yield {
            "id": f"arithmetic-{seed}-{number}",
            "question": question.format(**words, **given),
            "answer": "\n".join([*lines, f"#### {result}"]),
        }


def _values(given: dict[str, int], steps: tuple[tuple[str, str, str, str], ...]) -> dict[str, int] | None:
    """All values by name, or None where a result is no whole number above 2, is another value again, or is avoided."""
    values = dict(given)
    for k, (x, sign, y, _) in enumerate(steps, 1):
        one, other = values[x], values[y]
        if sign == "/" and one % other:
            return None
        result = {"+": one + other, "-": one - other, "*": one * other, "/": one // other}[sign]
        if result < 3:
            return None
        values[f"r{k}"] = result
    distinct = len(set(values.values())) == len(values)
    return values if distinct and not _AVOIDED.intersection(values.values()) else None


def _equation(one: int, sign: str, other: int, result: int) -> str:
    return f"{one} {sign} {other} = <<{one}{sign}{other}={result}>>{result}"


def write_problems(path: Path, count: int, seed: int = 0) -> None:
    """The first `count` problems of a seed, as JSONL."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(problem) + "\n" for problem in islice(problems(seed), count))


def main() -> None:
    """Write a file of problems."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("problems.jsonl"))
    options = parser.parse_args()
    write_problems(options.output, options.count, options.seed)


if __name__ == "__main__":
    main()
