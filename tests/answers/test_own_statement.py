"""What is trained on must state its answer itself: a last number that happens to be right is no solution."""

from __future__ import annotations

import pytest

from lemma_steps.answers import missing_statement

QUESTION = "Evaluate $\\log_2 48 - \\log_2 3 + \\log_3 81$."


@pytest.mark.parametrize(
    ("solution", "gold", "why"),
    [
        ("4+4=8\nThe answer is: 8", "8", None),
        ("4+4=8.\n#### 8", "8", None),
        ("It is \\[\n\\boxed{8}\n\\]\n", "8", None),
        ("So it is $\\boxed{8}$.\n\\end{align*}", "8", None),
        ("4+4=8. The answer is 8.\n\n", "8", None),
        ("The answer is: $\\log_2 16 + 4$", "8", None),  # its own form, not the question's
        ("True answer is $\\log_2 48 - \\log_2 3 + \\log_3 81$.\nCombining $3$ and $2$ results in $6$.", "8", "answer_not_stated"),
        ("The answer is: $\\log_2 48 - \\log_2 3 + \\log_3 81$", "8", "answer_echoed"),
        ("The answer is $\\log_2 48$.", "\\log_2 48", None),  # the gold answer's own form
        ("The line is 3x. This results in", "3", "answer_not_stated"),
        ("So she has 8 eggs.", "8", "answer_not_stated"),
        ("", "8", "answer_not_stated"),
        ("\n\\]\n", "8", "answer_not_stated"),
    ],
)  # fmt: skip
def test_a_solution_states_its_answer(solution, gold, why):
    assert missing_statement(QUESTION, solution, gold) == why
