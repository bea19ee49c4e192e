"""Rows of a benchmark set from its public sources: the Hub at a pinned revision, or a file of a commit on GitHub."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha1, sha256
from pathlib import Path
from typing import Any

import requests
from huggingface_hub import cached_assets_path
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from lemma_steps.errors import RefusedError

Row = dict[str, Any]
RETRY = Retry(total=3, backoff_factor=0.5, status_forcelist=(429, 500, 502, 503, 504))
TIMEOUT_S = 60
GIT = "https://raw.githubusercontent.com"
"""Where the files of public commits are read: GIT/OWNER/NAME/COMMIT/PATH."""


def read_source(source: Mapping[str, Any]) -> tuple[list[Row], str]:
    """The rows of one source in the local layout, and the words for where they are.

    A source is what `benchmarks.yaml` and `labelled/sets.yaml` describe; with `layout: groups` the file is an object of
    lists of rows.

    Raises:
        RefusedError: it cannot be read, or a file is not the one that was pinned.
    """
    where = f"{source.get('hub') or source['git']}@{source['revision'][:8]}"
    if "hub" in source:
        rows = _from_hub(source, where)
    else:
        where += f":{source['path']}"
        text = _from_git(source, where).decode("utf-8")
        groups = source.get("layout") == "groups"
        rows = [row for group in json.loads(text).values() for row in group] if groups else read_rows(text)
    try:
        for column in source.get("numbers", ()):
            rows = [{**row, column: float(row[column])} for row in rows]
    except (KeyError, TypeError, ValueError) as error:
        raise RefusedError(f"{where} has a row without a number in column {column} ({_first_line(error)})") from None
    return rows, where


def read_rows(text: str) -> list[Row]:
    """The rows of a JSON list or of JSON lines. Only "\\n" ends a line: some questions hold other line separators."""
    if text.lstrip().startswith("["):
        return json.loads(text)
    return [json.loads(line) for line in text.split("\n") if line.strip()]


def _from_hub(source: Mapping[str, Any], where: str) -> list[Row]:
    from datasets import load_dataset

    pairs = [(config, split) for config in source.get("configs", (None,)) for split in source["splits"]]
    try:
        return [
            dict(row)
            for config, split in pairs
            for row in load_dataset(source["hub"], config, split=split, revision=source["revision"])
        ]
    except Exception as error:  # the Hub client raises errors of a dozen unrelated classes
        raise RefusedError(f"{where} cannot be loaded from the Hub ({_first_line(error)})") from None


def _from_git(source: Mapping[str, Any], where: str) -> bytes:
    digest = source["sha256"]
    path = cached_assets_path("lemma-recipes", namespace="benchmarks") / digest
    if path.is_file() and _is(path.read_bytes(), digest):
        return path.read_bytes()
    try:
        with requests.Session() as session:
            for scheme in ("https://", "http://"):
                session.mount(scheme, HTTPAdapter(max_retries=RETRY))
            response = session.get(f"{GIT}/{source['git']}/{source['revision']}/{source['path']}", timeout=TIMEOUT_S)
            response.raise_for_status()
    except requests.RequestException as error:
        status = f"status {error.response.status_code}" if error.response is not None else type(error).__name__
        raise RefusedError(f"{where} cannot be read from GitHub ({status})") from None
    if not _is(response.content, digest):
        raise RefusedError(f"{where} is not the pinned file (its sha256 differs)")
    with suppress(OSError):  # the rows are at hand; a cache that cannot be written costs a download next time
        write_whole(path, response.content)
    return response.content


def _is(content: bytes, digest: str) -> bool:
    """By its sha256, or by git's own id of a file (40 digits), where nobody had the file at hand to hash it."""
    if len(digest) == 40:
        return sha1(b"blob %d\0%b" % (len(content), content)).hexdigest() == digest
    return sha256(content).hexdigest() == digest


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).split("\n", 1)[0][:200]
