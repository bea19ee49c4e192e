"""The samples of one model to one set of problems, counted by verdict and error type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from lemma_steps.error_analysis.error_counts import ErrorCounts
from lemma_steps.share import Share
from lemma_steps.taxonomy import TAXONOMY, published_percent

VERDICTS = ("right", "wrong", "unparsed", "timed_out")
LOST = "lost"
"""What stands in place of a verdict where a sample was asked for and no whole reply came: cut at the limit, or empty."""
FEW = 0.9
"""Below this share of classified samples, the types found say little about the rest."""
NO_PROBLEM = ("unknown_problem", "duplicate_problem")


@dataclass
class Series:
    """What one model wrote to the problems of one source, at one temperature.

    Attributes:
        model, source: names; any text.
        temperature: None where it is not known.
        answers: problem -> verdict -> samples.
        types: problem -> error type -> wrong samples.
        untyped: reason -> wrong samples that have no type.
        left_out: reason -> samples of problems without a known answer.
        lost: reason -> problems of which no sample came.
    """

    model: str
    source: str
    temperature: float | None = None
    answers: dict[str, Counter[str]] = field(default_factory=dict)
    types: dict[str, Counter[str]] = field(default_factory=dict)
    untyped: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)

    def add(self, row: Mapping[str, Any], asked: int | None = None) -> None:
        """Count a row of the chain: one problem with its samples, verdicts and types.

        Args:
            row: `truncated` says how many more samples were recorded and had been cut.
            asked: how many samples were asked for; None where they were recorded.
        """
        problem, samples = row["problem_id"], row.get("samples") or []
        asked = len(samples) + row.get("truncated", 0) if asked is None else asked
        if row.get("rejected_by"):
            if row["reason"] in NO_PROBLEM:
                self.left_out[row["reason"]] += len(samples) + row.get("truncated", 0) or 1
            else:
                self.lost[row["reason"]] += 1
                self.answers[problem] = Counter({LOST: asked})
            return
        answers = self.answers[problem] = Counter(row["sample_verdicts"])
        if asked > len(samples):
            answers[LOST] = asked - len(samples)
        for verdict, label in zip(row["sample_verdicts"], row["sample_types"], strict=True):
            if verdict == "wrong" and label["code"]:
                self.types.setdefault(problem, Counter())[label["code"]] += 1
            elif verdict == "wrong":
                self.untyped[label["reason"]] += 1

    @property
    def wrong(self) -> int:
        """Wrong samples."""
        return sum(answers["wrong"] for answers in self.answers.values())

    @property
    def typed(self) -> int:
        """Wrong samples with a type."""
        return sum(types.total() for types in self.types.values())

    @property
    def counts(self) -> dict[str, int]:
        """Type -> wrong samples, by falling count."""
        total: Counter[str] = Counter()
        for types in self.types.values():
            total.update(types)
        return dict(sorted(total.items(), key=lambda item: (-item[1], list(TAXONOMY).index(item[0]))))

    def type_share(self, code: str) -> Share:
        """Of the wrong samples with a type, those with this one."""
        return Share.by_row([(types[code], types.total()) for types in self.types.values()])

    def answer_share(self, verdict: str) -> Share:
        """Of all samples that were asked for, those with this verdict."""
        return Share.by_row([(answers[verdict], answers.total()) for answers in self.answers.values()])

    @property
    def coverage(self) -> Share:
        """Of the wrong samples, those with a type."""
        none: Counter[str] = Counter()
        pairs = ((self.types.get(problem, none).total(), answers["wrong"]) for problem, answers in self.answers.items())
        return Share.by_row(list(pairs))

    def on(self, problems: Set[str]) -> Series:
        """Verdicts and types of some of its problems alone."""
        answers = {problem: counts for problem, counts in self.answers.items() if problem in problems}
        types = {problem: counts for problem, counts in self.types.items() if problem in problems}
        return Series(self.model, self.source, self.temperature, answers, types)

    def error_counts(self) -> ErrorCounts:
        """The types by problem, to be compared with another model's."""
        asked = {problem: answers.total() for problem, answers in self.answers.items()}
        untyped = self.wrong - self.typed
        return ErrorCounts(self.model, self.counts, frozenset(asked), untyped, self.source, asked, self.types)

    def distribution(self) -> dict[str, Any]:
        """What `--distribution` of recipes/lemma.py takes: of `n` wrong samples, those with a type."""
        return {"source": self.source, "student": self.model, "n": self.wrong, "counts": self.counts}

    def report(self) -> dict[str, Any]:
        """Everything that was counted, as plain data."""
        return {
            "model": self.model,
            "source": self.source,
            "temperature": self.temperature,
            "problems": len(self.answers),
            "samples": sum(answers.total() for answers in self.answers.values()),
            "answers": {name: plain(self.answer_share(name)) for name in (*VERDICTS, LOST)},
            "wrong": self.wrong,
            "classified": plain(self.coverage),
            "unclassified": _sorted(self.untyped),
            "left_out": _sorted(self.left_out),
            "lost": _sorted(self.lost),
            "types": [
                {"error_type": code, "name": TAXONOMY[code].name, **plain(self.type_share(code))}
                for code in self.counts
            ],
            "paper_percent": published_percent(self.source),
        }


def plain(share: Share) -> dict[str, Any]:
    """A share as plain data; None in place of what nothing was counted for."""
    bounds = {"share": share.value, "low": share.low, "high": share.high}
    rounded = {name: None if value is None else round(value, 6) for name, value in bounds.items()}
    return {"count": int(share.count), "of": share.of, **rounded}


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def ordered_codes(series: Iterable[Series]) -> list[str]:
    """The types that occur in any of them, by falling mean share."""
    shown = [one for one in series if one.typed]
    weight = {code: sum(one.counts.get(code, 0) / one.typed for one in shown) for code in TAXONOMY}
    return sorted((code for code in TAXONOMY if weight[code]), key=lambda code: -weight[code])


def incomplete(counts: Iterable[tuple[int, int]]) -> str:
    """What a figure of types has to say where many of the wrong samples have none; empty where few do.

    Args:
        counts: of every model its wrong samples that have a type, and all of them.
    """
    shares = [typed / wrong for typed, wrong in counts if wrong]
    if not shares or min(shares) >= FEW:
        return ""
    few = "as few as" if len(shares) > 1 else "only"
    return f"No distribution of all errors: {few} {100 * min(shares):.0f} % of the wrong samples have a type"
