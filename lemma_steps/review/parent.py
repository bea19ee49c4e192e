"""The finished set that people reviewed: what its report says of how it was made."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lemma_steps.errors import RefusedError

REVIEW = "review"
"""The step that is added to the chain of the set."""
CHECKS = ("truncated", "max_tokens", "timeout_s")


@dataclass(frozen=True, slots=True)
class Parent:
    """A result folder. `sha256` is of its train.parquet, `report` the content of its report.json."""

    directory: Path
    sha256: str
    report: dict[str, Any]

    @classmethod
    def read(cls, directory: Path) -> Parent:
        """Read the report of a folder.

        Raises:
            RefusedError: the folder holds no finished result.
        """
        try:
            with (directory / "train.parquet").open("rb") as rows:
                sha256 = hashlib.file_digest(rows, "sha256").hexdigest()
            report = json.loads((directory / "report.json").read_text(encoding="utf-8"))
            kinds = {"entered": int, "settings": dict, "run": dict, "funnel": list}
            if not all(isinstance(report[name], kind) for name, kind in kinds.items()):
                raise TypeError
            [step["step"] for step in report["funnel"]]
            return cls(directory, sha256, report)
        except (OSError, ValueError, KeyError, TypeError) as error:
            why = error.strerror if isinstance(error, OSError) else "report.json is not of a run"
            raise RefusedError(f"{directory}: no finished result ({why}); give what recipes/lemma.py wrote") from None

    @property
    def steps(self) -> list[str]:
        """The steps of its chain and the review, once however often the set was reviewed."""
        return list(dict.fromkeys([*(step["step"] for step in self.report["funnel"]), REVIEW]))

    @property
    def rounds(self) -> int:
        """How often the set was reviewed."""
        return self._review.get("round", 0)

    @property
    def has_names(self) -> bool:
        """Whether reviewers' names stand in its rows."""
        return bool(self._review) and not self._review.get("anonymous")

    @property
    def _review(self) -> dict[str, Any]:
        return self.report["settings"].get(REVIEW) or {}

    @property
    def checks(self) -> dict[str, Any]:
        """How its rows were verified: options of the answer check and of the audits."""
        settings = self.report["settings"]
        options = settings.get("steps") or {}
        given = {**options.get("answer_filter", {}), **options.get("audit_trajectory", {})}
        truncated = "truncation" not in (settings.get("ablate") or [])
        return {"truncated": truncated} | {name: given[name] for name in CHECKS if name in given}

    def settings(self, datasets: list[str], **review: Any) -> dict[str, Any]:
        """The settings of the reviewed set: those of this one, and of the review; `datasets` of every review so far."""
        answered = sorted({*self._review.get("datasets", []), *datasets})
        return {**self.report["settings"], REVIEW: {"of": self.sha256, **review, "datasets": answered}}

    @property
    def about(self) -> dict[str, Any]:
        """What its report says of the set as a whole and no count over rows can tell."""
        return {"subset_of": self.report["subset_of"]} if "subset_of" in self.report else {}
