"""Prompts of a later turn: what was asked and answered before it, and the new question, joined by blank lines (RefAug)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lemma_steps.errors import RefusedError

Doc = dict[str, Any]


def continued(documents: Sequence[Doc], samples: Path) -> list[Doc]:
    """The documents of a turn with the dialogue so far in their question; those not answered before are left out.

    Args:
        documents: documents of one turn, with `id` and `turn`.
        samples: lm-eval's sample file of the turn before; its questions hold the dialogue up to there.

    Raises:
        RefusedError: the file is missing, is no sample file of the turn before, or answers none of the documents.
    """
    before = documents[0]["turn"] - 1
    try:
        with samples.open(encoding="utf-8") as lines:
            so_far = dict(_dialogues((json.loads(line) for line in lines), before))
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise RefusedError(f"{samples}: no sample file of turn {before} ({error}); run the turns again") from None
    found = [
        doc | {"question": f"{so_far[doc['id']]}\n\n{doc['question']}"} for doc in documents if doc["id"] in so_far
    ]
    if not found:
        raise RefusedError(f"{samples}: answers none of the {len(documents)} dialogues; run the earlier turn again")
    return found


def _dialogues(samples: Iterable[Mapping[str, Any]], turn: int) -> Iterable[tuple[str, str]]:
    """Ids, and what was asked and answered up to the turn of these samples."""
    for sample in samples:
        doc, replies = sample["doc"], sample["filtered_resps"][0]
        if doc["turn"] != turn or len(replies) != 1:
            raise ValueError(f"turn {doc['turn']} with {len(replies)} replies to a question")
        yield doc["id"], f"{doc['question']}\n\n{replies[0].strip()}"
