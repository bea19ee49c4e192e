"""Publishes a result folder as a dataset, or other files as a repository, on the Hugging Face Hub, in one commit.

Files travel by plain HTTP (LFS), the way that every server with the Hub's API knows: private servers and mirrors have
no Xet store beside them. The library falls back to it when it is given open files instead of paths.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from huggingface_hub import CommitOperationAdd

from lemma_steps.errors import RefusedError, StoppedError
from lemma_steps.output.writer import FIGURES
from lemma_steps.publish.target import WAITS_S, Kind, Target

FILES = ("README.md", "train.parquet", "rejected.parquet", "report.html", "report.json", "pipeline.yaml")
"""What is published, and the `figures`. `train.jsonl` has the rows of `train.parquet` again, `requests.sqlite` paid
replies: both stay."""


def push_to_hub(
    output_dir: str | Path,
    repo: str,
    *,
    private: bool = True,
    endpoint: str | None = None,
    token: str | None = None,
    revision: str | None = None,
    waits_s: Sequence[float] = WAITS_S,
) -> str:
    """Publish the files of a result folder in one commit, and return the commit's address.

    The folder is only read. The same result published again makes no second commit.

    Args:
        output_dir: the folder that a run wrote.
        repo: `ORG/NAME`, or `NAME` in the account of the token; made if it does not exist.
        private: make a new repository private, and refuse to write to a public one.
        endpoint: address of the server; default `HF_ENDPOINT`, else the Hub.
        token: default `HF_TOKEN`, else the stored login.
        revision: branch to commit to, made if it does not exist; default `main`.
        waits_s: seconds before each further attempt.

    Raises:
        RefusedError: a file or the token is missing, the repository is public, or the server says no.
        StoppedError: the server cannot be reached or keeps failing; the same call may be repeated.
    """
    folder = Path(output_dir)
    if missing := [name for name in FILES if not (folder / name).is_file()]:
        raise RefusedError(f"{folder}: no {missing[0]}; give the folder of a finished run")
    target = Target(repo, endpoint, token, waits_s)
    figures = sorted((folder / FIGURES).glob("*.png"))
    files = {name: folder / name for name in FILES} | {f"{FIGURES}/{path.name}": path for path in figures}
    return _push(files, target, "Publish LEMMA dataset", private, revision)


def push_model(
    files: Mapping[str, Path],
    repo: str,
    *,
    private: bool = True,
    endpoint: str | None = None,
    token: str | None = None,
    revision: str | None = None,
    waits_s: Sequence[float] = WAITS_S,
) -> str:
    """Publish a model's files, by their names in the repository, as `push_to_hub` does a dataset's."""
    target = Target(repo, endpoint, token, waits_s, "model")
    return _push(files, target, "Publish model trained with LEMMA recipes", private, revision)


def _push(files: Mapping[str, Path], target: Target, message: str, private: bool, revision: str | None) -> str:
    """Commit files, by their names in the repository, to a repository that is made if need be; returns the commit's address.

    Raises:
        RefusedError: the repository is public and `private` is asked for, or the server says no.
        StoppedError: the server cannot be reached or keeps failing; the same call may be repeated.
    """
    api, kind = target.api, target.kind
    made = target.attempt(lambda: api.create_repo(target.repo, repo_type=kind, private=private, exist_ok=True))
    name = made.repo_id
    if private:
        target.refuse_public(name)
    if revision is not None:
        target.attempt(lambda: api.create_branch(name, repo_type=kind, branch=revision, exist_ok=True))
    return target.attempt(lambda: _commit(target, files, name, message, revision))


def check_target(
    repo: str,
    *,
    private: bool = True,
    endpoint: str | None = None,
    token: str | None = None,
    waits_s: Sequence[float] = WAITS_S,
    kind: Kind = "dataset",
) -> None:
    """Find out before any work is done what would make publishing fail: no token, a bad one, a public repository.

    Raises:
        RefusedError: publishing would fail, or the server cannot be reached.
    """
    target = Target(repo, endpoint, token, waits_s, kind)
    try:
        if target.attempt(lambda: target.api.repo_exists(repo, repo_type=kind)) and private:
            target.refuse_public(repo)
    except StoppedError as error:
        raise RefusedError(str(error)) from None


def _commit(target: Target, files: Mapping[str, Path], name: str, message: str, revision: str | None) -> str:
    """One commit with all files. The library leaves out those that the server has, so repeating it does no harm."""
    with ExitStack() as opened:
        operations = [CommitOperationAdd(file, opened.enter_context(path.open("rb"))) for file, path in files.items()]
        commit = target.api.create_commit(
            name, operations, commit_message=message, repo_type=target.kind, revision=revision
        )
    return str(commit.commit_url)
