"""Step: the student's answers that a self-correction starts from; here one row per problem becomes one per sample."""

from __future__ import annotations

from lemma_steps.answers import Verdict, extract_answer, missing_statement
from lemma_steps.steps.base import Row, RowStep, reject
from lemma_steps.steps.sample_candidates import of_answer, sample_candidates, without_samples
from lemma_steps.trajectory import closed, closing

_KNOWN = (Verdict.RIGHT, Verdict.WRONG)


class InitialAnswers(RowStep):
    """Takes right and wrong solutions of the student as first answers (method `isc`: Han et al., 2024, arXiv:2401.07301).

    After a right one only the answer is left to confirm; after a wrong one a solution has to be written. Samples whose
    answer cannot be read are rejected with the reason, and so are right ones that do not state it at their end: their
    words are trained on. A wrong one may break off; it is not.

    Input columns:
        - question, gold_answer (`str`): the problem.
        - samples (`list[dict]`), sample_verdicts (`list[str]`): the student's solutions.

    Output columns:
        - id, method (`str`), index (`int`): the candidate; `index` is the sample's number.
        - initial (`str`): the first answer, without calculator marks; what it states at its end stands as a closing statement.
        - initial_right (`bool`): whether that is the gold answer.
        - solution (`str`): what is to follow: the answer's statement, or `None` where a solution is still to be written.
        - student (`str`), verdict (`str`): whose it is, and the verdict on it.

    Categories:
        - filtering
    """

    @property
    def inputs(self) -> list[str]:
        """Columns read."""
        return ["problem_id", "question", "gold_answer", "samples", "sample_verdicts"]

    @property
    def outputs(self) -> list[str]:
        """Columns added."""
        return ["id", "method", "index", "initial", "initial_right", "solution", "student", "verdict"]

    async def process_row(self, row: Row) -> list[Row]:
        """A row for every sample."""
        name = self.name or "initial_answers"
        if not row["samples"]:
            return [without_samples(row, name)]
        rows = []
        for verdict, made in sample_candidates(row, "isc"):
            said, right = made["solution"], verdict == Verdict.RIGHT
            unstated = missing_statement(row["question"], said, row["gold_answer"])
            why = f"answer_{verdict}" if verdict not in _KNOWN else unstated if right else None
            if why:
                made = reject(made, name, why, of_answer(made))
            else:
                stated = row["gold_answer"] if right else extract_answer(said) or ""
                initial = said if unstated else closed(said, stated)
                following = closing(row["gold_answer"]) if right else None
                made |= {"initial": initial, "initial_right": right, "solution": following}
            rows.append(made)
        return rows
