"""The published code evaluates model text as Python; here no such text runs, and none costs more than its limit."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lemma_steps.answers import Verdict, VerifyPool
from lemma_steps.answers.qwen import extract, match, requirements
from lemma_steps.answers.qwen.strip import MAX_CHARS

pytestmark = pytest.mark.skipif(
    not requirements.met(), reason="the published rules need the antlr and word2number of the eval extra"
)


ATTACKS = {
    "builtin": "open(chr(116),chr(119))",
    "builtin in a list": "[open(chr(116),chr(119))]",
    "builtin in arithmetic": "5+0*len([open(chr(116),chr(119))])",
    "quotes": "exec(\"open('t','w')\")",
    "import": "__import__('pathlib').Path('t').touch()",
    "import without quotes": "__import__(chr(105)+chr(111)).open(chr(116),chr(119))",
    "attribute": "().__class__,open(chr(116),chr(119))",
    "getattr": "getattr(open(chr(116),chr(119)),chr(110)+chr(97)+chr(109)+chr(101))",
    "keyword": "open(chr(116),chr(119))if 1else 2",
    "sympify": 'sympify("open(chr(116),chr(119))")',
}
"""Texts that write a file `t` where Python evaluates them with sympy's names and the builtins."""
INERT = {
    "lambda": "(lambda:open(chr(116),chr(119)))()",
    "comprehension": "[open(chr(116),chr(119))for x in[1]]",
    "walrus": "[y:=open,y(chr(116),chr(119))]",
    "full-width letters": "ｏpen(chr(116),chr(119))",
}
"""Texts that sympy's own rewriting happens to break; nothing here relies on it."""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("text", ATTACKS.values(), ids=ATTACKS)
def test_the_attacks_work_on_the_parser_that_the_published_code_calls(text: str, here: Path) -> None:
    from sympy.parsing.sympy_parser import parse_expr

    with suppress(Exception):
        parse_expr(text)
    assert (here / "t").exists()


@pytest.mark.parametrize("text", [*ATTACKS.values(), *INERT.values()], ids=[*ATTACKS, *INERT])
def test_no_text_is_executed(text: str, here: Path) -> None:
    from lemma_steps.answers.qwen import expression, latex, symbolic

    for parse in (expression.parse, partial(expression.parse, lenient=True), latex.parse):
        with suppress(Exception):
            parse(text)
    for quoted in (text, f"'{text}'", f'"{text}"', f"\"'{text}'\""):
        assert not symbolic.equal(quoted, "x+1")
        assert not symbolic.equal("x+1", quoted)
    assert not (here / "t").exists()


def test_no_reply_is_executed(here: Path) -> None:
    """In a process of its own, so that its workers stand in the folder that is watched."""
    replies = [form % text for text in ATTACKS.values() for form in ("The answer is: %s", "\\boxed{%s}")]
    code = f"from lemma_steps.answers.qwen import match_many; print(*match_many([('x+1', r) for r in {replies!r}]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= {"wrong", "timed_out"}
    assert list(here.iterdir()) == []


BOMBS = {
    "tower": "9**9**9**9",
    "latex tower": "9^{9^{9^{9^9}}}",
    "factorial": "99999999!",
    "factorial of factorials": "9!!!!",
    "binomial": r"\binom{1000000000}{500000000}",
    "expansion": "(a+b+c+d+e)^{99999}-1",
    "shift": "1<<99999999999",
    "sum": r"\sum_{k=1}^{100000000000}\frac{1}{k^2+1}",
    "brackets": "(" * 3_000 + "x" + ")" * 3_000,
    "braces": "{" * 5_000,
    "fractions": r"\frac{1}{" * 2_000 + "x",
    "minus signs": "-" * 9_000 + "x",
    "lists": "[" * 2_000 + "x,1" + "]" * 2_000,
    "digits": "7" * 15_000,
    "long float": "0." + "3" * 15_000,
    "text commands": r"\text{" * 3_000,
    "arrays": r"\begin{array}{" * 1_200,
    "number words": "nine hundred " * 1_400,
    "surrogate": "\ud800",
    "zero bytes": "\x00" * 50,
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_bomb_is_not_matched_and_ends_in_time(bomb: str, pool: VerifyPool) -> None:
    begin = time.process_time()
    for gold in ("x+1", "(x,1)"):
        assert match(gold, f"\\boxed{{{bomb}}}", timeout_s=0.5) is not Verdict.RIGHT
    assert time.process_time() - begin < 2  # of this process, whatever else the machine does
    assert match("x+1", r"\boxed{1+x}") is Verdict.RIGHT  # the next answer is graded as if nothing had been


def test_a_comparison_without_end_is_timed_out() -> None:
    assert match("x+1", r"\boxed{\binom{10000000}{5000000}}", timeout_s=0.3) is Verdict.TIMED_OUT


@pytest.mark.parametrize(
    "text", ["1" * 100_000, "x" * 100_000, "$" * 100_000, "{,}" * 33_000, "\n" * 50_000 + "the answer is " * 4_000]
)
def test_a_reply_of_100_kb_is_graded_in_a_moment(text: str) -> None:
    begin = time.process_time()
    assert match("x+1", text) is Verdict.WRONG
    assert match("x+1", "The answer is: " + text) is Verdict.WRONG
    assert match("5", text + " The answer is: 5") is Verdict.RIGHT
    assert time.process_time() - begin < 2


def test_an_answer_over_the_bound_is_wrong_even_where_it_is_right() -> None:
    assert match("5", "\\boxed{" + "0" * (MAX_CHARS - 1) + "5}") is Verdict.RIGHT
    assert match("5", "\\boxed{" + "0" * MAX_CHARS + "5}") is Verdict.WRONG


TOKENS = [*"0123456789abxij+-*/^=.,:;()[]{}\\ \n$%!'\"_&", "\\frac", "\\text{", "\\sqrt", "boxed", "the answer is "]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(TOKENS), max_size=40).map("".join))
def test_any_text_has_an_answer_without_spaces(text: str) -> None:
    answer = extract(text)
    assert not set(" \n$") & set(answer)
