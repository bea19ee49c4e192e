"""The audit inside the recipe: what a bad injector's rows get, what is rejected for it, and what is passed on."""

from __future__ import annotations

import pytest

from lemma_steps.steps import AuditInjection, InjectError, LocateFirstError
from tests.scripted_llm import advance, made

ROW = {
    "id": "0",
    "problem_id": "p",
    "question": "A gardener plants 6 rows of 14 tulips and 30 roses. She sells 20 flowers. How many flowers are left?",
    "gold_solution": "There are 6 * 14 = <<6*14=84>>84 tulips.\nTogether there are 84 + 30 = 114 flowers.\n"
    "After the sale 114 - 20 = 94 flowers are left.\n#### 94",
    "gold_answer": "94",
    "origin": "injected",
    "index": 0,
    "strategy": "fix_continue",
    "requested_type": "CA",
    "erroneous_solution": None,
    "provenance": [],
}
FIRST, SECOND, THIRD = ROW["gold_solution"].replace("<<6*14=84>>", "").split("\n")[:3]
WRONG = "<wrong>Together there are 84 + 30 = 104 flowers.</wrong>"
END = "After the sale 104 - 20 = 84 flowers are left.\nThe answer is: 84"

# what a teacher writes, what it claims to write, the checks that fail, why the row is rejected
TABLE = [
    (f"{FIRST}\n{WRONG}\n{END}", "CA", set(), None),
    (f"There are 6 * 14 = 74 tulips.\n{WRONG}\n{END}", "CA", {"divergence", "single_error"}, "earlier_false_equation"),
    (f"There are 6 * 15 = 90 tulips.\n{WRONG}\n{END}", "CA", {"divergence"}, None),
    (f"{FIRST}\n{WRONG}\nAfter the sale 104 - 20 = 80 flowers are left.\nThe answer is: 80", "CA",
        {"single_error", "answer"}, None),
    (f"{FIRST}\n{WRONG}\nOf the roses 30 - 20 = 10 are left.\nThe answer is: 10", "CA", {"answer"}, None),
    (f"{FIRST}\n{WRONG}\n{THIRD}\nThe answer is: 94", "CA", {"answer"}, None),
    (f"{FIRST}\n{WRONG}\n{END}", "OP", {"type"}, None),
    (f"{FIRST}\n<wrong>{SECOND}</wrong>\n{THIRD}\nThe answer is: 84", "CA", {"divergence"}, None),
]  # fmt: skip


def injected(solution: str, code: str) -> dict:
    """The row as the injector and the locator, who agree, leave it."""
    reply = f"<solution>{solution}</solution><explanation>so it is</explanation>"
    [row] = advance(made(InjectError, lambda *_: reply), {**ROW, "requested_type": code})
    vote = f"<reason>so it is</reason><error_step>{row['declared_step']}</error_step>"
    [row] = advance(made(LocateFirstError, lambda *_: vote), row)
    assert row["error_step"] == row["declared_step"]
    return row


@pytest.mark.parametrize(("solution", "code", "failing", "reason"), TABLE)
def test_a_bad_injection_fails_where_it_is_bad(solution: str, code: str, failing: set[str], reason: str | None) -> None:
    [row] = advance(made(AuditInjection), injected(solution, code))
    found = {one["check"]: one["outcome"] for one in row["injection_checks"]}
    assert list(found) == ["divergence", "answer", "single_error", "type"]
    assert {check for check, outcome in found.items() if outcome == "fail"} == failing
    assert all(one["detail"] for one in row["injection_checks"] if one["outcome"] != "pass")
    assert row.get("reason") == reason
    assert reason is None or (row["rejected_by"] == "auditinjection" and "'6 * 14 = 74' is false" in row["detail"])


def test_it_may_record_only() -> None:
    [row] = advance(made(AuditInjection, reject=False), injected(*TABLE[1][:2]))
    assert "rejected_by" not in row
    assert row["injection_checks"]


@pytest.mark.parametrize("changes", [{"origin": "student", "declared_step": None}, {"declared_step": None}])
def test_errors_without_a_mark_are_passed_on(changes: dict) -> None:
    row = {**injected(*TABLE[0][:2]), **changes}
    assert advance(made(AuditInjection), row) == [{**row, "injection_checks": None}]


def test_rows_rejected_before_are_passed_on_untouched() -> None:
    row = {**injected(*TABLE[0][:2]), "rejected_by": "inject_error", "reason": "declined"}
    assert advance(made(AuditInjection), row) == [row]
