"""The worked examples in the prompts: they parse, compute, leak nothing, and are nobody's test questions."""

from __future__ import annotations

import gzip
import json
import re
from functools import cache
from math import comb, sqrt
from statistics import median

import pytest

from lemma_steps.arithmetic import find_equations
from lemma_steps.prompts import TASKS, inference_prompt, parse_reply, read_row, render
from lemma_steps.prompts.rendering import _demonstrations, system_block
from lemma_steps.segmentation import segment
from lemma_steps.taxonomy import TAXONOMY

ANSWERS = {
    "A beekeeper": (9000 - 18 * 350) / 90,
    "Four friends": 2 * 9 + 20 / 4,
    "A cone": (3**2 * 8 / 3) / 2**2,
    "A bag": 1 - comb(6, 2) / comb(10, 2),
    "A printer": 24 * (15 + 20) / 2,
    "A rope": 100 * (7 - 2.5) / 3,
    "A cyclist": 2 * (14 + (14 + 9)),
    "Five houses": median([4, 9, 5, 4, 8]),
    "A theatre sells": (120 - 120 * 2 / 3) * 11,
    "What fraction": 45 / 60,
    "A pump": 40 * (60 + 15) - 250,
    "Let $f(x)": ((3 * 2 - 4) ** 2 + 1) - (3 * (2**2 + 1) - 4),
    "A florist": (15 * 12 + 20) / 25,
    "A theatre has": 18 * 25 - (0.6 * 18 * 25 + 85),
    "How many two-digit": sum("7" in str(n) for n in range(10, 100)),
    "The line": 2 - (11 - 2) / (4 - 1) * 1,
    "Sara works": 6 * 5 * 12 - 45,
    "Write $": sqrt(72) + sqrt(18),
    "A bakery": 14 * 12 - 150,
    "Solve $3": next(x for x in range(100) if 3 * (x - 2) == 2 * x + 5),
    "Omar": (260 - 50) / 35,
    "Two fair": sum(a + b >= 10 for a in range(1, 7) for b in range(1, 7)) / 36,
    "A hiker": 4 * 2.5 + 3 * 2,
    "What is the area": abs(8 * 5 - 0 * 3) / 2,
    "A gardener": 7 * 16 * 3 / 4 + 3 * 12,
    "Find the sum": sum(n for n in range(-100, 100) if 2 * n**2 - 9 * n + 4 <= 0),
    "A pool": (360 - 5 * (9 + 21)) / 21,
    "What is the remainder": 5**14 % 13,
    "A bus": (34 - 12 + 8) / 2 + 9,
    "The product": next(2 * n + 2 for n in range(2, 100, 2) if n * (n + 2) == 168),
}
LEAKS = re.compile(
    r"ground.?truth|reference|(?:correct|given|provided|expected|gold|right|true|original|above) (?:solution|answer)"
    r"|attempt|teacher|instruction|prompt|mistakenly|on purpose|deliberate|\bstep \d|\bdraft",
    re.IGNORECASE,
)
STOCK = re.compile(r"\A(?:wait|hold on|hmm|oops|actually|let me|let's|i made|i think|sorry|upon)\b", re.IGNORECASE)
MARKUP = re.compile(r"^\s*(?:[-*#]|\d+[.)])|\*\*|</?\w+", re.MULTILINE)


def _examples():
    for task in TASKS:
        for number, example in enumerate(re.split(r"## Example \d\n\n", system_block(task))[1:], 1):
            row, reply = example.split("\n\nReply:\n\n")
            yield pytest.param(task, row + "\n", reply.strip(), id=f"{task}-{number}")


EXAMPLES = list(_examples())
REVISIONS = [e for e in EXAMPLES if e.values[0] in ("fix_continue", "fresh_restart", "smooth")]
INJECTIONS = [e for e in EXAMPLES if e.values[0] == "inject_error"]
LABELS = [e for e in EXAMPLES if e.values[0] in ("locate_first_error", "classify_error")]


SOLUTIONS = [e for e in EXAMPLES if e.values[0] in ("solve", "explain_answer", "reflect")]


def _fields(task, row):
    return read_row([{"role": "system", "content": system_block(task)}, {"role": "user", "content": row}])[1]


def _false(text):
    return [text[e.begin : e.end] for e in find_equations(text) if e.verdict == "wrong"]


def _answer(text):
    return re.search(r"\nThe answer is: (\S+)\Z", text)[1]


def _value(answer):
    fraction = re.fullmatch(r"\\frac\{(\d+)\}\{(\d+)\}", answer)
    root = re.fullmatch(r"(\d+)\\sqrt\{(\d+)\}", answer)
    if fraction:
        return int(fraction[1]) / int(fraction[2])
    return int(root[1]) * sqrt(int(root[2])) if root else float(answer)


def _computed(text):
    return sum(e.verdict == "right" for e in find_equations(text))


@pytest.mark.parametrize("task", TASKS)
def test_two_to_four_examples_with_and_without_latex(task):
    rows = [e.values[1] for e in EXAMPLES if e.values[0] == task]
    assert 2 <= len(rows) <= 4
    assert {"$" in re.sub(r"\$\d", "", _fields(task, row)["question"]) for row in rows} == {True, False}


@pytest.mark.parametrize(("task", "row", "reply"), EXAMPLES)
def test_the_row_is_exactly_what_a_row_looks_like(task, row, reply):
    assert render(task, **_fields(task, row))[1]["content"] == row


@pytest.mark.parametrize(("task", "row", "reply"), EXAMPLES)
def test_the_reply_parses(task, row, reply):
    parse_reply(task, reply)


@pytest.mark.parametrize(("task", "row", "reply"), [e for e in EXAMPLES if "<reference_solution>" in e.values[1]])
def test_the_reference_computes(task, row, reply):
    reference = _fields(task, row)["reference_solution"]
    assert _false(reference) == []
    assert _answer(reference)


@pytest.mark.parametrize(("task", "row", "reply"), INJECTIONS)
def test_injections_hold_one_error_and_carry_it_on(task, row, reply):
    fields, injection = _fields(task, row), parse_reply(task, reply)
    steps, gold = segment(injection.solution), segment(fields["reference_solution"])
    number = len(segment(injection.solution[: injection.wrong_end]))
    assert injection.solution[injection.wrong_begin : injection.wrong_end] == steps[number - 1].strip()
    assert [s.strip() for s in steps[: number - 1]] == [s.strip() for s in gold[: number - 1]]
    assert steps[number - 1].strip() not in fields["reference_solution"]
    assert _false("".join(steps[: number - 1] + steps[number:])) == []
    assert bool(_false(steps[number - 1])) == (fields["error_type"] == "CA")
    assert _answer(fields["reference_solution"]) != _answer(injection.solution)


@pytest.mark.parametrize(("task", "row", "reply"), REVISIONS)
def test_corrections_compute_and_follow_a_wrong_step(task, row, reply):
    fields, revision = _fields(task, row), parse_reply(task, reply)
    assert _false(revision.correction) == []
    assert _computed(revision.correction) or "\\sqrt" in revision.correction
    assert fields["attempt"][-1].strip() not in revision.reflection + revision.correction
    assert f" {_answer(revision.correction)}." not in revision.reflection
    if reference := fields.get("reference_solution") or fields.get("correction"):
        assert _answer(reference) == _answer(revision.correction)


def _solutions(task, reply):
    """What a reply of these tasks says that states the problem's answer, and what does not."""
    parsed = parse_reply(task, reply)
    return (parsed.alternative, parsed.follow_up) if task == "reflect" else (parsed.text, "")


@pytest.mark.parametrize(("task", "row", "reply"), SOLUTIONS)
def test_solutions_compute_and_their_answer_is_the_given_one(task, row, reply):
    fields, (solution, more) = _fields(task, row), _solutions(task, reply)
    assert _false(solution + more) == []
    assert _computed(solution)
    if task == "explain_answer":
        assert fields["answer"] == _answer(solution)
        assert fields["answer"] not in solution.splitlines()[0]
    if task == "reflect":
        assert _computed(more)
        assert _answer(fields["reference_solution"]) == _answer(solution)
        assert not set(fields["reference_solution"].splitlines()[:-1]) & set(solution.splitlines())


@pytest.mark.parametrize(("task", "row", "reply"), [e for e in REVISIONS if e.values[0] == "smooth"])
def test_smoothing_keeps_every_number(task, row, reply):
    numbers = set(re.findall(r"\d+", _fields(task, row)["correction"]))
    assert numbers <= set(re.findall(r"\d+", parse_reply(task, reply).correction))


@pytest.mark.parametrize(("task", "row", "reply"), LABELS)
def test_labels_fit_the_steps(task, row, reply):
    steps, label = _fields(task, row)["steps"], parse_reply(task, reply)
    if task == "locate_first_error" and label.error_step is not None:
        assert 1 <= label.error_step < len(steps)
        assert _false("".join(steps[: label.error_step - 1])) == []
        assert _false("".join(steps[label.error_step :])) == []
    assert label.reason


def test_each_kind_of_label_is_shown():
    located = [parse_reply(e.values[0], e.values[2]).error_step for e in LABELS if e.values[0] == "locate_first_error"]
    classified = [parse_reply(e.values[0], e.values[2]).error_type for e in LABELS if e.values[0] == "classify_error"]
    assert None in located
    assert None in classified
    assert len(set(located)) == len(located)
    assert len(set(classified)) == len(classified)


@pytest.mark.parametrize(("task", "row", "reply"), [*REVISIONS, *INJECTIONS, *SOLUTIONS])
def test_defect_24_nothing_leaks_into_what_is_trained_on(task, row, reply):
    parsed = parse_reply(task, reply)
    if task == "inject_error":
        trained = parsed.solution
    elif task in ("solve", "explain_answer", "reflect"):
        trained = "\n".join(_solutions(task, reply))
    else:
        trained = f"{parsed.reflection}\n{parsed.correction}"
    assert LEAKS.search(trained) is None
    assert MARKUP.search(trained) is None
    money = re.sub(r"\$(?=\d[\d.]*(?:[\s.,]|$))", "", trained) if "\\" not in trained else trained
    assert money.count("$") % 2 == 0
    assert trained.count("{") == trained.count("}")


def test_defect_24_and_25_a_teacher_may_refuse_instead_of_bending_the_task():
    for task in TASKS:
        assert re.search(r"<decline>\w+: ", system_block(task)), task
    for task in ("fix_continue", "fresh_restart"):
        assert "<decline>no_error:" in system_block(task)
    assert "<decline>type_not_available:" in system_block("inject_error")


def test_reflections_open_differently():
    openings = [" ".join(parse_reply(e.values[0], e.values[2]).reflection.split()[:2]).casefold() for e in REVISIONS]
    assert len(set(openings)) == len(openings)
    assert not [o for o in openings if STOCK.match(o)]


def test_every_type_is_offered_to_the_classifier():
    assert all(str(type_) in system_block("classify_error") for type_ in TAXONOMY.values())


@pytest.mark.parametrize("demonstration", _demonstrations(), ids=lambda d: d["question"][:30])
def test_demonstrations_compute(demonstration):
    assert _false(demonstration["solution"]) == []
    assert _computed(demonstration["solution"])
    assert _answer(demonstration["solution"])
    assert demonstration["question"] in inference_prompt("x", shots=len(_demonstrations()))


def _right_answers():
    for example in EXAMPLES:
        task, row, reply = example.values
        fields = _fields(task, row)
        if right := fields.get("reference_solution") or fields.get("correction"):
            yield fields["question"], right
        if task in ("fix_continue", "fresh_restart", "smooth"):
            yield fields["question"], "\n" + parse_reply(task, reply).correction
        if task in ("solve", "explain_answer", "reflect"):
            yield fields["question"], _solutions(task, reply)[0]
    for demonstration in _demonstrations():
        yield demonstration["question"], demonstration["solution"]


def test_every_right_answer_is_what_the_question_computes_to():
    used = set()
    for question, solution in _right_answers():
        (opening,) = [o for o in ANSWERS if question.startswith(o)]
        used.add(opening)
        assert _value(_answer(solution)) == pytest.approx(ANSWERS[opening], rel=1e-12), question
    assert used == ANSWERS.keys()


@cache
def _questions():
    questions = {_fields(e.values[0], e.values[1])["question"] for e in EXAMPLES}
    return questions | {d["question"] for d in _demonstrations()}


def _normalised(text):
    return " ".join(re.findall(r"\w+", str(text).casefold()))


def test_defect_27_no_example_is_a_public_question(lemma_data):
    ours = {_normalised(q) for q in _questions()}
    assert len(ours) == len(_questions())
    fields = ("question", "problem", "Question", "sQuestion", "input", "Body", "body")
    seen = 0
    for path in sorted(lemma_data.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                texts = [_normalised(row[f]) for f in fields if f in row]
                assert not ours.intersection([*texts, " ".join(texts)]), (path.name, row.get("_row"))
                seen += 1
    assert seen > 10_000
