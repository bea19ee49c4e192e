"""Errors made by rule: exactly one, of the requested type, carried to the end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemma_steps.arithmetic import find_equations
from lemma_steps.llms.offline.decline import DeclineError
from lemma_steps.llms.offline.diagnose import diagnose
from lemma_steps.llms.offline.inject import Injected, available_types, inject
from lemma_steps.llms.offline.makers import MAKERS
from lemma_steps.llms.offline.worked import Worked, plain
from lemma_steps.segmentation import segment
from lemma_steps.taxonomy import TAXONOMY
from tests.llms.offline import problems
from tests.llms.offline.problems import ALL, Problem

AVAILABLE = [
    (problems.BAKERY, {"CA", "CV", "HA", "CS", "QM", "CC"}),
    (problems.CINEMA, {"CA", "CV", "HA", "OP", "MS", "CS", "QM", "CC"}),
    (problems.FIELD, {"CA", "CV", "HA", "OP", "FC", "MS", "CS", "QM", "CC"}),
    (problems.LESSONS, {"CA", "CV", "HA", "UC", "MS", "CS", "QM"}),
    (problems.POCKETS, {"CA", "CO", "CV", "HA", "OP", "MS", "CS", "QM", "CC"}),
    (problems.SAIL, {"FC"}),
    (problems.LATEX, {"CA", "QM"}),
]

# problem, type, what some wrong step holds: the sites that the definition names
SITES = [
    (problems.FIELD, "FC", "120 * 85 = 10200"),
    (problems.SAIL, "FC", "14 * 9 = 126"),
    (problems.MARKS, "FC", "390 / 2 = 195"),
    (problems.SALE, "CC", "80 * .75 = $60"),
    (problems.SIBLINGS, "CC", "60 - 4 = 56"),
    (problems.LESSONS, "UC", "24 * 100 = 2400"),
    (problems.LESSONS, "MS", "8 * 60 = 480"),
    (problems.CINEMA, "OP", "$48 - $16.50 = $31.50"),
    (problems.POCKETS, "CO", "17 + 31 + 13 = 61"),
    (problems.CINEMA, "QM", "$64.50"),
]


def made(problem: Problem, code: str, seed: int) -> Injected | None:
    try:
        return inject(problem.question, problem.gold, code, seed)
    except DeclineError:
        return None


def answer(steps: tuple[str, ...]) -> str:
    return steps[-1].removeprefix("The answer is: ")


@pytest.mark.parametrize(
    ("problem", "codes"), AVAILABLE, ids=lambda v: v.question[:20] if isinstance(v, Problem) else ""
)
def test_types_are_available(problem: Problem, codes: set[str]) -> None:
    assert codes <= set(available_types(problem.question, problem.gold))


@pytest.mark.parametrize(("problem", "code", "wrong"), SITES, ids=lambda v: v if isinstance(v, str) else "")
def test_the_error_is_the_one_that_the_definition_names(problem: Problem, code: str, wrong: str) -> None:
    found = [one for seed in range(60) if (one := made(problem, code, seed))]
    assert any(wrong in one.steps[one.error] for one in found)


@given(st.sampled_from(ALL), st.sampled_from(sorted(MAKERS)), st.integers(0, 500))
def test_there_is_exactly_one_error(problem: Problem, code: str, seed: int) -> None:
    one = made(problem, code, seed)
    if one is None:
        return
    gold = [plain(step) for step in problem.worked.steps]
    wrong = {k for k, step in enumerate(one.steps) for e in find_equations(step) if e.verdict == "wrong"}
    assert wrong == ({one.error} if code == "CA" else set())
    assert plain(one.steps[one.error]) not in " ".join(gold)
    kept = [plain(step) for step in one.steps[: one.error]]
    assert kept == gold[: one.error] or (code == "MS" and all(step in gold for step in kept))
    assert answer(one.steps) != problem.worked.answer


@given(st.sampled_from(ALL), st.sampled_from(sorted(MAKERS)), st.integers(0, 500))
def test_the_diagnosis_names_the_type_and_the_seed_decides(problem: Problem, code: str, seed: int) -> None:
    one = made(problem, code, seed)
    assert one == made(problem, code, seed)
    if one is not None:
        diagnosis = diagnose(problem.worked, one.steps[: one.error + 1])
        assert diagnosis is not None
        assert diagnosis.code == code
        assert tuple(segment("".join(one.steps))) == one.steps


@given(
    st.sampled_from([p for p in ALL if p is not problems.LATEX]),
    st.sampled_from(["CA", "CV", "OP"]),
    st.integers(0, 99),
)
def test_later_steps_use_the_wrong_value(problem: Problem, code: str, seed: int) -> None:
    one = made(problem, code, seed)
    if one is None or one.diagnosis.wrong is None or one.diagnosis.right is None:
        return
    wrong, right = one.diagnosis.wrong.result.text, one.diagnosis.right.result.text
    users = [k for k, step in enumerate(problem.worked.steps) if k > one.error and f"{right} " in step.split("=")[0]]
    for k in users:
        assert wrong in one.steps[k]


def test_a_carried_error_reaches_the_closing_statement() -> None:
    drafts = (made(problems.CINEMA, "CA", seed) for seed in range(40))
    first = next(one for one in drafts if one and one.error == 0)
    tickets = first.diagnosis.wrong_part
    assert f"${tickets} + $16.50" in first.steps[2]
    change = Worked.read("", "".join(first.steps)).chains[-1].result.text
    assert answer(first.steps) == change


def test_values_with_two_sources_are_left_alone() -> None:
    """The result 6 is also a number of the question: which one a later 6 means is anyone's guess."""
    problem = Problem(
        "Jo has 6 pens, Mia 12 and Ron half of Mia's. They give 6 pens away. How many are left?",
        "Ron has 12 / 2 = 6 pens.\nTogether they have 6 + 12 + 6 = 24 pens.\nLeft are 24 - 6 = 18 pens.\nThe answer is: 18",
    )
    errors = {one.error for seed in range(60) if (one := made(problem, "CA", seed))}
    assert errors == {1, 2}


@pytest.mark.parametrize(
    ("gold", "code", "reason"),
    [
        ("A rhombus has perpendicular diagonals.\nThe answer is: yes", "CA", "no_computed_quantity"),
        ("There are 3 * 4 = 12 eggs.\nThe answer is: 12", "NO", "type_not_available"),
        ("There are 3 * 4 = 12 eggs.\nThe answer is: 12", "MS", "type_not_available"),
        ("There are 3 * 4 = 13 eggs and 3 + 1 = 4 hens.\nThe answer is: 13", "CA", "solution_not_right"),
        ("", "QM", "no_computed_quantity"),
    ],
)
def test_declines_with_a_reason(gold: str, code: str, reason: str) -> None:
    with pytest.raises(DeclineError) as refusal:
        inject("How many eggs are there?", gold, code, 0)
    assert refusal.value.code == reason


def test_defect_25_every_type_made_has_a_recomputable_definition() -> None:
    assert all(TAXONOMY[code].recomputable for code in MAKERS)
    assert not TAXONOMY["NO"].recomputable
