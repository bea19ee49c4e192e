"""Brings submitted answers from Argilla to `reviews.jsonl`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace as changed
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lemma_steps.console import many
from lemma_steps.errors import RefusedError, StoppedError
from lemma_steps.review.answers import FORMER, NAME, OF_RECORD, Answer, possible, replace, tidy
from lemma_steps.review.connection import find_dataset, find_workspace, repeated, told
from lemma_steps.review.consensus import EDITS, JUDGEMENTS
from lemma_steps.review.place import Place
from lemma_steps.review.record import TYPE_LABEL
from lemma_steps.run_directory import held

if TYPE_CHECKING:
    import argilla as rg

COMMENT = "comment"
_PAGE = 250
Record = dict[str, Any]


def pull(client: rg.Argilla, workspace: str, dataset: str, directory: Path) -> str:
    """Write what reviewers submitted on a dataset to `DIR/reviews.jsonl`, and say what was found.

    Answers of other datasets in that file stay. Nothing in Argilla changes. Drafts and discarded answers stay there.

    Raises:
        RefusedError: there is no such folder, workspace or dataset, the dataset has other questions, the key is an
            annotator's, the set was made with its answers, the server is down or says no, or the file is damaged.
        StoppedError: records moved meanwhile, or the file cannot be written; it is as it was.
    """
    if not directory.is_dir():
        raise RefusedError(f"{directory}: no such folder; give what recipes/lemma.py wrote")
    _refuse_applied(directory, f"{workspace}/{dataset}")
    with told(client):
        if client.me.role.value == "annotator":
            raise RefusedError(
                f"{client.me.username}: an annotator cannot read answers; use the key of an owner or admin"
            )
        found = _dataset(client, workspace, dataset)
        Place(client, workspace, dataset, None).refuse_other(found)
        names = _names(client, found.workspace.id)
        seen: Counter[str] = Counter()
        questions = {str(question.id): question.name for question in found.settings.questions}
        answers = list(_answers(_records(client, found, seen), names, questions, (workspace, dataset), seen))
    answers = [changed(a, labels={**a.labels, "sent": seen[a.labels["choice"]]}) for a in answers]
    if not answers and not (directory / NAME).exists():
        return f"{workspace}/{dataset}: no submitted answers yet{_left(seen)}"
    with held(directory):
        gone, kept = replace(directory, workspace, dataset, answers)
    reviewers, reviewed = len({a.reviewer for a in answers}), len({a.id for a in answers})
    lines = [
        f"{directory / NAME}: {many(len(answers), 'answer')} of {many(reviewers, 'reviewer')} on {reviewed:,} of "
        f"{many(seen['records'], 'record')} in {workspace}/{dataset}{_left(seen)}"
    ]
    if seen["nameless"]:
        lines.append(
            "note: this key may not read the reviewers' names; ids stand for them (an owner's key reads names)"
        )
    if gone:
        lines.append(
            f"note: {many(gone, 'answer')} that the file had {_is(gone)} no longer there; "
            f"{directory / FORMER} keeps what is gone, {many(kept, 'line')} in all"
        )
    return "\n".join(lines)


def _refuse_applied(directory: Path, place: str) -> None:
    """Answers that made a set are about the rows that it was made of: here they would count again, those that are left."""
    try:
        report = json.loads((directory / "report.json").read_text("utf-8"))
        applied = report["settings"]["review"]["datasets"]
    except (OSError, ValueError, KeyError, TypeError):
        return  # no reviewed set
    if place in applied:
        raise RefusedError(
            f"{directory}: was made with the answers of {place}; give the set that was pushed there, or push this one to "
            "another --dataset"
        )


def _dataset(client: rg.Argilla, workspace: str, dataset: str) -> rg.Dataset:
    place = find_workspace(client, workspace)
    if place is None:
        there = ", ".join(sorted(one.name for one in client.workspaces.list())) or "none"
        raise RefusedError(f"{client.api_url}: no workspace {workspace}; give --workspace (there: {there})")
    found = find_dataset(client, workspace, dataset)
    if found is None:
        there = ", ".join(sorted(one.name for one in place.datasets)) or "none"
        raise RefusedError(
            f"{client.api_url}: no dataset {dataset} in workspace {workspace}; push first, or give --dataset (there: {there})"
        )
    return found


def _names(client: rg.Argilla, workspace: Any) -> dict[str, str]:
    """User id -> user name, as far as the key may know them."""
    from argilla._exceptions import ForbiddenError

    me = client.me
    for listed in (client.api.users.list, lambda: client.api.users.list_by_workspace_id(workspace)):
        try:
            return {str(user.id): user.username for user in listed()} | {str(me.id): me.username}
        except ForbiddenError:
            continue
    return {str(me.id): me.username}


def _records(client: rg.Argilla, dataset: rg.Dataset, seen: Counter[str]) -> Iterator[Record]:
    """The records as the server gives them.

    Not `dataset.records()`: that dies where somebody discarded a record through the API without any values, and leaves out
    when an answer was given.
    """
    ids: set[str] = set()
    before = dataset.progress()["total"]
    while page := repeated(lambda: _page(client, dataset.id, seen["listed"])):
        seen["listed"] += len(page)
        for record in page:
            if record["id"] not in ids:
                ids.add(record["id"])
                yield record
    seen["records"] = len(ids)
    after = dataset.progress()["total"]
    if not len(ids) == before == after:  # where one is deleted meanwhile, another slips over the border of two pages
        raise StoppedError(
            f"{dataset.name}: {len(ids):,} of {before:,} records came, {after:,} are there now; pull again"
        )


def _page(client: rg.Argilla, dataset: Any, offset: int) -> list[Record]:
    asked = {"offset": offset, "limit": _PAGE, "include": ["suggestions", "responses"]}
    reply = client.api.http_client.get(f"/api/v1/datasets/{dataset}/records", params=asked)
    return reply.raise_for_status().json()["items"]


def _answers(
    records: Iterable[Record],
    names: Mapping[str, str],
    questions: Mapping[str, str],
    place: tuple[str, str],
    seen: Counter[str],
) -> Iterator[Answer]:
    """Counts in `seen` what it leaves out, and the records of each choice, which are `sent` once all are seen.

    The server names people and questions by ids, of which two maps are given.
    """
    for record in records:
        metadata = record["metadata"] or {}
        labels = {name: metadata.get(TYPE_LABEL if name == "error_type" else name) for name in OF_RECORD}
        content = metadata.get("content")
        if not (record["external_id"] and content and isinstance(content, str) and possible(labels)):
            seen["alien"] += 1
            continue
        seen[metadata["choice"]] += 1
        shown = {questions.get(one["question_id"]): one["value"] for one in record["suggestions"] or ()}
        for response in record["responses"] or ():
            if response["status"] != "submitted":
                seen[response["status"]] += 1
                continue
            who = response["user_id"]
            seen["nameless"] += who not in names
            given, at = _given(response["values"] or {}, shown), _utc(response["updated_at"])
            yield Answer(record["external_id"], content, *place, names.get(who, who), given, labels, at)


def _utc(moment: str) -> str:
    """The server's moment, which is in UTC and may not say so."""
    given = datetime.fromisoformat(moment)
    given = given.replace(tzinfo=UTC) if given.tzinfo is None else given.astimezone(UTC)
    return given.isoformat(timespec="microseconds")


def _given(values: Mapping[str, Mapping[str, Any]], shown: Mapping[str | None, Any]) -> dict[str, str]:
    """The answers that say something: no empty comment, no edit that leaves the text as it was shown."""
    said = {name: values[name].get("value") for name in (*JUDGEMENTS, *EDITS, COMMENT) if name in values}
    answers = {name: tidy(value) for name, value in said.items() if isinstance(value, str)}
    return {
        name: value
        for name, value in answers.items()
        if value and not (name in EDITS and value == tidy(str(shown.get(name) or "")))
    }


def _left(seen: Mapping[str, int]) -> str:
    """What was not brought."""
    parts = [
        (seen["draft"], many(seen["draft"], "draft")),
        (seen["discarded"], f"{seen['discarded']:,} discarded"),
        (seen["alien"], f"{many(seen['alien'], 'record')} that this program did not send, or not so"),
    ]
    left = [words for count, words in parts if count]
    return f"; left there: {', '.join(left)}" if left else ""


def _is(count: int) -> str:
    return "is" if count == 1 else "are"
