"""The output directory of a run: one run at a time, one set of settings."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import yaml
from filelock import FileLock, Timeout

from lemma_steps.errors import RefusedError

SETTINGS, STORE = "pipeline.yaml", "requests.sqlite"
LOCK, PID = ".lock", ".pid"


@contextmanager
def run_directory(path: Path, pipeline_yaml: str) -> Iterator[Path]:
    """Hold `path` for this run; it must be new, empty but for a request store, or written under the same settings.

    What decides no reply (the server's address, limits, prices) may differ from the former run's.

    Raises:
        RefusedError: another run holds it, it belongs to other settings or other software, or it cannot be written.
    """
    with held(path):
        _claim(path, pipeline_yaml)
        yield path


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Make the directory where it is missing, and be the only one who writes there.

    Raises:
        RefusedError: another process holds it, or it cannot be written.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path / LOCK, blocking=False)
        lock.acquire()
    except Timeout:
        raise RefusedError(f"{path}: run {_pid(path)} is writing here; wait for it, or give another --output") from None
    except OSError as error:
        raise RefusedError(f"{path}: cannot be written ({error.strerror}); give another --output") from None
    try:
        with _writable(path):
            (path / PID).write_text(str(os.getpid()), encoding="utf-8")
        yield
    finally:
        (path / PID).unlink(missing_ok=True)
        with suppress(PermissionError):  # Windows keeps an open file
            (path / LOCK).unlink(missing_ok=True)  # before the release: after it, the file may be the next run's
        lock.release()


@contextmanager
def _writable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RefusedError(
            f"{path}: cannot be written ({error.strerror}); free some space or give another --output"
        ) from None


def _claim(path: Path, pipeline_yaml: str) -> None:
    settings = path / SETTINGS
    try:
        former = settings.read_text(encoding="utf-8") if settings.exists() else None
    except (OSError, UnicodeDecodeError):
        raise RefusedError(f"{settings}: cannot be read as settings of a run; give another --output") from None
    if former not in (None, pipeline_yaml) and decisive(former) != decisive(pipeline_yaml):
        raise RefusedError(
            f"{path}: holds a run with other settings ({SETTINGS} differs); "
            "give another --output, or the settings of that run"
        )
    ours = (LOCK, PID, f".{SETTINGS}.partial", STORE, f"{STORE}-wal", f"{STORE}-shm")
    if former is None and (others := sorted(entry.name for entry in path.iterdir() if entry.name not in ours)):
        raise RefusedError(
            f"{path}: holds {others[0]}, which is not of a run; give a new or empty directory as --output"
        )
    if former != pipeline_yaml:  # whole or not at all: half of it would look like another run's
        with _writable(path):
            partial = path / f".{SETTINGS}.partial"
            partial.write_text(pipeline_yaml, encoding="utf-8")
            os.replace(partial, settings)


def decisive(pipeline_yaml: str | None) -> Any:
    """A pipeline without what decides no reply: fields of models that `OpenAICompatibleLLM` calls indifferent."""
    from lemma_steps.llms.openai_compatible import OpenAICompatibleLLM

    def without(value: Any) -> Any:
        if isinstance(value, list):
            return [without(item) for item in value]
        if not isinstance(value, dict):
            return value
        drop = OpenAICompatibleLLM.INDIFFERENT if "max_in_flight" in value else ()
        return {name: without(item) for name, item in value.items() if name not in drop}

    try:
        return without(yaml.safe_load(pipeline_yaml or ""))
    except yaml.YAMLError:
        return pipeline_yaml


def _pid(path: Path) -> str:
    try:
        return f"with process id {(path / PID).read_text(encoding='utf-8')}"
    except OSError:
        return "of another process"
