"""Step: what can be checked of an injected error, and what is surely not what it says."""

from __future__ import annotations

from lemma_steps.errors import RejectionError
from lemma_steps.injections import Injection, check_injection, earlier_false_equation
from lemma_steps.steps.base import Row, RowStep


class AuditInjection(RowStep):
    """Records four checks of every injected solution, and rejects one whose first wrong step is surely another.

    The checks are `divergence`, `answer`, `single_error` and `type` (see `lemma_steps.injections`); each comes to `pass`,
    `fail` or `not_computable`. A row is rejected on hard evidence only: a false equation before the declared step, which
    the gold solution does not have (`earlier_false_equation`), because then the prefix holds an error that nobody
    corrects. The other failures are recorded and not rejected: they judge a text against one gold solution, which is one
    of several ways, or read numbers out of prose; what they say of many rows is a figure, of one row it is a doubt. A
    student's own error has no declared step and is passed on.

    Attributes:
        reject: `False` records only.

    Input columns:
        - question, gold_solution, gold_answer, erroneous_solution (`str`): what the injector saw and wrote.
        - declared_step (`int`), requested_type (`str`): what it says of it.
        - origin (`str`): rows of another origin than `injected` are passed on.

    Output columns:
        - injection_checks (`list[dict]`): `{check, outcome, detail}` per check; `None` for student errors.

    Categories:
        - filtering

    References:
        - [LEMMA, section 3.3](https://arxiv.org/abs/2503.17439): the errors that the teacher injects
    """

    reject: bool = True

    @property
    def inputs(self) -> list[str]:
        """Columns read."""
        return ["question", "gold_solution", "gold_answer", "erroneous_solution", "origin"]

    @property
    def outputs(self) -> list[str]:
        """Columns added."""
        return ["injection_checks"]

    async def process_row(self, row: Row) -> Row:
        """Check the injection; its strategies share one reading."""
        if row["origin"] != "injected" or row.get("declared_step") is None:
            return {**row, "injection_checks": None}
        injection = Injection(
            row["question"],
            row["gold_solution"],
            row["gold_answer"],
            row["erroneous_solution"],
            row["declared_step"],
            row.get("requested_type"),
        )
        findings = check_injection(injection)
        checks = [{"check": name, "outcome": found.outcome, "detail": found.detail} for name, found in findings.items()]
        if self.reject and findings["single_error"].outcome == "fail" and (why := earlier_false_equation(injection)):
            raise RejectionError("earlier_false_equation", why, {"injection_checks": checks})
        return {**row, "injection_checks": checks}
