"""Accounting: what entered is what was kept and what was rejected."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lemma_steps.output.funnel import Funnel
from tests.output.rows import STEPS, candidate, kept, rejected, stream

EXPLODES = STEPS.index("error_type_sampler")
PROBLEM = st.one_of(
    st.tuples(st.just("lost"), st.sampled_from(STEPS[: EXPLODES + 1])),
    st.tuples(st.just("candidates"), st.lists(st.sampled_from([None, *STEPS[EXPLODES:]]), min_size=1, max_size=6)),
)


def counted(rows):
    funnel = Funnel(STEPS)
    for row in rows:
        funnel.add(row)
    return funnel


def rows_of(problems):
    for number, (kind, plan) in enumerate(problems):
        if kind == "lost":
            yield rejected(number, plan, "r")
        else:
            yield from (rejected(number, step, "r", **candidate(number)) if step else kept(number) for step in plan)


@settings(deadline=None)
@given(st.lists(PROBLEM, max_size=30))
def test_nothing_is_lost(problems):
    rows = list(rows_of(problems))
    funnel = counted(rows)
    assert funnel.entered == funnel.kept + funnel.rejected == len(rows)
    assert funnel.problems == len(problems)
    assert funnel.right_samples == sum(number % 3 for number in range(len(problems)))
    table = funnel.rows()
    assert [entry["step"] for entry in table] == STEPS
    assert table[0]["rows_in"] == len(problems)
    assert table[-1]["rows_out"] == funnel.kept
    assert sum(count for entry in table for count in entry["rejected"].values()) == funnel.rejected
    for before, after in pairwise(table):
        assert before["rows_out"] == after["rows_in"] >= 0
    for entry in table[:EXPLODES] + table[EXPLODES + 1 :]:
        assert entry["rows_in"] - entry["rows_out"] == sum(entry["rejected"].values())


def test_reasons_are_ranked_by_count_then_name():
    rows = [rejected(1, "load_problems", "b"), rejected(2, "decontaminate", "c"), rejected(3, "load_problems", "a")]
    assert list(counted([*rows, rejected(4, "decontaminate", "c")]).reasons().items()) == [("c", 2), ("a", 1), ("b", 1)]


def test_a_question_that_occurs_twice_is_two_problems():
    rows = [kept(1), kept(1, strategy="fresh_restart"), rejected(1, "load_problems", "duplicate_problem")]
    assert counted(rows).problems == 2


def test_a_chain_that_explodes_nothing():
    funnel = Funnel(["load", "write"])
    scattered = [kept(1), kept(2), kept(1, index=1), rejected(2, "write", "r", id="x"), rejected(3, "load", "r")]
    assert [funnel.add(row) for row in scattered] == [True, True, False, False, True]
    assert [(entry["rows_in"], entry["rows_out"]) for entry in funnel.rows()] == [(5, 4), (4, 3)]
    assert (funnel.problems, funnel.candidates) == (3, 4)


def test_a_step_that_is_not_of_the_chain_is_a_fault():
    with pytest.raises(ValueError, match="'polish', which is no step"):
        counted([rejected(1, "polish", "r")])


def test_the_small_run():
    funnel = counted(stream(60))
    assert (funnel.problems, funnel.entered) == (60, funnel.kept + funnel.rejected)
    assert funnel.reasons()["contaminated"] == 3
