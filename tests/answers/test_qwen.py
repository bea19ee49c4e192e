"""The published rules on own pairs: verdict, extracted and normalised text of each were written down from the published code.

`qwen_pairs.jsonl` was made by running that code (LEMMA's `evaluation/`, sympy 1.12, antlr 4.11.1) on replies of our own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from lemma_steps.answers import Verdict, verify
from lemma_steps.answers.qwen import extract, gold_of, match, match_many, normalise, requirements
from lemma_steps.errors import RefusedError

PAIRS: list[dict[str, Any]] = [
    json.loads(line) for line in Path(__file__).with_name("qwen_pairs.jsonl").read_text(encoding="utf-8").splitlines()
]

LAX = {
    "a hundred times the gold": ("18", "1800"),
    "a hundredth of it": ("18", "0.18"),
    "1 in 10,000 off": ("18", "18.0018"),
    "a letter alone is a unit": ("2a + h", "2a + m"),
    "a unit that differs": ("5 cm", "5 m"),
    "`and` inside a word": ("Sandra", "Sra"),
    "j is i": ("2+3i", "2+3j"),
}
"""Pairs that only the published rules call equal."""

pytestmark = pytest.mark.skipif(
    not requirements.met(), reason="the published rules need the antlr and word2number of the eval extra"
)


def test_there_are_enough_own_pairs_of_every_rule_and_verdict() -> None:
    assert len(PAIRS) >= 600
    assert min(Counter(pair["matches"] for pair in PAIRS).values()) >= 200
    assert len({pair["rule"] for pair in PAIRS}) == 14


@pytest.mark.parametrize("rule", sorted({pair["rule"] for pair in PAIRS}))
def test_text_and_verdict_are_those_of_the_published_code(rule: str) -> None:
    rows = [pair for pair in PAIRS if pair["rule"] == rule]
    found = [
        {
            **pair,
            "extracted": extract(pair["reply"]),
            "normalised": normalise(pair["gold"]),
            "matches": verdict is Verdict.RIGHT,
        }
        for pair, verdict in zip(rows, match_many((pair["gold"], pair["reply"]) for pair in rows), strict=True)
    ]
    assert found == rows


@pytest.mark.parametrize(("gold", "answer"), LAX.values(), ids=LAX)
def test_the_published_rules_are_laxer_than_ours(gold: str, answer: str) -> None:
    assert match(gold, f"The answer is: {answer}") is Verdict.RIGHT
    assert verify(gold, f"The answer is: {answer}") is not Verdict.RIGHT


def test_a_gold_solution_is_stripped_once_less_than_a_bare_answer() -> None:
    r"""The published code strips the gold of MATH once where it strips others twice: `x \in` goes in the second pass."""
    solution = r"Hence the range is $\boxed{x \in [-2,7]}$."
    assert normalise(gold_of(solution)) == r"x\in[-2,7]"
    assert normalise(r"x \in [-2,7]") == "[-2,7]"
    assert match(gold_of(solution), solution) is Verdict.WRONG


@pytest.mark.parametrize(
    ("solution", "reply"),
    [
        (r"So $\boxed{\frac{1}{2}}$ of it.", "The answer is: 0.5"),
        (r"First $\boxed{3}$, then $\boxed 7$.", "The answer is: 7"),
        (r"It is $\boxed{12", "The answer is: 12"),
        (r"So $\boxed{\text{B}}$ it is.", "I think the answer is (B)."),
        ("There are 12 of them.", "12"),
    ],
)
def test_the_gold_of_a_worked_solution(solution: str, reply: str) -> None:
    assert match(gold_of(solution), reply) is Verdict.RIGHT
    assert match(gold_of(solution), "The answer is: 5321") is Verdict.WRONG


def test_verdicts_come_in_the_order_of_the_pairs() -> None:
    pairs = [("7", "7"), ("x+1", r"\boxed{1+x}"), ("7", "8"), ("x+1", r"\boxed{x+2}"), ("5", ""), ("1/2", "0.5")]
    expected = ["right", "right", "wrong", "wrong", "wrong", "right"]
    assert [str(verdict) for verdict in match_many(pairs)] == expected


@pytest.mark.parametrize(
    ("found", "said"), [({"antlr4-python3-runtime": "4.13.2"}, "4.13.2"), ({"word2number": None}, "none")]
)
def test_another_version_of_a_library_is_refused_in_one_line(
    found: dict[str, str | None], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requirements, "installed", lambda name: {**requirements.NEEDED, **found}[name])
    requirements.require.cache_clear()
    with pytest.raises(RefusedError, match="uv sync --extra eval") as refused:
        match("5", "5")
    requirements.require.cache_clear()
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_importing_loads_no_algebra() -> None:
    code = "import sys, lemma_steps.answers.qwen as q; q.match('5', '5'); print({'sympy', 'antlr4', 'distilabel'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
