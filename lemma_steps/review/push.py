"""Rows on their way to Argilla: each once, whatever happened before, and never over an answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from lemma_steps.errors import RefusedError
from lemma_steps.review.choice import Choice
from lemma_steps.review.connection import repeated, told
from lemma_steps.review.doubts import doubts
from lemma_steps.review.place import Place, nameable
from lemma_steps.review.questions import MOST_STEPS
from lemma_steps.review.record import content, labels, record_of
from lemma_steps.review.rows import steps_shown
from lemma_steps.review.sample import Sample
from lemma_steps.review.sending import Sending

if TYPE_CHECKING:
    import argilla as rg

Row = dict[str, Any]
BATCH = 250
"""Records per request; also the most ids that one search takes."""
CHARACTERS = 4_000_000
"""A batch closes at either bound: no request grows with the length of the records."""


class Push:
    """Sends rows to one dataset.

    Args:
        client: the server.
        workspace: workspace of the dataset; made if missing.
        dataset: its name; made if missing.
        reviewers: answers that complete a record; None: the dataset's own, 1 of a new one.
    """

    def __init__(self, client: rg.Argilla, workspace: str, dataset: str, *, reviewers: int | None = None) -> None:
        self._client = client
        self._place = Place(client, workspace, dataset, reviewers)

    def check(self) -> None:
        """Refuse what `send` would refuse for the server's sake, without sending anything.

        Raises:
            RefusedError: the account may not, or the dataset is another's.
        """
        self._place.check()

    def send(self, sample: Sample, rows: Callable[[], Iterable[Row]]) -> str:
        """Send the rows of the sample that are not there yet; a line that says what is there now.

        A row is there if its id is there with the same content. A record never gets another text: somebody may be looking
        at it, or have answered it. Where only labels differ, or a row that was sent as uncertain now belongs to a sample
        that speaks for the set, the record is sent again to say so; its answers stay. `rows` is called twice and gives the
        set's rows, the sample's among them, in the order in which they are to be sent.

        Raises:
            RefusedError: nothing was sent: the server or the dataset cannot take them, a row has more steps than the
                dataset can name, or records have another text.
            StoppedError: some were sent; the same call goes on.
        """
        wanted = frozenset(sample.ids)
        if sample.longest > MOST_STEPS:
            for row in rows():
                if row["id"] in wanted and (steps := steps_shown(row)) > MOST_STEPS:
                    raise RefusedError(
                        f"row {row['id']}: {steps:,} steps, and Argilla takes {MOST_STEPS}; make the set without it"
                    )
        dataset = self._place.open(sample.longest)
        there, again = self._there(dataset, sample, (row for row in rows() if row["id"] in wanted))
        send = len(wanted) - len(there)
        with Sending(send) as sending:

            def begun() -> str | None:
                if not asked:
                    return None
                return f"{len(there) + sending.done:,} of {len(wanted):,} rows are there; the same command goes on"

            asked = False
            due = (row for row in rows() if row["id"] in wanted and row["id"] not in there)
            with told(self._client, begun):
                for batch in _batches(_records(due, sample, again, dataset)):
                    asked = True
                    models = [record.api_model() for record in batch]
                    repeated(partial(self._client.api.records.bulk_upsert, dataset.id, models))
                    sending.add(len(batch))
        return (
            f"{self._place.workspace}/{self._place.dataset}: {send - len(again):,} new, "
            f"{len(again):,} updated{' (labels or choice)' * bool(again)}, {len(there):,} there already; "
            f"{self._client.api_url.rstrip('/')}/dataset/{dataset.id}/annotation-mode"
        )

    def _there(self, dataset: rg.Dataset, sample: Sample, rows: Iterator[Row]) -> tuple[set[str], dict[str, str]]:
        """Ids of rows that are there as they are; and, with the choice by which they came, of those to be sent again.

        Asked for by id, so that the time depends on the rows to send and not on what else the dataset holds.
        """
        there: set[str] = set()
        again: dict[str, str] = {}
        wanted = len(sample.ids)
        refused: Counter[str] = Counter()
        most = nameable(dataset)
        while rows_here := list(islice(rows, BATCH)):
            refused["long"] += sum(steps_shown(row) > most for row in rows_here)
            found = {} if self._place.made else self._found(dataset, [row["id"] for row in rows_here])
            for row in rows_here:
                if (known := found.get(row["id"])) is None:
                    continue
                choice = known.get("choice") or str(sample.choice)
                if known.get("content") != content(row):
                    refused["changed"] += 1
                elif choice == Choice.uncertain != sample.choice or not labels(row).items() <= known.items():
                    again[row["id"]] = choice
                else:
                    there.add(row["id"])
        name = self._place.dataset
        if refused["long"]:
            raise RefusedError(
                f"dataset {name}: {refused['long']:,} of {wanted:,} rows have more steps than its {most}; "
                "name another with --dataset"
            )
        if refused["changed"]:
            raise RefusedError(
                f"dataset {name}: {refused['changed']:,} of {wanted:,} rows have another text there, which people may have "
                "seen; name another with --dataset"
            )
        return there, again

    def _found(self, dataset: rg.Dataset, ids: list[str]) -> dict[str, dict[str, Any]]:
        """Id -> metadata. Not `dataset.records()`: that dies where a record was discarded through the API without values."""
        import argilla as rg

        search = partial(self._client.api.records.search, dataset.id, with_suggestions=False, with_responses=False)
        query = rg.Query(filter=rg.Filter([("id", "in", ids)])).api_model()
        with told(self._client):
            found, _ = repeated(lambda: search(query, limit=len(ids)))
        return {str(record.external_id): {one.name: one.value for one in record.metadata or ()} for record, _ in found}


def _records(
    rows: Iterable[Row], sample: Sample, former: Mapping[str, str], dataset: rg.Dataset
) -> Iterator[rg.Record]:
    """The records, with the names of their doubts where only the owner sees them: they would sway a reviewer.

    A row that was sent as part of a sample that speaks for the set stays part of it.
    """
    for row in rows:
        choice = former.get(row["id"]) if sample.choice is Choice.uncertain else None
        record = record_of(row, choice or str(sample.choice))
        record.dataset = dataset
        if found := doubts(row):
            record.metadata["doubts"] = list(found)
        yield record


def _batches(records: Iterable[rg.Record]) -> Iterator[list[rg.Record]]:
    batch: list[rg.Record] = []
    characters = 0
    for record in records:
        size = sum(len(text) for text in record.fields.to_dict().values())
        if batch and (len(batch) >= BATCH or characters + size > CHARACTERS):
            yield batch
            batch, characters = [], 0
        batch.append(record)
        characters += size
    if batch:
        yield batch
