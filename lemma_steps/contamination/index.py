"""The index of evaluation questions: hashes only, no text, shipped with the package and asked for every problem.

Three rules, tried in this order; the figures of each stand in `benchmarks/contamination.py`:

1. exact: the whole normalised question is in the index;
2. skeleton (all sets): the maths tokens are the same in the same order, the decisive words are the same, and the words
   agree to `SKELETON_SIMILARITY`. Catches a maths problem in other words, keeps one with another sign or number;
3. paraphrase (sets of word problems only): words and numerals agree to `PARAPHRASE_SIMILARITY`, the numerals alone to
   `NUMBER_AGREEMENT`, and what is shared is rare enough (`PARAPHRASE_MASS`). MathChat's restated GSM8K questions are
   such paraphrases. Problems of one template with other numbers are other problems and are kept.

Similarity is the Jaccard index of features, each weighted by its inverse document frequency (natural logarithm) among
the indexed word problems.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from lemma_steps.contamination.normalise import MAX_CHARS
from lemma_steps.contamination.sketch import NUMBER_BIT, Sketch, first_paragraph, sketch, turns

SKELETON_SIMILARITY = 0.7
SKELETON_MASS = 20.0
PARAPHRASE_SIMILARITY = 0.3
PARAPHRASE_MASS = 40.0
NUMBER_AGREEMENT = 0.75
_MIN_PART_TOKENS = 8
_FEATURE_SPACE = 2 * NUMBER_BIT


@dataclass(frozen=True, slots=True)
class Match:
    """The evaluation question that a question matched."""

    set: str
    """Name of the evaluation set, a key of `sources.yaml`."""
    row: int
    """0-based row of that set's source file."""
    kind: str
    """`exact` or `near`."""
    similarity: float
    """1.0 for an exact match."""


class ContaminationIndex:
    """Finds the evaluation question that a training question repeats. Immutable; safe to share between threads.

    `arrays` (all of length n unless said): `whole` uint64, `skeleton` uint32, `set` uint8 (position in `meta["sets"]`),
    `row` uint32, `shared` bool (also a GSM8K or MATH *train* question, see `build.py`), `begin` uint32 of length n+1
    into `features` uint16. `strict=True` also reports the shared ones.
    """

    def __init__(self, arrays: dict[str, NDArray[Any]], meta: dict[str, Any], *, strict: bool = False) -> None:
        self.arrays, self.meta = arrays, meta
        self._names = [entry["name"] for entry in meta["sets"]]
        self._set, self._row = arrays["set"], arrays["row"]
        self._begin, self._features = arrays["begin"], arrays["features"]
        live = np.ones(len(self._set), bool) if strict else ~arrays["shared"]
        self._whole = {int(key): i for i, key in enumerate(arrays["whole"]) if live[i]}
        self._skeleton: dict[int, list[int]] = {}
        for i in np.nonzero(live & (arrays["skeleton"] > 0))[0]:
            self._skeleton.setdefault(int(arrays["skeleton"][i]), []).append(int(i))
        self._post_features(live & np.array([entry["prose"] for entry in meta["sets"]], bool)[self._set])

    @classmethod
    def load(cls, path: Path | None = None, *, strict: bool = False) -> Self:
        """The index in `path`, or the one that the package ships."""
        source = path or Path(str(files(__package__).joinpath("index.npz")))
        with np.load(source, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        return cls(arrays, json.loads(arrays.pop("meta").tobytes()), strict=strict)

    def __len__(self) -> int:
        return len(self._set)

    def query(self, question: str) -> Match | None:
        """The evaluation question that `question` repeats, or None.

        A dialogue is also asked for turn by turn, and a text of several paragraphs by its first one, because the
        MathChat sets put a test question at the head of a conversation.
        """
        question = question[:MAX_CHARS]
        parts = [sketch(question)]
        heads = {first_paragraph(question), *turns(question)} - {question, question.strip()}
        parts += [part for part in map(sketch, sorted(heads)) if part.length >= _MIN_PART_TOKENS]
        for part in parts:
            if (same := self._whole.get(part.whole)) is not None:
                return self._match(same, "exact", 1.0)
        near = [found for part in parts if (found := self._near(part))]
        return max(near, key=lambda match: match.similarity, default=None)

    def _near(self, asked: Sketch) -> Match | None:
        best = max(self._same_skeleton(asked) + self._paraphrases(asked), default=None)
        return None if best is None else self._match(-best[1], "near", best[0])

    def _same_skeleton(self, asked: Sketch) -> list[tuple[float, int]]:
        found = []
        for i in self._skeleton.get(asked.skeleton, ()) if asked.skeleton else ():
            other = frozenset(self._features[self._begin[i] : self._begin[i + 1]].tolist())
            shared = self._mass(asked.features & other)
            similarity = shared / (self._mass(asked.features | other) or 1.0)
            if similarity >= SKELETON_SIMILARITY and shared >= SKELETON_MASS:
                found.append((similarity, -i))
        return found

    def _paraphrases(self, asked: Sketch) -> list[tuple[float, int]]:
        numbers = frozenset(feature for feature in asked.features if feature & NUMBER_BIT)
        mass = self._mass(asked.features)
        if not numbers or mass < PARAPHRASE_MASS:
            return []
        shared, shared_numbers = self._overlap(asked.features - numbers), self._overlap(numbers)
        shared = shared + shared_numbers
        similar = shared >= PARAPHRASE_SIMILARITY / (1 + PARAPHRASE_SIMILARITY) * (mass + self._masses)
        number_masses = self._mass(numbers) + self._number_masses
        agree = shared_numbers >= NUMBER_AGREEMENT / (1 + NUMBER_AGREEMENT) * number_masses
        rows = np.nonzero(similar & agree & (shared >= PARAPHRASE_MASS) & (shared_numbers > 0))[0]
        return [(float(shared[k] / (mass + self._masses[k] - shared[k])), -int(self._prose[k])) for k in rows]

    def _post_features(self, prose: NDArray[np.bool_]) -> None:
        """Index the word problems by feature, and weigh every feature by its rarity among them."""
        self._prose = np.nonzero(prose)[0]
        begin = self._begin.astype(np.int64)
        sizes = begin[1:] - begin[:-1]
        owners = np.repeat(np.arange(len(self._prose)), sizes[self._prose])
        features = self._features[np.repeat(prose, sizes)]
        frequency = np.bincount(features, minlength=_FEATURE_SPACE)
        self._weights = np.log(max(len(self._prose), 2) / np.maximum(frequency, 1))
        weights = self._weights[features]
        self._masses = np.bincount(owners, weights, len(self._prose))
        self._number_masses = np.bincount(owners, weights * (features >= NUMBER_BIT), len(self._prose))
        self._postings = owners[np.argsort(features, kind="stable")].astype(np.int32)
        self._posting_begin = np.concatenate([[0], np.cumsum(frequency)])

    def _overlap(self, features: frozenset[int]) -> NDArray[np.float64]:
        """For every indexed word problem the mass that it shares with `features`."""
        ordered = np.array(sorted(features), np.int64)
        begin, end = self._posting_begin[ordered], self._posting_begin[ordered + 1]
        if not (end > begin).any():
            return np.zeros(len(self._prose))
        owners = np.concatenate([self._postings[a:b] for a, b in zip(begin.tolist(), end.tolist(), strict=True)])
        weights = np.repeat(self._weights[ordered], end - begin)
        return np.bincount(owners, weights, len(self._prose)).astype(np.float64)

    def _mass(self, features: frozenset[int]) -> float:
        return float(self._weights[sorted(features)].sum()) if features else 0.0

    def _match(self, i: int, kind: str, similarity: float) -> Match:
        return Match(self._names[self._set[i]], int(self._row[i]), kind, round(similarity, 4))


@cache
def shipped_index() -> ContaminationIndex:
    """The package's own index, read once per process."""
    return ContaminationIndex.load()
