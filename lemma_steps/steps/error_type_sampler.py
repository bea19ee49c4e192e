"""Step: which errors each problem gets; here one row per problem becomes one row per candidate."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator

from distilabel.mixins.runtime_parameters import RuntimeParameter
from pydantic import Field, PrivateAttr

from lemma_steps.answers import Verdict
from lemma_steps.seeds import seed_for
from lemma_steps.steps.base import Row, RowStep, reject, row_id
from lemma_steps.taxonomy import TAXONOMY, default_distribution, read_distribution

CARRIED = (
    *("problem_id", "source", "split", "question", "gold_solution", "gold_answer", "licence"),
    *("right_samples", "wrong_samples"),
)


class ErrorTypeSampler(RowStep):
    """Allocates errors to a problem and draws the type of each injected one (paper, section 3.3).

    Student errors are the problem's own wrong solutions, up to `student_share` of the errors; injected errors fill the
    rest, and their types are drawn from the problem's own counts smoothed by a prior:

        p(type) = (count + strength * prior) / (n + strength),  prior = (1 - floor) * distribution + floor / 12

    `distribution` is the student's measured one where a file is given, else the paper's for problems of that style. The
    floor keeps the types that the paper's figures omit (those below 1 %). The draw depends on the problem and the seed
    alone, so order changes nothing.

    Runtime parameters:
        - `n_errors`: errors per problem.
        - `k_max`: if set, `failure_rate * k_max` rows are aimed at per problem instead (LEMMA-Hard, section 4.4, counts data
            points). An error gives one row per strategy, so errors are `round(failure_rate * k_max / strategies)`.
        - `student_share`: largest share of a problem's errors that are the student's own.
        - `strategies`: corrections asked for per error.
        - `error_augmentation`: whether errors are injected at all.
        - `distribution_file`: measured error types of the student, JSON `{source, student, n, counts}`.
        - `smoothing`: strength of the prior, in pseudo-counts.
        - `floor`: share of the prior spread evenly over all 12 types.
        - `seed`: seed of the run.

    Input columns:
        - samples (`list[dict]`), sample_verdicts (`list[str]`), sample_types (`list[dict]`): the student's solutions.
        - failure_rate (`float`): share of wrong solutions.
        - style (`str`): `gsm8k`, `math` or `mixed`; picks the default distribution.

    Output columns:
        - id (`str`): hash of problem_id, origin, index, strategy, method.
        - method, origin, strategy (`str`), index (`int`): what the candidate is.
        - error_type (`str`): the student's classified type, or the type to inject.
        - requested_type (`str`): the type drawn, `None` for student errors.
        - erroneous_solution (`str`): the student's solution, `None` where one is still to be injected.
        - student (`str`): whose solution it is.
        - student_reference (`str`): a right solution of the student, where there is one.

    Categories:
        - columns
    """

    n_errors: RuntimeParameter[int] = Field(default=3, ge=1, description="Errors per problem.")
    k_max: RuntimeParameter[int] | None = Field(default=None, description="Rows aimed at are failure_rate * k_max.")
    student_share: RuntimeParameter[float] = Field(
        default=0.5, ge=0, le=1, description="Largest share of student errors."
    )
    strategies: RuntimeParameter[list[str]] = Field(
        default=["fix_continue", "fresh_restart"], description="Corrections asked for per error."
    )
    error_augmentation: RuntimeParameter[bool] = Field(default=True, description="Whether errors are injected.")
    distribution_file: RuntimeParameter[str] | None = Field(default=None, description="Measured error types.")
    smoothing: RuntimeParameter[float] = Field(default=4.0, gt=0, description="Strength of the prior, pseudo-counts.")
    floor: RuntimeParameter[float] = Field(default=0.05, ge=0, le=1, description="Share spread over all types.")
    seed: RuntimeParameter[int] = Field(default=0, description="Seed of the run.")

    _measured: dict[str, float] | None = PrivateAttr(default=None)

    @property
    def inputs(self) -> list[str]:
        """Columns read."""
        return ["problem_id", "style", "samples", "sample_verdicts", "sample_types", "failure_rate"]

    @property
    def outputs(self) -> list[str]:
        """Columns added."""
        return [
            *("id", "method", "origin", "strategy", "index", "error_type", "requested_type"),
            *("erroneous_solution", "student", "student_reference"),
        ]

    def load(self) -> None:
        """Read the measured distribution, if one is given."""
        super().load()
        if self.distribution_file is not None:
            self._measured = read_distribution(self.distribution_file)

    async def process_row(self, row: Row) -> list[Row]:
        """All candidates of one problem, student errors first."""
        own = list(self._student_errors(row))
        labelled = sum(error["label"]["code"] is not None for error in own)
        candidates = [
            {**candidate, "strategy": strategy, "id": row_id({**candidate, "strategy": strategy})}
            for candidate in [*own, *self._injections(row, self._budget(row) - labelled)]
            for strategy in self.strategies
        ]
        if not candidates:
            return [
                reject(
                    row,
                    self.name or "error_type_sampler",
                    "no_error_allocated",
                    "no wrong student solution, none to inject",
                )
            ]
        return [
            reject(candidate, self.name or "error_type_sampler", label["reason"], label["detail"] or "")
            if (label := candidate.pop("label", None)) and label["code"] is None
            else candidate
            for candidate in candidates
        ]

    def _budget(self, row: Row) -> int:
        if self.k_max is None:
            return self.n_errors
        return round((row["failure_rate"] or 0.0) * self.k_max / len(self.strategies))

    def _student_errors(self, row: Row) -> Iterator[Row]:
        wrong = [
            (sample, label)
            for sample, verdict, label in zip(row["samples"], row["sample_verdicts"], row["sample_types"], strict=True)
            if verdict == Verdict.WRONG
        ]
        wrong.sort(key=lambda error: error[1]["code"] is None)
        share = self.student_share if self.error_augmentation else 1.0
        for sample, label in wrong[: round(self._budget(row) * share)]:
            yield {
                **self._carried(row, "student", sample["sample"]),
                "error_type": label["code"],
                "requested_type": None,
                "erroneous_solution": sample["solution"],
                "student": sample["student"],
                "label": label,
            }

    def _injections(self, row: Row, n: int) -> Iterator[Row]:
        if not self.error_augmentation:
            return
        draw = random.Random(seed_for(self.seed, row["problem_id"], "types"))
        weights = self.distribution(row)
        for index, code in enumerate(draw.choices(list(weights), list(weights.values()), k=max(n, 0))):
            yield {
                **self._carried(row, "injected", index),
                "error_type": code,
                "requested_type": code,
                "erroneous_solution": None,
                "student": None,
            }

    def distribution(self, row: Row) -> dict[str, float]:
        """Probability of each of the 12 types for one problem."""
        base = self._measured or default_distribution(row["style"])
        own = Counter(label["code"] for label in row["sample_types"] if label["code"])
        total = own.total() + self.smoothing
        return {
            code: (own[code] + self.smoothing * ((1 - self.floor) * base.get(code, 0.0) + self.floor / len(TAXONOMY)))
            / total
            for code in TAXONOMY
        }

    def _carried(self, row: Row, origin: str, index: int) -> Row:
        right = [
            s["solution"] for s, v in zip(row["samples"], row["sample_verdicts"], strict=True) if v == Verdict.RIGHT
        ]
        pick = random.Random(seed_for(self.seed, row["problem_id"], origin, index)).choice(right) if right else None
        return {
            **{column: row.get(column) for column in CARRIED},
            "provenance": list(row.get("provenance") or []),
            "method": "lemma",
            "origin": origin,
            "index": index,
            "student_reference": pick,
        }
