r"""Where the published code finds the answer of a reply.

In this order: `final answer is $...$. I hope`, the last `boxed`, what follows the last "he answer is", what follows "final
answer is" or its Chinese equivalent, the last number. What follows runs to the end of the reply, however long.
"""

from __future__ import annotations

import re

from lemma_steps.answers.qwen.strip import strip

CHOICES = frozenset("ABCDE")
_NUMBER = re.compile(r"-?\d*\.?\d+")
_BRACE = re.compile(r"[{}]")
_LETTER = re.compile(r"\b[ABCDE]\b")
_CHOICE_TRIGGERS = ("choice is", "answer is")
_CHOICE_TRIGGER = re.compile("|".join(_CHOICE_TRIGGERS))


def _braced(text: str) -> str:
    """The content of the braces that `text` begins with; all that follows where they do not close."""
    depth = 0
    for match in _BRACE.finditer(text):
        depth += 1 if match.group() == "{" else -1
        if not depth:
            return text[1 : match.start()]
    return text[1:]


def _located(text: str) -> str:
    if "final answer is $" in text and "$. I hope" in text:
        return text.split("final answer is $", 1)[1].split("$. I hope", 1)[0].strip()
    if "boxed" in text:
        box = text.split("boxed")[-1]
        return _braced(box) if box.startswith("{") else box.split("$")[0].strip()
    for phrase in ("he answer is", "final answer is"):
        if phrase in text:
            return text.split(phrase)[-1].strip()
    if "答案是" in text:
        return text.split("答案是")[1].strip().split("\n\n")[0].strip()
    return (_NUMBER.findall(text.replace(",", "")) or [""])[-1]


def answer_of(text: str) -> str:
    """The answer of a worked solution, stripped once."""
    text = text.replace("\u043a\u0438", "")
    answer = re.sub(r"\n\s*", "", _located(text)).removeprefix(":").removesuffix(".").removesuffix("/")
    return strip(answer)


def choice_letter(text: str) -> str:
    """The choice that a bare answer names: its last letter from A to E that stands alone, else the answer tidied."""
    text = text.strip("\n").rstrip(".").rstrip("/").strip(" ").lstrip(":")
    letters = _LETTER.findall(text.upper())
    return (letters[-1] if letters else text.strip().strip(".")).rstrip(".").rstrip("/")


def _choice_of(reply: str) -> str:
    """The choice that a whole reply names, used where the reply's answer is no letter."""
    reply = reply.strip("\n")
    if any(reply.count(trigger) > 1 for trigger in _CHOICE_TRIGGERS):
        reply = reply.split("\n\n")[0]
    *before, last = _CHOICE_TRIGGER.split(reply)
    last = last.strip("\n").rstrip(".").rstrip("/").strip(" ").lstrip(":")
    letters = _LETTER.findall(last.upper())
    found = letters[0 if before else -1] if letters else last.strip().strip(".")
    return found.rstrip(".").rstrip("/")


def extract(reply: str) -> str:
    """The answer that the published code compares, or "" where the reply has none."""
    reply = reply.strip()
    return "" if reply == "error" else strip(answer_of(reply))


def prediction(gold: str, reply: str) -> str | None:
    """The answer of `reply` to a problem whose gold answer, stripped once, is `gold`: as `extract`, but letters for letters.

    None where the published code has no prediction, which equals nothing.
    """
    reply = reply.strip()
    if reply in ("", "error") and gold not in CHOICES:
        return None
    answer = extract(reply)
    if gold in CHOICES:
        return answer if answer in CHOICES else _choice_of(reply)
    if gold and CHOICES.issuperset(gold) and not (answer and CHOICES.issuperset(answer)):
        return "".join(letter for letter in answer if letter in CHOICES)
    return answer


def gold_of(solution: str) -> str:
    r"""The gold answer of a worked solution, before any stripping, in a box: `\boxed{5}`.

    The published code strips the answer of a MATH solution once before it compares, and twice what other sets give as the
    bare answer; that decides a few rows (`x\in[-2,7]` keeps its `x\in`). The box tells `golds` which of the two it has.
    """
    return f"\\boxed{{{_located(solution)}}}"


def golds(gold: str) -> tuple[str, str]:
    """A gold answer as it decides whether letters are expected, and as it is compared.

    Args:
        gold: a bare answer, or one in a box (`gold_of`).
    """
    once = answer_of(gold) if "boxed" in gold else strip(strip(gold))
    return (strip(once), once) if "boxed" in gold else (strip(gold), once)


def normalise(gold: str) -> str:
    """A gold answer as it is compared."""
    return golds(gold)[1]
