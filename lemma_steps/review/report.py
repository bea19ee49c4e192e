"""What the answers say, before anything is changed: figures for the JSON file, text for the terminal."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lemma_steps.errors import RefusedError
from lemma_steps.review.agreement import agreement
from lemma_steps.review.answers import Answer, read
from lemma_steps.review.changes import changes, dropped
from lemma_steps.review.consensus import JUDGEMENTS, Consensus, consensus
from lemma_steps.review.questions import NONE
from lemma_steps.review.report_text import CHANGES, beginning, text
from lemma_steps.review.rows import kept_rows

Row = dict[str, Any]


def write_report(directory: Path, json_file: Path | None) -> str:
    """The report on a set's answers as plain text, 80 columns wide; the figures also go to `json_file`.

    Raises:
        RefusedError: there are no answers about the rows as they are, or a file cannot be read or written.
    """
    answers = read(directory)
    figures = report(kept_rows(directory), answers)
    if not figures["records"]:
        raise RefusedError(
            f"{directory}: none of the {len(answers):,} answers is about the rows as they are now; "
            "give the set that was pushed, or push this one and let it be reviewed"
        )
    if json_file is not None:
        try:
            json_file.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        except OSError as error:
            raise RefusedError(f"{json_file}: cannot be written ({error.strerror}); give another --json") from None
    return text(figures, str(directory))


def report(rows: Iterable[Row], answers: Sequence[Answer]) -> dict[str, Any]:
    """The figures: those of `agreement`, and who answered, what would change, what is worth a look.

    `changes` counts what reviewers ask for; whether it can be done is known when `apply` has checked it. `contradictions`
    holds the rows by what contradicts what within one reviewer's answers (`id`, beginning of the `question`, `reviewers`);
    `disagreements` the rows on which reviewers differ, those with the most `undecided` questions first, with what was
    `said`: question -> value -> reviewers.
    """
    of: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        of[answer.id].append(answer)
    population, used, given, asked = 0, list[Answer](), list[Answer](), Counter[str]()
    contradictions: dict[str, list[Row]] = defaultdict(list)
    disagreements = []
    for row in rows:
        population += 1
        if row["id"] not in of:
            continue
        found = consensus(row, of.pop(row["id"]))
        used += found.answers
        given += found.given
        asked.update(_asked(row, found))
        one = {"id": row["id"], "question": beginning(row["question"])}
        slips: dict[str, list[str]] = defaultdict(list)
        for answer in found.answers:
            for words in _contradictions(row, answer.answers):
                slips[words].append(answer.reviewer)
        for words, who in slips.items():
            contradictions[words].append({**one, "reviewers": list(dict.fromkeys(who))})
        if said := _differing(found):
            disagreements.append({**one, "said": said, "undecided": list(found.undecided)})
    asked["other_text"] += sum(map(len, of.values()))
    return {
        **agreement(given, population),
        "by_reviewer": _by_reviewer(used),
        "changes": {name: asked[name] for name in CHANGES},
        "contradictions": {words: contradictions[words] for words in CONTRADICTIONS if words in contradictions},
        "disagreements": sorted(disagreements, key=lambda one: (-len(one["undecided"]), one["id"])),
    }


def _asked(row: Row, found: Consensus) -> Counter[str]:
    asked = Counter(undecided=len(found.undecided), impossible=found.impossible, other_text=found.other_text)
    if dropped(found) is not None:
        return asked + Counter(dropped=1)
    conflicts = set[tuple[str, ...]]()  # texts that conflict are one, however many there are
    for change in changes(row, found):
        if change.refused:
            conflicts.add((change.refused, *change.values))
        elif "error_type" in change.values:
            asked["types_changed"] += 1
        elif "error_step" in change.values:
            asked["steps_confirmed" if change.confirms(row) else "steps_moved"] += 1
        else:
            asked["edited"] = 1
    return asked + Counter(refused=len(conflicts))


CONTRADICTIONS = (
    "kept although no step is called wrong",
    "kept although the correction is called wrong, and not edited",
    "kept although the reflection is said to miss the error, and not edited",
    "steps before the marked one called right, but one of them named as wrong",
    "steps before the marked one called wrong, but none of them named",
    "no step called wrong, but an error type given",
    "a step called wrong, but no error type given",
)
"""What does not go together within one reviewer's answers."""


def _contradictions(row: Row, said: Mapping[str, str]) -> list[str]:
    """Those of `CONTRADICTIONS` that hold."""
    step, kind, keeps = said.get("first_wrong_step"), said.get("error_type"), said.get("decision") == "keep"
    earlier = step not in (None, NONE) and int(step or 0) < row["error_step"]
    holds = (
        keeps and step == NONE,
        keeps and said.get("correction_right") == "no" and "edited_correction" not in said,
        keeps and said.get("reflection_names_error") == "no" and "edited_reflection" not in said,
        said.get("prefix_right") == "yes" and earlier,
        said.get("prefix_right") == "no" and step is not None and not earlier,
        step == NONE and kind not in (None, NONE),
        step not in (None, NONE) and kind == NONE,
    )
    return [words for words, true in zip(CONTRADICTIONS, holds, strict=True) if true]


def _differing(found: Consensus) -> dict[str, dict[str, list[str]]]:
    """The judgements on which reviewers of a record gave different values, and who gave which."""
    said: dict[str, dict[str, list[str]]] = {}
    for question in JUDGEMENTS:
        values = dict.fromkeys(a.answers[question] for a in found.answers if question in a.answers)
        if len(values) > 1:
            said[question] = {value: found.who(question, value) for value in values}
    return said


def _by_reviewer(answers: Sequence[Answer]) -> list[dict[str, Any]]:
    of: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        of[answer.reviewer].append(answer)
    return [
        {
            "reviewer": name,
            "answers": len(given),
            "keep": sum(a.answers.get("decision") == "keep" for a in given),
            "drop": sum(a.answers.get("decision") == "drop" for a in given),
            "edits": sum(name.startswith("edited_") for a in given for name in a.answers),
            "comments": sum("comment" in a.answers for a in given),
        }
        for name, given in sorted(of.items())
    ]
