"""How far reviewers agree with the labels and with each other: the figures of `report["review"]`."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from lemma_steps.review.answers import Answer, latest
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
NOT_ALL = {
    Choice.random: "{} of {} drawn rows are answered, the rest may differ: no interval for the set",
    Choice.all: "{} of {} rows are answered, the rest may differ: no interval for the set",
}
OF_ONE_STEP = "compared only where the reviewer named the step that the label is of"
SPLIT = ("first_wrong_step", "error_type")
"""Questions whose figures are also given by where the label of the step comes from."""
Record = dict[str, Answer]
"""One record: reviewer -> answer."""


@dataclass(frozen=True, slots=True)
class _Over:
    """What the figures are over; `why` there is no interval for the set, None where there is one."""

    records: Sequence[Record]
    choices: Sequence[Choice]
    population: int
    why: str | None

    def share(self, pairs: Sequence[tuple[float, int]], population: float | None = None) -> dict[str, Any]:
        """Value and bounds of a share over (count, of) pairs, one per record."""
        found = Share.by_record(pairs, round(self.population if population is None else population))
        low, high = (None, None) if self.why else (found.low, found.high)
        return {"share": found.value, "low": low, "high": high}

    def kappa(self, found: Kappa) -> Kappa:
        """A kappa, without its interval where there is none for the set."""
        return replace(found, low=None, high=None) if self.why else found


def agreement(answers: Iterable[Answer], population: int) -> dict[str, Any]:
    """Agreement per question, shares from 0 to 1 with 95 % intervals.

    Figures are over the rows that were drawn at random, else over those of a review of the whole set, else over those
    chosen as uncertain. They have intervals where all that was drawn is answered (of a review of the whole set: every
    row), so that they speak for the set; else the notes say why there are none. Every record weighs once: a share is the
    mean over records of the share of its answers (or pairs of reviewers) that agree. A small set narrows the intervals of
    shares (see `Share`). Of two answers of one person to a row the later counts.

    Args:
        answers: about the texts that the rows have now, without impossible values, those of a person in other datasets
            among them (`Consensus.given`).
        population: rows that could have been reviewed.

    Returns:
        `records`, `answers`, `reviewers`, `choices` (records by choice), `drawn` (choice -> `answered` and `sent`),
        `over` (choices that the figures are over, and `why` there is no interval), `population`, `questions` and
        `error_types` (label -> answer -> count). A question has `name`, `title`, `records`, `with_labels` (`records`, `n`
        answers, `agree`, `share`, `low`, `high`, `kappa`, `kappa_low`, `kappa_high`, `note`), `by_source` (where the label
        comes from -> `records` to `high`; null but for the step and its type) and `between` (`records` with two reviewers
        or more; `share` of their pairs that agree, `low`, `high`; `cohen` and `fleiss`), which is null without such
        records.
    """
    every = list(answers)
    chosen = _choices(every)
    records: dict[str, Record] = defaultdict(dict)
    for answer in latest(every):
        records[answer.id][answer.reviewer] = answer
    choices = Counter(chosen.values())
    drawn = _drawn(every, choices, population)
    over = _over(records, chosen, drawn, population)
    counted = [answer for record in records.values() for answer in record.values()]
    return {
        "records": len(records),
        "answers": len(counted),
        "reviewers": len({answer.reviewer for answer in counted}),
        "choices": {choice.value: choices[choice] for choice in Choice if choices[choice]},
        "drawn": drawn,
        "over": {"choices": [choice.value for choice in over.choices], "why": over.why},
        "population": population,
        "questions": [_question(name, over) for name in JUDGEMENTS],
        "error_types": confusion(counted),
    }


def confusion(answers: Iterable[Answer]) -> dict[str, dict[str, int]]:
    """Error types of the labels -> what people said of the same step -> how often, the most frequent first."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for answer in answers:
        if _comparable(answer, "error_type"):
            counted[answer.labels["error_type"]][answer.answers["error_type"]] += 1
    return {label: dict(sorted(counted[label].items(), key=lambda one: (-one[1], one[0]))) for label in sorted(counted)}


def label_of(answer: Answer, question: str) -> str:
    """What the data say where the reviewer was asked."""
    labels = {"first_wrong_step": str(answer.labels["error_step"]), "error_type": answer.labels["error_type"]}
    return labels.get(question) or IMPLIED[question]


def _comparable(answer: Answer, question: str) -> bool:
    """Whether it answers the question that the label answers: a type is of a step, so of the same one."""
    same = question != "error_type" or answer.answers.get("first_wrong_step") in (
        None,
        str(answer.labels["error_step"]),
    )
    return same and question in answer.answers


def _choices(answers: Iterable[Answer]) -> dict[str, Choice]:
    """Id -> the way by which the record came to be reviewed; that which says most where there were several."""
    found: dict[str, set[str]] = defaultdict(set)
    for answer in answers:
        found[answer.id].add(answer.labels["choice"])
    return {id_: next(choice for choice in _SPEAKING if choice in found[id_]) for id_ in sorted(found)}


def _drawn(answers: Iterable[Answer], choices: Mapping[Choice, int], population: int) -> dict[str, dict[str, int]]:
    """How many of the records that the datasets hold are answered, by choice; of a review of all rows, of the set."""
    ids: dict[tuple[str, tuple[str, str]], set[str]] = defaultdict(set)
    sent: dict[tuple[str, tuple[str, str]], int] = {}
    for answer in answers:
        draw = answer.labels["choice"], answer.place
        ids[draw].add(answer.id)
        sent[draw] = max(answer.labels["sent"], sent.get(draw, 0))
    return {
        choice.value: {"answered": choices[choice] + choices[Choice.random], "sent": population}
        if choice == Choice.all
        else {
            "answered": sum(len(ids[draw]) for draw in ids if draw[0] == choice),
            "sent": sum(sent[draw] for draw in ids if draw[0] == choice),
        }
        for choice in Choice
        if choices[choice]
    }


def _over(
    records: Mapping[str, Record], chosen: Mapping[str, Choice], drawn: Mapping[str, Mapping[str, int]], population: int
) -> _Over:
    """The records that the figures are over."""
    of = {choice: [record for id_, record in records.items() if chosen[id_] == choice] for choice in Choice}
    whole = [record for id_, record in records.items() if chosen[id_] != Choice.uncertain]
    if whole and len(whole) >= population:
        return _Over(whole, [choice for choice in (Choice.all, Choice.random) if of[choice]], population, None)
    choice = next((one for one in (Choice.random, Choice.all) if of[one]), Choice.uncertain)
    if not records:
        return _Over([], [], population, None)
    if choice == Choice.uncertain:
        return _Over(of[choice], [choice], population, NOT_THE_SET)
    answered, sent = drawn[choice]["answered"], drawn[choice]["sent"]
    why = None if answered >= sent else NOT_ALL[choice].format(f"{answered:,}", f"{sent:,}")
    return _Over(of[choice], [choice], population, why)


def _question(name: str, over: _Over) -> dict[str, Any]:
    answered = [found for record in over.records if (found := {w: a for w, a in record.items() if name in a.answers})]
    compared = [given for record in over.records if (given := [a for a in record.values() if _comparable(a, name)])]
    sources = sorted({answer.labels["label_source"] for record in compared for answer in record})
    return {
        "name": name,
        "title": title(name),
        "records": len(answered),
        "with_labels": _with_labels(name, compared, over),
        "by_source": {
            source: _agreeing(name, [record for record in compared if record[0].labels["label_source"] == source], over)
            for source in sources
        }
        if name in SPLIT
        else None,
        "between": _between(name, answered, over),
    }


def _agreeing(name: str, records: Sequence[Sequence[Answer]], over: _Over) -> dict[str, Any]:
    """How many answers are as labelled, and the share over records.

    A part of the records, such as those of one source, is taken for the same part of the population.
    """
    pairs = [(sum(a.answers[name] == label_of(a, name) for a in record), len(record)) for record in records]
    part = over.population * len(records) / max(1, len(over.records))
    return {
        "records": len(records),
        "n": sum(of for _, of in pairs),
        "agree": sum(count for count, _ in pairs),
        **over.share(pairs, part),
    }


def _with_labels(name: str, records: Sequence[Sequence[Answer]], over: _Over) -> dict[str, Any]:
    pairs = [[(a.answers[name], label_of(a, name)) for a in record] for record in records]
    labels = {label for record in pairs for _, label in record}
    if len(labels) == 1:
        words = CONSTANT if name in IMPLIED else ONE_LABEL
        kappa = Kappa(None, note=words.format(*labels))
    elif len(said := {value for record in pairs for value, _ in record}) == 1:
        kappa = Kappa(None, note=ONE_ANSWER.format(*said))
    else:
        kappa = over.kappa(Kappa.cohen([{"labels": p} for p in pairs], f"labels:{name}"))
    notes = (kappa.note, OF_ONE_STEP if name == "error_type" else None, over.why)
    return {
        **_agreeing(name, records, over),
        "kappa": kappa.value,
        "kappa_low": kappa.low,
        "kappa_high": kappa.high,
        "note": "; ".join(filter(None, notes)) or None,
    }


def _between(name: str, records: Sequence[Record], over: _Over) -> dict[str, Any] | None:
    values = [{who: a.answers[name] for who, a in record.items()} for record in records if len(record) > 1]
    if not values:
        return None
    pairs = [{two: [(value[two[0]], value[two[1]])] for two in combinations(sorted(value), 2)} for value in values]
    if why := _without_kappa(values):
        cohen = fleiss = Kappa(None, note=why)
    else:
        cohen = over.kappa(Kappa.cohen(pairs, f"between:{name}"))
        fleiss = over.kappa(Kappa.fleiss([list(value.values()) for value in values], f"fleiss:{name}"))
    return {
        "records": len(values),
        **over.share([(sum(one == other for [(one, other)] in p.values()), len(p)) for p in pairs]),
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
