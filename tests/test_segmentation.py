"""Segmentation: tables, properties that hold for every text, hostile texts, and the figures on public sets."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import time
from itertools import accumulate, islice
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lemma_steps.segmentation import segment
from lemma_steps.segmentation.mask import formulas

ROOT = Path(__file__).parents[1]
MARK = "¦"


def marked_texts() -> dict[str, list[str]]:
    """The hand-marked texts of the fixture, as lists of steps."""
    text = (ROOT / "tests/fixtures/segmentation.txt").read_text(encoding="utf-8")
    parts = re.split(r"^%%%% (\w+)\n", text, flags=re.MULTILINE)[1:]
    return {name: body.removesuffix("\n").split(MARK) for name, body in zip(parts[::2], parts[1::2], strict=True)}


def offsets(steps: list[str]) -> set[int]:
    return set(accumulate(map(len, steps[:-1])))


def test_agreement_with_boundaries_marked_by_hand() -> None:
    marked = marked_texts()
    found = {name: offsets(segment("".join(steps))) for name, steps in marked.items()}
    wanted = {name: offsets(steps) for name, steps in marked.items()}
    n_wanted, n_found = sum(map(len, wanted.values())), sum(map(len, found.values()))
    both = sum(len(found[name] & wanted[name]) for name in marked)
    assert len(marked) >= 40
    assert n_wanted >= 200
    assert both / n_wanted >= 0.97
    assert both / n_found >= 0.97


# One case per line of thought; the steps, separators included.
CASES: dict[str, list[str]] = {
    "lines": ["3 + 4 = 7\n", "7 * 2 = 14\n", "#### 14"],
    "lines that hold several sentences": ["He has 3. She has 4.\n", "So 7."],
    "paragraphs win over lines": ["First\nand more.\n\n", "Second."],
    "a line of spaces is blank": ["One\n \t\n", "two."],
    "windows line ends": ["One.\r\n", "Two.\r\n", "Three."],
    "windows paragraphs": ["One.\r\nTwo.\r\n\r\n", "Three."],
    "indentation stays with its line": ["One.\n", "  Two.\n", "  Three."],
    "leading white space": [" \n\n She has 3. ", "He has 4."],
    "trailing white space": ["She has 3. ", "He has 4.  "],
    "trailing line break": ["She has 3. He has 4.\n"],
    "trailing blank line": ["She has 3.\nHe has 4.\n\n"],
    "calculator marks make lines": ["3+4=<<3+4=7>>7\n\n", "7*2=<<7*2=14>>14\n", "#### 14"],
    "marks and dollars": ["She pays 3*2=$<<3*2=6>>6\n", "He pays 4*2=$<<4*2=8>>8\n", "#### 14"],
    "negative money": ["She has 5 - 9 = $-4\n", "Nell lost $4.\n", "So $-4."],
    "inline maths does not reach over a blank line": ["Let \\(x = 3.\n\n", "So y\\) is 3."],
    "postfix money": ["He pays 3 $\n", "She pays 4$\n", "Both pay 3 $ + 4 $ = 7$."],
    "a stop inside a formula": ["Let $x = 5.$ ", "Then $y = 3.$ ", "So \\(z = 8.\\) ", "Done."],
    "a line break inside a formula": ["Let $x =\n5$. ", "Then $7 \\cdot\n3 = 21$. ", "Done."],
    "a formula begins a sentence": ["So $x = 5$. ", "$y$ is 3. ", "\\(z\\) is 8."],
    "two displays": ["We get $$x = 1$$ $$y = 2.$$ ", "Hence 3."],
    "display glued on both sides": ["We get\\[x = 1.\\]", "Hence 3 and\\[y = 2\\]which is even."],
    "display between paragraphs": ["We get\n\n\\[x = 1\\]\n\n", "Hence 3."],
    "a remark under a display": ["We get\n\\[x = 1,\\]\nwhere x is odd.\n", "So 3."],
    "escaped brackets are line breaks": ["\\[\\begin{cases} a \\\\[2pt] b. \\end{cases}\\] ", "So it is."],
    "escaped dollars are money": ["It costs \\$5. ", "That is \\$3 less than \\$8. ", "So \\$5."],
    "nested environments": ["\\begin{align}a\\begin{align}b. C\n\n\\end{align}\n\n\\end{align} ", "Then 2."],
    "an unclosed environment": ["\\begin{align} x = 5.\n", "Then y = 3.\n", "So 8."],
    "a closed one after an unclosed one": ["\\begin{a} x. ", "See \\begin{b} y. Z \\end{b} here. ", "So 8."],
    "an end sign": ["Let n be 3. ", "Then n is odd. $\\blacksquare$"],
    "a proof environment holds sentences": ["\\begin{proof} Let n be 3. ", "Then n is odd. \\end{proof}"],
    "an unclosed display": ["We have \\[ x = 5. ", "Then 3. ", "So 8."],
    "an unclosed dollar": ["We have $x = 5. ", "Then $y$ is 3. ", "So 8."],
    "drawing with blank lines": ["A.\n\n[asy]\ndraw(a);\n\ndraw(b);\n[/asy]\n\n", "B."],
    "an unclosed drawing": ["A. [asy] is a mark. ", "It draws."],
    "code with blank lines": ["Run:\n```\na = 1\n\nb = 2\n```\n", "It prints 3."],
    "table": ["See:\n| a | b |\n|:-:|---|\n| 1 | 2 |\n", "So 3."],
    "absolute values are no table": ["|x| = 3\n", "|y| = 4\n", "So 7."],
    "list items": ["1. Add 3 and 4.\n", "2. Double it.\n", "(c) So 14."],
    "sublines of a list item": ["1. Add:\n   3 + 4 = 7\n   - carry 0\n", "2. Double it."],
    "list numbers inline": ["1. Add 3 and 4. ", "2. Double it to get 14. ", "3. Stop."],
    "brackets inline": ["Plan: ", "1) add 3 and 4; ", "2) double it."],
    "step words inline": ["Step 1: 3+4=7 ", "**Step 2:** 7*2=14 ", "Step 3: stop"],
    "a label of its own": ["Step 1:\n3+4=7\n", "Step 2:\n7*2=14"],
    "a label before a paragraph": ["**Step 1.**\n\n3+4=7\n\n", "**Step 2.**\n\n7*2=14"],
    "decimals": ["It weighs 3.5 kg. ", "It costs .5 of 2.50 dollars."],
    "titles": ["Mr. Li has 3. ", "Dr. Wu has 4."],
    "numbered things": ["By Fig. 2 and No. 5, i.e. Eq. (3), it is 7. ", "No. ", "It is 8."],
    "units": ["It is 5 ft. 3 in. long. ", "It weighs 9 lbs. ", "So 14."],
    "clock times": ["It is 9 a.m. in Rome. ", "He leaves at 5 p.m. ", "So 8."],
    "initials and points": ["J. R. Moe sees point A. ", "Draw a line to B. ", "It is long."],
    "U.S. in a sentence": ["The U.S. Mint made 3 in the U.S. 4 years ago. ", "It sold 2 in the U.S. ", "Then 1."],
    "ellipsis": ["1 + 2 + ... 9 is 45. ", "Wait... ", "No, 1 + ... + 9."],
    "factorial": ["4! 2! ways exist, and 4! = 24. ", "So 48! ", "Good."],
    "questions": ["Is it 5? ", "Yes! ", "So 5?! ", "Right."],
    "sentences in brackets": ["It is 5 (so it says. See there.) and 6. ", "(Not $x = 7.$) ", "So 11."],
    "a bracket that goes on": ["It weighs 5 kg. (about 11 lb) or so."],
    "quoted sentences": ['"It is 5." ', "He said “It is 6. Or 7.” ", "So 11."],
    "no space after the stop": ["He has 5 apples.", "She has 6.", "They have 11."],
    "lower case": ["he has 5. ", "she has 6. ", "x = 5. ", "y = 6."],
    "unknown word before lower case": ["It lies dist. three from here."],
    "chinese": ["他有5个。", "她有6个！", "一共11个。"],
    "one sentence": ["The answer is 5."],
    "nothing to cut at": ["3+4=7;7*2=14"],
    "rule": ["One.\n\n---\n\n", "Two."],
}


@pytest.mark.parametrize("steps", CASES.values(), ids=CASES.keys())
def test_steps(steps: list[str]) -> None:
    assert segment("".join(steps)) == steps


@pytest.mark.parametrize("text", [" ", "\n\n", "\t \r\n"])
def test_white_space_is_one_step(text: str) -> None:
    assert segment(text) == [text]


def test_the_empty_text_has_no_step() -> None:
    assert segment("") == []


def test_defect_13_separators_decimals_lists_and_display_maths() -> None:
    """The published splitter cut at ". " or ".\\n": it lost the separator and made one step of 97 % of line layouts."""
    text = "Mr. Li buys\n1. two pens at 1.50\n2. a pad. It costs 3.\n\\[3 + 3 = 6.\\]\nSo 6"
    assert segment(text) == [
        "Mr. Li buys\n",
        "1. two pens at 1.50\n",
        "2. a pad. It costs 3.\n\\[3 + 3 = 6.\\]\n",
        "So 6",
    ]


# fmt: off
PIECES = [
    "a", "A", "x = ", "She", "he", "so", "The", "5", "7", "3.5", "-5", " ", "  ", "\t", "\n", "\n\n", "\n \n", "\r\n",
    "\r", ". ", ".", "! ", "?", "...", "…", "。", ":", ",", "$", "$$", "$5", "$x$", "$x.$", "\\[", "\\]", "\\(", "\\)",
    "\\text", "\\begin{align}", "\\end{align}", "\\begin{proof}", "\\end{proof}", "\\begin{a}", "\\end{a}", "\\",
    "\\$", "\\\\", "{", "}", "[asy]", "[/asy]", "```", "```\n", "| a |", "|---|", "|", "---", "- ", "1. ", "2) ",
    "Step 1:", "Step 2. ", "Case", "e.g. ", "No. ", "U.S. ", "A. ", "J. ", "(", ")", "“", "”", "`", "**", "<<1+1=2>>",
    "<<", "####", "=", "^", ">", "\ud800", "\x00", "\ue000", "\ue001", "\ue002", "\u2028", "\xa0",
]
# fmt: on
TEXTS = st.one_of(st.lists(st.sampled_from(PIECES), max_size=40).map("".join), st.text(max_size=60))


@given(TEXTS)
def test_lossless_and_never_an_empty_step(text: str) -> None:
    steps = segment(text)
    assert "".join(steps) == text
    assert all(step.strip() for step in steps) or steps == [text]


@settings(max_examples=600)
@given(TEXTS)
def test_a_prefix_has_the_same_steps(text: str) -> None:
    steps = segment(text)
    for k in range(1, len(steps)):
        assert segment("".join(steps[:k])) == steps[:k]


TOKENS = [
    "the",
    "cat",
    "adds",
    "3",
    "and",
    "4.5",
    "to",
    "$x$",
    "(or",
    "7)",
    "No.",
    "5",
    "so",
    "=",
    "12.",
    "Then",
    "She",
]
WORDS = st.lists(st.sampled_from(TOKENS), min_size=2)
PARAGRAPHS = st.lists(WORDS.map(lambda words: "We see " + " ".join(words)), min_size=2, max_size=6)


@given(PARAGRAPHS, st.sampled_from(["\n\n", "\n \n", "\n\n\n", "\n", "\r\n"]))
def test_joined_paragraphs_come_apart_again(paragraphs: list[str], joint: str) -> None:
    assert [step.rstrip() for step in segment(joint.join(paragraphs))] == paragraphs


FORMULAS = st.sampled_from(["$%s$", "\\(%s\\)", "\\[%s\\]", "\\begin{align*}%s\\end{align*}", "[asy]%s[/asy]"])
CONTENTS = st.lists(st.sampled_from(["x", "=", "\\frac12", "A", "1.", "C.", "5", "\\\\", "&"]), min_size=1).map(
    " ".join
)


@given(st.lists(st.tuples(st.sampled_from(["So", "We get", "Then 5."]), FORMULAS, CONTENTS), min_size=1, max_size=6))
def test_no_cut_inside_a_formula(parts: list[tuple[str, str, str]]) -> None:
    text, spans = "", []
    for words, formula, content in parts:
        text += words + " "
        spans.append((len(text), len(text) + len(formula % content)))
        text += formula % content + ". "
    assert not [cut for cut in offsets(segment(text)) for begin, end in spans if begin < cut < end]


# fmt: off
HOSTILE = [
    "$", "$$", "$a ", "$5 ", "{", "\n", "\\[", "\\begin{a}", "\\begin{a}\\begin{b}\\end{a}", "[asy]", "```\n",
    "---\n", "- -", ". A", "(", "`", "." * 2000 + "x", ".(((", "a\n   ", "$1 word word $2 ", "|", "|-|\n",
]
# fmt: on


@pytest.mark.parametrize("unit", HOSTILE)
def test_a_megabyte_of_anything_is_cut_in_linear_time(unit: str) -> None:
    """The slowest of these takes about 1.5 s of CPU time; anything quadratic takes minutes."""
    text = "a " + unit * (1_000_000 // len(unit)) + " b"
    begin = time.process_time()
    assert "".join(segment(text)) == text
    assert time.process_time() - begin < 8


def test_import_is_plain_and_fast() -> None:
    heavy = ["sympy", "distilabel", "datasets", "numpy", "yaml"]
    code = f"import sys, lemma_steps.segmentation; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("segmentation_benchmark", ROOT / "benchmarks/segmentation.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_math_gold_is_never_cut_inside_a_formula(lemma_data: Path, benchmark: ModuleType) -> None:
    figures = benchmark.math_figures(lemma_data, segment)
    assert figures["with a cut inside a formula"] == 0
    assert figures["of these one step"] <= 0.02 * figures["over 300 characters"]


def test_gsm8k_gold_is_cut_into_its_lines(lemma_data: Path, benchmark: ModuleType) -> None:
    figures = benchmark.gsm8k_figures(lemma_data, segment)
    assert figures["steps are the lines"] == figures["solutions"]


@pytest.mark.parametrize("joint", ["\n\n", "\n"], ids=["blank lines", "newlines"])
@pytest.mark.parametrize("name", ["gsm8k", "math", "olympiadbench", "omnimath"])
def test_processbench_steps_come_apart_again(lemma_data: Path, benchmark: ModuleType, name: str, joint: str) -> None:
    figures = benchmark.processbench_figures(lemma_data, segment, name, joint)
    assert figures["agree"] >= 0.995 * figures["rows"]


def test_truncated_eic_cases_equal_their_twins(lemma_data: Path, benchmark: ModuleType) -> None:
    figures = benchmark.eic_figures(lemma_data, segment)
    assert figures["pairs"] > 1000
    assert figures["equal"] >= 0.998 * figures["pairs"]


def test_guarantees_hold_on_every_fourth_public_solution(lemma_data: Path, benchmark: ModuleType) -> None:
    figures = benchmark.guarantees(islice(benchmark.solutions(lemma_data), 0, None, 4))
    assert figures.pop("texts") > 9_000
    assert not any(figures.values())


@given(st.text(alphabet="$\\()[]ab5 .\n{}") | st.text())
def test_formulas_lie_apart_and_in_order(text: str) -> None:
    ends = [0, *(at for span in formulas(text) for at in span), len(text)]
    assert ends == sorted(ends)
    assert all(text[begin] in "$\\" and end - begin > 2 for begin, end in formulas(text))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$x$ costs $5 and \\(y\\).", ["$x$", "\\(y\\)"]),
        ("$\\text{if \\(x\\)}$", ["$\\text{if \\(x\\)}$"]),
        ("\\[\\begin{cases}x\\end{cases}\\]", ["\\[\\begin{cases}x\\end{cases}\\]"]),
        ("\\begin{align}x\\end{align}", ["\\begin{align}x\\end{align}"]),
        ('[asy] label("$A$"); [/asy] $x', []),
    ],
)
def test_the_outermost_formulas_are_found(text: str, found: list[str]) -> None:
    assert [text[begin:end] for begin, end in formulas(text)] == found
