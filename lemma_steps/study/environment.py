"""A Python environment of a study's stages. Training and evaluation cannot share one: their parsers pin other runtimes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lemma_steps.errors import RefusedError

_LEAKS = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "UV_PROJECT_ENVIRONMENT", "UV_PYTHON", "UV_RUN_RECURSION_DEPTH")
"""What the environment that this program runs in would make its children believe."""
_BIN = "Scripts" if os.name == "nt" else "bin"


@dataclass(frozen=True)
class Environment:
    """Where the programs of some stages run.

    Attributes:
        name: `data`, `train` or `eval`.
        folder: of the environment.
        module: what it must be able to import, as a sign that it is the right one.
        options: what `uv sync` is told to make it; None for an environment that is the user's own and is left as it is.
        python: version that it needs; None for any.
    """

    name: str
    folder: Path
    module: str
    options: Sequence[str] | None
    python: str | None = None

    def command(self, program: Sequence[str]) -> list[str]:
        """The command line that runs a Python program here."""
        return [str(self._interpreter), *program]

    def variables(self) -> dict[str, str]:
        """The environment variables of its programs: none of ours that would lead to other libraries."""
        path = os.pathsep.join([str(self.folder / _BIN), os.environ.get("PATH", "")])
        told = {"PATH": path, "PYTHONUNBUFFERED": "1", "NO_COLOR": "1", "AXOLOTL_DO_NOT_TRACK": "1"}
        # threads that wait by spinning make a CPU that others use too several times slower
        kept = {name: value for name, value in os.environ.items() if name not in _LEAKS}
        return {"OMP_WAIT_POLICY": "PASSIVE"} | kept | told

    def prepare(self, root: Path, log: Path) -> None:
        """Make it with uv, or see that it is there. What else is installed in it stays; the running one is never changed.

        Raises:
            RefusedError: it cannot be made, or lacks what it is for.
        """
        if self.options is not None and self.folder.resolve() != Path(sys.prefix).resolve():
            self._make(self.options, root, log)
        if not self._interpreter.is_file():
            raise RefusedError(f"{self.folder}: no Python environment; correct --environment {self.name}=DIR")
        code = f"import importlib.util as u, sys; sys.exit(not all(map(u.find_spec, ('{self.module}', 'lemma_steps'))))"
        seen = subprocess.run(
            self.command(["-c", code]), cwd=root, env=self.variables(), stdin=subprocess.DEVNULL, capture_output=True
        )
        if seen.returncode:
            raise RefusedError(
                f"{self.folder}: has no {self.module} or no lemma_steps for the {self.name} stages; leave out "
                f"--environment {self.name}=DIR, and uv makes one"
            )

    @property
    def _interpreter(self) -> Path:
        return self.folder / _BIN / ("python.exe" if os.name == "nt" else "python")

    def _make(self, options: Sequence[str], root: Path, log: Path) -> None:
        uv = shutil.which("uv")
        if uv is None:
            raise RefusedError(
                f"uv is not installed, which makes {self.folder}; install it, or give --environment {self.name}=DIR"
            )
        python = ["--python", _interpreter_of(uv, self.python)] if self.python else []
        # what is installed beside stays: the same folder serves the tests
        command = [uv, "sync", "--inexact", "--no-default-groups", *python, *options]
        variables = self.variables() | {"UV_PROJECT_ENVIRONMENT": str(self.folder)}
        with log.open("w", encoding="utf-8") as written:
            made = subprocess.run(
                command, cwd=root, env=variables, stdin=subprocess.DEVNULL, stdout=written, stderr=subprocess.STDOUT
            )
        if made.returncode:
            from lemma_steps.study.log import last_words

            raise RefusedError(
                f"{self.folder}: uv could not make this environment ({last_words(log)}); see {log}, or give "
                f"--environment {self.name}=DIR"
            )


def _interpreter_of(uv: str, version: str) -> str:
    """What to call a Python version to uv, which looks past the versions that pyenv has but that are not switched on."""
    found = subprocess.run([uv, "python", "find", version], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if found.returncode == 0 and found.stdout.strip():
        return version
    versions = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    interpreters = sorted(versions.glob(f"{version}*/bin/python{version}"))
    return str(interpreters[-1]) if interpreters else version  # uv may then fetch one, or says that it cannot
