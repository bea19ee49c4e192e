"""Every audit passes good trajectories and names what is wrong with bad ones."""

from __future__ import annotations

import gzip
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemma_steps.answers import gold_answer
from lemma_steps.audits import AUDITS, Limits, audit
from lemma_steps.audits.text import estimated_tokens
from lemma_steps.segmentation import segment
from lemma_steps.trajectory import error_span, gold_trajectory, join

QUESTION = "A crate holds 12 jars at $5 each. How much do 3 crates cost?"
GOLD = "A crate costs 12*5 = $<<12*5=60>>60.\nThree crates cost 60*3 = $<<60*3=180>>180.\n#### 180"
WRONG = " A crate costs 12*5 = $65.\nThree crates cost 65*3 = $195.\nThe answer is: 195"
REFLECTION = "Wait, 12*5 is 60 and not 65."
CORRECTION = "A crate costs $60, so three crates cost 60*3 = $180.\nThe answer is: 180"


def row(wrong=WRONG, error_step=1, *, reflection=REFLECTION, correction=CORRECTION, truncated=True, **changes):
    steps = segment(wrong)
    prefix = "".join(steps[:error_step]) if truncated else wrong
    begin, end = error_span(steps, error_step)
    reflection, correction = join(prefix, reflection, correction)
    made = {
        "question": QUESTION,
        "gold_solution": GOLD,
        "gold_answer": "180",
        "erroneous_solution": wrong,
        "erroneous_prefix": prefix,
        "error_step": error_step,
        "error_begin": begin,
        "error_end": end,
        "reflection": reflection,
        "correction": correction,
        "output": prefix + reflection + correction,
    }
    return made | changes


def output(text, **changes):
    """A row of another method: an output, no error."""
    return {"output": text, "question": QUESTION, "gold_answer": "180", "error_step": None, **changes}


def codes(made, **options):
    return [failure.code for failure in audit(made, **options)]


def test_a_good_trajectory_passes():
    assert audit(row()) == []
    assert audit(row(error_step=2, reflection="No, the price of a crate was already off: 12*5 = 60.")) == []
    assert audit(row(truncated=False), truncated=False) == []


def test_rows_of_other_methods_are_not_asked_about_errors():
    good = output("A crate costs $60.\nThe answer is: 180", erroneous_prefix="", reflection="", correction="x")
    assert audit(good) == []


def test_codes_are_the_names_of_the_audits_in_their_order():
    bad = row(reflection="So it is 60.", correction="See the reference solution <<1+1=2>> \x0c {")
    assert codes(bad) == ["no_reflection", "leak", "marks", "control_characters", "unbalanced_math", "no_closing"]
    assert list(AUDITS) == [
        name
        for name in AUDITS
        if name in {*codes(bad), "verbatim_prefix", "early_repair", "step_not_wrong", "false_arithmetic", "too_long"}
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"output": row()["output"].replace("$65", "$60")},
        {"output": row()["output"] + " "},
        {"erroneous_prefix": row()["erroneous_prefix"].rstrip()},
        {"erroneous_solution": WRONG.replace("crate", "box")},
        {"error_begin": 1},
        {"error_end": row()["error_end"] - 1},
        {"error_step": 2},
        {"error_step": 9},
        {"error_step": 0},
    ],
)
def test_defect_24_the_prefix_must_be_verbatim(changes):
    assert "verbatim_prefix" in codes(row() | changes)


def test_the_prefix_ends_at_the_error_step_unless_truncation_is_ablated():
    assert "verbatim_prefix" in codes(row(truncated=False))
    assert "verbatim_prefix" in codes(row(), truncated=False)


@pytest.mark.parametrize(
    ("step", "label_source", "changes", "passes"),
    [
        (1, "human", {}, True),
        (2, "human", {}, True),
        (1, "teacher", {}, False),
        (3, "human", {}, False),  # after the prefix
        (1, "human", {"erroneous_prefix": "".join(segment(WRONG)[:2]).rstrip()}, False),
        (1, "human", {"erroneous_solution": WRONG.replace("195", "196")}, False),
        (1, "human", {"error_begin": 1}, False),
    ],
)
def test_a_prefix_may_go_on_after_the_step_that_a_person_named(step, label_source, changes, passes):
    begin, end = error_span(segment(WRONG), step)
    moved = {"error_step": step, "error_begin": begin, "error_end": end, "label_source": label_source}
    assert ("verbatim_prefix" not in codes(row(error_step=2) | moved | changes)) == passes


def test_defect_24_an_early_repair_is_seen():
    repaired = row()["output"].replace("$65", "$60", 1)
    assert "early_repair" in codes(row() | {"output": repaired})
    assert "early_repair" not in codes(row())


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (" A crate costs 12*5 = $60.\n", ["step_not_wrong"]),
        ("A crate costs  12*5 = $60.\n", ["step_not_wrong"]),
        (" Each crate is worth 12*5 = 60 dollars.\n", ["step_not_wrong"]),
        (" Each crate is worth 5*12 = 60 dollars.\n", ["step_not_wrong"]),
        (" A crate costs 12*5 = $65.\n", []),
        (" A crate costs 12+5 = $17.\n", []),
        (" A crate costs 12*5 = $60 and 7 more for the jars.\n", []),
        (" Jars cost 12*3 = $36.\n", []),
        (" A crate has jars, so it is heavy.\n", []),
    ],
)
def test_defect_25_a_step_of_the_gold_solution_is_not_wrong(step, code):
    assert codes(row(step + "The answer is: 195")) == code


def test_rows_without_gold_solution_are_audited_too():
    assert audit(row(gold_solution=None)) == []
    assert audit({**row(), "erroneous_solution": None}) == []


REFLECTIONS = [
    ("Wait, 12*5 is 60.", True),
    ("Hmm, let me check that line.", True),
    ("Only 65 jars, although the first crate alone has 60?", True),
    ("I have turned the sold ones into the ones that are left.", True),
    ("A slope of 3 would lift the line to 7, but it climbs to 9.", True),
    ("That can’t be right.", True),
    ("The 15 minutes are a quarter of an hour and not 0.15 of one.", True),
    ("I overlooked the second crate.", True),
    ("Let me try a different approach.", True),
    ("", False),
    (" \n ", False),
    ("So the total is 180.", False),
    ("Next we multiply by three.", False),
    ("Everything is right so far, so let's continue.", False),
    ("Let me double-check: 12*5 = 60. Yes, that is correct.", False),
    ("There is no mistake here.", False),
    ("The calculation is correct.", False),
]


@pytest.mark.parametrize(("reflection", "noticing"), REFLECTIONS)
def test_defect_24_a_reflection_notices_something(reflection, noticing):
    assert (AUDITS["no_reflection"]({"reflection": reflection}, Limits()) is None) == noticing


LEAKS = [
    "as the provided solution shows",
    "the ground truth is 180",
    "according to the ground-truth answer",
    "The reference solution multiplies",
    "in the previous attempt",
    "the gold answer",
    "The teacher says",
    "as given in the solution",
    "the student's solution has",
    "the expected answer is 180",
    "this is an intentional error",
    "the error type is",
    "a calculation_error",
    "<wrong>65</wrong>",
    "</reflection>",
    "The answer is: [your answer]",
]


@pytest.mark.parametrize("words", LEAKS)
def test_defect_24_a_leak_is_seen(words):
    assert codes(row(correction=f"{words.upper()}\n{CORRECTION}")) == ["leak"]


@pytest.mark.parametrize(
    ("words", "question"),
    [
        ("The teacher has 3 apples.", "A teacher has apples."),
        ("The student's work takes 2 hours.", "Each student works."),
        ("The given solution holds 30% acid.", "A solution of acid."),
        ("Her previous attempt took 9 minutes.", "In her previous attempt she ran."),
        ("The expected answer is 5.", "What answer is expected?"),
        ("The correct answer is 180, so the solution of the equation is 9.", QUESTION),
        ("Let $a < b$ and $b <c$.", QUESTION),
        ("\\frac{{10\\choose 5}}{2}", QUESTION),
    ],
)
def test_words_of_the_question_are_no_leak(words, question):
    assert codes(row(correction=f"{words}\n{CORRECTION}", question=question)) == []


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        ("$\x0crac{1}{2}$", False),
        ("$2 \times 3$", False),
        ("$x \neq 3$", False),
        ("$\\alpha \x08inom$", False),
        ("the \text{cm}", False),
        ("the angle \theta", False),
        ("$a \right)$", False),
        ("null \x00", False),
        ("\ufffd", False),
        (chr(0xD800), False),
        ("zero\u200bwidth", False),
        ("reversed \u202e", False),
        ("\tindented\tcolumns\ttoo", True),
        ("windows\r\nlines", True),
        ("[asy]\nfor(;;)\n\tdraw(A);\n\ttext\n[/asy]", True),
        ("équation, 数学, 5\xa0km", True),
        ("one\nequals two", True),
    ],
)
def test_defect_24_control_characters(text, fine):
    assert codes(output(f"{text}\nThe answer is: 180")) == ([] if fine else ["control_characters"])


FALSE_SUM = "A crate costs 12*5 = $60, so three crates cost 60*3 = $190.\nThe answer is: 180"


@pytest.mark.parametrize(
    ("changes", "fine"),
    [
        ({"correction": FALSE_SUM}, False),
        ({"correction": f"Let me check 12*5 = 65 again. {CORRECTION}"}, False),
        ({"correction": f"That is not 12*5 = 65. {CORRECTION}"}, True),
        ({"correction": f"12*5 = 65 is wrong. {CORRECTION}"}, True),
        ({"correction": f"With 12 * 5 = 60 instead of 12*5 = 65 it works. {CORRECTION}"}, True),
        ({"correction": f"Not so fast. 12*5 = 65, I say. {CORRECTION}"}, False),
        ({"correction": "Each is $60 and 3 * 60 is 190.\nThe answer is: 180"}, True),
        ({"reflection": "Wait, I wrote 12 * 5 = $65."}, True),
        ({"reflection": "Wait, I wrote 12 * 5 = 65 but 12 * 5 = 70."}, False),
        ({"reflection": "Wait, there was a mistake: 13 * 5 = 66 too."}, True),
        ({"reflection": "Wait, the mistake is there. 65*3 = 190 too."}, False),
        ({"error_step": 2, "reflection": "Wait, I had 12*5 = 65 before that."}, True),
        ({"wrong": " A crate costs 12*5 = $60.\nThree cost 3+60 = $63.\nThe answer is: 63", "error_step": 2}, True),
    ],
)
def test_what_comes_after_the_wrong_step_computes_rightly(changes, fine):
    found = codes(row(**changes))
    assert found == ([] if fine else ["false_arithmetic"])


def test_false_sums_of_other_methods_are_counted_elsewhere_and_no_reason():
    assert codes(output(FALSE_SUM)) == []


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        ("5 jars at $5 x 3 = $15, and $1,200.50 in all", True),
        ("She has $5. He has $3.", True),
        ("He pays $5", True),
        ("He pays 5$ and 3 $ more", True),
        ("It costs \\$5 and $x$ is \\$3", True),
        ("it costs $5, so $x = 5$ and $y$", True),
        ("$x$$y$ and $$z = \\{1, 2\\}$$", True),
        ("$30^\\circ + 2a = 180^\\circ$ and $30^\\circ$", True),
        ("\\(165 \\times 12 = $1,980\\) and $5, \\(n\\) times", True),
        ("$2bi = 0,$ so $4abi = 0$", True),
        ("\\[ \\begin{align*} a &= 1 \\\\[2pt] b &= \\frac{1}{2} \\end{align*} \\]", True),
        ("\\( a \\) and {b {c}}", True),
        ("\\left\\{ x \\right. and \\{", True),
        ('[asy] label("$x", A); { [/asy]', True),
        ("the value $x + 2 is", False),
        ("so $\\frac{1}{2} is half", False),
        ("so $5^2 is 25", False),
        ("$x = 1\n\ny$", False),
        ("\\frac{1}{2", False),
        ("a } b", False),
        ("\\[ x = 1", False),
        ("x = 1 \\]", False),
        ("\\( x \\]", False),
        ("\\begin{align} x", False),
        ("\\begin{align} x \\end{array}", False),
        ("\\[ { \\] }", False),
        ("$$ x = 1", False),
    ],
)
def test_defect_24_maths_must_close(text, fine):
    assert codes(output(f"{text}\nThe answer is: 180")) == ([] if fine else ["unbalanced_math"])


@pytest.mark.parametrize(
    ("end", "fine"),
    [
        ("The answer is: 180", True),
        ("The answer is: $\\frac{1}{2}$\n", True),
        ("The answer is: 5.5 and 7", True),
        ("The answer is: \\begin{pmatrix} 1 \\\\\n2 \\end{pmatrix}", True),
        ("It is 180.", False),
        ("The answer is:", False),
        ("The answer is: \n", False),
        ("the answer is 180", False),
        ("The answer is: 180. So the crates cost $180", False),
        ("The answer is: 180\n\nLet me know", False),
    ],
)
def test_defect_18_the_answer_ends_the_output(end, fine):
    assert codes(output(f"Work.\n{end}")) == ([] if fine else ["no_closing"])


def test_a_gold_answer_of_several_sentences_may_close():
    assert codes(output("The answer is: No. It never ends", gold_answer="No. It never ends")) == []


def test_marks_never_reach_an_output():
    assert codes(output("It is <<60*3=180>>180.\nThe answer is: 180")) == ["marks"]


def test_length_is_limited_in_tokens():
    long = output("word " * 50 + "\nThe answer is: 180")
    assert codes(long, max_tokens=66) == ["too_long"]
    assert codes(long, max_tokens=67) == []
    assert estimated_tokens("a" * 400) == 100
    assert estimated_tokens("$x^2$") == 5


@given(st.text(), st.text(), st.text())
def test_any_text_is_audited_without_an_error(wrong, reflection, correction):
    steps = segment(wrong)
    if steps:
        assert isinstance(audit(row(wrong, len(steps), reflection=reflection, correction=correction)), list)
    assert isinstance(audit(output(wrong)), list)


@given(st.text(alphabet="$ab5 .\n", max_size=30))
def test_a_closed_formula_in_front_changes_nothing(text):
    before = AUDITS["unbalanced_math"]({"output": text}, Limits())
    after = AUDITS["unbalanced_math"]({"output": f"Now $x = 1$.\n\n{text}"}, Limits())
    assert (before is None) == (after is None)


@pytest.mark.parametrize(
    "hostile",
    [
        "$" * 10**5,
        "{" * 10**5,
        "$5 " * 10**5,
        "\\begin{a}" * 10**4,
        "\t" * 10**5,
        "the " * 10**5,
        "<<" * 10**5,
        "$$5\n\n" * 10**4,
        "The answer is: a" * 10**4,
    ],
)
def test_hostile_text_costs_little(hostile):
    begin = time.process_time()
    audit(output(hostile))
    assert time.process_time() - begin < 2


def _gold(folder, name, column):
    with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8", newline="\n") as file:
        for line in file:
            record = json.loads(line)
            answer = gold_answer(record[column]) or record["answer"]
            yield (
                record["_row"],
                record.get("question") or record["problem"],
                gold_trajectory(record[column], answer),
                answer,
            )


@pytest.mark.parametrize(("name", "column"), [("gsm8k_train", "answer"), ("math_train", "solution")])
def test_no_gold_solution_fails_an_audit_of_its_text(lemma_data, name, column):
    checks = ("leak", "marks", "control_characters", "unbalanced_math")
    failed = [
        (number, failure)
        for number, question, text, answer in _gold(lemma_data, name, column)
        for check in checks
        if (failure := AUDITS[check]({"output": text, "question": question, "gold_answer": answer}, Limits()))
    ]
    assert failed == []


@pytest.mark.parametrize("text", ["0 <|x| and |x|> 0", "$a<|b|>c$", "## Response: it", "[INSTANCE]", "<s"])
def test_signs_of_maths_begin_no_turn(text):
    assert "marks" not in codes(row(correction=f"{text}\nThe answer is: 5"))


@pytest.mark.parametrize(
    "text",
    ["<|endoftext|>", "<|im_start|>user", "x</s>", "<｜end▁of▁sentence｜>", "[/INST]", "### Instruction:\nAnd 1 + 1?"],
)
def test_nothing_that_begins_or_ends_a_turn_is_trained_on(text):
    assert "marks" in codes(row(correction=f"{text}\nThe answer is: 5"))


@pytest.mark.parametrize("text", ["a <<1+1=2>>", "#### 5\n", "## Step\n#### 1"])
def test_marks_of_either_author_are_found(text):
    assert "marks" in codes(row(correction=f"{text}\nThe answer is: 5"))
