"""The dataset in Argilla that rows are sent to: found or made, and known to hold our questions."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from lemma_steps.errors import RefusedError
from lemma_steps.review.connection import find_workspace, told

if TYPE_CHECKING:
    import argilla as rg

MAX_NAME = 200
DRAFT_S = 5
"""Seconds that a dataset which is there but not published may take to become so."""


class Place:
    """A dataset of a workspace, by name.

    Args:
        client: the server.
        workspace: its workspace, made if missing.
        dataset: its name, made if missing.
        reviewers: answers that complete a record, of an existing dataset too; None leaves it as it is, 1 of a new one.
    """

    def __init__(self, client: rg.Argilla, workspace: str, dataset: str, reviewers: int | None) -> None:
        if not 0 < len(dataset) <= MAX_NAME:
            raise RefusedError(f"--dataset {dataset!r}: a name has 1 to {MAX_NAME} characters")
        self.client, self.workspace, self.dataset, self.reviewers = client, workspace, dataset, reviewers
        self.made = False
        """Whether `open` made the dataset, which is empty then."""

    def check(self) -> None:
        """Refuse what `open` would refuse, without making anything.

        Raises:
            RefusedError: as `open`.
        """
        with told(self.client):
            me = self.client.me
            if me.role.value == "annotator":
                raise RefusedError(f"{me.username}: an annotator cannot send rows; use the key of an owner or admin")
            workspace = find_workspace(self.client, self.workspace)
            if workspace is None and me.role.value != "owner":
                raise RefusedError(self._no_workspace())
            if workspace and (found := self._found(workspace)) and found._model.status == "ready":
                self.refuse_other(found)

    def open(self, steps: int) -> rg.Dataset:
        """The dataset, published and with our questions; `steps` is the longest that a new one must be able to name.

        A dataset that an interrupted run left unpublished is made anew: it holds no records.

        Raises:
            RefusedError: the account may not make it, or one of this name has other questions.
        """
        import argilla as rg

        from lemma_steps.review.questions import settings

        self.check()
        with told(self.client):
            workspace = find_workspace(self.client, self.workspace)
            workspace = workspace or rg.Workspace(self.workspace, client=self.client).create()
            found = self._found(workspace)
            for _ in range(DRAFT_S):  # another push may be making it at this moment
                if not found or found._model.status == "ready":
                    break
                time.sleep(1)
                found = self._found(workspace)
            if found and found._model.status == "ready":
                self.refuse_other(found)
                if self.reviewers and self.reviewers != found.settings.distribution.min_submitted:
                    found.settings.distribution = rg.TaskDistribution(min_submitted=self.reviewers)
                    found.settings.update()  # the server reckons anew which records are complete
                return found
            if found:
                self._refuse_others_draft(found)
                found.delete()
            made = settings(steps, self.reviewers or 1)
            dataset = rg.Dataset(self.dataset, workspace=workspace, settings=made, client=self.client).create()
            self.made = True
            return dataset

    def _found(self, workspace: rg.Workspace) -> rg.Dataset | None:
        return next((each.get() for each in workspace.datasets if each.name == self.dataset), None)

    def refuse_other(self, found: rg.Dataset) -> None:
        """Refuse a dataset that has not our fields, questions and metadata.

        Raises:
            RefusedError: it has others.
        """
        from lemma_steps.review.questions import settings

        wanted, there = _form(settings(1, 1)), _form(found.settings)
        if other := sorted(name for name in wanted if wanted[name] != there.get(name)):
            raise RefusedError(
                f"dataset {self.dataset} has other questions or fields ({', '.join(other[:4])}); name another with --dataset"
            )

    def _refuse_others_draft(self, found: rg.Dataset) -> None:
        """What an interrupted push left unpublished holds parts of ours and nothing else."""
        from lemma_steps.review.questions import settings

        ours = _form(settings(1, 1))
        if other := sorted(name for name, form in _form(found.settings).items() if ours.get(name) != form):
            raise RefusedError(
                f"dataset {self.dataset} is another's, not yet published ({', '.join(other[:4])}); name another with --dataset"
            )

    def _no_workspace(self) -> str:
        return (
            f"workspace {self.workspace} is missing, and only an owner makes one; "
            "use an owner's key, or name yours with --workspace"
        )


def nameable(dataset: rg.Dataset) -> int:
    """The highest step number that reviewers can give in this dataset."""
    labels = dataset.settings.questions["first_wrong_step"].labels
    return max((int(label) for label in labels if label.isdecimal()), default=0)


def _form(settings: rg.Settings) -> dict[str, Any]:
    """What every record must fit: kinds and names of fields, questions and metadata, and labels but for step numbers."""
    parts: dict[str, Any] = {part.name: type(part).__name__ for part in (*settings.fields, *settings.metadata)}
    for question in settings.questions:
        labels = [] if question.name == "first_wrong_step" else getattr(question, "labels", [])
        parts[question.name] = (type(question).__name__, tuple(sorted(labels)))
    return parts
