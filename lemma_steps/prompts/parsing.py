"""Parses a teacher's reply: tagged text, never JSON (whose escapes turn `\\frac` into a control character)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal, overload

from lemma_steps.prompts.replies import (
    Afterthought,
    Classification,
    Injection,
    Location,
    Reply,
    ReplyError,
    Revision,
    Solution,
)
from lemma_steps.taxonomy import resolve
from lemma_steps.trajectory import closing

_FENCE = re.compile(r"\A```\w*\n(.*?)\n?```\Z", re.DOTALL)
_ANY_TAG = re.compile(
    r"<\s?/?\s?(?:question|reference_solution|error_type|error_step|steps?|attempt|reflection|correction|solution"
    r"|explanation|reason|wrong|decline|answer|alternative|follow_up)\b[^<>]*>",
    re.IGNORECASE,
)
_MARK = re.compile(r"<\s?(/?)\s?wrong\s?>", re.IGNORECASE)
_STEP_NUMBER = re.compile(r"(?:(?:error )?step )?(?:number |no )?(\d{1,6})")
_CLOSING = closing("")
_NONE = {"none", "no error", "no errors", "n a", "null"}


def _part(name: str, text: str) -> str | None:
    """The text between the last pair of `name` tags, or None if no such tag opens.

    The last pair counts, since a reply may draft, or quote the format, before it answers.
    """
    begin = end = None
    for tag in re.finditer(rf"<\s?(/?)\s?{name}\s?>", text, re.IGNORECASE):
        if not tag[1]:
            begin, end = tag.end(), None
        elif end is None:
            end = tag.start()
    if begin is None:
        return None
    if end is None:
        raise ReplyError("reply_truncated", f"<{name}> is never closed")
    part = text[begin:end].strip()
    fenced = _FENCE.match(part)
    return fenced[1].strip() if fenced else part


def _required(name: str, text: str) -> str:
    part = _part(name, text)
    if not part:
        raise ReplyError("reply_unparsed", f"no <{name}>" if part is None else f"<{name}> is empty")
    return part


def _clean(name: str, part: str) -> str:
    """`part`, which goes into a trajectory and so must hold none of the tags of prompts and replies."""
    if tag := _ANY_TAG.search(part):
        raise ReplyError("reply_unparsed", f"{tag[0]} inside <{name}>")
    return part


def _injection(text: str) -> Injection:
    before, *rest = _MARK.split(_required("solution", text))
    if len(rest) != 4 or (rest[0], rest[2]) != ("", "/") or not rest[1].strip():
        raise ReplyError("reply_unparsed", f"one <wrong>...</wrong> must hold a step; {len(rest) // 2} marks found")
    before, wrong, after = (_clean("solution", piece) for piece in (before, rest[1], rest[3]))
    # Marks on lines of their own leave no blank lines behind, which would be read as boundaries of steps.
    lead = "" if not before or before[-1].isspace() else wrong[: len(wrong) - len(wrong.lstrip())]
    tail = "" if not after or after[0].isspace() else wrong[len(wrong.rstrip()) :]
    begin = len(before + lead)
    wrong = wrong.strip()
    solution = before + lead + wrong + tail + after
    return Injection(solution, begin, begin + len(wrong), _required("explanation", text))


def _plain(text: str) -> str:
    """Words and numbers alone, lower case: "**Step #3.**" becomes "step 3"."""
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


def _location(text: str) -> Location:
    answer = _required("error_step", text)
    number = _STEP_NUMBER.fullmatch(_plain(answer))
    if _plain(answer) in _NONE:
        return Location(None, _part("reason", text) or "")
    if number is None or int(number[1]) == 0 or "-" in answer:
        raise ReplyError("reply_unparsed", f"<error_step> holds no step number: {answer[:80]!r}")
    return Location(int(number[1]), _part("reason", text) or "")


def _classification(text: str) -> Classification:
    answer = _required("error_type", text)
    if _plain(answer) in _NONE:
        return Classification(None, _part("reason", text) or "")
    codes = {resolve(piece) for piece in (answer, *re.split(r"[:()\n.–—]", answer))} - {None}
    if len(codes) != 1:
        raise ReplyError("reply_unparsed", f"<error_type> names {len(codes)} types: {answer[:80]!r}")
    return Classification(codes.pop(), _part("reason", text) or "")


def _revision(text: str) -> Revision:
    reflection, correction = (_clean(name, _required(name, text)) for name in ("reflection", "correction"))
    return Revision(reflection, correction)


def _stating(name: str, text: str) -> str:
    """A part whose last line states the answer: what breaks off before is no solution."""
    part = _clean(name, _required(name, text))
    if not part.rpartition("\n")[2].partition(_CLOSING)[2].strip():
        raise ReplyError("reply_unparsed", f"the last line of <{name}> is not {_CLOSING}X")
    return part


def _solution(text: str) -> Solution:
    return Solution(_stating("solution", text))


def _afterthought(text: str) -> Afterthought:
    follow_up = _clean("follow_up", _required("follow_up", text))
    if "the answer is" in follow_up.casefold():
        raise ReplyError("reply_unparsed", "<follow_up> states an answer as the problem's own is stated")
    return Afterthought(_stating("alternative", text), follow_up)


_PARSERS: dict[str, Callable[[str], Reply]] = {
    "inject_error": _injection,
    "locate_first_error": _location,
    "classify_error": _classification,
    "fix_continue": _revision,
    "fresh_restart": _revision,
    "smooth": _revision,
    "solve": _solution,
    "explain_answer": _solution,
    "reflect": _afterthought,
}


@overload
def parse_reply(task: Literal["inject_error"], text: str) -> Injection: ...
@overload
def parse_reply(task: Literal["locate_first_error"], text: str) -> Location: ...
@overload
def parse_reply(task: Literal["classify_error"], text: str) -> Classification: ...
@overload
def parse_reply(task: Literal["fix_continue", "fresh_restart", "smooth"], text: str) -> Revision: ...
@overload
def parse_reply(task: Literal["solve", "explain_answer"], text: str) -> Solution: ...
@overload
def parse_reply(task: Literal["reflect"], text: str) -> Afterthought: ...
@overload
def parse_reply(task: str, text: str) -> Any: ...
def parse_reply(task: str, text: str) -> Reply:
    """What the reply `text` to `task` holds. Text outside the tags is ignored.

    Raises:
        ReplyError: the teacher declined, or the reply breaks off or lacks a part.
        KeyError: there is no such task.
    """
    parse = _PARSERS[task]
    text = text.rpartition("</think>")[2]  # reasoning models draft there
    if refusal := _part("decline", text):
        raise ReplyError("declined", refusal)
    return parse(text)
