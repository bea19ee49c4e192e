"""The last words of the report: what to do next, from its own figures."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lemma_steps.review.choice import Choice

WIDE, DIFFER, MANY = 0.1, 0.8, 0.1
"""From where on a figure is worth a word: a share not known to 10 points, less than 80 % the same, every tenth row dropped
(and not just one).

Rules of thumb, no tests: each piece of advice gives the figure that it is about.
"""


def advice(figures: Mapping[str, Any]) -> list[str]:
    """What to do before the answers are applied, one paragraph each; none where nothing speaks against it."""
    return [*_first(figures), *_between(figures), *_drops(figures), *_few(figures)]


def command(name: str) -> str:
    """The command that applies the answers of a set, to be copied."""
    made = f"{Path(name).resolve().name}-reviewed"
    given = (f"./{path}" if path.startswith("-") else path for path in (name, made))
    return "uv run recipes/review.py apply {} --output {}".format(*map(shlex.quote, given))


def _first(figures: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the answers themselves."""
    asked = figures["changes"]
    if count := asked["other_text"]:
        yield (
            f"Answers about a text that is no longer in the set: {count:,}. Give the set that was pushed; if it was made "
            "anew since, push it to another --dataset."
        )
    if figures["contradictions"]:
        yield (
            "Look at the answers that do not go together, listed above: most are slips. Who gave one can change it on the "
            "page; then pull again."
        )
    if count := asked["refused"]:
        yield (
            f"Changes that contradict others: {count:,}; they are not made. Where two reviewers wrote different texts, let "
            "them agree on one."
        )


def _between(figures: Mapping[str, Any]) -> Iterator[str]:
    known = [question for question in figures["questions"] if question["between"]]
    if not known:
        yield (
            "No row has answers of two people: nobody knows whether another would judge the same. Let two judge some of "
            "the rows (push --reviewers 2, into another --dataset)."
        )
    apart = [question for question in known if question["between"]["share"] < DIFFER]
    if apart:
        which = ", ".join(
            f'"{q["title"]}" ({100 * q["between"]["share"]:.0f} % the same, {q["between"]["records"]:,} rows)'
            for q in sorted(apart, key=lambda q: q["between"]["share"])
        )
        yield (
            f"Reviewers often differ on {which}. Let them talk over the rows above and settle what the guidelines leave "
            "open, before more rows are judged: until they agree with each other, how far they agree with the labels "
            "says little."
        )
    if count := figures["changes"]["undecided"]:
        yield (
            f"Judgements with no majority: {count:,}; they change nothing. Let the reviewers talk and one change the answer "
            "on the page, then pull again. Three reviewers of each row have a majority more often."
        )


def _drops(figures: Mapping[str, Any]) -> Iterator[str]:
    dropped, records, rest = (
        figures["changes"]["dropped"],
        figures["records"],
        figures["population"] - figures["records"],
    )
    if dropped < max(2, MANY * records):
        return
    more = "See what they have in common (comments, error type, strategy, source) before the set is made larger."
    if [*figures["choices"]] == [Choice.uncertain]:
        more = "They were chosen as uncertain: how many of the others are as bad is not known (push --choose random)."
    elif rest:
        more = f"The share may be as large among the {rest:,} rows that nobody read, and they stay as they are. {more}"
    yield f"{dropped:,} of {records:,} rows would be dropped. {more}"


def _few(figures: Mapping[str, Any]) -> Iterator[str]:
    kept = next(q["with_labels"] for q in figures["questions"] if q["name"] == "decision")
    over = figures["over"]
    if over["why"] and over["choices"] != [Choice.uncertain]:
        yield f"{over['why']}. Let the reviewers finish, then pull again."
    elif kept["low"] is not None and kept["high"] - kept["low"] > 2 * WIDE:
        yield (
            f"Few rows are answered: the share that reviewers would keep may be anything from {100 * kept['low']:.0f} to "
            f"{100 * kept['high']:.0f} %. More rows make that narrower (push with a larger --size)."
        )
