"""Step: the answers of reviewers, applied to the rows of a finished set."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import PrivateAttr

from lemma_steps.answers import Verdict, shared_pool
from lemma_steps.audits import AUDITS, Limits, audit
from lemma_steps.errors import RejectionError
from lemma_steps.review.agreement import agreement
from lemma_steps.review.answers import NAME, Answer, read
from lemma_steps.review.changes import OTHER_STEP, REFUSED, Change, changes, closing_fault, dropped, is_masked
from lemma_steps.review.consensus import Consensus, consensus
from lemma_steps.review.others import Others
from lemma_steps.review.rows import kept_rows
from lemma_steps.steps.base import OrderedStep, Row, reject
from lemma_steps.steps.join_trajectory import laid_out


class ApplyReview(OrderedStep):
    """Does what the reviewers of a row agree on (`reviews.jsonl` of the set), each change verified like any other row.

    Dropped rows are rejected with the reason `human`. A change that fails the answer check or an audit, or makes the row
    repeat another kept one, is refused: the row stays as it was before that change. The changelog says what was done and
    what was not, and why.

    Attributes:
        directory: the set's folder, which the rows must come from.
        anonymous: write reviewer-1, reviewer-2, ... in place of names, in the order of the names.
        round: which review of these rows it is; from the second on it stands before such a number.
        truncated, max_tokens: options of the audits, as the set was made with.
        timeout_s: seconds that one answer check may take.

    Input columns:
        - all of the record.

    Output columns:
        - changelog (`list[dict]`): null in rows that nobody reviewed; and the columns that it names.

    Categories:
        - columns
    """

    directory: str
    anonymous: bool = False
    round: int = 1
    truncated: bool = True
    max_tokens: int = 4096
    timeout_s: float = 3.0

    _found: dict[str, Consensus] = PrivateAttr(default_factory=dict)
    _others: Others | None = PrivateAttr(default=None)
    _population: int = PrivateAttr(default=0)
    _counts: Counter[str] = PrivateAttr(default_factory=Counter)
    _refused: Counter[str] = PrivateAttr(default_factory=Counter)
    _refusals: list[str] = PrivateAttr(default_factory=list)

    @property
    def inputs(self) -> list[str]:
        """Columns read."""
        return ["id", "output", "erroneous_prefix", "reflection", "correction", "error_step", "error_type"]

    @property
    def outputs(self) -> list[str]:
        """Columns added."""
        return ["changelog"]

    def load(self) -> None:
        """Read the answers, and the rows that no changed row may repeat: those that stay.

        Raises:
            RefusedError: there are no answers, or no rows to be reviewed.
        """
        super().load()
        given: defaultdict[str, list[Answer]] = defaultdict(list)
        for answer in self._named(read(Path(self.directory))):
            given[answer.id].append(answer)
        self._found, self._others, self._population = {}, Others(), 0
        self._counts, self._refused, self._refusals = Counter(), Counter(), []
        for row in kept_rows(Path(self.directory)):
            self._population += 1
            if answers := given.pop(row["id"], None):
                self._found[row["id"]] = consensus(row, answers)
            if row["id"] not in self._found or not dropped(self._found[row["id"]]):
                self._others.put(row)
        self._counts["other_text"] = sum(map(len, given.values()))  # of rows that are not in the set

    def unload(self) -> None:
        """Forget the rows."""
        if self._others is not None:
            self._others.close()
        self._others = None
        super().unload()

    @property
    def answers_sha256(self) -> str:
        """SHA-256 of the file of answers."""
        return sha256((Path(self.directory) / NAME).read_bytes()).hexdigest()

    @property
    def datasets(self) -> list[str]:
        """`workspace/dataset` of every answer."""
        return sorted({"/".join(answer.place) for answer in read(Path(self.directory))})

    @property
    def refusals(self) -> list[str]:
        """The changes that were refused so far: id, columns and reason, in a line each."""
        return self._refusals

    def report(self) -> dict[str, Any]:
        """What `report["review"]` holds, once all rows went through: the agreement, and what was changed."""
        found = self._found.values()
        names = ("dropped", "types_changed", "steps_confirmed", "steps_moved", "edited")
        return {
            **agreement([answer for one in found for answer in one.given], self._population),
            "changes": {
                **{name: self._counts[name] for name in names},
                "refused": dict(sorted(self._refused.items(), key=lambda item: (-item[1], item[0]))),
                "undecided": sum(len(one.undecided) for one in found),
                "other_text": self._counts["other_text"] + sum(one.other_text for one in found),
                "impossible": sum(one.impossible for one in found),
            },
        }

    def process_in_order(self, row: Row) -> Row:
        """Do what is asked for, one change after the other."""
        found = None if row.get("rejected_by") else self._found.get(row["id"])
        if not found or not found.answers:
            return row
        log = list(row.get("changelog") or [])  # of an earlier review
        if why := dropped(found):
            self._counts["dropped"] += 1
            return reject({**row, "changelog": log}, self.name or "review", "human", why)
        before = row
        for change in changes(row, found):
            row = self._done(row, change, log)
        self._counts["edited"] += (row["reflection"], row["correction"]) != (before["reflection"], before["correction"])
        return {**row, "changelog": log}

    def _done(self, row: Row, change: Change, log: list[Row]) -> Row:
        """The row with the change, or as it was; several columns together if that holds, else one by one."""
        try:
            made = self._verified(row, change)
        except RejectionError as refusal:
            if len(change.values) > 1:
                for part in change.parts:
                    row = self._done(row, part, log)
                return row
            what = f"{row['id']}: {', '.join(change.values)}: {refusal}"
            if what not in self._refusals[-2:]:  # two texts that conflict are refused once
                self._refused[refusal.reason] += 1
                self._refusals.append(what)
            log += change.entries(row, "refused", str(refusal))
            return row
        confirmed = change.confirms(row)
        self._counts["types_changed"] += "error_type" in change.values
        if "error_step" in change.values:
            self._counts["steps_confirmed" if confirmed else "steps_moved"] += 1
        log += change.entries(row, "confirmed" if confirmed else "applied")
        return made

    def _verified(self, row: Row, change: Change) -> Row:
        """The row with the change, checked as far as the change reaches.

        Raises:
            RejectionError: the change is refused.
        """
        assert self._others is not None, "load() first"
        if change.refused:
            raise RejectionError(change.refused, REFUSED[change.refused])
        if change.of_step not in (None, row["error_step"]):
            raise RejectionError(OTHER_STEP, REFUSED[OTHER_STEP])
        made = change.applied(row)
        span = made["error_begin"], made["error_end"]
        if (made["output"], *span) == (row["output"], row["error_begin"], row["error_end"]):
            return made
        made |= laid_out(made["question"], made["output"], span if is_masked(row) else None)
        limits = Limits(self.max_tokens, self.truncated)
        if failure := AUDITS["too_long"](
            made, limits
        ):  # first: what people paste in has no bound, the other audits' time has
            raise RejectionError(failure.code, failure.detail)
        if failures := audit(made, max_tokens=self.max_tokens, truncated=self.truncated):
            more = [f"{failure.code}: {failure.detail}" for failure in failures[1:]]
            raise RejectionError(failures[0].code, "; ".join([failures[0].detail, *more]))
        if made["output"] != row["output"]:
            verdict = shared_pool().submit(made["gold_answer"], made["output"], timeout_s=self.timeout_s).result()
            if verdict != Verdict.RIGHT:
                raise RejectionError(
                    f"answer_{verdict}", f"gold {made['gold_answer']!r}, output ends {made['output'][-80:]!r}"
                )
            if fault := closing_fault(row, made):
                raise RejectionError(*fault)
        if repeated := self._others.repeated(made):
            raise RejectionError(*repeated)
        self._others.put(made)
        return made

    def _named(self, answers: list[Answer]) -> list[Answer]:
        if not self.anonymous:
            return answers
        of_round = f"round-{self.round}-" if self.round > 1 else ""
        reviewers = enumerate(sorted({answer.reviewer for answer in answers}), 1)
        names = {name: f"{of_round}reviewer-{number}" for number, name in reviewers}
        return [replace(answer, reviewer=names[answer.reviewer]) for answer in answers]
