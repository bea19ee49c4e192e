"""The server's own environment: its pins are too old for ours, so it gets one per user, built once and kept."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from filelock import FileLock

from lemma_steps.errors import RefusedError
from lemma_steps.llms.open_weights import cache_directory

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
NEWEST = (3, 13)  # greenlet 3.1, which the server pins, is built for no later Python
_SPACE = 2**30  # bytes; the environment takes 500 MB, and its packages as much again while they are unpacked
_WHOLE = "complete"  # written last: a folder without it was never finished
_LOG = "build.log"


def server_python() -> Path:
    """The Python of the server's environment, which is built where it is missing (a minute or two).

    It lies in the user's cache directory, under a name that follows the list of packages and this Python's version.

    Raises:
        RefusedError: it cannot be built: no network, no space, another Python than 3.11 to 3.13.
    """
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if sys.version_info[:2] > NEWEST:
        raise RefusedError(
            f"serve: argilla-server 2.8 has no packages for Python {version}; run this with 3.11 to 3.13 "
            "(uv run --python 3.13 ...)"
        )
    digest = sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]
    folder = cache_directory() / f"argilla-server-{version}-{digest}"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    with _writable(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock"):  # a second server waits for the first one's build
            if not ((folder / _WHOLE).exists() and python.exists()):
                _build(folder, python)
    return python


def _build(folder: Path, python: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    if (free := shutil.disk_usage(folder.parent).free) < _SPACE:
        raise RefusedError(
            f"serve: {folder.parent} has {free / 1e6:.0f} MB free and the server's environment wants 1,000; "
            "free some, or set XDG_CACHE_HOME to another directory"
        )
    print(f"Building the server's environment in {folder}, once: about 90 packages, 500 MB ...", flush=True)
    begin = time.monotonic()
    folder.mkdir()
    for command in _commands(folder, python):
        with (folder / _LOG).open("a", encoding="utf-8") as log:
            # in the folder itself: settings of a project around the current directory are not for this environment
            done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        if done.returncode:
            raise RefusedError(
                f"serve: the server's environment cannot be built ({_reason(folder / _LOG)}); it needs the package index "
                f"once: see {folder / _LOG}, then run this again"
            )
    (folder / _WHOLE).touch()
    print(f"Built in {time.monotonic() - begin:.0f} s; later starts take seconds.", flush=True)


def _commands(folder: Path, python: Path) -> list[list[str]]:
    if uv := _uv():
        return [
            [uv, "venv", "--quiet", "--no-project", "--allow-existing", "--python", sys.executable, str(folder)],
            [uv, "pip", "install", "--quiet", "--python", str(python), "--requirement", str(REQUIREMENTS)],
        ]
    return [
        [sys.executable, "-m", "venv", str(folder)],
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(REQUIREMENTS)],
    ]


def _uv() -> str | None:
    """`uv`, if it runs: a version manager may leave a stand-in of that name that does not."""
    uv = os.environ.get("UV") or shutil.which("uv")
    try:
        return uv if uv and not subprocess.run([uv, "--version"], capture_output=True).returncode else None
    except OSError:
        return None


def _reason(log: Path) -> str:
    lines = [" ".join(line.split()) for line in log.read_text(encoding="utf-8", errors="replace").splitlines()]
    lines = [line for line in lines if line]
    telling = (
        "no space left",
        "network was disabled",
        "dns error",
        "connection",
        "no solution",
        "no matching",
        "error",
    )
    for words in telling:
        if found := next((line for line in lines if words in line.lower()), None):
            return found.lstrip("×╰─▶ ")[:200]
    return lines[-1][:200] if lines else "no reason given"


@contextmanager
def _writable(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RefusedError(
            f"serve: {error.filename or folder}: {error.strerror}; the server's environment goes there: free some space, "
            "or set XDG_CACHE_HOME to another directory"
        ) from None
