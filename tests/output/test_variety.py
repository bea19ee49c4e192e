"""Places, lengths, reflections, strategies, duplicates and cost."""

from __future__ import annotations

import pytest

from lemma_steps.output.calls import cost
from lemma_steps.output.lengths import Lengths
from lemma_steps.output.positions import Positions
from lemma_steps.output.reflection_variety import ReflectionVariety
from lemma_steps.output.repeats import EXAMPLES, Repeats
from lemma_steps.output.strategies import Strategies
from tests.output.rows import STEPS, kept, rejected, stream


def reported(figures, rows):
    for row in rows:
        figures.add(row)
    return figures.report()


@pytest.mark.parametrize(
    ("step", "of", "third"),
    [(1, 1, "middle"), (1, 2, "first"), (2, 2, "last"), (1, 3, "first"), (2, 3, "middle"), (3, 3, "last"), (9, 9, "last"), (5, 4, "last")],
)  # fmt: skip
def test_the_third_is_that_of_the_steps_middle(step, of, third):
    found = reported(Positions(), [kept(1, error_type="CA", error_step=step, n_steps=of)])
    assert found["by_step"] == {"CA": {str(step): 1}}
    assert [name for name, count in found["by_third"]["CA"].items() if count] == [third]


def test_lengths_are_those_of_each_part_and_strategy():
    long = kept(2, strategy="fresh_restart")
    long["correction"] = "x " * 300
    found = reported(Lengths(), [kept(1), long, rejected(3, "smooth", "declined")])["lengths"]
    assert [found[part]["n"] for part in ("prefix", "reflection", "correction", "output")] == [2, 2, 2, 2]
    assert found["correction"]["max"] == 300
    assert found["by_strategy"]["fresh_restart"]["correction"]["median"] == 300
    assert found["by_strategy"]["fix_continue"]["correction"]["median"] < 100
    sft = reported(
        Lengths(), [{**kept(1), "method": "sft", "strategy": None, "erroneous_prefix": "", "reflection": ""}]
    )["lengths"]
    assert set(sft) == {"output", "by_strategy"}
    assert sft["by_strategy"] == {}


@pytest.mark.parametrize(
    ("reflections", "shares"),
    [
        (["Wait, no."], (1, 1, None)),
        (["wait no", "Wait: NO!"], (0.5, 0.5, None)),
        (["a b a b", "c"], (3 / 5, 2 / 3, 1)),
        (["", "..."], (None, None, None)),
    ],
)
def test_distinct_n_is_different_sequences_among_all(reflections, shares):
    rows = [kept(number, reflection=text) for number, text in enumerate(reflections)]
    found = reported(ReflectionVariety(), rows)["reflections"]
    for of in (found, found["sample"]):
        assert [of[f"distinct_{size}"] for size in (1, 2, 3)] == [s and pytest.approx(s, abs=1e-4) for s in shares]


def test_the_variety_does_not_depend_on_the_order():
    rows = [row for row in stream(60) if "rejected_by" not in row]
    assert reported(ReflectionVariety(), rows) == reported(ReflectionVariety(), rows[::-1])


def test_strategies_are_compared_with_gold_and_prefix():
    texts = {"gold_solution": "We add 2 + 3 = <<2+3=5>>5.\nThen 5 * 4 = 20.\n#### 20", "gold_answer": "20"}
    copied = kept(1, correction="We add 2 + 3 = 5.\nThen $5 \\times 4 = 20$.\nThe answer is: 20", **texts)
    own = kept(1, strategy="fresh_restart", correction="Take 4*2 = 8.\nAnd 8 + 12 = 20.\nThe answer is: 20", **texts)
    found = {one["strategy"]: one for one in reported(Strategies(), [copied, own])}
    assert found["fix_continue"]["equations_in_gold"]["share"] == 1
    assert found["fix_continue"]["steps_in_gold"]["share"] == 0.5
    assert found["fresh_restart"]["equations_in_gold"]["share"] == 0
    assert found["fresh_restart"]["steps_in_prefix"]["share"] == 0
    repeated = kept(2, erroneous_prefix=" One.\nTwo.\n", correction="One.\nOther.\nThe answer is: 20")
    assert reported(Strategies(), [repeated])[0]["steps_in_prefix"]["share"] == 0.5


def test_the_yield_of_a_strategy_is_that_of_its_candidates():
    rows = stream(60)
    found = {one["strategy"]: one for one in reported(Strategies(), rows)}
    for strategy, one in found.items():
        of = [row for row in rows if row.get("strategy") == strategy]
        assert (one["entered"], one["kept"]) == (len(of), sum("rejected_by" not in row for row in of))
        assert one["yield"]["low"] < one["yield"]["share"] < one["yield"]["high"]
    assert reported(Strategies(), [{**kept(1), "strategy": None}]) == []


def test_duplicates_are_counted_and_shown_beside_what_they_repeat():
    first = kept(1)
    twin = {**kept(1, strategy="fresh_restart"), "rejected_by": "deduplicate", "reason": "near_duplicate"}
    twin["detail"] = f"of {first['id']}, in other words of reflection"
    far = {**twin, "problem_id": "other", "reason": "exact_duplicate", "detail": f"of {first['id']}"}
    found = reported(Repeats(), [first, twin, far, rejected(9, "load_problems", "duplicate_problem")])
    assert (found["exact"], found["near"]) == (1, 1)
    near = next(one for one in found["examples"] if one["kind"] == "near")
    assert (near["of"], near["output"], near["of_output"]) == (first["id"], twin["output"], first["output"])
    assert next(one for one in found["examples"] if one["kind"] == "exact")["of_output"] is None
    many = [{**twin, "id": f"t{number}"} for number in range(50)]
    assert len(reported(Repeats(), many)["examples"]) == EXAMPLES


def call(**figures):
    return {"calls": 4, "unpriced": 0, "tokens_in": 90, "tokens_out": 10, "usd": 0.5, **figures}


@pytest.mark.parametrize(
    ("calls", "kept_rows", "figures"),
    [
        ([call(), call(usd=None, unpriced=4)], 4, {"usd": 0.5, "unpriced": 4, "per_kept": 0.125, "calls_per_kept": 2, "tokens_per_kept": 50}),
        ([call(usd=None, unpriced=4)], 2, {"usd": None, "unpriced": 4, "per_kept": None, "calls_per_kept": 2}),
        ([call()], 0, {"usd": 0.5, "per_kept": None, "calls_per_kept": None, "tokens_per_kept": None}),
        ([], 3, {"usd": None, "calls": 0, "per_kept": None, "calls_per_kept": 0}),
    ],
)  # fmt: skip
def test_cost_is_that_of_all_calls_per_kept_row(calls, kept_rows, figures):
    found = cost(calls, kept_rows)
    assert {name: found[name] for name in figures} == figures


def test_parts_of_a_run_and_the_whole_give_the_same_figures():
    from lemma_steps.output import Summary, normalise

    rows = [normalise(row) for row in stream(60)]

    def made(order):
        summary = Summary(STEPS)
        for row in order:
            summary.add(row)
        report = summary.report(settings={}, run={})
        return report, summary.examples.kept, summary.examples.rejected

    turned = sorted(rows, key=lambda row: row["problem_id"], reverse=True)  # other order, rows of a problem together
    first, second = made(rows), made(turned)
    assert first[1:] == second[1:]
    names = (
        "distribution_match",
        "type_by_step",
        "lengths",
        "reflections",
        "strategies",
        "duplicates",
        "cost",
        "funnel",
    )
    assert {name: first[0][name] for name in names} == {name: second[0][name] for name in names}
