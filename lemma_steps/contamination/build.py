"""Makes the index out of copies of the evaluation sets: hashes, attribution, provenance; the same bytes every time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lemma_steps.contamination.index import ContaminationIndex
from lemma_steps.contamination.questions import Copy, EvalSet
from lemma_steps.contamination.sketch import Sketch, sketch

Collected = Sequence[tuple[EvalSet, Sequence[Copy]]]


def build(collected: Collected, train: Collected = ()) -> ContaminationIndex:
    """The index of all questions of all copies; a question that several rows hold is attributed to the first.

    `train` decides which questions of the `label` sets are shared with a training set (exactly or nearly).
    """
    arrays, meta = _arrays(collected)
    label = [number for number, (wanted, _) in enumerate(collected) if wanted.label]
    of_label = np.isin(arrays["set"], label)
    asked = [text for _, copies in train for copy in copies for texts in copy.questions.values() for text in texts]
    # A hidden entry can uncover another one that matched less well: until nothing new is found.
    while (new := of_label & ~arrays["shared"] & _repeated(ContaminationIndex(arrays, meta), asked)).any():
        arrays["shared"] |= new
    for number, entry in enumerate(meta["sets"]):
        entry["shared"] = int((arrays["shared"] & (arrays["set"] == number)).sum())
    return ContaminationIndex(arrays, meta | {"train": [_provenance(wanted, copies) for wanted, copies in train]})


def write(index: ContaminationIndex, path: Path) -> None:
    """Write `index` to `path` (`.npz`). Bytes depend on the questions only, given one version of NumPy and zlib."""
    meta = json.dumps(index.meta, ensure_ascii=False, sort_keys=True).encode()
    with path.open("wb") as file:
        arrays: dict[str, Any] = {"meta": np.frombuffer(meta, np.uint8), **index.arrays}
        np.savez_compressed(file, **arrays)


def _arrays(collected: Collected) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    kept: dict[int, tuple[int, int, Sketch]] = {}
    provenance = []
    for number, (wanted, copies) in enumerate(collected):
        before = len(kept)
        for copy in copies:
            for row, texts in sorted(copy.questions.items()):
                for text in texts:
                    made = sketch(text)
                    kept.setdefault(made.whole, (number, row, made))
        provenance.append({**_provenance(wanted, copies), "prose": wanted.prose, "added": len(kept) - before})
    rows = sorted(kept.values(), key=lambda entry: (entry[0], entry[1], entry[2].whole))
    features = [sorted(made.features) for _, _, made in rows]
    arrays: dict[str, NDArray[Any]] = {
        "whole": np.array([made.whole for _, _, made in rows], np.uint64),
        "skeleton": np.array([made.skeleton for _, _, made in rows], np.uint32),
        "set": np.array([number for number, _, _ in rows], np.uint8),
        "row": np.array([row for _, row, _ in rows], np.uint32),
        "shared": np.zeros(len(rows), bool),
        "begin": np.cumsum([0, *map(len, features)]).astype(np.uint32),
        "features": np.array([feature for sketched in features for feature in sketched], np.uint16),
    }
    return arrays, {"sets": provenance}


def _provenance(wanted: EvalSet, copies: Sequence[Copy]) -> dict[str, Any]:
    rows = set().union(*(copy.questions for copy in copies)) if copies else set()
    return {
        "name": wanted.name,
        "rows": len(rows),
        "copies": [{"source": copy.source, "sha256": copy.sha256, "rows": len(copy.questions)} for copy in copies],
    }


def _repeated(index: ContaminationIndex, asked: Iterable[str]) -> NDArray[np.bool_]:
    """Which entries are matched by one of the questions `asked`."""
    hit = {(match.set, match.row) for text in asked if (match := index.query(text))}
    names = [entry["name"] for entry in index.meta["sets"]]
    pairs = zip(index.arrays["set"].tolist(), index.arrays["row"].tolist(), strict=True)
    return np.array([(names[number], row) in hit for number, row in pairs], bool)
