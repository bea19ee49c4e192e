"""Step: the gold answers of a published set's questions."""

from __future__ import annotations

from pydantic import Field, PrivateAttr

from lemma_steps.errors import RefusedError, RejectionError
from lemma_steps.scratch import Scratch
from lemma_steps.sources import BadRow, Columns, Source, question_key, to_problem
from lemma_steps.steps.base import Row, RowStep


class FindGold(RowStep):
    """Gives each solution the answer that its question has in the problem sets it was made from.

    A question that is in none of them has no known answer, and its row is rejected: what cannot be checked is not
    called right. Without problem sets, the answer is the one that the solution itself states by `####`, a box or a
    closing statement; the check that follows then proves no more than that the solution agrees with itself.

    Attributes:
        problems: SPECs of the problem sets.

    Input columns:
        - question, solution (`str`): what is looked up, or read.

    Output columns:
        - gold_answer (`str`): the answer to reach.
        - gold_solution (`str`): of the problem set; null without one.

    Categories:
        - columns
    """

    problems: list[str] = Field(default_factory=list)

    _gold: Scratch | None = PrivateAttr(default=None)

    @property
    def inputs(self) -> list[str]:
        """Columns read."""
        return ["question", "solution"]

    @property
    def outputs(self) -> list[str]:
        """Columns added."""
        return ["gold_answer", "gold_solution"]

    def load(self) -> None:
        """Read the problem sets, to disk."""
        super().load()
        if not self.problems:
            return
        self._gold = Scratch("CREATE TABLE gold (key TEXT PRIMARY KEY, answer BLOB, solution BLOB) WITHOUT ROWID")
        found = self._gold.add(
            "INSERT OR IGNORE INTO gold VALUES (?, ?, ?)",
            (
                (question_key(row["question"]), _stored(row["gold_answer"]), _stored(row["gold_solution"]))
                for spec in self.problems
                for row in Source(spec).rows()
                if "reason" not in row
            ),
        )
        if found <= 0:
            raise RefusedError(f"--gold {', '.join(self.problems)}: no row has a gold answer; name another problem set")

    def unload(self) -> None:
        """Let go of the answers."""
        if self._gold is not None:
            self._gold.close()
            self._gold = None
        super().unload()

    async def process_row(self, row: Row) -> Row:
        """Look the question up, or read the solution."""
        if self._gold is None:
            return {**row, "gold_answer": _stated(row["solution"]), "gold_solution": None}
        key = question_key(row["question"])
        found = self._gold.run("SELECT answer, solution FROM gold WHERE key = ?", (key,))
        if not found:
            raise RejectionError("no_gold_answer", f"the question is not in {', '.join(self.problems)}")
        answer, solution = (stored.decode("utf-8", "surrogatepass") for stored in found[0])
        return {**row, "gold_answer": answer, "gold_solution": solution}


def _stored(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _stated(solution: str) -> str:
    try:
        read = to_problem({"question": "-", "solution": solution}, Columns("question", "solution", None))
    except BadRow as bad:
        raise RejectionError("no_gold_answer", str(bad)) from None
    return read["gold_answer"]
