"""What each check says of hand-made injections: of good ones, of ones in other words, and of every kind of bad one."""

from __future__ import annotations

import pytest

from lemma_steps.injections import CHECKS, Injection, check_injection, earlier_false_equation
from lemma_steps.trajectory import as_output

QUESTION = "A gardener plants 6 rows of 14 tulips and also 30 roses. She sells 20 flowers. How many flowers are left?"
GOLD = (
    "There are 6 * 14 = <<6*14=84>>84 tulips.\nTogether there are 84 + 30 = 114 flowers.\n"
    "After the sale 114 - 20 = 94 flowers are left.\n#### 94"
)
P, F, N = "pass", "fail", "not_computable"

# name: (wrong solution with | for a new line, declared step, declared type, divergence, answer, single_error, type)
TABLE = {
    # --- good ones
    "a sum wrong": ("There are 6 * 14 = 74 tulips.|Together there are 74 + 30 = 104 flowers.|After the sale 104 - 20 = 84 "
        "flowers are left.|The answer is: 84", 1, "CA", P, P, P, P),
    "an operator wrong": ("There are 6 * 14 = 84 tulips.|Together there are 84 - 30 = 54 flowers.|After the sale 54 - 20 = 34 "
        "flowers are left.|The answer is: 34", 2, "OP", P, P, P, P),
    "a step left out": ("There are 6 * 14 = 84 tulips.|After the sale 84 - 20 = 64 flowers are left.|The answer is: 64",
        2, "MS", P, P, P, P),
    "the question misread": ("There are 6 * 14 = 84 tulips.|That is the number that the question asks for: 84.|"
        "The answer is: 84", 2, "QM", P, P, P, P),
    # --- good ones in the injector's own words: no sentence of the taxonomy holds
    "rephrased before the error": ("First, the tulips number 6 * 14 = 84.|With the roses that makes 84 + 30 = 124.|"
        "She sells some, so 124 - 20 = 104 remain.|The answer is: 104", 2, "CA", P, P, P, N),
    "own plan, same values": ("The tulips are 6 * 14 = 74 in number.|After the sale 74 - 20 = 54 tulips are there.|"
        "With the roses that is 54 + 30 = 84.|The answer is: 84", 1, "CA", P, P, P, N),
    "the error in words alone": ("There are 6 * 14 = 84 tulips.|No rose survives the winter.|After the sale 84 - 20 = 64 "
        "flowers are left.|The answer is: 64", 2, "HA", P, N, P, N),
    "words before that may be anything": ("Let us count the plants.|There are 6 * 14 = 74 tulips.|Together there are "
        "74 + 30 = 104 flowers.|After the sale 104 - 20 = 84 flowers are left.|The answer is: 84", 2, "CA", N, P, P, N),
    "the error at the very end": ("There are 6 * 14 = 84 tulips.|Together there are 84 + 30 = 114 flowers.|After the sale "
        "114 - 20 = 94 flowers are left.|The answer is: 114", 4, "QM", P, P, P, N),
    # --- the mark is elsewhere
    "an earlier step departs": ("There are 6 * 14 = 74 tulips.|Together there are 74 + 30 = 104 flowers.|After the sale "
        "104 - 20 = 84 flowers are left.|The answer is: 84", 2, "CA", F, P, F, N),
    "an earlier step misreads": ("There are 6 * 15 = 90 tulips.|Together there are 90 + 30 = 110 flowers.|After the sale "
        "110 - 20 = 90 flowers are left.|The answer is: 90", 2, "CA", F, P, P, N),
    "an earlier operator is other": ("Tulips: 6 + 14 = 20.|Together there are 20 + 30 = 60 flowers.|After the sale "
        "60 - 20 = 40 flowers are left.|The answer is: 40", 2, "CA", F, P, P, N),
    "the marked step is gold's": ("There are 6 * 14 = 84 tulips.|Together there are 84 + 30 = 104 flowers.|After the sale "
        "104 - 20 = 84 flowers are left.|The answer is: 84", 1, "CA", F, None, F, N),
    "the marked step says the same": ("The tulips number 6 * 14 = 84.|Together there are 84 + 30 = 104 flowers.|After the "
        "sale 104 - 20 = 84 flowers are left.|The answer is: 84", 1, "CA", F, None, F, N),
    "no such step": ("There are 6 * 14 = 74 tulips.|The answer is: 74", 9, "CA", N, N, N, N),
    # --- the answer is not wrong because of it
    "repaired on the way": ("There are 6 * 14 = 74 tulips.|Together there are 84 + 30 = 114 flowers.|After the sale "
        "114 - 20 = 94 flowers are left.|The answer is: 94", 1, "CA", P, F, P, N),
    "the answer comes from elsewhere": ("There are 6 * 14 = 74 tulips.|Of all the roses 30 - 20 = 10 are left.|"
        "The answer is: 10", 1, "CA", P, F, P, N),
    "another false sum makes it": ("There are 6 * 14 = 74 tulips.|Together there are 74 + 30 = 105 flowers.|The answer is: 105",
        1, "CA", P, F, F, N),
    "the answer is made up": ("There are 6 * 14 = 74 tulips.|Together there are 74 + 30 = 104 flowers.|After the sale "
        "104 - 20 = 84 flowers are left.|The answer is: 77", 1, "CA", P, F, P, N),
    "a second wrong operator": ("There are 6 * 14 = 74 tulips.|Together there are 74 - 30 = 44 flowers.|After the sale "
        "44 - 20 = 24 flowers are left.|The answer is: 24", 1, "CA", P, F, P, N),
    # --- more than one error
    "a later sum false": ("There are 6 * 14 = 74 tulips.|Together there are 74 + 30 = 104 flowers.|After the sale "
        "104 - 20 = 94 flowers are left.|The answer is: 94", 1, "CA", P, F, F, N),
    "two false sums in one step": ("There are 6 * 14 = 74 tulips, and 2 * 30 = 50 leaves.|Together there are 74 + 30 = 104 "
        "flowers.|After the sale 104 - 20 = 84 flowers are left.|The answer is: 84", 1, "CA", P, P, F, N),
    "said again, it is no second error": ("There are 6 * 14 = 74 tulips.|As 6 * 14 = 74, there are 74 + 30 = 104 flowers.|"
        "After the sale 104 - 20 = 84 flowers are left.|The answer is: 84", 1, "CA", P, P, P, N),
    "nothing else to check": ("There are 6 * 14 = 74 tulips.|The answer is: 74", 1, "CA", P, N, N, N),
    # --- nothing to do with gold: nothing is shown
    "nonsense, repeated as the answer": ("Tom likes the number 7.|The answer is: 7", 1, "CA", N, N, N, N),
    "a true sum, repeated as the answer": ("There are 2 * 4 = 8 bees.|The answer is: 8", 1, "CA", N, N, N, N),
    "gold's own step, another answer": ("There are 6 * 14 = 84 tulips.|The answer is: 84", 1, "CA", F, N, N, N),
    "gold's last step with another result": ("There are 6 * 14 = 84 tulips.|Together there are 84 + 30 = 114 flowers.|So "
        "114 - 20 = 95 remain.|The answer is: 95", 3, "CA", P, P, P, N),
    # --- the type is another
    "declared an operator, a sum is wrong": ("There are 6 * 14 = 74 tulips.|Together there are 74 + 30 = 104 flowers.|After "
        "the sale 104 - 20 = 84 flowers are left.|The answer is: 84", 1, "OP", P, P, P, F),
    "nobody says the type": ("There are 6 * 14 = 74 tulips.|Together there are 74 + 30 = 104 flowers.|After the sale "
        "104 - 20 = 84 flowers are left.|The answer is: 84", 1, None, P, P, P, N),
}  # fmt: skip


def injection(solution: str, step: int, code: str | None = None) -> Injection:
    return Injection(QUESTION, GOLD, "94", as_output(solution.replace("|", "\n")), step, code)


@pytest.mark.parametrize("name", TABLE)
def test_every_check_says_what_the_row_deserves(name: str) -> None:
    solution, step, code, *expected = TABLE[name]
    found = check_injection(injection(solution, step, code))
    for check, outcome in zip(CHECKS, expected, strict=True):
        if outcome is not None:
            assert found[check].outcome == outcome, (check, found[check])
    assert all(bool(finding.detail) == (finding.outcome != "pass") for finding in found.values())


def test_a_step_left_out_may_leave_the_computation_of_another_step() -> None:
    """The wrong step then computes what gold does elsewhere, and is wrong all the same."""
    gold = (
        "40 eels have 40*20 = 800 oz.\nA pike has 10+20 = 30 oz.\nSo 40 pikes have 40*30 = 1200 oz.\n"
        "All have 800+1200 = 2000 oz.\nThe answer is: 2000"
    )
    wrong = " 40 eels have 40*20 = 800 oz.\nSo 40 pikes have 40*20 = 800 oz.\nAll have 800+800 = 1600 oz.\nThe answer is: 1600"
    question = "40 eels have 20 oz of fat each, 40 pikes 10 oz more each. How much have they all?"
    found = check_injection(Injection(question, gold, "2000", wrong, 2, "MS"))
    assert {name: finding.outcome for name, finding in found.items()} == dict.fromkeys(CHECKS, P)


def test_every_check_has_every_outcome_in_the_table() -> None:
    for place, check in enumerate(CHECKS):
        assert {row[3 + place] for row in TABLE.values()} >= {P, F, N}, check


FALSE_BEFORE = "There are 6 * 14 = 74 tulips.|Together there are 74 + 30 = 107 flowers.|The answer is: 107"


@pytest.mark.parametrize(
    ("solution", "step", "gold", "evidence"),
    [
        (FALSE_BEFORE, 2, GOLD, "'6 * 14 = 74' is false"),
        (FALSE_BEFORE, 1, GOLD, None),  # what is false comes after
        (FALSE_BEFORE, 2, GOLD.replace("= <<6*14=84>>84", "= 74"), None),  # gold says so too
    ],
)
def test_hard_evidence_is_a_false_equation_before_the_mark(solution, step, gold, evidence) -> None:
    found = earlier_false_equation(Injection(QUESTION, gold, "94", as_output(solution.replace("|", "\n")), step))
    assert found == evidence or (evidence and evidence in str(found))


@pytest.mark.parametrize(
    ("answer", "closing", "outcome"),
    [
        (r"\frac{1}{2}", r"\frac{1}{3}", P),
        ("1/2", "1/3", P),
        ("50%", "25%", F),  # 1/3 is not 25%
        (r"\sqrt{2}", r"\sqrt{3}", N),
        ("(1, 2)", "(1, 3)", N),
        ("x", "x", F),
    ],
)
def test_answers_that_are_not_plain_numbers(answer: str, closing: str, outcome: str) -> None:
    gold = f"It is 3/4 - 1/4 = 1/2, as one sees.\nThe answer is: {answer}"
    wrong = f" Clearly 3/4 - 1/4 = 1/3, as anyone sees.\nThe answer is: {closing}"
    found = check_injection(Injection("What is 3/4 - 1/4?", gold, answer, wrong, 1))["answer"]
    assert found.outcome == outcome, found


def test_aligned_lines_are_one_chain_or_several_whichever_shows_the_declared_type() -> None:
    gold = "The value is \\begin{align*}\n9-8+7 &= 1 + 7\\\\\n&= 36 +1 = \\boxed{37}.\n\\end{align*}"
    gold = gold.replace("9-8+7 &= 1 + 7", "30+6+1 &= 36 + 1")
    wrong = " " + gold.replace("36 +1 = \\boxed{37}", "36 -1 = \\boxed{35}") + "\nThe answer is: 35"
    found = {
        code: check_injection(Injection("What is it?", gold, "37", wrong, 1, code))["type"] for code in ("OP", "CA")
    }
    assert {finding.outcome for finding in found.values()} == {"pass"}
    other = check_injection(Injection("What is it?", gold, "37", wrong, 1, "CV"))["type"]
    assert (other.outcome, other.detail) == ("fail", "declared CV, found CA, OP")
