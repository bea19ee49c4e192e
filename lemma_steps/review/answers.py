"""The answers of reviewers as a file: `reviews.jsonl` beside the set, one line per record and reviewer."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from lemma_steps.errors import RefusedError, StoppedError
from lemma_steps.review.choice import Choice
from lemma_steps.taxonomy import TAXONOMY

NAME, FORMER = "reviews.jsonl", "reviews.former.jsonl"
PULL = "bring answers with recipes/review.py pull"
_TEXTS = ("id", "content", "workspace", "dataset", "reviewer", "at")
_LABELS: dict[str, Callable[[Any], bool]] = {
    "error_step": lambda step: type(step) is int and step > 0,
    "error_type": lambda code: isinstance(code, str) and code in TAXONOMY,
    "label_source": lambda source: isinstance(source, str) and source != "",
    "locator_agreement": lambda share: share is None or (type(share) in (int, float) and 0 <= share <= 1),
    "choice": lambda choice: isinstance(choice, str) and choice in Choice.__members__,
    "sent": lambda records: type(records) is int and records > 0,
}
OF_RECORD = tuple(name for name in _LABELS if name != "sent")
"""Labels that a record in Argilla has; `sent` is counted over all of them."""
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
            `locator_agreement`; and `choice`, the way by which the row came to be reviewed, and `sent`, how many records
            of that choice the dataset holds.
        at: when the reviewer last changed it: ISO 8601 in UTC, so that later is greater; empty where that is not known.
    """

    id: str
    content: str
    workspace: str
    dataset: str
    reviewer: str
    answers: Mapping[str, str]
    labels: Mapping[str, Any]
    at: str = ""

    @property
    def place(self) -> tuple[str, str]:
        """Workspace and dataset."""
        return self.workspace, self.dataset

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What no two lines share, in the order of the file."""
        return self.workspace, self.dataset, self.id, self.reviewer


def latest(answers: Iterable[Answer]) -> list[Answer]:
    """One answer per row and reviewer, the later of those that a person gave in several datasets; sorted by id and reviewer.

    Give only answers about one text of a row: which text they are about is not looked at.
    """
    found = {(a.id, a.reviewer): a for a in sorted(answers, key=lambda a: (a.at, a.key))}
    return [found[key] for key in sorted(found)]


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


def replace(directory: Path, workspace: str, dataset: str, fresh: Iterable[Answer]) -> tuple[int, int]:
    """Write the answers of one dataset in place of its former ones; those of other datasets stay.

    A former answer that is not among the fresh ones goes to `reviews.former.jsonl`, beside those that went there before; one
    that comes back as it was leaves it. Somebody's later answer about the same text takes the place of the earlier.

    Returns:
        How many former answers are not among the fresh ones, and how many lines `reviews.former.jsonl` has.

    Raises:
        RefusedError: the file that is there is damaged.
        StoppedError: the disk refuses.
    """
    path, former = directory / NAME, directory / FORMER
    there = list(_lines(path)) if path.exists() else []
    other = [answer for answer in there if answer.place != (workspace, dataset)]
    answers = sorted([*other, *fresh], key=lambda answer: answer.key)
    now = {(answer.key, answer.content) for answer in answers}
    gone = [answer for answer in there if (answer.key, answer.content) not in now]
    try:
        before = dict.fromkeys(former.read_bytes().splitlines()) if former.exists() else {}
        lines = dict.fromkeys(map(_line, answers))
        kept = [line for line in before | dict.fromkeys(map(_line, gone)) if line not in lines]
        if kept or before:  # first, so that a crash between the two loses nothing
            _write(former, kept)
        _write(path, lines)
    except OSError as error:
        raise StoppedError(
            f"{path}: cannot be written ({error.strerror}); free some space or its permissions, then pull again"
        ) from None
    return len(gone), len(kept)


def _write(path: Path, lines: Iterable[bytes]) -> None:
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(b"".join(line + b"\n" for line in lines))
    os.replace(partial, path)


def possible(labels: Mapping[str, Any]) -> bool:
    """Whether these, without `sent`, are labels that a row can have; for those of a record, which administrators can edit."""
    return _impossible(labels) == ["sent"]


def _impossible(labels: Mapping[str, Any]) -> list[str]:
    """The labels that are missing or that no row has."""
    return [name for name, is_one in _LABELS.items() if name not in labels or not is_one(labels[name])]


def _line(answer: Answer) -> bytes:
    return json.dumps(asdict(answer), ensure_ascii=False).encode("utf-8")


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
        answers, labels = dict(found["answers"]), dict(found["labels"])
        texts = {name: found[name] for name in _TEXTS}
        if not all(isinstance(text, str) and text for text in (*texts.values(), *answers, *answers.values())):
            raise TypeError("empty or no text")
        if datetime.fromisoformat(texts["at"]).utcoffset() != timedelta(0):
            raise ValueError(f"at: {texts['at']!r} is not in UTC")
        if wrong := _impossible(labels):
            raise ValueError(f"{wrong[0]}: {str(labels.get(wrong[0], 'missing'))!r}")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        why = str(error).splitlines()[0][:80] if str(error) else type(error).__name__
        raise RefusedError(f"{where}: not an answer ({why}); move the file away and {PULL}") from None
    return Answer(**texts, answers=answers, labels={name: labels[name] for name in _LABELS})
