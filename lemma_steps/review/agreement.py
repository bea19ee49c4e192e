"""How far reviewers agree with the labels and with each other: the figures of `report["review"]`."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

from lemma_steps.review.answers import Answer
from lemma_steps.review.choice import Choice
from lemma_steps.review.consensus import JUDGEMENTS
from lemma_steps.review.kappa import ONE_SIDED, ONE_VALUE, Kappa
from lemma_steps.review.questions import title
from lemma_steps.share import Share

IMPLIED = {"prefix_right": "yes", "reflection_names_error": "yes", "correction_right": "yes", "decision": "keep"}
"""What a kept row says of itself without a label of its own."""
CONSTANT = "no kappa: a kept row always says {}"
ONE_LABEL = "no kappa: every label here is {}"
ONE_ANSWER = "no kappa: every answer is {}"
NONE_VARY = "no kappa: no two reviewers ever vary their answers"
_SPEAKING = (Choice.all, Choice.random, Choice.uncertain)
"""What speaks for the set first."""
NOT_THE_SET = "over rows chosen as uncertain: this does not speak for the set"
Record = dict[str, Answer]
"""One record: reviewer -> answer."""


def agreement(answers: Iterable[Answer], population: int) -> dict[str, Any]:
    """Agreement per question, shares from 0 to 1 with 95 % intervals.

    Shares and kappas are over rows that speak for the set (drawn at random, or all of it) where there are any; else over
    those chosen as uncertain, which the notes then say. Several answers to one record are counted for as many as they are
    worth; a small set narrows the intervals of shares (see `Share`).

    Args:
        answers: about the texts that the rows have now, without impossible values (`Consensus.answers`).
        population: rows that could have been reviewed.

    Returns:
        `records`, `answers`, `reviewers`, `choices` (records by choice), `population`, `questions` and `error_types`
        (label -> answer -> count). A question has `name`, `title`, `records`, `with_labels` (`n` answers, `agree`,
        `share`, `low`, `high`, `kappa`, `kappa_low`, `kappa_high`, `note`) and `between` (`records` with two reviewers or
        more; `share` of their pairs that agree, `low`, `high`; `cohen` and `fleiss`), which is null without such records.
    """
    given = list(answers)
    records = _records(given)
    choices = Counter(_choice(record) for record in records)
    speaking = [record for record in records if _choice(record) != Choice.uncertain]
    note = None if speaking or not records else NOT_THE_SET
    return {
        "records": len(records),
        "answers": len(given),
        "reviewers": len({answer.reviewer for answer in given}),
        "choices": {choice.value: choices[choice] for choice in Choice if choices[choice]},
        "population": population,
        "questions": [_question(name, speaking or records, population, note) for name in JUDGEMENTS],
        "error_types": confusion(given),
    }


def confusion(answers: Iterable[Answer]) -> dict[str, dict[str, int]]:
    """Error types of the labels -> what people said -> how often, the most frequent first."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for answer in answers:
        if "error_type" in answer.answers:
            counted[answer.labels["error_type"]][answer.answers["error_type"]] += 1
    return {label: dict(sorted(counted[label].items(), key=lambda one: (-one[1], one[0]))) for label in sorted(counted)}


def label_of(answer: Answer, question: str) -> str:
    """What the data say where the reviewer was asked."""
    labels = {"first_wrong_step": str(answer.labels["error_step"]), "error_type": answer.labels["error_type"]}
    return labels.get(question) or IMPLIED[question]


def _records(answers: Iterable[Answer]) -> list[Record]:
    """Answers by record, sorted by id.

    Of a reviewer who answered twice, in two datasets, that counts which speaks for the set, else that of the first by name.
    """
    records: dict[str, Record] = defaultdict(dict)
    for answer in sorted(answers, key=lambda a: (a.id, _SPEAKING.index(a.labels["choice"]), a.key)):
        records[answer.id].setdefault(answer.reviewer, answer)
    return list(records.values())


def _choice(record: Record) -> Choice:
    """The way by which the record came to be reviewed; one that speaks for the set where there were several."""
    found = {answer.labels["choice"] for answer in record.values()}
    return next(choice for choice in _SPEAKING if choice in found)


def _question(name: str, records: Sequence[Record], population: int, note: str | None) -> dict[str, Any]:
    answered = [found for record in records if (found := {who: a for who, a in record.items() if name in a.answers})]
    return {
        "name": name,
        "title": title(name),
        "records": len(answered),
        "with_labels": _with_labels(name, answered, population, note),
        "between": _between(name, answered, population),
    }


def _with_labels(name: str, records: Sequence[Record], population: int, note: str | None) -> dict[str, Any]:
    pairs = [[(a.answers[name], label_of(a, name)) for a in record.values()] for record in records]
    share = Share.by_row([(sum(one == other for one, other in p), len(p)) for p in pairs], population)
    labels = {label for record in pairs for _, label in record}
    if len(labels) == 1:
        words = CONSTANT if name in IMPLIED else ONE_LABEL
        kappa = Kappa(None, note=words.format(*labels))
    elif len(said := {value for record in pairs for value, _ in record}) == 1:
        kappa = Kappa(None, note=ONE_ANSWER.format(*said))
    else:
        kappa = Kappa.cohen([{"labels": p} for p in pairs], f"labels:{name}")
    return {
        "n": share.of,
        "agree": int(share.count),
        "share": share.value,
        "low": share.low,
        "high": share.high,
        "kappa": kappa.value,
        "kappa_low": kappa.low,
        "kappa_high": kappa.high,
        "note": "; ".join(filter(None, (kappa.note, note))) or None,
    }


def _between(name: str, records: Sequence[Record], population: int) -> dict[str, Any] | None:
    values = [{who: a.answers[name] for who, a in record.items()} for record in records if len(record) > 1]
    if not values:
        return None
    pairs = [{two: [(value[two[0]], value[two[1]])] for two in combinations(sorted(value), 2)} for value in values]
    agreeing = [(sum(one == other for [(one, other)] in record.values()), len(record)) for record in pairs]
    share = Share.by_row(agreeing, population)
    if why := _without_kappa(values):
        cohen = fleiss = Kappa(None, note=why)
    else:
        cohen = Kappa.cohen(pairs, f"between:{name}")
        fleiss = Kappa.fleiss([list(value.values()) for value in values], f"fleiss:{name}")
    return {
        "records": len(values),
        "share": share.value,
        "low": share.low,
        "high": share.high,
        "cohen": {"pairs": len({two for record in pairs for two in record}), **_shown(cohen)},
        "fleiss": _shown(fleiss),
    }


def _without_kappa(values: Sequence[Mapping[str, str]]) -> str | None:
    """Why agreement beyond chance means nothing here, whatever the formula: fewer than two reviewers give two answers."""
    by: dict[str, set[str]] = defaultdict(set)
    for record in values:
        for who, value in record.items():
            by[who].add(value)
    if sum(len(said) > 1 for said in by.values()) > 1:
        return None
    if len(set().union(*by.values())) == 1:
        return ONE_VALUE
    return ONE_SIDED if len(by) == 2 else NONE_VARY


def _shown(kappa: Kappa) -> Mapping[str, Any]:
    return {"kappa": kappa.value, "low": kappa.low, "high": kappa.high, "note": kappa.note}
