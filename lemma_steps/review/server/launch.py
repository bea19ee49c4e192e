"""Starts the embedded server: looks whether it can run, finds or builds its environment, and becomes it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from filelock import FileLock, Timeout

from lemma_steps.errors import RefusedError
from lemma_steps.review.server import address, credentials
from lemma_steps.review.server.environment import server_python

SCRIPT = Path(__file__).with_name("serve.py")
LOCK, DATABASE = ".lock", "argilla.db"  # as in serve.py


def launch(home: Path, *, host: str, port: int) -> None:
    """Serve Argilla from `home` at `host`:`port` until it is told to end. Where the system has `exec`, this never returns.

    Raises:
        RefusedError: a server of this home runs already, the port is taken, the home is not a server's or cannot be
            written, or the environment cannot be built. Nothing was started then.
    """
    _check_home(home)
    try:
        address.bound(host, port).close()
    except OSError as error:
        raise RefusedError(
            f"serve: cannot listen at {host}:{port} ({error.strerror}); give another --port or --host, or end what is there"
        ) from None
    python = server_python()
    command = [str(python), "-E", "-s", str(SCRIPT), "--home", str(home.resolve()), "--host", host, "--port", str(port)]
    sys.stdout.flush()
    if os.name == "posix":  # one process, that gets every signal itself
        os.execv(python, command)
    try:
        raise SystemExit(subprocess.run(command).returncode)
    except KeyboardInterrupt:  # the server got it too, and has ended
        raise SystemExit(0) from None


def _check_home(home: Path) -> None:
    if set("?%") & set(str(home.resolve())):  # the server writes the path into a URL, unquoted
        raise RefusedError(f"{home}: a path with ? or % in it cannot hold a server; give another --home")
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        known = credentials.read(home)
        others = sorted(entry.name for entry in home.iterdir() if entry.name != LOCK)
        if known is None and others and not (home / DATABASE).exists():
            raise RefusedError(f"{home}: holds {others[0]}, which is not a server's; give a new folder as --home")
        home.chmod(0o700)  # one that was there before may be open to others
        with FileLock(home / LOCK, blocking=False):
            pass
    except Timeout:
        raise RefusedError(
            f"{home}: a server of this home is running already{f' at {known.url}' if known else ''}; "
            "use that one, or give another --home"
        ) from None
    except ValueError as error:
        raise RefusedError(f"{error}; delete it: the next start makes new ones for the same data") from None
    except OSError as error:
        raise RefusedError(f"{home}: cannot be written ({error.strerror}); give another --home") from None
