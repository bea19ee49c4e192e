"""The answers of reviewers as a file: `reviews.jsonl` beside the set, one line per record and reviewer."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lemma_steps.errors import RefusedError, StoppedError

NAME, FORMER = "reviews.jsonl", "reviews.former.jsonl"
PULL = "bring answers with recipes/review.py pull"
_TEXTS = ("id", "content", "workspace", "dataset", "reviewer")
_LABELS: dict[str, tuple[type, ...]] = {
    "error_step": (int,),
    "error_type": (str,),
    "label_source": (str,),
    "locator_agreement": (float, int, type(None)),
    "choice": (str,),
}
_BLANKS = re.compile(r"[^\S\n]")
_TRAILING = re.compile(r"(?<! ) ++$", re.MULTILINE)
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Answer:
    """What one reviewer submitted on one record.

    Attributes:
        id: of the row, and of the record in Argilla.
        content: digest of the text that was shown (`lemma_steps.review.record.content`).
        workspace, dataset: where in Argilla.
        reviewer: user name; the user's id where the name could not be read.
        answers: question -> value; only those given, edits only where they differ from what was shown.
        labels: what the data say and the reviewer did not see: `error_step`, `error_type`, `label_source`,
            `locator_agreement`, and `choice`, the way by which the row came to be reviewed.
    """

    id: str
    content: str
    workspace: str
    dataset: str
    reviewer: str
    answers: Mapping[str, str]
    labels: Mapping[str, Any]

    @property
    def place(self) -> tuple[str, str]:
        """Workspace and dataset."""
        return self.workspace, self.dataset

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What no two lines share, in the order of the file."""
        return self.workspace, self.dataset, self.id, self.reviewer


def tidy(text: str) -> str:
    """Text as it was meant: what a browser's text box adds to it (odd blanks, spaces at ends, outer blank lines) is gone."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _SURROGATE.sub("\ufffd", _TRAILING.sub("", _BLANKS.sub(" ", lines)).strip())


def read(directory: Path) -> list[Answer]:
    """The answers of a set, in the order of the file.

    Raises:
        RefusedError: there are none yet, or the file is damaged; the message names the line.
    """
    path = directory / NAME
    if not directory.is_dir():
        raise RefusedError(f"{directory}: no such folder; give what recipes/lemma.py wrote")
    if not (answers := list(_lines(path)) if path.exists() else []):
        raise RefusedError(f"{path}: no answers yet; {PULL} {directory}")
    return answers


def replace(directory: Path, workspace: str, dataset: str, fresh: Iterable[Answer]) -> int:
    """Write the answers of one dataset in place of its former ones; those of other datasets stay.

    Returns:
        How many former answers are not among the fresh ones. If any, the former file stays as `reviews.former.jsonl`.

    Raises:
        RefusedError: the file that is there is damaged.
        StoppedError: the disk refuses.
    """
    path = directory / NAME
    there = list(_lines(path)) if path.exists() else []
    other = [answer for answer in there if answer.place != (workspace, dataset)]
    answers = sorted([*other, *fresh], key=lambda answer: answer.key)
    gone = len({answer.key for answer in there} - {answer.key for answer in answers})
    partial = directory / f".{NAME}.partial"
    try:
        partial.write_text("".join(map(_line, answers)), encoding="utf-8", newline="\n")
        if gone:
            os.replace(path, directory / FORMER)
        os.replace(partial, path)
    except OSError as error:
        raise StoppedError(
            f"{path}: cannot be written ({error.strerror}); free some space or its permissions, then pull again"
        ) from None
    return gone


def _line(answer: Answer) -> str:
    return json.dumps(asdict(answer), ensure_ascii=False) + "\n"


def _lines(path: Path) -> Iterator[Answer]:
    seen: set[tuple[str, str, str, str]] = set()
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                answer = _answer(line, f"{path}, line {number}")
                if answer.key in seen:
                    raise RefusedError(f"{path}, line {number}: this reviewer's answer stands there twice; remove one")
                seen.add(answer.key)
                yield answer
    except OSError as error:
        raise RefusedError(f"{path}: cannot be read ({error.strerror}); check its permissions") from None


def _answer(line: bytes, where: str) -> Answer:
    """One line's answer; what its values mean for the row is for `Consensus` to judge."""
    try:
        found = json.loads(line.decode("utf-8"))
        answers, labels = dict(found["answers"]), {name: found["labels"][name] for name in _LABELS}
        texts = {name: found[name] for name in _TEXTS}
        if not all(isinstance(text, str) and text for text in (*texts.values(), *answers, *answers.values())):
            raise TypeError("empty or no text")
        if wrong := [name for name, kinds in _LABELS.items() if not _is(labels[name], kinds)]:
            raise TypeError(wrong[0])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        why = str(error).splitlines()[0][:80] if str(error) else type(error).__name__
        raise RefusedError(f"{where}: not an answer ({why}); move the file away and {PULL}") from None
    return Answer(**texts, answers=answers, labels=labels)


def _is(value: Any, kinds: tuple[type, ...]) -> bool:
    return isinstance(value, kinds) and not isinstance(value, bool)
