"""The bundled problems: right, well formed, original, and with recorded samples of a real student."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from fractions import Fraction
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import math_verify
import pytest
from sympy import I, Symbol, sympify

from lemma_steps.answers import Verdict, gold_answer, verify_many
from lemma_steps.arithmetic import find_equations, find_marks
from lemma_steps.segmentation import segment
from lemma_steps.sources import Source
from lemma_steps.trajectory import gold_trajectory, strip_marks
from tests import starter_answers_gsm8k, starter_answers_math

FOLDER = Path(__file__).parents[1] / "lemma_steps" / "data" / "starter"
SUBJECTS = {
    "Algebra",
    "Counting & Probability",
    "Geometry",
    "Intermediate Algebra",
    "Number Theory",
    "Prealgebra",
    "Precalculus",
}
ANSWERS = starter_answers_gsm8k.ANSWERS | starter_answers_math.ANSWERS


@cache
def read(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FOLDER / name).read_text(encoding="utf-8").splitlines()]


PROBLEMS = {problem["id"]: problem for problem in read("problems.jsonl")}
GSM8K = [problem for problem in PROBLEMS.values() if problem["style"] == "gsm8k"]
MATH = [problem for problem in PROBLEMS.values() if problem["style"] == "math"]


def question_of(problem: dict[str, Any]) -> str:
    return problem.get("question") or problem["problem"]


def solution_of(problem: dict[str, Any]) -> str:
    return problem.get("answer") or problem["solution"]


def by_id(problems: list[dict[str, Any]]) -> Any:
    return pytest.mark.parametrize("problem", problems, ids=lambda problem: problem["id"])


def boxed(solution: str) -> str:
    """The content of the last box, braces balanced."""
    begin = solution.rindex(r"\boxed{") + len(r"\boxed{")
    depth = 1
    for end in range(begin, len(solution)):
        depth += {"{": 1, "}": -1}.get(solution[end], 0)
        if depth == 0:
            return solution[begin:end]
    raise ValueError(f"a box that does not close: {solution[begin:]}")


def same_value(box: str, value: Any) -> bool:
    """Whether the LaTeX of a box means the computed value, a number or an object of sympy."""
    value = sympify(value).subs(I, Symbol("i", real=True))  # the parser takes i for a letter
    return math_verify.verify([value], math_verify.parse(f"${box}$", parsing_timeout=None), timeout_seconds=None)


def words(question: str) -> tuple[str, ...]:
    """The question without case, layout and punctuation; signs and decimal points stay."""
    return tuple(re.findall(r"[a-z]+|-?\d+(?:\.\d+)?|[+*/^<>=]", question.lower().replace(",", "")))


def test_size_and_spread() -> None:
    assert len(PROBLEMS) == len(read("problems.jsonl")) == len(ANSWERS)
    assert len(GSM8K) >= 66
    assert len(MATH) >= 66
    subjects = Counter(problem["subject"] for problem in MATH)
    assert set(subjects) == SUBJECTS
    assert min(subjects.values()) >= 9
    assert {problem["level"] for problem in MATH} == {f"Level {n}" for n in range(1, 6)}
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < 1_000_000


@by_id(GSM8K)
def test_gsm8k_answer_is_computed(problem: dict[str, Any]) -> None:
    *_, last = problem["answer"].splitlines()
    assert last.startswith("#### ")
    assert Fraction(last.removeprefix("#### ")) == Fraction(str(ANSWERS[problem["id"]]()))


@by_id(GSM8K)
def test_gsm8k_marks(problem: dict[str, Any]) -> None:
    """Every mark is right, repeats the expression before it, and is followed by its value; 2 to 7 lines compute."""
    assert list(problem) == ["id", "style", "question", "answer"]
    *lines, _ = problem["answer"].splitlines()
    assert 2 <= sum("<<" in line for line in lines) <= 7
    assert all("<<" in line for line in lines if re.search(r"\d\s*[-+*/]\s*\d", line))
    marks = find_marks(problem["answer"])
    assert len(marks) == problem["answer"].count("<<")
    assert all(mark.verdict == "right" for mark in marks)
    for before, expression, value, after in re.findall(r"([^\n>]*?)\$?<<(.+?)=(.+?)>>([\d.]*\d)", problem["answer"]):
        assert before.replace(" ", "").endswith(f"{expression}=")
        assert after == value


@by_id(MATH)
def test_math_answer_is_computed(problem: dict[str, Any]) -> None:
    assert list(problem) == ["id", "style", "subject", "level", "problem", "solution"]
    assert problem["solution"].count(r"\boxed") == 1
    assert same_value(boxed(problem["solution"]), ANSWERS[problem["id"]]())


def test_gold_answers_are_found_and_verified() -> None:
    """By the project's own answer check, on which every verdict of the default run stands."""
    pairs = []
    for problem in PROBLEMS.values():
        solution = solution_of(problem)
        gold = gold_answer(solution)
        assert gold == (boxed(solution) if problem["style"] == "math" else solution.rsplit("#### ")[-1])
        pairs.append((gold, gold_trajectory(solution, gold)))
    assert set(verify_many(pairs, workers=1)) == {Verdict.RIGHT}


def test_every_problem_loads() -> None:
    """Both halves through the same loader, although they name their columns differently."""
    rows = list(Source("starter").rows())
    assert [row["question"] for row in rows] == [question_of(problem) for problem in PROBLEMS.values()]
    assert {row.get("reason") for row in rows} == {None}


@pytest.mark.parametrize(
    ("box", "problem"),
    [
        ("12", "algebra-taxi-fares"),
        ("(8, 5)", "algebra-two-equations"),
        ("[-4, 7)", "algebra-quadratic-interval"),
        ("x^2 - x - 16", "algebra-expand-product"),
        (r"5 - \sqrt{7}", "algebra-quadratic-roots"),
        ("y = 3x + 7", "algebra-parallel-line"),
        (r"49\pi - 196", "geometry-circle-in-square"),
        ("2 - 3i", "intermediate-complex-quotient"),
        (r"\begin{pmatrix} 13 & -10 \\ -1 & 6 \end{pmatrix}", "precalculus-matrix-product"),
    ],
)
def test_wrong_box_is_noticed(box: str, problem: str) -> None:
    assert not same_value(box, ANSWERS[problem]())


@by_id([*PROBLEMS.values()])
def test_text_is_clean(problem: dict[str, Any]) -> None:
    """Equations hold, maths and braces are balanced, no stray white space, and the gold solution has several steps."""
    for text in (question_of(problem), solution_of(problem)):
        assert text.isprintable() or text.replace("\n", "").isprintable()
        assert text == text.strip()
        assert "  " not in text
    solution = solution_of(problem)
    prose = strip_marks(solution)
    wrong = [e for e in find_equations(prose) if e.verdict == "wrong"]
    assert not wrong, prose[wrong[0].begin : wrong[0].end]
    assert len(segment(solution)) >= 2
    if problem["style"] == "math":
        for text in (question_of(problem), solution):
            bare = re.sub(r"\\[${}]", "", text)
            assert bare.count("$") % 2 == 0
            assert bare.count("{") == bare.count("}")
            assert bare.count(r"\[") == bare.count(r"\]")


def test_no_two_questions_are_alike() -> None:
    """Not even with other numbers: word triples overlap by less than half."""
    triples = {
        id_: set(zip(w, w[1:], w[2:], strict=False))
        for id_, w in ((id_, words(re.sub(r"\d+", "1", question_of(p)))) for id_, p in PROBLEMS.items())
    }
    for (one, a), (other, b) in combinations(triples.items(), 2):
        assert len(a & b) < 0.5 * len(a | b), f"{one} and {other}"


def test_no_question_is_in_a_public_set(lemma_data: Path) -> None:
    """Neither in an evaluation set nor in the training sets, and not with other numbers in their place."""
    ours = {words(re.sub(r"\d+", "1", question_of(problem))): id_ for id_, problem in PROBLEMS.items()}
    read_questions = 0
    for path in sorted(lemma_data.glob("*.jsonl.gz")):
        for line in gzip.decompress(path.read_bytes()).splitlines():
            record = json.loads(line)
            parts = {key: value for key, value in record.items() if isinstance(value, str)}
            texts = [parts[k] for k in ("question", "problem", "Question", "sQuestion", "input", "Q1") if k in parts]
            body = parts.get("body") or parts.get("Body")
            texts += [f"{body} {text}" for text in texts if body]
            read_questions += bool(texts)
            for text in texts:
                assert words(re.sub(r"\d+", "1", text)) not in ours, f"{path.name} row {record.get('_row')}"
    assert read_questions > 30_000


def test_samples_are_complete_and_say_how_they_were_made() -> None:
    samples = read("student_samples.jsonl")
    assert Counter(sample["question"] for sample in samples) == {question_of(p): 4 for p in PROBLEMS.values()}
    assert len({(sample["question"], sample["sample"]) for sample in samples}) == len(samples)
    assert len({sample["sampling"]["seed"] for sample in samples}) == len(samples)
    assert {sample["student"] for sample in samples} == {"SmolLM2-135M-Instruct-Q4_1"}
    assert {sample["finish_reason"] for sample in samples} <= {"stop", "length"}
    settings = ("temperature", "top_p", "max_tokens")
    assert {tuple(sample["sampling"][key] for key in settings) for sample in samples} == {(0.7, 1.0, 300)}


def treatable(problem: dict[str, Any], sample: str) -> bool:
    """Whether the first false equation of a sample follows only values that the gold solution has as well."""
    known = {e.right.value for e in find_equations(strip_marks(solution_of(problem)))}
    for equation in find_equations(sample):
        if equation.verdict == "wrong":
            return True
        if equation.verdict == "right" and equation.right.value not in known:
            return False
    return False


def test_samples_hold_errors_that_the_offline_teacher_can_treat() -> None:
    problems = {question_of(problem): problem for problem in PROBLEMS.values()}
    pairs = [s for s in read("student_samples.jsonl") if treatable(problems[s["question"]], s["solution"])]
    assert len(pairs) >= 15
